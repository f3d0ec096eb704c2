//! How a run gets to the hub and into its first call: by a room, by ringing somebody, or back to where the process before
//! it was.

use super::{
    args::Common,
    exit::{Exit, Failure},
};
use crate::{
    client::{Client, ClientError, Keeper, Kept, Options, Streams},
    resume_file::ResumeFile,
    system,
    url::{Hub, HubUrl},
};
use holdfast_protocol::{CallSnapshot, DirectoryEntry, DirectoryQuery, MediaState, UserId};
use std::sync::Arc;

/// Where to.
#[derive(Clone, Debug)]
pub(super) enum Aim {
    /// A room.
    Room(HubUrl),
    /// A user, by id or name.
    User { to: String, hub: Hub },
    /// Whoever calls.
    Calls { hub: Hub, auto: bool, once: bool },
}

impl Aim {
    fn hub(&self) -> &Hub {
        match self {
            Self::Room(url) => url.hub(),
            Self::User { hub, .. } | Self::Calls { hub, .. } => hub,
        }
    }

    /// Whether a call that was kept is one that this run may have been in.
    fn fits(&self, kept: &Kept) -> bool {
        let room = kept.call.as_ref().and_then(|(_, room)| room.as_ref());
        match self {
            Self::Room(url) => room == Some(url.room()),
            Self::User { .. } | Self::Calls { .. } => room.is_none(),
        }
    }
}

/// Reaches the hub; with what an earlier process kept, if it is of use.
pub(super) async fn connect(aim: &Aim, common: &Common) -> Result<(Client, Streams, Option<Kept>), Failure> {
    let hub = aim.hub();
    let environment = system::environment_trusting(hub, common.ca.as_deref())
        .map_err(|error| Failure::new(Exit::Hub, error.to_string()))?;
    let file = common.resume_file.as_ref();
    let file = file.map(|path| Arc::new(ResumeFile::new(path, hub.socket_url(), common.name.clone())));
    let mut kept = file.as_ref().and_then(|file| read(file));
    if let Some(kept) = &mut kept
        && !aim.fits(kept)
    {
        kept.call = None;
    }
    let options = Options {
        connect_timeout: common.connect_timeout,
        recovery: !common.no_recovery,
        kept: kept.clone(),
        keeper: file.map(|file| file as Arc<dyn Keeper>),
        ..Options::new(hub.socket_url(), common.name.clone())
    };
    match Client::connect(environment, options).await {
        Ok((client, streams)) => Ok((client, streams, kept)),
        Err(error) => Err(Failure::new(Exit::Hub, error.to_string())),
    }
}

fn read(file: &ResumeFile) -> Option<Kept> {
    file.read().unwrap_or_else(|error| {
        eprintln!("holdfast-peer: {} is ignored: {error}", file.path().display());
        None
    })
}

/// Gets into the call, if there is one to get into yet.
pub(super) async fn enter(
    client: &Client,
    aim: &Aim,
    kept: Option<Kept>,
    media: MediaState,
) -> Result<Option<CallSnapshot>, Failure> {
    let earlier = match kept.and_then(|kept| kept.call) {
        Some((call, _)) => Some(client.rejoin(call, media).await),
        None => None,
    };
    match (aim, earlier) {
        (_, Some(Ok(call))) => Ok(Some(call)),
        (Aim::Room(url), over) => {
            if let Some(Err(error)) = over {
                eprintln!("holdfast-peer: cannot come back: {error}");
            }
            Ok(Some(client.join(url.room().clone(), media).await?))
        }
        (Aim::User { .. }, Some(Err(error))) => Err(error.into()),
        (Aim::User { to, .. }, None) => {
            let user = find(client, to).await?;
            Ok(Some(client.call(user, media).await?))
        }
        (Aim::Calls { .. }, over) => {
            if let Some(Err(error)) = over {
                eprintln!("holdfast-peer: cannot come back: {error}");
            }
            Ok(None)
        }
    }
}

/// The user of this id, or the only one of this name.
async fn find(client: &Client, to: &str) -> Result<UserId, Failure> {
    if let Ok(user) = to.parse() {
        return Ok(user);
    }
    let query = DirectoryQuery::new(to).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    let found = client.directory(query).await.map_err(|error| match error {
        ClientError::Refused(refusal) => {
            Failure::new(Exit::Call, format!("{}; call by the user's id", refusal.message))
        }
        error => error.into(),
    })?;
    only(to, &found.users, found.more)
}

/// The one of exactly this name, in any case; or the one that was found at all.
fn only(to: &str, users: &[DirectoryEntry], more: bool) -> Result<UserId, Failure> {
    let called = |entry: &&DirectoryEntry| entry.name.as_str().to_lowercase() == to.trim().to_lowercase();
    let exact: Vec<_> = users.iter().filter(called).collect();
    match (&exact[..], users) {
        ([one], _) if !more => Ok(one.user),
        ([], [one]) if !more => Ok(one.user),
        ([], []) => Err(Failure::new(Exit::Offline, format!("nobody named {to} is online"))),
        _ => Err(Failure::new(Exit::Call, format!("more than one user is named like {to}: call by id"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_protocol::{DisplayName, Presence};

    #[test]
    fn a_name_must_be_of_one_user() {
        let entry = |n: u32, name: &str| DirectoryEntry {
            user: format!("{n:08x}-0000-4000-8000-000000000001").parse().unwrap(),
            name: DisplayName::new(name).unwrap(),
            presence: Presence::Online,
        };
        let users = [entry(1, "Ann"), entry(2, "Joanna"), entry(3, "Bob"), entry(4, "Bob")];
        let exit = |to, users: &[DirectoryEntry], more| only(to, users, more).map_err(|failure| failure.exit);
        assert_eq!(exit("ann", &users[..2], false), Ok(users[0].user), "the exact name goes first");
        assert_eq!(exit("anna", &users[1..2], false), Ok(users[1].user), "the only one found");
        assert_eq!(exit("bob", &users[2..], false), Err(Exit::Call));
        assert_eq!(exit("an", &users[..2], false), Err(Exit::Call));
        assert_eq!(exit("ann", &users[..2], true), Err(Exit::Call), "there may be another");
        assert_eq!(exit("eve", &[], false), Err(Exit::Offline));
    }
}
