//! One user rings another: how it is taken, and all the ways in which it is not.

use crate::support::{Client, TestHub, config, ms};
use holdfast_protocol::{
    CallId, CallState, ClientFrame, CommandId, Consequence, DisconnectPolicy, EndReason, ErrorCode, HubFrame,
    Role, UserId,
};
use holdfast_server::Config;

async fn refused(client: &mut Client, id: CommandId) -> ErrorCode {
    let error = client.next_error().await;
    assert_eq!(error.in_reply_to, Some(id), "{error:?}");
    error.code
}

#[tokio::test]
async fn a_call_rings_on_all_devices_and_the_first_to_accept_has_it() {
    let hub = TestHub::defaults().await;
    let (mut ada, ada_welcome) = hub.welcomed("Ada").await;
    let (mut ada_too, _) = hub.device_of(&ada_welcome).await;
    let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
    let (mut bob_too, _) = hub.device_of(&bob_welcome).await;
    let call = ada.ring(bob_welcome.user).await;
    assert_eq!((call.participants.len(), call.participants[0].role), (1, Role::Host));
    assert!(
        matches!(call.state, CallState::Ringing { to, ms_left: 25_000..=45_000, .. } if to == bob_welcome.user)
    );
    for device in [&mut bob, &mut bob_too] {
        let incoming = device.incoming().await;
        assert_eq!((incoming.call, incoming.from.user), (call.id, ada_welcome.user));
        assert_eq!(incoming.from.name.as_str(), "Ada");
    }
    let (mut late, late_welcome) = hub.device_of(&bob_welcome).await;
    assert_eq!(late_welcome.incoming.iter().map(|rings| rings.call).collect::<Vec<_>>(), [call.id]);
    assert!(late_welcome.incoming[0].ms_left <= 45_000);

    let joined = bob_too.accept(call.id).await;
    assert!(matches!(joined.state, CallState::Active { .. }));
    assert_eq!((joined.id, joined.participants.len()), (call.id, 2));
    match ada.next().await {
        HubFrame::PeerJoined { call: joined_call, participant } => {
            assert_eq!((joined_call, participant.id), (call.id, joined.you));
            assert_eq!(participant.role, Role::Participant);
        }
        other => panic!("{other:?}"),
    }
    for device in [&mut bob, &mut late] {
        assert_eq!(device.next().await, HubFrame::AcceptedElsewhere { call: call.id });
        let id = device.send_accept(call.id).await;
        assert_eq!(refused(device, id).await, ErrorCode::NotRinging);
    }
    assert_eq!(bob_too.accept(call.id).await.you, joined.you, "asked again, answered again");

    bob_too.leave(&joined).await;
    assert_eq!(ada.ended(call.id).await, EndReason::Hangup);
    assert_eq!(ada.too_late_for(call.id).await, EndReason::Hangup);
    bob_too.leave(&joined).await;
    for device in [&mut ada, &mut ada_too, &mut bob, &mut bob_too, &mut late] {
        device.nothing_else().await;
    }
    hub.metric_becomes("holdfast_calls_ended_total{reason=\"hangup\"}", 1).await;
    assert_eq!((hub.metric("holdfast_rooms").await, hub.metric("holdfast_participants").await), (0, 0));
    let (_again, welcome) = hub.device_of(&bob_welcome).await;
    assert_eq!(welcome.incoming, []);
}

#[tokio::test]
async fn a_call_is_declined_on_all_devices() {
    let hub = TestHub::defaults().await;
    let (mut ada, _) = hub.welcomed("Ada").await;
    let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
    let (mut bob_too, _) = hub.device_of(&bob_welcome).await;
    let call = ada.ring(bob_welcome.user).await;
    for device in [&mut bob, &mut bob_too] {
        device.incoming().await;
    }
    bob.decline(call.id).await;
    assert_eq!(ada.ended(call.id).await, EndReason::Declined);
    assert_eq!(bob_too.ended(call.id).await, EndReason::Declined);
    bob.decline(call.id).await;
    let id = bob_too.send_accept(call.id).await;
    let over = HubFrame::CallOver { in_reply_to: id, call: call.id, reason: EndReason::Declined };
    assert_eq!(bob_too.next().await, over);
    let (mut cy, cy_welcome) = hub.welcomed("Cy").await;
    bob.ring(cy_welcome.user).await;
    assert_eq!(cy.incoming().await.from.user, bob_welcome.user, "nobody is engaged any more");
    for device in [&mut ada, &mut bob, &mut bob_too] {
        device.nothing_else().await;
    }
}

