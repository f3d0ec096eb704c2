//! Coming back: in a new epoch, to a lost session, to a call that is over, as another process. No connection is touched
//! that need not be.

use crate::support::{AUDIO_AND_CAMERA, Bot, PATIENCE, TestHub, environment, room};
use holdfast_peer::{Client, Event, Keeper, Kept, Options, Playing, event::Gone, media::Section};
use holdfast_protocol::{DisplayName, EndReason, LeaveReason, ParticipantId, Signal};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

async fn two(hub: &TestHub) -> (Bot, Bot, [[Playing; 2]; 2]) {
    let (mut ada, mut bob) = (Bot::join(hub, "Ada").await, Bot::join(hub, "Bob").await);
    let playing = [ada.play(), bob.play()];
    ada.media_flows().await;
    bob.media_flows().await;
    (ada, bob, playing)
}

fn opened(event: &Event) -> bool {
    matches!(event, Event::ConnectionOpened { .. })
}

fn lost(event: &Event) -> Option<()> {
    matches!(event, Event::SocketLost { .. }).then_some(())
}

fn new_epoch(event: &Event) -> Option<()> {
    matches!(event, Event::Welcome { resumed: true, same_epoch: false, .. }).then_some(())
}

#[tokio::test]
async fn a_hub_that_was_restarted_costs_no_connection_and_no_frame() {
    let hub = TestHub::new(6);
    let (mut ada, mut bob, _playing) = two(&hub).await;
    hub.shut();
    hub.restart();
    for bot in [&mut ada, &mut bob] {
        bot.event(lost).await;
    }
    hub.open();
    for bot in [&mut ada, &mut bob] {
        bot.event(new_epoch).await;
    }
    for bot in [&mut ada, &mut bob] {
        // Some media after it.
        let before = bot.client.stats().await.unwrap()[0].sections[Section::Camera.index()].frames_received;
        loop {
            bot.received(|_| Some(())).await;
            let camera = bot.client.stats().await.unwrap()[0].sections[Section::Camera.index()];
            if camera.frames_received > before + 20 {
                assert_eq!((camera.packets_lost, camera.frames_dropped), (0, 0));
                break;
            }
        }
        bot.catch_up();
        assert_eq!(bot.count(opened), 1);
        assert_eq!(bot.count(|event| matches!(event, Event::Joined { .. })), 1);
        let touched = |event: &Event| {
            matches!(
                event,
                Event::PeerLeft { .. }
                    | Event::ConnectionClosed { .. }
                    | Event::Offered { ice_restart: true, .. }
            )
        };
        assert_eq!(bot.count(touched), 0);
    }
}

/// The hub loses some signals, and is restarted when one side has made its offer; both get there by themselves.
async fn gets_there(which: fn(&Signal) -> bool) -> [usize; 2] {
    let hub = TestHub::new(6);
    hub.lose(which);
    let (mut ada, mut bob) = (Bot::join(&hub, "Ada").await, Bot::join(&hub, "Bob").await);
    let _playing = [ada.play(), bob.play()];
    let offered = |event: &Event| matches!(event, Event::Offered { .. }).then_some(());
    tokio::select! {
        () = ada.event(offered) => {}
        () = bob.event(offered) => {}
    }
    hub.shut();
    hub.restart();
    hub.lose(|_| false);
    for bot in [&mut ada, &mut bob] {
        bot.event(lost).await;
    }
    hub.open();
    for bot in [&mut ada, &mut bob] {
        bot.event(new_epoch).await;
        bot.media_flows().await;
    }
    [&ada, &bob].map(|bot| bot.count(opened))
}

#[tokio::test]
async fn an_offer_lost_with_an_epoch_is_made_again() {
    assert_eq!(gets_there(|signal| matches!(signal, Signal::Offer { .. })).await, [1, 1]);
}

#[tokio::test]
async fn an_answer_lost_with_an_epoch_is_made_again() {
    assert_eq!(gets_there(|signal| matches!(signal, Signal::Answer { .. })).await, [1, 1]);
}

#[tokio::test]
async fn candidates_lost_with_an_epoch_are_made_up_for() {
    let opened = gets_there(|signal| matches!(signal, Signal::Candidate { .. })).await;
    assert!(opened.iter().all(|count| (1..=2).contains(count)), "{opened:?}");
}

#[tokio::test]
async fn a_call_that_ended_meanwhile_leaves_nothing_behind() {
    let hub = TestHub::new(6);
    let (mut ada, mut bob, _playing) = two(&hub).await;
    hub.shut();
    for bot in [&mut ada, &mut bob] {
        bot.event(lost).await;
    }
    hub.end(EndReason::NetworkLost);
    // Ada's session is over too; Bob's is not, and he hears what he missed.
    hub.forget_one("Ada");
    hub.open();
    let over = ada.event(|event| match event {
        Event::CallOver { reason, .. } => Some(*reason),
        _ => None,
    });
    assert_eq!(over.await, EndReason::NetworkLost);
    let ended = bob.event(|event| match event {
        Event::CallEnded { reason, .. } => Some(*reason),
        _ => None,
    });
    assert_eq!(ended.await, EndReason::NetworkLost);
    for bot in [&mut ada, &mut bob] {
        let gone = |event: &Event| matches!(event, Event::PeerLeft { reason: Gone::CallEnded, .. });
        assert_eq!(bot.count(gone), 1);
        assert_eq!(bot.client.stats().await.unwrap(), []);
        bot.client.join(room(), AUDIO_AND_CAMERA).await.unwrap();
    }
}

