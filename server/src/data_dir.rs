//! The data directory (the hub's key here, the database in `store/sqlite/`), and how private files are made. Read once, before the hub serves anyone.

use crate::credentials::HubKey;
use holdfast_protocol::Entropy;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The file that holds [`HubKey`], below the data directory.
pub const HUB_KEY_FILE: &str = "hub.key";

/// Why the data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// The operating system refused.
    #[error("{}: {cause}", path.display())]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// The key's file is not one.
    #[error("{}: has {bytes} bytes instead of {}; delete it to get a new key (guests then get new identities)", path.display(), HubKey::BYTES)]
    KeyLength {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
}

/// Reads the hub's key; makes directory (mode 0700) and key (mode 0600) at the first start.
///
/// # Errors
/// When the directory is not usable or the file does not hold a key.
pub fn load_or_create_key(dir: &Path, entropy: &dyn Entropy) -> Result<HubKey, DataDirError> {
    let path = dir.join(HUB_KEY_FILE);
    let at = |path: &Path| {
        let path = path.to_owned();
        move |cause| DataDirError::Io { path, cause }
    };
    match fs::read(&path) {
        Ok(bytes) => <[u8; HubKey::BYTES]>::try_from(bytes.as_slice())
            .map(HubKey::new)
            .map_err(|_| DataDirError::KeyLength { path, bytes: bytes.len() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_private_dir(dir).map_err(at(dir))?;
            let key = HubKey::generate(entropy);
            // Written whole under another name first: a crash in between must not leave half a key.
            let draft = dir.join("hub.key.new");
            write_private(&draft, key.as_bytes()).map_err(at(&draft))?;
            fs::rename(&draft, &path).map_err(at(&path))?;
            Ok(key)
        }
        Err(cause) => Err(DataDirError::Io { path, cause }),
    }
}

/// Makes a directory that only its owner may enter.
pub(crate) fn make_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::OsEntropy;

    #[test]
    fn the_key_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("a/b");
        let first = load_or_create_key(&data, &OsEntropy).unwrap();
        assert!(first == load_or_create_key(&data, &OsEntropy).unwrap());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&data), mode(&data.join(HUB_KEY_FILE))), (0o700, 0o600));
        }
    }

    #[test]
    fn a_damaged_key_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(HUB_KEY_FILE), b"short").unwrap();
        let error = load_or_create_key(dir.path(), &OsEntropy).unwrap_err();
        assert!(matches!(error, DataDirError::KeyLength { bytes: 5, .. }), "{error}");
    }
}
