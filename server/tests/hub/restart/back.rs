//! A hub that died is there again: everyone comes back, with the token it had, into the calls that it knows.

use super::{Ahead, kept, log, logged};
use crate::support::{ON, TestHub, offer, resume};
use holdfast_protocol::{
    CallKind, CallSnapshot, ErrorCode, HubFrame, MediaState, OutageCause, Participant, ParticipantState,
    PolicyPreset, Resume, Role, RoomName,
};
use holdfast_server::Config;

/// What does not change when somebody is away.
fn roster(call: &CallSnapshot) -> Vec<Participant> {
    let state = ParticipantState::Connected;
    let steady = |one: &Participant| Participant { state, reconnect_count: 0, ..one.clone() };
    call.participants.iter().map(steady).collect()
}

fn is_away(call: &CallSnapshot, index: usize) -> bool {
    matches!(call.participants[index].state, ParticipantState::TemporarilyDisconnected { .. })
}

#[tokio::test]
async fn the_same_call_with_the_same_people_in_their_roles() {
    let config = kept();
    let hub = TestHub::start(config.clone()).await;
    let (mut ada, ada_welcome, _) = hub.joined("Ada", "team").await;
    let (mut bob, bob_welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    bob.nothing_else().await;
    hub.dies().await;

    let hub = TestHub::start(config.clone()).await;
    assert_eq!(hub.metric("holdfast_sessions").await, 2, "they wait for their clients");
    let (mut ada, again) = hub.back(&ada_welcome, Some(ada.instance)).await;
    assert!(again.resumed && again.epoch != ada_welcome.epoch && again.token != ada_welcome.token);
    assert_eq!((again.user, again.session), (ada_welcome.user, ada_welcome.session));
    let [told] = &again.calls[..] else { panic!("{:?}", again.calls) };
    assert_eq!((told.id, &told.kind, roster(told)), (call.id, &call.kind, roster(&call)));
    assert_eq!((told.you, told.participants[0].role), (call.participants[0].id, Role::Host));
    assert!(!is_away(told, 0) && is_away(told, 1));

    let (mut bob, again) = hub.back(&bob_welcome, Some(bob.instance)).await;
    assert_eq!((again.calls[0].you, is_away(&again.calls[0], 0)), (call.you, false));
    match ada.next().await {
        HubFrame::PeerReconnected { participant, incarnation, reconnect_count, .. } => {
            assert_eq!((participant, incarnation, reconnect_count), (call.you, 1, 1));
        }
        other => panic!("{other:?}"),
    }
    ada.signal(told, call.you, 1, offer(7)).await;
    assert!(matches!(bob.next().await, HubFrame::Signal { from, .. } if from == told.you));
    let (mut eve, _, with_eve) = hub.joined("Eve", "team").await;
    assert_eq!((with_eve.id, with_eve.participants.len()), (call.id, 3), "found by its name");
    for client in [&mut ada, &mut bob] {
        assert!(matches!(client.next().await, HubFrame::PeerJoined { .. }));
        client.nothing_else().await;
    }
    eve.nothing_else().await;

    let rows = log(&hub, "").await.calls;
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [call.id], "not doubled");
    for entry in &rows[0].participants[..2] {
        let [outage] = &entry.outages[..] else { panic!("{entry:?}") };
        assert_eq!((outage.cause, outage.returned), (OutageCause::HubRestart, true));
    }
    assert_eq!(rows[0].kind, CallKind::Room { room: RoomName::new("team").unwrap() });
    assert_eq!((hub.metric("holdfast_rooms").await, hub.metric("holdfast_participants").await), (1, 3));
}

#[tokio::test]
async fn a_direct_call_through_two_deaths() {
    let config = kept();
    let mut hub = TestHub::start(config.clone()).await;
    let ((ada, ada_welcome), (bob, bob_welcome), call) = hub.in_direct_call().await;
    let mut people = [(ada.instance, ada_welcome), (bob.instance, bob_welcome)];
    drop((ada, bob));
    for deaths in 1..=2 {
        hub.dies().await;
        hub = TestHub::start(config.clone()).await;
        let mut clients = Vec::new();
        for (instance, welcome) in &mut people {
            let (mut client, again) = hub.back(welcome, Some(*instance)).await;
            assert_eq!(again.calls[0].id, call.id);
            client.nothing_else().await;
            *welcome = again;
            clients.push(client);
        }
        match clients[0].next().await {
            HubFrame::PeerReconnected { reconnect_count, .. } => assert_eq!(reconnect_count, deaths),
            other => panic!("{other:?}"),
        }
        let row = logged(&hub, call.id).await;
        assert!(row.participants.iter().all(|entry| entry.outages.len() == deaths as usize), "{row:?}");
        let (mut cy, _) = hub.welcomed("Cy").await;
        let id = cy.send_call(people[0].1.user).await;
        let busy = cy.next_error().await;
        assert_eq!((busy.code, busy.in_reply_to), (ErrorCode::Busy, Some(id)), "they are in a call");
    }
}

