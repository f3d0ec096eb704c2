//! What becomes of what is left over, case by case.

use super::*;
use crate::store::memory::MemoryStore;
use holdfast_protocol::{CallKind, LoggedCall, UserId};

const DIED_MS: u64 = 1_000_000;
const NOW_MS: u64 = 1_060_000;

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(number: u32) -> T {
    format!("00000000-0000-4000-8000-{number:012x}").parse().unwrap()
}

fn call(number: u32, room: Option<&str>, status: CallStatus, users: &[u32]) -> StoredCall {
    let users: Vec<UserId> = users.iter().map(|number| id(*number)).collect();
    let kind = room.map_or(CallKind::Direct, |room| CallKind::Room { room: RoomName::new(room).unwrap() });
    let log = LoggedCall {
        id: id(number),
        kind,
        status,
        began_unix_ms: 500_000 + u64::from(number),
        active_unix_ms: None,
        ended_unix_ms: None,
        reason: None,
        talk_ms: 0,
        caller: None,
        callee: None,
        participants: Vec::new(),
        participants_omitted: 0,
    };
    let claims = if room.is_none() { users.clone() } else { Vec::new() };
    StoredCall {
        log,
        users,
        claims,
        deadline_unix_ms: Some(DIED_MS + 1),
        state: serde_json::json!({ "x": 1 }),
    }
}

fn session(number: u32, user: u32, calls: &[u32]) -> StoredSession {
    StoredSession {
        id: id(number),
        user: id(user),
        name: holdfast_protocol::DisplayName::new("Ada").unwrap(),
        instance: id(9),
        attempt: 1,
        token: [1; 32],
        token_before: None,
        calls: calls.iter().map(|number| id(*number)).collect(),
    }
}

fn planned(calls: &[StoredCall], sessions: &[StoredSession]) -> Plan {
    let calls = calls.iter().map(|call| (7, call.clone())).collect();
    plan(Some(DIED_MS), NOW_MS, calls, sessions.to_vec())
}

#[test]
fn a_first_start_has_nothing_to_take_over() {
    assert_eq!(plan(None, NOW_MS, vec![], vec![]), Plan::default());
}

#[test]
fn downtime_is_counted_from_the_last_sign_of_life_and_never_negative() {
    assert_eq!(plan(Some(DIED_MS), NOW_MS, vec![], vec![]).down_ms, 60_000);
    assert_eq!(plan(Some(NOW_MS + 5), NOW_MS, vec![], vec![]).down_ms, 0);
}

#[test]
fn active_calls_go_on_with_the_sessions_that_may_come_back() {
    let (team, direct) =
        (call(1, Some("team"), CallStatus::Active, &[11, 12]), call(2, None, CallStatus::Active, &[11, 13]));
    let sessions = [session(21, 11, &[1, 2]), session(22, 12, &[1]), session(23, 13, &[2])];
    let plan = planned(&[team.clone(), direct.clone()], &sessions);
    let going =
        |call, members: &[u32]| Going { version: 7, call, members: members.iter().map(|n| id(*n)).collect() };
    assert_eq!(plan.calls, [going(team, &[21, 22]), going(direct, &[21, 23])]);
    assert_eq!((plan.sessions, plan.ended, plan.forgotten), (sessions.to_vec(), vec![], vec![]));
}

#[test]
fn rings_end_as_cleaned_up() {
    let plan = planned(&[call(1, None, CallStatus::Ringing, &[11, 12])], &[session(21, 11, &[1])]);
    let [(7, ended)] = &plan.ended[..] else { panic!("{plan:?}") };
    assert_eq!((ended.log.status, ended.log.reason), (CallStatus::Ended, Some(EndReason::ServerCleanup)));
    assert_eq!((ended.log.ended_unix_ms, ended.deadline_unix_ms), (Some(NOW_MS), None));
    assert!(ended.claims.is_empty() && ended.users.len() == 2, "free, and in the log of both");
    assert_eq!((plan.forgotten, plan.calls.len(), plan.sessions.len()), (vec![id(21)], 0, 0));
}

#[test]
fn sessions_keep_the_calls_that_are_theirs_and_go_on() {
    let (team, ring) =
        (call(1, Some("team"), CallStatus::Active, &[11]), call(2, None, CallStatus::Ringing, &[11, 12]));
    let over = call(3, None, CallStatus::Ended, &[11, 12]);
    let sessions = [session(21, 11, &[2, 1, 99, 3, 1]), session(22, 66, &[1]), session(23, 11, &[])];
    let plan = planned(&[team, ring, over], &sessions);
    assert_eq!(plan.sessions, [session(21, 11, &[1])]);
    assert_eq!(plan.forgotten, [id(22), id(23)]);
    assert_eq!(plan.calls[0].members, [id(21)], "once, and nobody else");
    assert_eq!(plan.ended.len(), 1, "what was over already is left as it is");
}

#[test]
fn a_call_without_sessions_waits_for_its_deadline_all_the_same() {
    let plan = planned(&[call(1, Some("team"), CallStatus::Active, &[11])], &[]);
    assert_eq!((plan.calls.len(), plan.calls[0].members.len()), (1, 0));
}

#[test]
fn of_two_calls_in_one_room_the_later_goes_on() {
    let calls = [5, 3, 4].map(|number| call(number, Some("team"), CallStatus::Active, &[11]));
    let plan = planned(&calls, &[session(21, 11, &[3, 4, 5])]);
    assert_eq!(plan.calls.iter().map(|going| going.call.log.id).collect::<Vec<CallId>>(), [id(5)]);
    assert_eq!((plan.ended.len(), plan.sessions), (2, vec![session(21, 11, &[5])]));
}

#[tokio::test]
async fn what_is_decided_is_stored_and_a_second_start_finds_it_done() {
    let store = MemoryStore::default();
    let (team, ring) =
        (call(1, Some("team"), CallStatus::Active, &[11]), call(2, None, CallStatus::Ringing, &[11, 12]));
    for call in [&team, &ring] {
        store.commit(0, call.clone()).await.unwrap();
    }
    for session in [session(21, 11, &[1, 2]), session(22, 12, &[2])] {
        store.put_session(session).await.unwrap();
    }
    let first = take_over(&store, Some(DIED_MS), NOW_MS).await.unwrap();
    assert_eq!((first.calls.len(), first.ended.len(), first.forgotten.len()), (1, 1, 1));
    assert_eq!(store.claim(id(12)).await.unwrap(), None);
    assert_eq!(store.sessions().await.unwrap(), [session(21, 11, &[1])]);
    let second = take_over(&store, Some(DIED_MS), NOW_MS).await.unwrap();
    assert_eq!(second, Plan { ended: vec![], forgotten: vec![], ..first });
}
