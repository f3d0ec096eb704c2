//! Carries out the commands of a welcomed client. Answers go through the session's queue, in order with
//! everything else.

use super::signal;
use crate::{
    call::{
        CallHandle, Sender,
        event::Event,
        owner::{Command, Join},
    },
    description::Description,
    hub::Hub,
    outgoing::Outgoing,
    session::{Session, refusal},
};
use holdfast_protocol::{
    CallId, ClientFrame, CommandId, ErrorCode, ErrorFrame, HubFrame, MediaState, RoomName,
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// How often a join looks for its room again when the call it found was just ending.
const JOIN_ATTEMPTS: u32 = 8;

/// Carries out one frame.
pub(crate) async fn carry_out(hub: &Arc<Hub>, session: &Arc<Session>, sender: Sender, frame: ClientFrame) {
    let refused = match frame {
        ClientFrame::Heartbeat => {
            session.push(Outgoing::new(&HubFrame::HeartbeatAck));
            Ok(())
        }
        ClientFrame::Join { id, room, media } => join(hub, session, sender, id, room, media).await,
        ClientFrame::Leave { id, call } => {
            let event = Event::Leave { sender, command: id };
            to_room(session, call, id, Command::Event(event)).await
        }
        ClientFrame::MediaState { id, call, media } => {
            let event = Event::Media { sender, command: id, media };
            to_room(session, call, id, Command::Event(event)).await
        }
        ClientFrame::Signal { id, call, to, to_incarnation, signal } => {
            if let Err(message) = signal::check(&signal) {
                Err(refusal(ErrorCode::InvalidSignal, message, Some(id)))
            } else {
                let signal = Box::new(signal);
                let command = Command::Relay { sender, command: id, to, to_incarnation, signal };
                to_room(session, call, id, command).await
            }
        }
        ClientFrame::IceServers { id } => {
            let ice = hub.ice.for_session(hub.clock.now_unix_ms(), session.id);
            session.push(Outgoing::new(&HubFrame::IceServers { in_reply_to: id, ice }));
            Ok(())
        }
        ClientFrame::Call { id, .. }
        | ClientFrame::Accept { id, .. }
        | ClientFrame::Decline { id, .. }
        | ClientFrame::Rejoin { id, .. }
        | ClientFrame::End { id, .. }
        | ClientFrame::Directory { id, .. } => {
            Err(refusal(ErrorCode::UnknownCall, "not built yet", Some(id)))
        }
        // The conversation lets no second `hello` through.
        ClientFrame::MediaAlive { .. } | ClientFrame::Ack { .. } | ClientFrame::Hello(_) => Ok(()),
    };
    if let Err(error) = refused {
        hub.refuse(session, error);
    }
}

/// Passes a description on.
pub(crate) async fn pass_on(
    hub: &Arc<Hub>,
    session: &Arc<Session>,
    sender: Sender,
    description: Box<Description>,
) {
    let (call, id) = (description.call, description.id);
    if let Err(error) = to_room(session, call, id, Command::Describe { sender, description }).await {
        hub.refuse(session, error);
    }
}

async fn to_room(session: &Session, call: CallId, id: CommandId, command: Command) -> Result<(), ErrorFrame> {
    let not_in_call = || refusal(ErrorCode::NotInCall, format!("not in call {call}"), Some(id));
    let room = session.room(call).ok_or_else(not_in_call)?;
    room.send(command).await.map_err(|_| not_in_call())
}

async fn join(
    hub: &Arc<Hub>,
    session: &Arc<Session>,
    sender: Sender,
    command: CommandId,
    name: RoomName,
    media: MediaState,
) -> Result<(), ErrorFrame> {
    for _ in 0..JOIN_ATTEMPTS {
        let room = hub.rooms.find_or_make(&name, || CallHandle::start(hub, name.clone())).map_err(|_| {
            refusal(ErrorCode::HubFull, "the hub has as many rooms as it may have", Some(command))
        })?;
        let (done, decided) = oneshot::channel();
        let session = Arc::clone(session);
        let join = Join { room: room.clone(), session, sender, command, media, done };
        let asked = room.send(Command::Join(Box::new(join))).await;
        if asked.is_ok() && decided.await.is_ok() {
            return Ok(());
        }
        // That call ended before it saw the join: a new one is opened.
    }
    Err(refusal(ErrorCode::Internal, "the room could not be opened", Some(command)))
}
