//! One task per WebSocket: lets the client in, carries its frames both ways ([`converse`]), and stays as the session's
//! keeper when the socket is lost, until the client is back or its time is up.

mod commands;
mod conversation;
mod converse;
mod end;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod hello;
mod signal;
mod wire;

use crate::{
    abuse::Offence,
    call::{event::Event, handle::Command},
    clock::millis,
    gate::{Pass, Shut},
    hub::Hub,
    network::Network,
    outgoing::Outgoing,
    session::{Attachment, Session, Verdict},
};
use axum::extract::ws::{Message, WebSocket};
use conversation::{Action, Conversation, Patience};
use end::{End, close, going_away};
use hello::{Admitted, Refused};
use holdfast_protocol::{CloseCode, ErrorFrame, HubFrame, OutageCause};
use std::sync::Arc;
use tokio::time::{Instant, sleep_until};
use wire::{Wire, broken_by};

/// Tells a client that there are as many sockets as there may be.
pub(crate) async fn turn_away(hub: Arc<Hub>, socket: WebSocket, network: Network, why: Shut) {
    let code = match why {
        Shut::Full => CloseCode::HubFull,
        Shut::AddressFull => CloseCode::AddressFull,
    };
    if why == Shut::AddressFull {
        hub.offend(network, Offence::TurnedAway);
    }
    close(&hub, Wire::new(socket), network, End::Close(code, None), || None).await;
}

/// Tells a client that its address is banned.
pub(crate) async fn say_banned(hub: Arc<Hub>, socket: WebSocket, network: Network, ms_left: u64) {
    let error = Outgoing::new(&HubFrame::Error(hub.banned(ms_left)));
    close(&hub, Wire::new(socket), network, End::Close(CloseCode::Banned, Some(error)), || None).await;
}

/// Serves one socket from its opening; `pass` is its place among the open ones.
pub(crate) async fn serve(hub: Arc<Hub>, socket: WebSocket, pass: Pass) {
    let mut wire = Wire::new(socket);
    let patience = Patience {
        hello_ms: millis(hub.config.hello_timeout),
        silence_ms: millis(hub.config.heartbeat_timeout),
    };
    hub.metrics.sockets.inc();
    let mut conversation = Conversation::new(patience, hub.timeline.now_unix_ms());
    let kept = match greet(&hub, &mut wire, &mut conversation, pass.network).await {
        Err(end) => {
            close(&hub, wire, pass.network, end, || None).await;
            None
        }
        Ok(admitted) => {
            conversation.welcomed();
            let Admitted { session, attachment, welcome } = admitted;
            let end =
                converse::converse(&hub, &mut wire, &mut conversation, &session, &attachment, &welcome).await;
            let kept = if matches!(end, End::Close(CloseCode::GoingAway, _)) {
                // Everyone's socket closes now; nobody is told that the others' are lost.
                None
            } else {
                // The others hear of it before the closing handshake, which a dead client does not answer.
                let last_heard_unix_ms = conversation.last_heard_ms();
                let told = detach(&hub, &session, &attachment, last_heard_unix_ms, end.cause()).await;
                told.then(|| Arc::clone(&session))
            };
            close(&hub, wire, pass.network, end, || session.next(attachment.sender)).await;
            kept.map(|session| (session, attachment))
        }
    };
    hub.metrics.sockets.dec();
    drop(pass);
    if let Some((session, attachment)) = kept {
        keep(&hub, &session, &attachment).await;
    }
}

/// Keeps a session from the store until its client is back.
pub(crate) fn adopt(hub: &Arc<Hub>, session: Arc<Session>, attachment: Attachment) {
    hub.sessions.restore(&session);
    hub.metrics.sessions.inc();
    let kept = Arc::clone(hub);
    hub.tasks.spawn(async move { keep(&kept, &session, &attachment).await });
}

