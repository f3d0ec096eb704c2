//! One task per WebSocket: lets the client in, carries its frames both ways, and stays as the session's keeper
//! when the socket is lost, until the client is back or its time is up.

mod commands;
mod conversation;
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
    session::{Attachment, Session, Verdict, refusal},
};
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use conversation::{Action, Conversation, Patience};
use hello::Admitted;
use holdfast_protocol::{ClientFrame, CloseCode, CommandId, ErrorCode, ErrorFrame, HubFrame, OutageCause};
use std::{pin::pin, sync::Arc};
use tokio::time::sleep_until;
use wire::{Wire, is_too_big};

/// How a socket ended.
enum End {
    /// The hub closes it, after a last frame if there is one.
    Close(CloseCode, Option<Outgoing>),
    /// The client closed it, or it broke.
    Lost,
}

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
            let end = converse(&hub, &mut wire, &mut conversation, &session, &attachment, &welcome).await;
            let kept = if matches!(end, End::Close(CloseCode::GoingAway, _)) {
                // Everyone's socket closes now; nobody is told that the others' are lost.
                None
            } else {
                // The others hear of it before the closing handshake, which a dead client does not answer.
                let last_heard_unix_ms = conversation.last_heard_ms();
                detach(&hub, &session, &attachment, last_heard_unix_ms).await.then(|| Arc::clone(&session))
            };
            close(&hub, wire, pass.network, end, || session.pop(attachment.sender)).await;
            kept.map(|session| (session, attachment))
        }
    };
    hub.metrics.sockets.dec();
    drop(pass);
    if let Some((session, attachment)) = kept {
        keep(&hub, &session, &attachment).await;
    }
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
                return Err(refuse_and_close(hub, network, error, code));
            }
            Action::ClientClosed => return Err(End::Lost),
            Action::Nothing | Action::Frame(_) | Action::Description(_) | Action::Refuse(_) => {}
        }
    };
    hub.metrics.frame_in("hello");
    let admitted = hello::admit(hub, *hello, network).await;
    admitted.map_err(|error| refuse_and_close(hub, network, error, CloseCode::HelloRefused))
}

/// Carries frames both ways until the socket ends.
async fn converse(
    hub: &Arc<Hub>,
    wire: &mut Wire,
    conversation: &mut Conversation,
    session: &Arc<Session>,
    attachment: &Attachment,
    welcome: &HubFrame,
) -> End {
    let sender = attachment.sender;
    let mut first = Some(Outgoing::new(welcome));
    let mut pop = || -> Option<Utf8Bytes> {
        let frame = first.take().or_else(|| session.pop(sender))?;
        hub.metrics.frame_out(frame.kind);
        Some(frame.text)
    };
    let mut drain = pin!(hub.shutdown.drain.cancelled());
    let mut silence = pin!(sleep_until(hub.timeline.instant(conversation.deadline_ms())));
    loop {
        // What the client has said comes before its silence: after a pause of the whole machine both are ready.
        let message = tokio::select! {
            biased;
            () = &mut drain => return going_away(hub),
            message = wire.next(&mut pop) => Some(message),
            () = &mut silence => {
                if let Some(code) = conversation.overdue(hub.timeline.now_unix_ms()) {
                    return End::Close(code, None);
                }
                // Something was heard since the timer was set. It is set anew once per silence, not per message.
                silence.as_mut().reset(hub.timeline.instant(conversation.deadline_ms()));
                None
            }
            () = attachment.wake.notified() => None,
        };
        if let Verdict::Close(code) = session.verdict(sender) {
            return End::Close(code, None);
        }
        let Some(message) = message else { continue };
        match understand(hub, conversation, message) {
            Err(end) => return end,
            Ok(Action::Frame(frame)) => {
                hub.metrics.frame_in(frame.kind());
                match session.admit_frame(hub.timeline.now_unix_ms()) {
                    Ok(()) => commands::carry_out(hub, session, sender, frame).await,
                    Err(wait_ms) => hub.refuse(session, too_fast(Some(&frame), wait_ms)),
                }
            }
            Ok(Action::Description(description)) => {
                hub.metrics.frame_in("signal");
                match session.admit_frame(hub.timeline.now_unix_ms()) {
                    Ok(()) => commands::pass_on(hub, session, sender, description).await,
                    Err(wait_ms) => hub.refuse(session, too_fast_for(Some(description.id), wait_ms)),
                }
            }
            Ok(Action::Nothing) => {
                if let Err(wait_ms) = session.admit_frame(hub.timeline.now_unix_ms()) {
                    hub.refuse(session, too_fast(None, wait_ms));
                }
            }
            Ok(Action::Refuse(error)) => hub.refuse(session, error),
            Ok(Action::RefuseAndClose(error, code)) => {
                return refuse_and_close(hub, session.network(), error, code);
            }
            Ok(Action::ClientClosed) => return End::Lost,
            // The conversation lets no second one through.
            Ok(Action::Hello(_)) => {}
        }
    }
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
        Some(Err(error)) => {
            Err(if is_too_big(error) { End::Close(CloseCode::TooBig, None) } else { End::Lost })
        }
    }
}

