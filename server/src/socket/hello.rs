//! From `hello` to `welcome`: who the client is, and whether it comes back to a session or gets a new one.

use crate::{
    call::handle::Command,
    credentials::mint_token,
    hub::Hub,
    network::Network,
    session::{Attachment, NewSession, Session, refusal},
};
use holdfast_protocol::{
    CallSnapshot, CommandId, ErrorCode, ErrorFrame, Hello, HubFrame, PROTOCOL_VERSION, Resume, Secret,
    SessionId, UserId, Welcome,
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// A client that has been let in.
pub(crate) struct Admitted {
    /// Its session.
    pub(crate) session: Arc<Session>,
    /// Its socket's hold on it.
    pub(crate) attachment: Attachment,
    /// What to tell it first.
    pub(crate) welcome: HubFrame,
}

/// Lets a client in.
///
/// # Errors
/// With the refusal to send before the socket is closed.
pub(crate) async fn admit(hub: &Arc<Hub>, hello: Hello, network: Network) -> Result<Admitted, ErrorFrame> {
    if hello.guest.as_ref().is_some_and(|guest| !hub.key.proves(guest)) {
        return Err(refusal(ErrorCode::BadCredentials, "guest id and secret do not belong together", None));
    }
    if let Some(resume) = &hello.resume {
        let resumed = take_up(hub, &hello, resume, network).await;
        hub.metrics.resume(resumed.is_some());
        if let Some((session, attachment, calls)) = resumed {
            tracing::info!(session = %session.id, socket = attachment.sender.attachment, "session resumed");
            hub.directory.attached(&session, attachment.sender.attachment, hub.timeline.now_unix_ms());
            let welcome = welcome(hub, &session, resume.token.clone(), true, calls);
            return Ok(Admitted { session, attachment, welcome });
        }
    }
    open(hub, hello, network)
}

/// A new session.
fn open(hub: &Arc<Hub>, hello: Hello, network: Network) -> Result<Admitted, ErrorFrame> {
    let pass = hub.openings.enter(network).map_err(|_| {
        refusal(ErrorCode::AddressFull, "this address has as many sessions as one may have", None)
    })?;
    let token = mint_token(&*hub.entropy);
    let new = NewSession {
        id: SessionId::mint(&*hub.entropy),
        user: hello.guest.map_or_else(|| UserId::mint(&*hub.entropy), |guest| guest.user),
        name: hello.name,
        instance: hello.instance,
        token: &token,
        pass,
        budget: hub.budget.clone(),
        now_unix_ms: hub.timeline.now_unix_ms(),
    };
    let (session, attachment) = Session::open(new, &hub.config);
    if !hub.sessions.insert(&session) {
        return Err(refusal(ErrorCode::HubFull, "the hub has as many sessions as it may have", None));
    }
    hub.metrics.sessions.inc();
    tracing::info!(session = %session.id, user = %session.user, "session opened");
    hub.directory.attached(&session, attachment.sender.attachment, hub.timeline.now_unix_ms());
    let welcome = welcome(hub, &session, token, false, Vec::new());
    Ok(Admitted { session, attachment, welcome })
}

/// The session that `resume` claims, attached to this socket, with its calls as they are now. An unknown session,
/// a wrong token and another's session all give None: who guesses learns nothing.
async fn take_up(
    hub: &Arc<Hub>,
    hello: &Hello,
    resume: &Resume,
    network: Network,
) -> Option<(Arc<Session>, Attachment, Vec<CallSnapshot>)> {
    let session = hub.sessions.find(resume.session, &resume.token)?;
    if hello.guest.as_ref().is_some_and(|guest| guest.user != session.user) {
        return None;
    }
    let Some(attachment) = session.attach(hello.instance, network) else {
        // Its owner is here and cannot have it back: its places are free for a new session.
        if let Some(rooms) = session.end_if_overflowed() {
            hub.forget(session.id, rooms).await;
        }
        return None;
    };
    let mut calls = Vec::new();
    for room in &attachment.rooms {
        let (reply, snapshot) = oneshot::channel();
        let asked = room.send(Command::Back { sender: attachment.sender, reply }).await;
        // No answer: the call is over, or a later socket of this session was quicker. Whoever is not in the call any
        // more was taken off it by its owner; taking it off here too would do it to the later socket.
        if let (Ok(()), Ok(snapshot)) = (asked, snapshot.await) {
            calls.push(snapshot);
        }
    }
    Some((session, attachment, calls))
}

fn welcome(hub: &Hub, session: &Session, token: Secret, resumed: bool, calls: Vec<CallSnapshot>) -> HubFrame {
    HubFrame::Welcome(Box::new(Welcome {
        protocol: PROTOCOL_VERSION,
        epoch: hub.epoch,
        session: session.id,
        token,
        resumed,
        last_command: CommandId(0),
        user: session.user,
        guest_secret: hub.key.guest_secret(session.user),
        name: session.name.clone(),
        heartbeat: hub.config.heartbeat(),
        limits: hub.config.limits(),
        ice: hub.ice.for_session(hub.clock.now_unix_ms(), session.id),
        calls,
        incoming: hub.directory.incoming(session.user, hub.timeline.now_unix_ms()),
        directory: hub.directory.is_open,
    }))
}