#[tokio::test]
async fn a_caller_gives_up_and_an_unanswered_call_is_missed() {
    let hub = TestHub::start(Config { ring_timeout: ms(300), ..config() }).await;
    let (mut ada, _) = hub.welcomed("Ada").await;
    let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
    let call = ada.ring(bob_welcome.user).await;
    bob.incoming().await;
    ada.leave(&call).await;
    assert_eq!(bob.ended(call.id).await, EndReason::Cancelled);

    let call = ada.ring(bob_welcome.user).await;
    assert_eq!(bob.incoming().await.call, call.id);
    for client in [&mut ada, &mut bob] {
        assert_eq!(client.ended(call.id).await, EndReason::Missed);
        client.nothing_else().await;
    }
    assert_eq!(bob.too_late_for(call.id).await, EndReason::Missed);
    for reason in ["cancelled", "missed"] {
        hub.metric_becomes(&format!("holdfast_calls_ended_total{{reason=\"{reason}\"}}"), 1).await;
    }
}

#[tokio::test]
async fn who_is_in_a_direct_call_is_busy_and_finds_a_missed_call() {
    let hub = TestHub::defaults().await;
    let ((mut ada, ada_welcome), (mut bob, bob_welcome), call) = hub.in_direct_call().await;
    let (mut cy, cy_welcome) = hub.welcomed("Cy").await;
    let id = cy.send_call(bob_welcome.user).await;
    assert_eq!(refused(&mut cy, id).await, ErrorCode::Busy);
    let missed = match bob.next().await {
        HubFrame::MissedCall { call, from, .. } => {
            assert_eq!((from.user, from.name.as_str()), (cy_welcome.user, "Cy"));
            call
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(cy.too_late_for(missed).await, EndReason::Busy);
    assert_eq!(bob.too_late_for(missed).await, EndReason::Busy);
    let id = ada.send_rejoin(missed).await;
    assert_eq!(refused(&mut ada, id).await, ErrorCode::UnknownCall, "it is not hers");
    for to in [cy_welcome.user, ada_welcome.user] {
        let id = bob.send_call(to).await;
        assert_eq!(refused(&mut bob, id).await, ErrorCode::InDirectCall);
    }
    // A room does not make busy.
    ada.leave(&call).await;
    assert_eq!(bob.ended(call.id).await, EndReason::Hangup);
    bob.join("team").await;
    cy.ring(bob_welcome.user).await;
    assert_eq!(bob.incoming().await.from.user, cy_welcome.user);
    for client in [&mut ada, &mut bob, &mut cy] {
        client.nothing_else().await;
    }
}

#[tokio::test]
async fn who_is_not_there_cannot_be_rung() {
    let hub = TestHub::defaults().await;
    let (mut ada, ada_welcome) = hub.welcomed("Ada").await;
    let (bob, bob_welcome) = hub.welcomed("Bob").await;
    drop(bob);
    hub.metric_becomes("holdfast_sockets", 1).await;
    let nobody: UserId = "00000011-0000-4000-8000-000000000077".parse().unwrap();
    for to in [bob_welcome.user, nobody] {
        let id = ada.send_call(to).await;
        assert_eq!(refused(&mut ada, id).await, ErrorCode::UserOffline);
    }
    hub.metric_becomes("holdfast_calls_ended_total{reason=\"missed\"}", 2).await;
    let id = ada.send_call(ada_welcome.user).await;
    assert_eq!(refused(&mut ada, id).await, ErrorCode::CallsYourself);
    let unknown: CallId = "0000ca11-0000-4000-8000-000000000077".parse().unwrap();
    for frame in [
        |id, call| ClientFrame::Decline { id, call },
        |id, call| ClientFrame::Accept { id, call, media: crate::support::ON },
        |id, call| ClientFrame::Rejoin { id, call, media: crate::support::ON },
    ] {
        let id = ada.id();
        ada.send(frame(id, unknown)).await;
        assert_eq!(refused(&mut ada, id).await, ErrorCode::UnknownCall);
    }
    assert_eq!(hub.metric("holdfast_rooms").await, 0);
    ada.nothing_else().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_call_each_other_at_once_have_one_call() {
    let hub = TestHub::defaults().await;
    for _ in 0..12 {
        let (mut ada, ada_welcome) = hub.welcomed("Ada").await;
        let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
        let (to_bob, to_ada) = (bob_welcome.user, ada_welcome.user);
        tokio::join!(ada.send_call(to_bob), bob.send_call(to_ada));
        let (first, second) = tokio::join!(in_it(&mut ada), in_it(&mut bob));
        assert_eq!(first, second);
        let id = ada.id();
        ada.send(ClientFrame::Leave { id, call: first }).await;
        assert_eq!(ada.next().await, HubFrame::Left { in_reply_to: id, call: first });
        assert_eq!(bob.ended(first).await, EndReason::Hangup);
        ada.nothing_else().await;
    }
    hub.metric_becomes("holdfast_calls_ended_total{reason=\"hangup\"}", 12).await;
    assert_eq!(hub.metric("holdfast_refusals_total{code=\"busy\"}").await, 0);
}

/// Reads until the client is in a call with the other one.
async fn in_it(client: &mut Client) -> CallId {
    loop {
        match client.next().await {
            HubFrame::Joined { call, .. } => return call.id,
            HubFrame::PeerJoined { call, .. } => return call,
            HubFrame::Ringing { .. } | HubFrame::IncomingCall(_) | HubFrame::AcceptedElsewhere { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_lost_caller_has_a_deadline_and_a_lost_callee_may_come_back_while_it_rings() {
    let away_ms = 300;
    let (then, all_away_reason) = (Consequence::EndCall, EndReason::NetworkLost);
    let direct_policy = DisconnectPolicy { away_ms, then, all_away_ms: away_ms, all_away_reason };
    let hub = TestHub::start(Config { direct_policy, ..config() }).await;
    let (mut ada, _) = hub.welcomed("Ada").await;
    let (bob, bob_welcome) = hub.welcomed("Bob").await;
    let call = ada.ring(bob_welcome.user).await;
    drop(bob);
    let (mut bob, again) = hub.device_of(&bob_welcome).await;
    assert_eq!(again.incoming[0].call, call.id);
    bob.accept(call.id).await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    ada.leave(&call).await;
    assert_eq!(bob.ended(call.id).await, EndReason::Hangup);

    let call = ada.ring(bob_welcome.user).await;
    bob.incoming().await;
    drop(ada);
    assert_eq!(bob.ended(call.id).await, EndReason::NetworkLost);
    bob.nothing_else().await;
}

#[tokio::test]
async fn only_the_host_ends_a_call_for_everyone() {
    let hub = TestHub::defaults().await;
    let ((mut ada, _), (mut bob, _), call) = hub.in_direct_call().await;
    let id = bob.end(call.id).await;
    assert_eq!(refused(&mut bob, id).await, ErrorCode::NotHost);
    let id = ada.end(call.id).await;
    assert_eq!(ada.next().await, HubFrame::Left { in_reply_to: id, call: call.id });
    assert_eq!(bob.ended(call.id).await, EndReason::EndedByHost);

    let (mut eve, eve_welcome, room) = hub.joined("Eve", "team").await;
    let (mut cy, ..) = hub.joined("Cy", "team").await;
    assert!(matches!(eve.next().await, HubFrame::PeerJoined { .. }));
    eve.leave(&room).await;
    assert!(matches!(cy.next().await, HubFrame::PeerLeft { .. }));
    let (mut eve_too, _) = hub.device_of(&eve_welcome).await;
    let again = eve_too.join("team").await;
    assert_eq!(again.participants[1].role, Role::Host, "it is still hers");
    assert!(matches!(cy.next().await, HubFrame::PeerJoined { .. }));
    eve_too.end(room.id).await;
    assert!(matches!(eve_too.next().await, HubFrame::Left { .. }));
    assert_eq!(cy.ended(room.id).await, EndReason::EndedByHost);
    for client in [&mut ada, &mut bob, &mut eve, &mut cy, &mut eve_too] {
        client.nothing_else().await;
    }
}

#[tokio::test]
async fn whose_call_it_is_cannot_be_guessed() {
    let hub = TestHub::defaults().await;
    let ((_ada, _), (_bob, _), call) = hub.in_direct_call().await;
    let (mut cy, _) = hub.welcomed("Cy").await;
    let unknown: CallId = "0000dead-0000-4000-8000-000000000001".parse().unwrap();
    let mut said = Vec::new();
    for id in [call.id, unknown] {
        cy.send_accept(id).await;
        said.push(cy.next_error().await);
        cy.send_rejoin(id).await;
        said.push(cy.next_error().await);
        let command = cy.id();
        cy.send(ClientFrame::Decline { id: command, call: id }).await;
        said.push(cy.next_error().await);
    }
    for error in said {
        assert_eq!(error.code, ErrorCode::UnknownCall);
        let same = error.message.replace(&call.id.to_string(), "X").replace(&unknown.to_string(), "X");
        assert_eq!(same, "no call X for you");
    }
}

#[tokio::test]
async fn a_ring_ends_when_its_caller_is_gone_and_calls_again() {
    let hub = TestHub::defaults().await;
    let (mut ada, ada_welcome) = hub.welcomed("Ada").await;
    let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
    let first = ada.ring(bob_welcome.user).await;
    assert_eq!(bob.incoming().await.call, first.id);
    let (mut ada_too, _) = hub.device_of(&ada_welcome).await;
    let id = ada_too.send_call(bob_welcome.user).await;
    assert_eq!(refused(&mut ada_too, id).await, ErrorCode::InDirectCall, "while the first page is there");

    // The page died; its user opens another one, which has never heard of that ring.
    drop(ada);
    hub.metric_becomes("holdfast_sockets", 2).await;
    let second = ada_too.ring(bob_welcome.user).await;
    assert_eq!(bob.ended(first.id).await, EndReason::Cancelled);
    assert_eq!(bob.incoming().await.call, second.id);
    assert_eq!(bob.accept(second.id).await.id, second.id);
}
