//! The file: made private, opened by one hub at a time, checked, and brought to the present schema.

use crate::data_dir::make_private_dir;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, config::DbConfig};
use std::{
    error::Error,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// The database, below the data directory.
pub const DATABASE_FILE: &str = "holdfast.db";
/// Locked by the hub that uses the data directory, for as long as it runs.
const LOCK_FILE: &str = "holdfast.lock";
/// `HOLD`: tells the file from other programs' databases.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"HOLD");
/// The steps from each schema to the next; the first makes it.
const STEPS: [&str; 2] = [include_str!("schema.sql"), include_str!("schema_2.sql")];
/// The log of changes is cut back to this size, in bytes, when it has been taken over.
const WAL_BYTES_KEPT: u32 = 4 << 20;

/// Why a database cannot be used. Each names the file and says what to do where something can be done.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operating system refused.
    #[error("{}: {cause}", path.display())]
    Io {
        /// What was opened or made.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Another hub has it.
    #[error("{}: another hub uses this data directory", path.display())]
    InUse {
        /// The lock.
        path: PathBuf,
    },
    /// A later hub has changed it.
    #[error("{}: its schema is {found}, and this hub knows them up to {known}: a newer hub has used it; run that one, or restore an older copy", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema's number.
        found: i64,
        /// The latest that this hub knows.
        known: usize,
    },
    /// It belongs to another program.
    #[error("{}: a database, but not a hub's", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It is damaged, or no database at all.
    #[error("{}: damaged ({what}); restore a copy, or move it away to begin with an empty call log", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// SQLite refused.
    #[error("{}: {cause}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: Box<dyn Error + Send + Sync>,
    },
}

/// Makes the data directory when it is absent, and takes its lock.
pub(super) fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK_FILE);
    make_private_dir(dir).map_err(|cause| OpenError::Io { path: dir.to_owned(), cause })?;
    let file = private(&path).map_err(|cause| OpenError::Io { path: path.clone(), cause })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path }),
        Err(TryLockError::Error(cause)) => Err(OpenError::Io { path, cause }),
    }
}

/// Opens the database for writing; makes it when it is absent. SQLite gives the files beside it the same mode.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    private(path).map_err(|cause| OpenError::Io { path: path.to_owned(), cause })?;
    let mut connection =
        connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|cause| refused(path, cause))?;
    // What a power cut takes is at most the last seconds; what the process's death takes is nothing.
    let prepared = connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).and_then(|()| {
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
    });
    match prepared {
        Ok(verdict) if verdict == "ok" => {}
        Ok(what) => return Err(OpenError::Damaged { path: path.to_owned(), what }),
        Err(cause) => return Err(refused(path, cause)),
    }
    migrate(path, &mut connection)?;
    Ok(connection)
}

/// Opens it a second time, for reading.
pub(super) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|cause| refused(path, cause))
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    // Each connection is used by one thread at a time, which SQLite need not see to.
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Brings the schema up to date, or leaves the file as it was.
fn migrate(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    let failed = |cause| refused(path, cause);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let number = |sql: &str| transaction.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(failed);
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let empty = number("SELECT count(*) FROM sqlite_schema")? == 0;
    let known = STEPS.len();
    match (application, usize::try_from(version)) {
        (0, Ok(0)) if empty => {}
        (found, Ok(done)) if found == i64::from(APPLICATION_ID) && (1..=known).contains(&done) => {}
        (found, _) if found == i64::from(APPLICATION_ID) => {
            return Err(OpenError::Newer { path: path.to_owned(), found: version, known });
        }
        _ => return Err(OpenError::Foreign { path: path.to_owned() }),
    }
    let done = usize::try_from(version).unwrap_or_default();
    take_steps(&transaction, done).map_err(failed)?;
    transaction.commit().map_err(failed)
}

fn take_steps(transaction: &Transaction<'_>, done: usize) -> rusqlite::Result<()> {
    for step in &STEPS[done..] {
        transaction.execute_batch(step)?;
    }
    if done < STEPS.len() {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", STEPS.len())?;
    }
    Ok(())
}

fn refused(path: &Path, cause: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match cause.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            OpenError::Damaged { path, what: cause.to_string() }
        }
        _ => OpenError::Sqlite { path, cause: Box::new(cause) },
    }
}

/// Opens a file that only its owner may read, or makes it.
fn private(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(DATABASE_FILE);
        (dir, path)
    }

    #[test]
    fn it_is_made_once_private_and_at_the_present_schema() {
        let (dir, path) = database();
        for _ in 0..2 {
            let connection = open(&path).unwrap();
            let version: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
            assert_eq!(version, STEPS.len());
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('alive', 1)", []).unwrap();
            #[cfg(unix)]
            for entry in fs::read_dir(dir.path()).unwrap() {
                use std::os::unix::fs::PermissionsExt;
                let entry = entry.unwrap();
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
            }
        }
    }

    #[test]
    fn what_was_stored_by_an_earlier_hub_is_brought_up_to_date() {
        let (_dir, path) = database();
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(STEPS[0]).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        for (call, users) in [("a", 1), ("b", 2)] {
            let row = "INSERT INTO calls (id, version, status, began, ended, log, rest) VALUES (?1, 1, 'ended', 1, 2, '', '')";
            connection.execute(row, [call]).unwrap();
            for user in 0..users {
                connection
                    .execute("INSERT INTO call_users VALUES (?1, 1, ?2, 'ended')", (user.to_string(), call))
                    .unwrap();
            }
        }
        drop(connection);
        let connection = open(&path).unwrap();
        let alone =
            |call| connection.query_row("SELECT alone FROM calls WHERE id = ?1", [call], |row| row.get(0));
        assert_eq!((alone("a"), alone("b")), (Ok(1), Ok(0)));
    }

    #[test]
    fn one_hub_at_a_time() {
        let (dir, _) = database();
        let first = lock(dir.path()).unwrap();
        assert!(matches!(lock(dir.path()), Err(OpenError::InUse { .. })));
        drop(first);
        lock(dir.path()).unwrap();
    }

    #[test]
    fn a_newer_schema_is_left_alone() {
        let (_dir, path) = database();
        open(&path).unwrap().pragma_update(None, "user_version", STEPS.len() + 1).unwrap();
        let before = fs::read(&path).unwrap();
        let error = open(&path).unwrap_err();
        assert!(matches!(error, OpenError::Newer { .. }), "{error}");
        let said = format!("holdfast.db: its schema is {}", STEPS.len() + 1);
        assert!(error.to_string().contains(&said), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn another_programs_database_is_left_alone() {
        let (_dir, path) = database();
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
        assert!(matches!(open(&path), Err(OpenError::Foreign { .. })));
    }

    #[test]
    fn a_damaged_file_is_named() {
        let (_dir, path) = database();
        let connection = open(&path).unwrap();
        for number in 0..2_000 {
            connection
                .execute("INSERT INTO sessions VALUES (?1, ?2)", (format!("{number}"), "x".repeat(99)))
                .unwrap();
        }
        drop(connection);
        let good = fs::read(&path).unwrap();
        let half = good[..good.len() / 2].to_vec();
        let holed = [&good[..8_192], &vec![0; good.len() - 16_384][..], &good[good.len() - 8_192..]].concat();
        for (what, bytes) in [("half", half), ("holed", holed), ("none", b"not a database at all".repeat(99))]
        {
            fs::write(&path, bytes).unwrap();
            let error = open(&path).unwrap_err();
            assert!(matches!(error, OpenError::Damaged { .. }), "{what}: {error}");
            assert!(error.to_string().contains("holdfast.db: damaged"), "{what}: {error}");
        }
    }
}
