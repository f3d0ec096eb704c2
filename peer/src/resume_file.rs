//! What a process keeps in a file, so that the one after it takes its place: the session's token, the guest's secret and
//! the call. Readable by its owner only, and always whole.

use crate::client::{Keeper, Kept};
use crate::link::Standing;
use holdfast_protocol::{
    CallId, DisplayName, Epoch, GuestCredential, Resume, RoomName, Secret, Seq, SessionId, UserId,
};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    io::{Read, Write},
    path::{Path, PathBuf},
};

/// Larger than any that was written here.
const BYTES_MAX: u64 = 16_384;
/// What is understood here.
const VERSION: u32 = 1;

/// A file for one user of one hub.
#[derive(Debug)]
pub struct ResumeFile {
    path: PathBuf,
    /// The hub's WebSocket.
    hub: String,
    name: DisplayName,
}

/// Its content.
#[derive(Serialize, Deserialize)]
struct Content {
    version: u32,
    hub: String,
    name: DisplayName,
    user: UserId,
    guest_secret: Secret,
    session: SessionId,
    token: Secret,
    epoch: Epoch,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    call: Option<CallId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<RoomName>,
}

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is damaged, or of another version.
    #[error("it is damaged, or of another version")]
    Damaged,
    /// It is of another hub.
    #[error("it is of another hub")]
    OtherHub,
    /// It is of another name, and so of another user.
    #[error("it is of another name")]
    OtherName,
}

impl ResumeFile {
    /// One at `path` for the hub with this WebSocket.
    pub fn new(path: impl Into<PathBuf>, hub: impl Into<String>, name: DisplayName) -> Self {
        Self { path: path.into(), hub: hub.into(), name }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What an earlier process kept; none when there is no file.
    ///
    /// # Errors
    /// When the file is of no use for this hub and name.
    pub fn read(&self) -> Result<Option<Kept>, Unusable> {
        let file = match fs::File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut text = String::new();
        let mut file = file.take(BYTES_MAX);
        file.read_to_string(&mut text).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => Unusable::Damaged,
            _ => Unusable::Io(error),
        })?;
        let content: Content = serde_json::from_str(&text).map_err(|_| Unusable::Damaged)?;
        match content {
            Content { version, .. } if version != VERSION => Err(Unusable::Damaged),
            Content { hub, .. } if hub != self.hub => Err(Unusable::OtherHub),
            Content { name, .. } if name != self.name => Err(Unusable::OtherName),
            Content { user, guest_secret, session, token, epoch, call, room, .. } => {
                let guest = GuestCredential { user, secret: guest_secret };
                // Another process is another instance, and so in another epoch: nothing is replayed.
                let resume = Resume { session, token, epoch, seq: Seq(0), hold: false };
                let standing = Standing { guest, resume };
                Ok(Some(Kept { standing, call: call.map(|call| (call, room)) }))
            }
        }
    }

    /// Written beside it and moved over it: who reads it sees the one before or this one.
    fn write(&self, kept: &Kept) -> io::Result<()> {
        let Standing { guest, resume } = kept.standing.clone();
        let (call, room) = kept.call.clone().unzip();
        let content = Content {
            version: VERSION,
            hub: self.hub.clone(),
            name: self.name.clone(),
            user: guest.user,
            guest_secret: guest.secret,
            session: resume.session,
            token: resume.token,
            epoch: resume.epoch,
            call,
            room: room.flatten(),
        };
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        // Its mode is 0600 from the start.
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(serde_json::to_string(&content)?.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

impl Keeper for ResumeFile {
    /// Waits for the disk: a few hundred bytes, once per socket and call.
    fn keep(&self, kept: &Kept) {
        if let Err(error) = self.write(kept) {
            tracing::error!(path = %self.path.display(), %error, "the resume file cannot be written: a restart will not find this session");
        }
    }

    fn forget(&self) {
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), %error, "the resume file cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn name(text: &str) -> DisplayName {
        DisplayName::new(text).unwrap()
    }

    fn kept() -> Kept {
        let guest = GuestCredential {
            user: "00000011-0000-4000-8000-000000000001".parse().unwrap(),
            secret: Secret::new("guest"),
        };
        let resume = Resume {
            session: "000005e5-0000-4000-8000-000000000001".parse().unwrap(),
            token: Secret::new("token"),
            epoch: "0000e70c-0000-4000-8000-000000000001".parse().unwrap(),
            seq: Seq(0),
            hold: false,
        };
        let call = "0000ca11-0000-4000-8000-000000000001".parse().unwrap();
        Kept {
            standing: Standing { guest, resume },
            call: Some((call, Some(RoomName::new("team-sync").unwrap()))),
        }
    }

    #[test]
    fn what_is_kept_is_found_by_its_owner_only_and_gone_when_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("resume.json");
        let file = ResumeFile::new(&path, "ws://hub/ws", name("Ada"));
        assert_eq!(file.read().unwrap(), None);
        for kept in [kept(), Kept { call: None, ..kept() }] {
            file.keep(&kept);
            assert_eq!(file.read().unwrap(), Some(kept));
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
        file.forget();
        file.forget();
        assert_eq!(file.read().unwrap(), None);
    }

    #[test]
    fn what_is_of_no_use_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("resume.json");
        let file = ResumeFile::new(&path, "ws://hub/ws", name("Ada"));
        file.keep(&kept());
        let other = |hub: &str, who: &str| ResumeFile::new(&path, hub, name(who)).read();
        assert!(matches!(other("ws://other/ws", "Ada"), Err(Unusable::OtherHub)));
        assert!(matches!(other("ws://hub/ws", "Bob"), Err(Unusable::OtherName)));
        let whole = fs::read_to_string(&path).unwrap();
        let later = whole.replace("\"version\":1", "\"version\":2");
        for damaged in [&whole[..whole.len() / 2], "", "{}", "\u{0}", &later] {
            fs::write(&path, damaged).unwrap();
            assert!(matches!(file.read(), Err(Unusable::Damaged)), "{damaged}");
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(file.read(), Err(Unusable::Damaged)));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(file.read(), Err(Unusable::Io(_))));
    }
}
