//! What becomes of what is left over, case by case.

use super::*;
use crate::{
    call::event::{Newcomer, Rules, Sender},
    store::memory::MemoryStore,
};
use holdfast_protocol::{
    CallState, DisplayName, InstanceId, LoggedUser, MediaState, OutageCause, PolicyPreset, UserId,
};

const BEGAN_MS: u64 = 500_000;
const DIED_MS: u64 = 1_000_000;
const NOW_MS: u64 = 1_060_000;

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(number: u32) -> T {
    format!("00000000-0000-4000-8000-{number:012x}").parse().unwrap()
}

fn name() -> DisplayName {
    DisplayName::new("Ada").unwrap()
}

fn rules(preset: PolicyPreset) -> Rules {
    Rules {
        participants_max: 6,
        policy: preset.policy(),
        seat_kept_ms: 60_000,
        ring_ms: 45_000,
        duration_max_ms: None,
    }
}

/// The session's user is ten less than it.
fn newcomer(session: u32) -> Newcomer {
    let instance: InstanceId = id(9);
    Newcomer {
        sender: Sender { session: id(session), attachment: 1, instance },
        command: holdfast_protocol::CommandId(1),
        participant: id(session + 100),
        user: id(session - 10),
        name: name(),
        media: MediaState::default(),
    }
}

/// A room's call, which began at [`BEGAN_MS`] and as many milliseconds as its number.
fn room(number: u32, sessions: &[u32]) -> StoredCall {
    let mut call = Call::room(id(number), RoomName::new("team").unwrap(), rules(PolicyPreset::Event));
    for session in sessions {
        call.apply(BEGAN_MS + u64::from(number), Event::Join(newcomer(*session)));
    }
    call.stored()
}

fn ring(number: u32, [from, to]: [u32; 2]) -> Call {
    let to = LoggedUser { user: id(to - 10), name: None };
    Call::ring(BEGAN_MS, id(number), rules(PolicyPreset::Support), newcomer(from), to).0
}

fn direct(number: u32, [from, to]: [u32; 2]) -> StoredCall {
    let mut call = ring(number, [from, to]);
    call.apply(BEGAN_MS + 1_000, Event::Accept(newcomer(to)));
    call.stored()
}