/// Waits for `hello` and answers it.
async fn greet(
    hub: &Arc<Hub>,
    wire: &mut Wire,
    conversation: &mut Conversation,
    network: Network,
) -> Result<Admitted, End> {
    let hello = loop {
        let message = tokio::select! {
            biased;
            () = hub.shutdown.drain.cancelled() => return Err(going_away(hub)),
            () = sleep_until(hub.timeline.instant(conversation.deadline_ms())) => {
                return Err(End::Close(CloseCode::HelloTimeout, None));
            }
            message = wire.next(|| None) => message,
        };
        match understand(hub, conversation, message)? {
            Action::Hello(hello) => break hello,
            Action::RefuseAndClose(error, code) => {
                let offence = match code {
                    CloseCode::HelloRefused => Offence::HelloRefused(error.code),
                    _ => Offence::Refused(error.code),
                };
                return Err(show_out(hub, network, error, code, offence));
            }
            Action::ClientClosed => return Err(End::Closed),
            Action::Nothing | Action::Frame(_) | Action::Description(_) | Action::Refuse(_) => {}
        }
    };
    hub.metrics.frame_in("hello");
    let admitted = hello::admit(hub, *hello, network).await;
    admitted
        .map_err(|Refused { error, offence }| show_out(hub, network, error, CloseCode::HelloRefused, offence))
}

/// Refuses a client that is not let in.
fn show_out(hub: &Hub, network: Network, error: ErrorFrame, code: CloseCode, offence: Offence) -> End {
    hub.metrics.refused(error.code);
    if let Some(ms_left) = hub.offend(network, offence) {
        let banned = Outgoing::new(&HubFrame::Error(hub.banned(ms_left)));
        return End::Close(CloseCode::Banned, Some(banned));
    }
    End::Close(code, Some(Outgoing::new(&HubFrame::Error(error))))
}

/// What a message asks for; an end when there are no more.
fn understand(
    hub: &Hub,
    conversation: &mut Conversation,
    message: Option<Result<Message, axum::Error>>,
) -> Result<Action, End> {
    match message {
        None => Err(End::Lost),
        Some(Ok(message)) => Ok(conversation.hear(hub.timeline.now_unix_ms(), &message)),
        Some(Err(error)) => Err(broken_by(error).map_or(End::Lost, |code| End::Close(code, None))),
    }
}

/// Tells the session's calls that its socket is lost; false when another socket has taken its place.
async fn detach(
    hub: &Hub,
    session: &Session,
    attachment: &Attachment,
    last_heard_unix_ms: u64,
    cause: OutageCause,
) -> bool {
    let calls = session.detach(attachment.sender);
    if calls.is_some() {
        hub.directory.detached(session, attachment.sender.attachment);
    }
    for call in calls.iter().flatten() {
        let event = Event::Lost { sender: attachment.sender, last_heard_unix_ms, cause };
        let _ = call.send(Command::Event(event)).await;
    }
    calls.is_some()
}

/// Waits for the client to come back on another socket. A call that keeps a place for it decides for how long; in no
/// call nobody waits for it, and the session ends soon: a new one does as well.
async fn keep(hub: &Hub, session: &Session, attachment: &Attachment) {
    let idle_ms = millis(hub.config.idle_resume_window);
    let mut idle_until_ms = None;
    loop {
        if let Verdict::Close(CloseCode::TakenOver | CloseCode::Normal) = session.verdict(attachment.sender) {
            return;
        }
        if session.is_unsaved() {
            session.save(&session.turn().await, &*hub.store).await;
        }
        let idle = !session.is_in_calls();
        let now_ms = hub.timeline.now_unix_ms();
        idle_until_ms = idle.then(|| idle_until_ms.unwrap_or(now_ms + idle_ms));
        tokio::select! {
            biased;
            () = attachment.wake.notified() => {}
            () = until(idle_until_ms.map(|at| hub.timeline.instant(at))) => break,
        }
    }
    if let Some(calls) = session.expire(attachment.sender) {
        tracing::info!(session = %session.id, "session ended: its client did not come back");
        hub.forget(session.id, calls).await;
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
