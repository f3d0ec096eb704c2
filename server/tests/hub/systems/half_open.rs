//! A connection over which nothing comes any more, and that nobody has closed.

use super::{AWAY_MS, SILENCE_MS, Two, Way, hears, hears_of_absence, hears_of_return, logged, strict, two};
use crate::support::{TestHub, resume};
use holdfast_protocol::{CallStatus, EndReason, HubFrame, LeaveReason, OutageCause, PolicyPreset};

#[tokio::test]
async fn it_is_noticed_and_the_session_goes_on_over_another_one() {
    let hub = TestHub::start(strict(PolicyPreset::Event, AWAY_MS)).await;
    let way = Way::to(&hub).await;
    let Two { mut ada, bob, bobs, call, place } = two(&hub, &way).await;
    way.block(true);
    hears_of_absence(&mut ada, place).await;

    // Its own socket still looks well to the client; another network has a way.
    let mut again = hub.connect().await;
    again.instance = bob.instance;
    assert!(again.hello("Ignored", None, Some(resume(&bobs))).await.resumed);
    hears_of_return(&mut ada, place).await;
    // What was under way on the dead socket comes at last, and does no harm.
    way.block(false);
    drop(bob);
    again.nothing_else().await;
    ada.nothing_else().await;
    let entry = logged(&hub, call).await;
    assert_eq!(entry.status, CallStatus::Active);
    let [outage] = entry.participants[1].outages[..] else { panic!("{entry:?}") };
    assert_eq!((outage.cause, outage.returned), (OutageCause::HeartbeatTimeout, true));
    assert!(
        outage.until_unix_ms.unwrap() >= outage.since_unix_ms + SILENCE_MS,
        "from the last that was heard"
    );
}

#[tokio::test]
async fn whoever_stays_silent_has_left_a_room_and_ends_a_call() {
    for (preset, reason) in [(PolicyPreset::Event, None), (PolicyPreset::Phone, Some(EndReason::NetworkLost))]
    {
        let hub = TestHub::start(strict(preset, SILENCE_MS)).await;
        let way = Way::to(&hub).await;
        let Two { mut ada, bob: _bob, call, place, .. } = two(&hub, &way).await;
        way.block(true);
        hears_of_absence(&mut ada, place).await;
        let left = HubFrame::PeerLeft { call, participant: place, reason: LeaveReason::NetworkLost };
        let ended = reason.map(|reason| HubFrame::CallEnded { call, reason });
        assert_eq!(hears(&mut ada).await, ended.unwrap_or(left));
        ada.nothing_else().await;
        let entry = logged(&hub, call).await;
        assert_eq!(entry.reason, reason);
        assert_eq!(entry.participants[1].left_reason, Some(LeaveReason::NetworkLost));
        let [outage] = entry.participants[1].outages[..] else { panic!("{entry:?}") };
        assert_eq!((outage.cause, outage.returned), (OutageCause::HeartbeatTimeout, false));
    }
}
