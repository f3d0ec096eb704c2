//! Carries out the commands of a welcomed client. Answers go through the session's queue, in order with
//! everything else.

use super::signal;
use crate::{
    call::{
        CallHandle, Sender,
        dial::Dial,
        event::Event,
        handle::{Command, Way},
        table::{Ended, NotMade},
    },
    description::Description,
    hub::Hub,
    outgoing::Outgoing,
    session::{Session, refusal},
    store::Store,
};
use holdfast_protocol::{
    CallId, ClientFrame, CommandId, DirectoryQuery, ErrorCode, ErrorFrame, HubFrame, MediaState, RoomName,
};
use std::sync::Arc;

/// How often a join looks for its room again when the call it found was just ending.
const JOIN_ATTEMPTS: u32 = 8;

/// Carries out one frame.
pub(crate) async fn carry_out(hub: &Arc<Hub>, session: &Arc<Session>, sender: Sender, frame: ClientFrame) {
    if let Err(error) = try_to(hub, session, sender, frame).await {
        hub.refuse(session, error);
    }
}

async fn try_to(
    hub: &Arc<Hub>,
    session: &Arc<Session>,
    sender: Sender,
    frame: ClientFrame,
) -> Result<(), ErrorFrame> {
    match frame {
        ClientFrame::Heartbeat => {
            session.push(Outgoing::new(&HubFrame::HeartbeatAck));
            Ok(())
        }
        ClientFrame::Join { id, room, media } => join(hub, session, sender, id, room, media).await,
        ClientFrame::Call { id: command, to, media } => {
            Dial { hub, session, sender, command, to, media }.dial().await
        }
        ClientFrame::Accept { id, call, media } => {
            come_in(hub, session, sender, id, call, media, Way::Accept).await
        }
        ClientFrame::Rejoin { id, call, media } => {
            come_in(hub, session, sender, id, call, media, Way::Rejoin).await
        }
        ClientFrame::Decline { id, call } => {
            let event = Event::Decline { sender, user: session.user, command: id };
            decline(hub, session, id, call, event).await
        }
        ClientFrame::Leave { id, call } => {
            leave(session, id, call, Event::Leave { sender, command: id }).await;
            Ok(())
        }
        ClientFrame::End { id, call } => {
            leave(session, id, call, Event::End { sender, command: id }).await;
            Ok(())
        }
        ClientFrame::MediaState { id, call, media } => {
            let event = Event::Media { sender, command: id, media };
            to_call(session, call, id, Command::Event(event)).await
        }
        ClientFrame::Signal { id, call, to, to_incarnation, signal } => {
            signal::check(&signal).map_err(|message| refusal(ErrorCode::InvalidSignal, message, Some(id)))?;
            let signal = Box::new(signal);
            let command = Command::Relay { sender, command: id, to, to_incarnation, signal };
            to_call(session, call, id, command).await
        }
        ClientFrame::IceServers { id } => {
            let ice = hub.ice.for_session(hub.clock.now_unix_ms(), session.id);
            session.push(Outgoing::new(&HubFrame::IceServers { in_reply_to: id, ice }));
            Ok(())
        }
        ClientFrame::Directory { id, query } => directory(hub, session, id, &query),
        ClientFrame::MediaAlive { call, participants } => {
            if let Some(handle) = session.room(call) {
                let _ = handle.send(Command::Event(Event::MediaAlive { sender, participants })).await;
            }
            Ok(())
        }
        // The conversation lets no second `hello` through.
        ClientFrame::Ack { .. } | ClientFrame::Hello(_) => Ok(()),
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
    if let Err(error) = to_call(session, call, id, Command::Describe { sender, description }).await {
        hub.refuse(session, error);
    }
}

async fn to_call(session: &Session, call: CallId, id: CommandId, command: Command) -> Result<(), ErrorFrame> {
    let not_in_call = || refusal(ErrorCode::NotInCall, format!("not in call {call}"), Some(id));
    let handle = session.room(call).ok_or_else(not_in_call)?;
    handle.send(command).await.map_err(|_| not_in_call())
}

/// Who is not in the call, or not any more, has left it.
async fn leave(session: &Session, id: CommandId, call: CallId, event: Event) {
    let asked = match session.room(call) {
        Some(handle) => handle.send(Command::Event(event)).await.is_ok(),
        None => false,
    };
    if !asked {
        session.push(Outgoing::new(&HubFrame::Left { in_reply_to: id, call }));
    }
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
        let make = || {
            hub.beginnings.pass(session.network(), hub.timeline.now_unix_ms())?;
            Ok(CallHandle::open_room(hub, name.clone()))
        };
        let room = hub.calls.find_or_make(&name, make).map_err(|why| match why {
            NotMade::Full => {
                refusal(ErrorCode::HubFull, "the hub has as many rooms as it may have", Some(command))
            }
            NotMade::TooFast(wait_ms) => too_many_begun(command, wait_ms),
        })?;
        if room.ask(Way::Join, session, sender, command, media).await.is_ok() {
            return Ok(());
        }
        // That call ended before it saw the join: a new one is opened.
    }
    Err(refusal(ErrorCode::Internal, "the room could not be opened", Some(command)))
}

