//! Calls and sessions to store.

use holdfast_protocol::{
    CallId, CallKind, CallStatus, DisplayName, EndReason, LeaveReason, LoggedCall, LoggedParticipant,
    LoggedUser, Outage, OutageCause, Role, RoomName, SessionId, UserId,
};
use holdfast_server::store::{Committed, Store, StoredCall, StoredSession, Version};

pub(crate) fn user(number: u32) -> UserId {
    format!("00000011-0000-4000-8000-{number:012x}").parse().unwrap()
}

pub(crate) fn call_id(number: u32) -> CallId {
    format!("0000ca11-0000-4000-8000-{number:012x}").parse().unwrap()
}

pub(crate) fn session_id(number: u32) -> SessionId {
    format!("000005e5-0000-4000-8000-{number:012x}").parse().unwrap()
}

fn name(text: &str) -> DisplayName {
    DisplayName::new(text).unwrap()
}

/// A direct call between two users that began at that time, with something in every field.
pub(crate) fn direct(number: u32, began_unix_ms: u64, between: [u32; 2]) -> StoredCall {
    let users = between.map(user);
    let logged = |user| Some(LoggedUser { user, name: Some(name("Ада \"L\"")) });
    let outage =
        Outage { since_unix_ms: 1, until_unix_ms: Some(2), cause: OutageCause::HubRestart, returned: true };
    let participant = LoggedParticipant {
        id: "0000ada0-0000-4000-8000-000000000001".parse().unwrap(),
        user: users[0],
        name: name("Ada"),
        role: Role::Host,
        incarnation: 2,
        reconnect_count: 1,
        joined_unix_ms: began_unix_ms,
        left_unix_ms: Some(began_unix_ms + 1),
        left_reason: Some(LeaveReason::SeatTaken),
        outages: vec![outage],
        outages_omitted: 3,
    };
    StoredCall {
        log: LoggedCall {
            id: call_id(number),
            kind: CallKind::Direct,
            status: CallStatus::Ringing,
            began_unix_ms,
            active_unix_ms: None,
            ended_unix_ms: None,
            reason: None,
            talk_ms: 4,
            caller: logged(users[0]),
            callee: logged(users[1]),
            participants: vec![participant],
            participants_omitted: 5,
        },
        users: users.to_vec(),
        claims: users.to_vec(),
        deadline_unix_ms: Some(began_unix_ms + 45_000),
        state: serde_json::json!({ "anything": [1, null, "два"], "deep": { "er": 0.5 } }),
    }
}

/// An active call of a room, with one user.
pub(crate) fn room(number: u32, began_unix_ms: u64, name: &str) -> StoredCall {
    let mut call = direct(number, began_unix_ms, [1, 1]);
    call.log.kind = CallKind::Room { room: RoomName::new(name).unwrap() };
    call.log.status = CallStatus::Active;
    call.claims.clear();
    call
}

/// The call as it is once it has ended.
pub(crate) fn ended(mut call: StoredCall, ended_unix_ms: u64) -> StoredCall {
    call.log.status = CallStatus::Ended;
    call.log.ended_unix_ms = Some(ended_unix_ms);
    call.log.reason = Some(EndReason::Hangup);
    call.claims.clear();
    call.deadline_unix_ms = None;
    call
}

pub(crate) fn session(number: u32) -> StoredSession {
    StoredSession {
        id: session_id(number),
        user: user(number),
        name: name("Ada"),
        instance: "00001257-0000-4000-8000-000000000001".parse().unwrap(),
        attempt: 7,
        token: [0xA5; 32],
        token_before: Some([0; 32]),
        calls: vec![call_id(1), call_id(2)],
    }
}

/// Commits what must be possible.
pub(crate) async fn put(store: &dyn Store, expected: Version, call: &StoredCall) {
    let done = store.commit(expected, call.clone()).await.unwrap();
    assert_eq!(done, Committed::Done(expected + 1), "{:?}", call.log.id);
}