fn session(number: u32, calls: &[u32]) -> StoredSession {
    StoredSession {
        id: id(number),
        user: id(number - 10),
        name: name(),
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

/// Which calls go on, with whose places.
fn going(plan: &Plan) -> Vec<(CallId, Vec<SessionId>)> {
    let of = |going: &Going| {
        assert_eq!(going.version, 7);
        (going.call.id(), going.call.seats().into_iter().map(|(session, _)| session).collect())
    };
    plan.calls.iter().map(of).collect()
}

/// Which calls have ended, and why.
fn ended(plan: &Plan) -> Vec<(CallId, EndReason)> {
    let of = |(version, call): &(Version, StoredCall)| {
        assert_eq!((*version, call.log.status, call.log.ended_unix_ms), (7, CallStatus::Ended, Some(NOW_MS)));
        assert!(call.claims.is_empty() && call.deadline_unix_ms.is_none(), "everyone is free");
        assert!(call.log.participants.iter().all(|entry| entry.left_unix_ms.is_some()));
        (call.log.id, call.log.reason.unwrap())
    };
    plan.ended.iter().map(of).collect()
}

#[test]
fn a_first_start_has_nothing_to_take_over() {
    let plan = plan(None, NOW_MS, vec![], vec![]);
    assert_eq!((plan.down_ms, plan.calls.len(), plan.ended.len(), plan.sessions.len()), (0, 0, 0, 0));
}

#[test]
fn downtime_is_counted_from_the_last_sign_of_life_and_never_negative() {
    assert_eq!(plan(Some(DIED_MS), NOW_MS, vec![], vec![]).down_ms, 60_000);
    assert_eq!(plan(Some(NOW_MS + 5), NOW_MS, vec![], vec![]).down_ms, 0);
}

#[test]
fn active_calls_go_on_with_everyone_away_and_every_session_waits() {
    let sessions = [session(21, &[1, 2]), session(22, &[1]), session(23, &[2])];
    let plan = planned(&[room(1, &[21, 22]), direct(2, [21, 23])], &sessions);
    assert_eq!(going(&plan), [(id(1), vec![id(21), id(22)]), (id(2), vec![id(21), id(23)])]);
    assert_eq!((&plan.sessions[..], plan.ended.len(), &plan.forgotten[..]), (&sessions[..], 0, &[][..]));
    let snapshot = plan.calls[0].call.snapshot_for(NOW_MS, id(21)).unwrap();
    assert_eq!(snapshot.state, CallState::Active { for_ms: NOW_MS - BEGAN_MS - 1 });
    let stored = plan.calls[0].call.stored();
    assert_eq!(stored.deadline_unix_ms, Some(NOW_MS + 30_000), "as long as the policy says, from now");
    let outage = stored.log.participants[1].outages[0];
    assert_eq!((outage.since_unix_ms, outage.cause), (DIED_MS, OutageCause::HubRestart));
}

#[test]
fn rings_end_as_cleaned_up() {
    let stored = ring(1, [21, 22]).stored();
    assert_eq!(stored.claims.len(), 2);
    let plan = planned(&[stored], &[session(21, &[1])]);
    assert_eq!(ended(&plan), [(id(1), EndReason::ServerCleanup)]);
    assert_eq!(plan.ended[0].1.users.len(), 2, "in the log of both");
    assert_eq!((&plan.forgotten[..], plan.calls.len(), plan.sessions.len()), (&[id(21)][..], 0, 0));
}

#[test]
fn sessions_keep_the_calls_that_have_a_place_for_them() {
    let over = cleaned_up(direct(3, [21, 22]), BEGAN_MS);
    let calls = [room(1, &[21]), ring(2, [21, 22]).stored(), over];
    // One of another user, and one without calls.
    let sessions = [session(21, &[2, 1, 99, 3, 1]), session(24, &[1]), session(25, &[])];
    let plan = planned(&calls, &sessions);
    assert_eq!(plan.sessions, [session(21, &[1])]);
    assert_eq!(plan.forgotten, [id(24), id(25)]);
    assert_eq!(ended(&plan), [(id(2), EndReason::ServerCleanup)], "what was over already is left as it is");
}

#[test]
fn a_place_without_a_session_is_given_up_at_once() {
    let stranger = StoredSession { user: id(66), ..session(23, &[1]) };
    let plan = planned(&[room(1, &[21, 22, 23])], &[session(21, &[1]), session(22, &[]), stranger]);
    assert_eq!(going(&plan), [(id(1), vec![id(21)])]);
    assert_eq!(plan.forgotten, [id(22), id(23)]);
    let log = plan.calls[0].call.stored().log;
    let left = log.participants.iter().map(|entry| entry.left_reason);
    assert_eq!(
        left.collect::<Vec<_>>(),
        [None, Some(LeaveReason::NetworkLost), Some(LeaveReason::NetworkLost)]
    );
}

#[test]
fn a_call_that_nobody_can_come_back_to_has_ended() {
    let plan = planned(&[room(1, &[21]), direct(2, [22, 23])], &[session(22, &[2])]);
    assert_eq!(ended(&plan), [(id(1), EndReason::NetworkLost), (id(2), EndReason::NetworkLost)]);
    assert_eq!((plan.calls.len(), plan.sessions.len(), &plan.forgotten[..]), (0, 0, &[id(22)][..]));
}

#[test]
fn of_two_calls_in_one_room_the_later_goes_on() {
    let calls = [5, 3, 4].map(|number| room(number, &[21]));
    let plan = planned(&calls, &[session(21, &[3, 4, 5])]);
    assert_eq!(going(&plan), [(id(5), vec![id(21)])]);
    assert_eq!((ended(&plan).len(), plan.sessions), (2, vec![session(21, &[5])]));
}

#[test]
fn a_call_that_cannot_be_read_has_ended() {
    let unreadable = StoredCall { state: serde_json::json!({ "x": 1 }), ..room(1, &[21]) };
    let plan = planned(&[unreadable], &[session(21, &[1])]);
    assert_eq!(ended(&plan), [(id(1), EndReason::ServerCleanup)]);
    assert_eq!(plan.forgotten, [id(21)]);
}

#[tokio::test]
async fn what_is_decided_is_stored_and_a_second_start_finds_it_done() {
    let store = MemoryStore::default();
    for call in [room(1, &[21]), ring(2, [21, 22]).stored()] {
        store.commit(0, call).await.unwrap();
    }
    for session in [session(21, &[1, 2]), session(22, &[2])] {
        store.put_session(session).await.unwrap();
    }
    let first = take_over(&store, Some(DIED_MS), NOW_MS).await.unwrap();
    assert_eq!((first.calls.len(), first.ended.len(), first.forgotten.len()), (1, 1, 1));
    assert_eq!(store.claim(id::<UserId>(12)).await.unwrap(), None);
    assert_eq!(store.sessions().await.unwrap(), [session(21, &[1])]);
    let second = take_over(&store, Some(DIED_MS), NOW_MS).await.unwrap();
    assert_eq!((second.calls.len(), second.ended.len(), second.forgotten.len()), (1, 0, 0));
    assert_eq!(second.sessions, first.sessions);
}