/// To a call that the client knows by its id; it may be over.
async fn come_in(
    hub: &Arc<Hub>,
    session: &Arc<Session>,
    sender: Sender,
    command: CommandId,
    call: CallId,
    media: MediaState,
    way: Way,
) -> Result<(), ErrorFrame> {
    if let Some(handle) = hub.calls.find(call)
        && handle.ask(way, session, sender, command, media).await.is_ok()
    {
        return Ok(());
    }
    let Some(reason) = over(hub, session, command, call).await? else {
        return Err(unknown(call, command));
    };
    session.push(Outgoing::new(&HubFrame::CallOver { in_reply_to: command, call, reason }));
    Ok(())
}

async fn decline(
    hub: &Hub,
    session: &Session,
    id: CommandId,
    call: CallId,
    event: Event,
) -> Result<(), ErrorFrame> {
    if let Some(handle) = hub.calls.find(call)
        && handle.send(Command::Event(event)).await.is_ok()
    {
        return Ok(());
    }
    over(hub, session, id, call).await?.ok_or_else(|| unknown(call, id))?;
    session.push(Outgoing::new(&HubFrame::Left { in_reply_to: id, call }));
    Ok(())
}

/// Why a call is over, as far as the log tells its users.
async fn over(
    hub: &Hub,
    session: &Session,
    command: CommandId,
    call: CallId,
) -> Result<Option<holdfast_protocol::EndReason>, ErrorFrame> {
    if let Some(Ended { reason, users }) = hub.calls.end_of(call) {
        return Ok(users.contains(&session.user).then_some(reason));
    }
    let found = hub.store.call(call).await.map_err(|error| {
        tracing::debug!(%error, "a call could not be looked up");
        refusal(ErrorCode::Internal, "the call could not be looked up", Some(command))
    })?;
    Ok(found
        .filter(|(_, stored)| stored.users.contains(&session.user))
        .and_then(|(_, stored)| stored.log.reason))
}

/// This address begins too many calls: each is stored, and in the log.
fn too_many_begun(command: CommandId, wait_ms: u64) -> ErrorFrame {
    let message = "this address begins too many calls in too short a time";
    ErrorFrame { retry_after_ms: Some(wait_ms), ..refusal(ErrorCode::RateLimited, message, Some(command)) }
}

fn unknown(call: CallId, command: CommandId) -> ErrorFrame {
    refusal(ErrorCode::UnknownCall, format!("no call {call} for you"), Some(command))
}

fn directory(hub: &Hub, session: &Session, id: CommandId, query: &DirectoryQuery) -> Result<(), ErrorFrame> {
    if !hub.directory.is_open {
        return Err(refusal(ErrorCode::DirectoryOff, "this hub shows its directory to nobody", Some(id)));
    }
    let found = hub.directory.search(session, query, hub.timeline.now_unix_ms());
    let (users, more) = found.map_err(|wait_ms| {
        let error = refusal(ErrorCode::RateLimited, "too many queries in too short a time", Some(id));
        ErrorFrame { retry_after_ms: Some(wait_ms), ..error }
    })?;
    session.push(Outgoing::new(&HubFrame::Directory { in_reply_to: id, users, more }));
    Ok(())
}
