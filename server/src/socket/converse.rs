//! Frames both ways between a welcomed client and its session, until the socket ends.

use super::{
    commands,
    conversation::{Action, Conversation},
    end::{End, going_away},
    understand,
    wire::Wire,
};
use crate::{
    call::{Sender, event::Event, handle::Command},
    hub::Hub,
    outgoing::Outgoing,
    session::{Attachment, Session, Verdict, refusal},
};
use axum::extract::ws::Utf8Bytes;
use holdfast_protocol::{ClientFrame, CloseCode, CommandId, ErrorCode, ErrorFrame, HubFrame, Seq};
use std::{pin::pin, sync::Arc};
use tokio::time::sleep_until;

/// Carries frames both ways until the socket ends.
pub(super) async fn converse(
    hub: &Arc<Hub>,
    wire: &mut Wire,
    conversation: &mut Conversation,
    session: &Arc<Session>,
    attachment: &Attachment,
    welcome: &HubFrame,
) -> End {
    let sender = attachment.sender;
    let mut first = Some(Outgoing::new(welcome).write(None, 0));
    let mut pop = || -> Option<Utf8Bytes> {
        let frame = first.take().or_else(|| session.next(sender))?;
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
        if message.is_none() && !session.is_unsaved() {
            match session.verdict(sender) {
                Verdict::Close(code) => return End::Close(code, None),
                Verdict::GoOn => continue,
            }
        }
        let turn = session.turn().await;
        if let Verdict::Close(code) = session.verdict(sender) {
            return End::Close(code, None);
        }
        if let Some(message) = message {
            let done = match understand(hub, conversation, message) {
                Err(end) => Err(end),
                Ok(action) => act(hub, session, sender, action).await,
            };
            if let Err(end) = done {
                return end;
            }
        }
        if session.is_unsaved() {
            // Before the client is told, for what it is told now is written by this task, later.
            session.save(&turn, &*hub.store).await;
        }
    }
}

/// Does what a message asks for, in the session's turn.
async fn act(hub: &Arc<Hub>, session: &Arc<Session>, sender: Sender, action: Action) -> Result<(), End> {
    let now_ms = hub.timeline.now_unix_ms();
    match action {
        Action::Frame(ClientFrame::Ack { seq }) => {
            hub.metrics.frame_in("ack");
            match session.admit_frame(now_ms) {
                Ok(()) => return acknowledged(hub, session, sender, seq).await,
                Err(wait_ms) => hub.refuse(session, too_fast(None, wait_ms)),
            }
        }
        Action::Frame(frame) => {
            hub.metrics.frame_in(frame.kind());
            if may_pass(hub, session, frame.command(), now_ms) {
                commands::carry_out(hub, session, sender, frame).await;
            }
        }
        Action::Description(description) => {
            hub.metrics.frame_in("signal");
            if may_pass(hub, session, Some(description.id), now_ms) {
                commands::pass_on(hub, session, sender, description).await;
            }
        }
        Action::Nothing => {
            if let Err(wait_ms) = session.admit_frame(now_ms) {
                hub.refuse(session, too_fast(None, wait_ms));
            }
        }
        Action::Refuse(error) => {
            // It uses its number up. Who repeats such a frame is refused again: nobody does so in good faith.
            let _ = error.in_reply_to.is_none_or(|id| session.take_number(id));
            hub.refuse(session, error);
        }
        Action::RefuseAndClose(error, code) => return Err(refuse_and_close(hub, session, error, code)),
        Action::ClientClosed => return Err(End::Closed),
        // The conversation lets no second one through.
        Action::Hello(_) => {}
    }
    Ok(())
}

/// Whether a frame is to be carried out: not what was before, and not what comes too fast.
fn may_pass(hub: &Hub, session: &Session, command: Option<CommandId>, now_ms: u64) -> bool {
    let new = command.is_none_or(|id| session.take_number(id));
    match session.admit_frame(now_ms) {
        // The answer to what was before has been sent, or is about to be.
        Ok(()) => new,
        Err(wait_ms) => {
            hub.refuse(session, too_fast(command.filter(|_| new), wait_ms));
            false
        }
    }
}

/// The client has taken frames in. The first time on a socket that proves that it has its `welcome`.
async fn acknowledged(hub: &Hub, session: &Session, sender: Sender, seq: Seq) -> Result<(), End> {
    let Ok(calls) = session.ack(sender, seq) else {
        let error = refusal(ErrorCode::MalformedFrame, format!("frame {} was never sent", seq.0), None);
        return Err(refuse_and_close(hub, session, error, CloseCode::ProtocolError));
    };
    for call in calls {
        let _ = call.send(Command::Event(Event::Confirmed { sender })).await;
    }
    Ok(())
}

fn refuse_and_close(hub: &Hub, session: &Session, error: ErrorFrame, code: CloseCode) -> End {
    hub.refuse(session, error);
    // A ban says more than what led to it.
    match session.closing() {
        Some(CloseCode::Banned) => End::Close(CloseCode::Banned, None),
        _ => End::Close(code, None),
    }
}

fn too_fast(in_reply_to: Option<CommandId>, wait_ms: u64) -> ErrorFrame {
    let error = refusal(ErrorCode::RateLimited, "too many frames in too short a time", in_reply_to);
    ErrorFrame { retry_after_ms: Some(wait_ms), ..error }
}