#[tokio::test]
async fn an_old_token_that_was_stolen_opens_nothing_after_a_restart() {
    let config = kept();
    let hub = TestHub::start(config.clone()).await;
    let (bob, stolen, _) = hub.joined("Bob", "team").await;
    let (mut bob, fresh) = hub.back(&stolen, Some(bob.instance)).await;
    bob.nothing_else().await;
    hub.dies().await;

    let hub = TestHub::start(config).await;
    let unknown =
        Resume { session: "000005e5-0000-4000-8000-00000000dead".parse().unwrap(), ..resume(&fresh) };
    for wrong in [resume(&stolen), unknown] {
        let mut eve = hub.connect().await;
        eve.send_hello("Eve", None, Some(wrong)).await;
        assert_eq!(eve.next_error().await.code, ErrorCode::SessionUnknown);
        assert_eq!(eve.closed().await, (4002, vec![]));
    }
    let (_bob, again) = hub.back(&fresh, Some(bob.instance)).await;
    assert_eq!((again.resumed, again.calls.len()), (true, 1));
}

#[tokio::test]
async fn a_welcome_that_was_lost_with_the_hub_locks_nobody_out() {
    let config = kept();
    let hub = TestHub::start(config.clone()).await;
    let (bob, welcome, _) = hub.joined("Bob", "team").await;
    let mut unlucky = hub.connect().await;
    unlucky.instance = bob.instance;
    unlucky.send_hello("Bob", None, Some(resume(&welcome))).await;
    let lost = unlucky.welcome().await;
    hub.dies().await;
    let hub = TestHub::start(config.clone()).await;
    let (mut bob, again) = hub.back(&welcome, Some(bob.instance)).await;
    assert_eq!((again.resumed, again.calls.len()), (true, 1), "the token before the lost one");
    bob.nothing_else().await;
    let mut eve = hub.connect().await;
    eve.send_hello("Eve", None, Some(resume(&lost))).await;
    assert_eq!(eve.next_error().await.code, ErrorCode::SessionUnknown, "which is worthless now");
}

#[tokio::test]
async fn a_page_that_is_loaded_anew_while_the_hub_is_down_asks_first() {
    let config = kept();
    let hub = TestHub::start(config.clone()).await;
    let (ada, ada_welcome, _) = hub.joined("Ada", "team").await;
    let (bob, bob_welcome, call) = hub.joined("Bob", "team").await;
    hub.dies().await;
    let hub = TestHub::start(config.clone()).await;
    let (mut ada, _) = hub.back(&ada_welcome, Some(ada.instance)).await;
    let mut page = hub.connect().await;
    let again = page.hello("Bob", None, Some(Resume { hold: true, ..resume(&bob_welcome) })).await;
    assert!(again.resumed && is_away(&again.calls[0], 1), "it looks, and is not in it yet");
    ada.nothing_else().await;
    let id = page.send_rejoin(call.id).await;
    match page.next().await {
        HubFrame::Joined { in_reply_to, call: joined } => {
            assert_eq!((in_reply_to, joined.id, joined.you), (id, call.id, call.you));
        }
        other => panic!("{other:?}"),
    }
    match ada.next().await {
        HubFrame::PeerReconnected { participant, incarnation, .. } => {
            assert_eq!((participant, incarnation), (call.you, 2), "another page");
        }
        other => panic!("{other:?}"),
    }
    assert_ne!(page.instance, bob.instance);
}

#[tokio::test]
async fn deadlines_are_later_by_the_time_the_hub_was_away() {
    const DOWN_MS: u64 = 20_000;
    let config = Config { room_policy: PolicyPreset::Event.policy(), ..kept() };
    let hub = TestHub::start(config.clone()).await;
    let (mut ada, ada_welcome, _) = hub.joined("Ada", "team").await;
    let (bob, _, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    drop(bob);
    let HubFrame::PeerDisconnected { deadline_unix_ms: before, .. } = ada.next().await else {
        panic!("Bob is away")
    };
    hub.dies().await;
    // Bob would be out by now, or nearly.
    let hub = TestHub::start_at(config, Ahead(DOWN_MS)).await;
    let (_ada, again) = hub.back(&ada_welcome, Some(ada.instance)).await;
    let ParticipantState::TemporarilyDisconnected { deadline_unix_ms, ms_left, .. } =
        again.calls[0].participants[1].state
    else {
        panic!("Bob is away: {again:?}")
    };
    assert!(
        (DOWN_MS..DOWN_MS + 10_000).contains(&(deadline_unix_ms - before)),
        "{before} {deadline_unix_ms}"
    );
    assert!(ms_left <= 30_000, "no more than the policy gives: {ms_left}");
    assert_eq!(again.calls[0].id, call.id);
}

#[tokio::test]
async fn what_a_participant_sends_is_told_as_it_was_stored_last() {
    let config = kept();
    let hub = TestHub::start(config.clone()).await;
    let (mut ada, ada_welcome, call) = hub.joined("Ada", "team").await;
    let media = MediaState { camera: false, ..ON };
    let id = ada.id();
    ada.send(holdfast_protocol::ClientFrame::MediaState { id, call: call.id, media }).await;
    ada.nothing_else().await;
    // Somebody joins: with this the call is stored.
    let (_bob, ..) = hub.joined("Bob", "team").await;
    hub.dies().await;
    let hub = TestHub::start(config).await;
    let (_ada, again) = hub.back(&ada_welcome, Some(ada.instance)).await;
    assert_eq!(again.calls[0].participants[0].media, media);
}