/// Tells the session's rooms that its socket is lost; false when another socket has taken its place.
async fn detach(hub: &Hub, session: &Session, attachment: &Attachment, last_heard_unix_ms: u64) -> bool {
    let rooms = session.detach(attachment.sender);
    if rooms.is_some() {
        hub.directory.detached(session, attachment.sender.attachment);
    }
    for room in rooms.iter().flatten() {
        let event =
            Event::Lost { sender: attachment.sender, last_heard_unix_ms, cause: OutageCause::SocketClosed };
        let _ = room.send(Command::Event(event)).await;
    }
    rooms.is_some()
}

/// Waits for the client to come back on another socket, and ends the session when it does not.
async fn keep(hub: &Hub, session: &Session, attachment: &Attachment) {
    let config = &hub.config;
    // In no call nobody waits for it: a new session does as well.
    let window = if session.is_in_calls() {
        config.resume_window
    } else {
        config.idle_resume_window.min(config.resume_window)
    };
    let deadline = hub.timeline.now_unix_ms() + millis(window);
    let mut time_up = pin!(sleep_until(hub.timeline.instant(deadline)));
    loop {
        tokio::select! {
            biased;
            () = attachment.wake.notified() => match session.verdict(attachment.sender) {
                Verdict::Close(CloseCode::TakenOver | CloseCode::Normal) => return,
                Verdict::GoOn | Verdict::Close(_) => {}
            },
            () = &mut time_up => break,
        }
    }
    if let Some(rooms) = session.expire(attachment.sender) {
        tracing::info!(session = %session.id, "session ended: its client did not come back");
        hub.forget(session.id, rooms).await;
    }
}

/// Ends a socket as `end` says. A client that is still there first gets what `rest` gives.
async fn close(hub: &Hub, wire: Wire, network: Network, end: End, rest: impl FnMut() -> Option<Outgoing>) {
    let End::Close(code, last) = end else {
        hub.metrics.closed(None);
        return;
    };
    hub.metrics.closed(Some(code));
    hub.offend(network, Offence::Closed(code));
    tracing::debug!(reason = code.reason(), "socket closed");
    let alive = matches!(
        code,
        CloseCode::GoingAway | CloseCode::TooManyErrors | CloseCode::Unsupported | CloseCode::Banned
    );
    let mut rest = Some(rest).filter(|_| alive);
    let frames = std::iter::from_fn(|| rest.as_mut().and_then(|rest| rest())).chain(last);
    wire.close(frames.inspect(|frame| hub.metrics.frame_out(frame.kind)).map(|frame| frame.text), code).await;
}

fn going_away(hub: &Hub) -> End {
    let retry_after_ms = millis(hub.config.retry_after);
    End::Close(CloseCode::GoingAway, Some(Outgoing::new(&HubFrame::GoingAway { retry_after_ms })))
}

fn refuse_and_close(hub: &Hub, network: Network, error: ErrorFrame, code: CloseCode) -> End {
    hub.metrics.refused(error.code);
    if let Some(ms_left) = hub.offend(network, Offence::Refused(error.code)) {
        let banned = Outgoing::new(&HubFrame::Error(hub.banned(ms_left)));
        return End::Close(CloseCode::Banned, Some(banned));
    }
    End::Close(code, Some(Outgoing::new(&HubFrame::Error(error))))
}

fn too_fast(frame: Option<&ClientFrame>, wait_ms: u64) -> ErrorFrame {
    let id = frame.and_then(ClientFrame::command);
    too_fast_for(id, wait_ms)
}

fn too_fast_for(id: Option<CommandId>, wait_ms: u64) -> ErrorFrame {
    let error = refusal(ErrorCode::RateLimited, "too many frames in too short a time", id);
    ErrorFrame { retry_after_ms: Some(wait_ms), ..error }
}
