//! From `hello` to `welcome`: who the client is, and whether it comes back to a session or gets a new one.

use crate::{
    abuse::Offence,
    call::{event::Event, handle::Command},
    credentials::{TokenHash, mint_token},
    hub::Hub,
    network::Network,
    session::{Attachment, Claim, NewSession, NotBack, Resumed, Session, refusal},
};
use holdfast_protocol::{
    CallSnapshot, CommandId, Epoch, ErrorCode, ErrorFrame, Hello, HubFrame, OutageCause, PROTOCOL_VERSION,
    Resume, Secret, SessionId, UserId, Welcome,
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

/// A client that has not.
pub(crate) struct Refused {
    /// What to tell it before its socket is closed.
    pub(crate) error: ErrorFrame,
    /// What it has to answer for.
    pub(crate) offence: Offence,
}

impl Refused {
    fn because(code: ErrorCode, message: &str) -> Self {
        Self { error: refusal(code, message, None), offence: Offence::HelloRefused(code) }
    }
}

impl From<NotBack> for Refused {
    /// Who guesses learns nothing: an unknown session is refused like a wrong token.
    fn from(why: NotBack) -> Self {
        let unknown = || Self::because(ErrorCode::SessionUnknown, "no such session, or the token is not its");
        match why {
            NotBack::Ended => unknown(),
            NotBack::WrongToken => Self { offence: Offence::WrongToken, ..unknown() },
            NotBack::OtherUser => Self::because(ErrorCode::BadCredentials, "the session is not this guest's"),
            NotBack::Late => {
                Self::because(ErrorCode::StaleHello, "a later hello of this instance was here before")
            }
        }
    }
}

/// Lets a client in.
///
/// # Errors
/// With the refusal to send before the socket is closed.
pub(crate) async fn admit(hub: &Arc<Hub>, hello: Hello, network: Network) -> Result<Admitted, Refused> {
    if hello.guest.as_ref().is_some_and(|guest| !hub.key.proves(guest)) {
        let message = "guest id and secret do not belong together";
        return Err(Refused::because(ErrorCode::BadCredentials, message));
    }
    let Some(resume) = &hello.resume else { return open(hub, hello, network) };
    let admitted = take_up(hub, &hello, resume, network).await;
    hub.metrics.resume(admitted.is_ok());
    Ok(admitted?)
}

/// A new session.
fn open(hub: &Arc<Hub>, hello: Hello, network: Network) -> Result<Admitted, Refused> {
    let pass = hub.openings.enter(network).map_err(|_| {
        Refused::because(ErrorCode::AddressFull, "this address has as many sessions as one may have")
    })?;
    let token = mint_token(&*hub.entropy);
    let new = NewSession {
        id: SessionId::mint(&*hub.entropy),
        user: hello.guest.map_or_else(|| UserId::mint(&*hub.entropy), |guest| guest.user),
        name: hello.name,
        instance: hello.instance,
        attempt: hello.attempt,
        token: TokenHash::of(&token),
        epoch: Epoch::mint(&*hub.entropy),
        pass,
        budget: hub.budget.clone(),
        timeline: hub.timeline,
    };
    let epoch = new.epoch;
    let (session, attachment) = Session::open(new, &hub.config);
    if !hub.sessions.insert(&session) {
        return Err(Refused::because(ErrorCode::HubFull, "the hub has as many sessions as it may have"));
    }
    hub.metrics.sessions.inc();
    tracing::info!(session = %session.id, user = %session.user, "session opened");
    hub.directory.attached(&session, attachment.sender.attachment, hub.timeline.now_unix_ms());
    let start = Start { token, epoch, resumed: false, last_command: CommandId::default(), calls: Vec::new() };
    let welcome = welcome(hub, &session, start);
    Ok(Admitted { session, attachment, welcome })
}

/// The session that `resume` claims, attached to this socket.
async fn take_up(
    hub: &Arc<Hub>,
    hello: &Hello,
    resume: &Resume,
    network: Network,
) -> Result<Admitted, NotBack> {
    // Before the session is looked for, which thereby takes as long as when there is one.
    let token = TokenHash::of(&resume.token);
    let session = hub.sessions.get(resume.session).ok_or(NotBack::Ended)?;
    // Whoever cannot open the session does not get in the way of who can.
    if !session.is_opened_by(token) {
        return Err(NotBack::WrongToken);
    }
    let turn = session.turn().await;
    let secret = mint_token(&*hub.entropy);
    let fresh_token = TokenHash::of(&secret);
    let fresh_epoch = Epoch::mint(&*hub.entropy);
    let resumed = session.attach(&Claim { hello, resume, token, fresh_token, fresh_epoch, network })?;
    if session.is_unsaved() {
        // Before the client can have the token: a hub that dies now knows it after its restart.
        session.save(&turn, &*hub.store).await;
    }
    let calls = come_back(hub, &session, &resumed, resume.hold).await;
    drop(turn);
    let Resumed { attachment, epoch, goes_on, last_command, .. } = resumed;
    if !goes_on {
        hub.directory.unwatch(session.id);
    }
    tracing::info!(session = %session.id, socket = attachment.sender.attachment, goes_on, "session resumed");
    hub.directory.attached(&session, attachment.sender.attachment, hub.timeline.now_unix_ms());
    let start = Start { token: secret, epoch, resumed: true, last_command, calls };
    let welcome = welcome(hub, &session, start);
    Ok(Admitted { session, attachment, welcome })
}

/// Tells the session's calls that it is back, or with `hold` only looks at them; the snapshots for a new epoch.
async fn come_back(hub: &Hub, session: &Session, resumed: &Resumed, hold: bool) -> Vec<CallSnapshot> {
    let mut snapshots = Vec::new();
    for call in &resumed.calls {
        if let Some(sender) = resumed.lost {
            let (last_heard_unix_ms, cause) = (hub.timeline.now_unix_ms(), OutageCause::Takeover);
            let lost = Event::Lost { sender, last_heard_unix_ms, cause };
            let _ = call.send(Command::Event(lost)).await;
        }
        let (reply, snapshot) = oneshot::channel();
        let asked = call.send(if hold {
            Command::Peek { session: session.id, reply }
        } else {
            Command::Back { sender: resumed.attachment.sender, reply }
        });
        // No answer: the call is over. Whoever is not in the call any more was taken off it by its owner.
        if let (Ok(()), Ok(snapshot)) = (asked.await, snapshot.await) {
            snapshots.push(snapshot);
        }
    }
    session.seen();
    if resumed.goes_on { Vec::new() } else { snapshots }
}

/// Where a client stands as its socket opens.
struct Start {
    token: Secret,
    epoch: Epoch,
    resumed: bool,
    last_command: CommandId,
    calls: Vec<CallSnapshot>,
}

fn welcome(hub: &Hub, session: &Session, start: Start) -> HubFrame {
    let Start { token, epoch, resumed, last_command, calls } = start;
    HubFrame::Welcome(Box::new(Welcome {
        protocol: PROTOCOL_VERSION,
        epoch,
        session: session.id,
        token,
        resumed,
        last_command,
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
