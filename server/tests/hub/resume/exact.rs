//! Sockets that are lost at every place of a conversation: each frame arrives once, in order.

use crate::support::{Client, ON, TestHub, config, offer, resume};
use holdfast_protocol::{CallSnapshot, ClientFrame, CommandId, HubFrame, RoomName, Welcome};
use holdfast_server::Config;

/// Signals that are sent.
const SIGNALS: u32 = 6;

async fn hears(client: &mut Client, generation: u32) {
    match client.next().await {
        HubFrame::Signal { signal, .. } => assert_eq!(signal, offer(generation)),
        other => panic!("not the signal {generation}: {other:?}"),
    }
}

async fn pair(hub: &TestHub, room: &str) -> (Client, Client, Welcome, CallSnapshot, CallSnapshot) {
    let (mut ada, _, alone) = hub.joined("Ada", room).await;
    let (bob, welcome, both) = hub.joined("Bob", room).await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    (ada, bob, welcome, alone, both)
}

/// Everything else that Ada hears is about Bob's socket.
async fn hears_nothing_but_comings_and_goings(ada: &mut Client) {
    ada.send(ClientFrame::Heartbeat).await;
    loop {
        match ada.next().await {
            HubFrame::HeartbeatAck => return,
            HubFrame::PeerDisconnected { .. } | HubFrame::PeerReconnected { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn whatever_the_receiver_has_taken_in_it_gets_the_rest() {
    let hub = TestHub::defaults().await;
    for cut_after in 0..=SIGNALS {
        for acknowledged in [false, true] {
            for noticed in [false, true] {
                let room = format!("room-{cut_after}-{acknowledged}-{noticed}");
                let (mut ada, mut bob, welcome, _, call) = pair(&hub, &room).await;
                for generation in 1..=SIGNALS {
                    ada.signal(&call, call.you, 1, offer(generation)).await;
                }
                for generation in 1..=cut_after {
                    hears(&mut bob, generation).await;
                }
                if acknowledged {
                    bob.ack().await;
                }
                let instance = bob.instance;
                let old = (!noticed).then_some(bob);
                if noticed {
                    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { .. }));
                }
                let (mut bob, again) = hub.back(&welcome, Some(instance)).await;
                assert_eq!((again.epoch, again.calls.len()), (welcome.epoch, 0));
                ada.signal(&call, call.you, 1, offer(SIGNALS + 1)).await;
                for generation in cut_after + 1..=SIGNALS + 1 {
                    hears(&mut bob, generation).await;
                }
                bob.nothing_else().await;
                drop(old);
            }
        }
    }
}

#[tokio::test]
async fn whatever_the_hub_has_carried_out_the_sender_repeats_the_rest() {
    let hub = TestHub::defaults().await;
    for cut_after in 0..=SIGNALS {
        for noticed in [false, true] {
            let (mut ada, mut bob, welcome, alone, call) =
                pair(&hub, &format!("room-{cut_after}-{noticed}")).await;
            let first = bob.id().0;
            let signal = |number: u32| ClientFrame::Signal {
                id: CommandId(first + number),
                call: call.id,
                to: alone.you,
                to_incarnation: 1,
                signal: offer(number),
            };
            for number in 1..=cut_after {
                bob.send(signal(number)).await;
            }
            let instance = bob.instance;
            // Still on their way, or handled: the hub says which.
            let old = (!noticed).then_some(bob);
            let (mut bob, again) = hub.back(&welcome, Some(instance)).await;
            let done = again.last_command.0.saturating_sub(first);
            assert!(done <= cut_after);
            for number in done + 1..=SIGNALS {
                bob.send(signal(number)).await;
            }
            drop(old);
            let mut heard = 0;
            while heard < SIGNALS {
                match ada.next().await {
                    HubFrame::Signal { signal, .. } => {
                        heard += 1;
                        assert_eq!(signal, offer(heard));
                    }
                    HubFrame::PeerDisconnected { .. } | HubFrame::PeerReconnected { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
            // And what the first socket still had to say is not done a second time.
            bob.nothing_else().await;
            hears_nothing_but_comings_and_goings(&mut ada).await;
        }
    }
}

#[tokio::test]
async fn the_answer_to_a_command_is_replayed_until_it_is_acknowledged() {
    let hub = TestHub::defaults().await;
    let (mut ada, welcome) = hub.welcomed("Ada").await;
    ada.acks = false;
    let id = ada.send_join("team").await;
    let mut last = (welcome, ada);
    for _ in 0..3 {
        let (welcome, ada) = last;
        let mut next = hub.connect().await;
        (next.instance, next.acks) = (ada.instance, false);
        let again = next.hello("Ada", None, Some(resume(&welcome))).await;
        if again.last_command < id {
            let room = RoomName::new("team").unwrap();
            next.send(ClientFrame::Join { id, room, media: ON }).await;
        }
        last = (again, next);
    }
    let (_, mut ada) = last;
    assert!(matches!(ada.next().await, HubFrame::Joined { in_reply_to, .. } if in_reply_to == id));
    ada.nothing_else().await;
}

/// The second socket comes while the hub is busy with what came on the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_is_being_carried_out_is_finished_before_another_socket_takes_over() {
    let hub = TestHub::start(Config { frames_burst: 10_000, ..config() }).await;
    let (mut ada, mut welcome) = hub.welcomed("Ada").await;
    for round in 0..100 {
        let mut next = hub.connect().await;
        next.instance = ada.instance;
        let id = ada.send_join("team").await;
        next.send_hello("Ada", None, Some(resume(&welcome))).await;
        welcome = next.welcome().await;
        next.ack().await;
        let old = std::mem::replace(&mut ada, next);
        if welcome.last_command < id {
            let (room, media) = (RoomName::new("team").unwrap(), ON);
            ada.send(ClientFrame::Join { id, room, media }).await;
        }
        let call = match ada.next().await {
            HubFrame::Joined { in_reply_to, call } if in_reply_to == id => call,
            other => panic!("round {round}: {other:?}"),
        };
        assert_eq!(call.participants.len(), 1, "round {round}");
        ada.leave(&call).await;
        ada.nothing_else().await;
        drop(old);
    }
}