#[tokio::test]
async fn a_place_that_was_given_up_is_asked_for_again_while_media_goes_on() {
    let hub = TestHub::new(6);
    let (mut ada, mut bob, _playing) = two(&hub).await;
    let before = ada.seen.iter().find_map(|seen| match seen.event {
        Event::Joined { call, you, .. } => Some((call, you)),
        _ => None,
    });
    hub.give_up("Ada");
    let reason = ada.event(|event| match event {
        Event::PlaceLost { reason, .. } => Some(*reason),
        _ => None,
    });
    assert_eq!(reason.await, LeaveReason::SeatTaken);
    let (call, you, is_reconnect) = ada
        .event(|event| match event {
            Event::Joined { call, you, is_reconnect, .. } => Some((*call, *you, *is_reconnect)),
            _ => None,
        })
        .await;
    assert!(before.is_some_and(|(old_call, old_you)| old_call == call && old_you != you));
    assert!(is_reconnect);
    ada.media_flows().await;
    bob.media_flows().await;
    assert_eq!(bob.client.stats().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_place_whose_owner_is_away_is_reported_alive_while_media_flows() {
    let hub = TestHub::new(6);
    let (mut ada, mut bob, playing) = two(&hub).await;
    let of = |event: &Event| match event {
        Event::Joined { you, .. } => Some(*you),
        _ => None,
    };
    let [me, them]: [ParticipantId; 2] =
        [&ada, &bob].map(|bot| bot.seen.iter().find_map(|seen| of(&seen.event)).unwrap());
    hub.bar("Bob");
    hub.cut_one("Bob");
    ada.event(|event| matches!(event, Event::PeerDisconnected { .. }).then_some(())).await;
    let reported = async {
        while hub.alive().len() < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, reported).await.expect("a report, and another");
    assert!(hub.alive().iter().all(|report| *report == (me, vec![them])));
    hub.bar("nobody");
    let back = ada.event(|event| match event {
        Event::PeerReconnected { incarnation, reconnect_count, away_ms, .. } => {
            Some((*incarnation, *reconnect_count, *away_ms))
        }
        _ => None,
    });
    assert_eq!(back.await, (1, 1, Some(1)));
    bob.event(|event| matches!(event, Event::Welcome { same_epoch: true, .. }).then_some(())).await;
    assert_eq!([ada.count(opened), bob.count(opened)], [1, 1]);

    // Without media there is nothing to report.
    drop(playing);
    let quiet = |event: &Event| {
        matches!(event, Event::Media { flow: holdfast_peer::pair::Flow::None, .. }).then_some(())
    };
    ada.event(quiet).await;
    let before = hub.alive().len();
    hub.bar("Bob");
    hub.cut_one("Bob");
    ada.event(|event| matches!(event, Event::PeerDisconnected { .. }).then_some(())).await;
    // Answered after anything that this client had to say before.
    ada.client.set_media(AUDIO_AND_CAMERA).await.unwrap();
    ada.client.stats().await.unwrap();
    assert_eq!(hub.alive().len(), before);
}

/// Keeps the latest in memory.
#[derive(Default)]
struct Memory(Mutex<Option<Kept>>);

impl Keeper for Memory {
    fn keep(&self, kept: &Kept) {
        *self.0.lock().unwrap() = Some(kept.clone());
    }

    fn forget(&self) {
        *self.0.lock().unwrap() = None;
    }
}

fn options(keeper: &Arc<Memory>) -> Options {
    let kept = keeper.0.lock().unwrap().clone();
    let keeper: Option<Arc<dyn Keeper>> = Some(keeper.clone());
    Options { kept, keeper, ..Options::new("ws://hub/ws", DisplayName::new("Ada").unwrap()) }
}

async fn connect(hub: &TestHub, keeper: &Arc<Memory>) -> Bot {
    let (client, streams) = Client::connect(environment(hub), options(keeper)).await.unwrap();
    Bot { client, streams, seen: vec![] }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_process_takes_the_place_of_one_that_died() {
    let hub = TestHub::new(6);
    let keeper = Arc::<Memory>::default();
    let mut bob = Bot::join(&hub, "Bob").await;
    let _bob_plays = bob.play();

    let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (theirs, kept) = (hub.clone(), keeper.clone());
    let first = process.spawn(async move {
        let bot = connect(&theirs, &kept).await;
        let call = bot.client.join(room(), AUDIO_AND_CAMERA).await.unwrap();
        let playing = bot.play();
        (bot, playing, call)
    });
    let (ada, playing, call) = first.await.unwrap();
    bob.media_flows().await;
    // Nothing of it says goodbye.
    process.shutdown_background();
    bob.event(|event| matches!(event, Event::PeerDisconnected { .. }).then_some(())).await;
    drop((ada, playing));

    let mut ada = connect(&hub, &keeper).await;
    let again = ada.client.rejoin(call.id, AUDIO_AND_CAMERA).await.unwrap();
    assert_eq!((again.id, again.you), (call.id, call.you), "the same place in the same call");
    let joined = ada.event(|event| match event {
        Event::Joined { is_reconnect, peers_online, .. } => Some((*is_reconnect, *peers_online)),
        _ => None,
    });
    assert_eq!(joined.await, (true, 1));
    let _ada_plays = ada.play();
    let back = bob.event(|event| match event {
        Event::PeerReconnected { participant, incarnation, .. } => Some((*participant, *incarnation)),
        _ => None,
    });
    assert_eq!(back.await, (call.you, 2));
    ada.media_flows().await;
    bob.media_flows().await;
    assert_eq!(bob.count(|event| matches!(event, Event::PeerLeft { .. })), 0);

    ada.client.leave().await;
    drop(ada.client);
    while ada.streams.events.recv().await.is_some() {}
    assert_eq!(*keeper.0.lock().unwrap(), None, "there is nothing to come back to");
}
