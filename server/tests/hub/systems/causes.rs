//! The call log tells each outage and its cause, to those who were there.

use super::{AWAY_MS, Two, Way, hears_of_absence, hears_of_return, logged, short, two};
use crate::support::{TestHub, resume};
use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_protocol::{
    CallLogPage, CallStatus, ClientFrame, InstanceId, LeaveReason, Outage, OutageCause, PolicyPreset, Resume,
};
use holdfast_server::OsEntropy;

#[tokio::test]
async fn each_outage_is_in_the_log_with_its_cause() {
    let hub = TestHub::start(short(PolicyPreset::Patient, AWAY_MS)).await;
    let way = Way::to(&hub).await;
    let Two { mut ada, bob, bobs, call, place } = two(&hub, &way).await;

    // Closed.
    let instance = bob.cut();
    hears_of_absence(&mut ada, place).await;
    let (bob, bobs) = hub.back(&bobs, Some(instance)).await;
    hears_of_return(&mut ada, place).await;

    // Taken over by another page, which asks before it takes the place.
    let mut next = hub.connect().await;
    next.instance = InstanceId::mint(&OsEntropy);
    let held = Resume { hold: true, ..resume(&bobs) };
    let bobs = next.hello("Ignored", None, Some(held)).await;
    hears_of_absence(&mut ada, place).await;
    next.send_rejoin(call).await;
    hears_of_return(&mut ada, place).await;
    assert_eq!(bob.closed().await.0, 4005);

    // The hub's own word to a client that has said too much nonsense.
    while next.try_text("nonsense").await {
        if next.read().await.is_err() {
            break;
        }
    }
    hears_of_absence(&mut ada, place).await;
    let instance = next.instance;
    let (mut bob, bobs) = hub.back(&bobs, Some(instance)).await;
    hears_of_return(&mut ada, place).await;
    bob.nothing_else().await;

    let entry = logged(&hub, call).await;
    assert_eq!((entry.status, entry.participants.len()), (CallStatus::Active, 2));
    assert_eq!(entry.participants[0].outages, [], "who was there all the time");
    let told: Vec<(OutageCause, bool)> =
        entry.participants[1].outages.iter().map(|outage| (outage.cause, outage.returned)).collect();
    let causes = [OutageCause::SocketClosed, OutageCause::Takeover, OutageCause::Refused];
    assert_eq!(told, causes.map(|cause| (cause, true)));
    assert_eq!(entry.participants[1].reconnect_count, 3);
    let in_order = |pair: &[Outage]| pair[0].until_unix_ms.unwrap() <= pair[1].since_unix_ms + 1;
    assert!(entry.participants[1].outages.windows(2).all(in_order), "{entry:?}");

    // A user sees the same, with its own secret; a stranger sees nothing.
    let id = bob.id();
    bob.send(ClientFrame::Leave { id, call }).await;
    let (_, stranger) = hub.welcomed("Eve").await;
    for (who, rows) in [(&bobs, 1), (&stranger, 0)] {
        let pair = STANDARD.encode(format!("{}:{}", who.user, who.guest_secret.expose()));
        let ask = format!("GET /api/calls HTTP/1.1\r\nauthorization: Basic {pair}");
        let page: CallLogPage = serde_json::from_str(&hub.http(&ask).await.2).unwrap();
        assert_eq!(page.calls.len(), rows);
        for row in page.calls {
            assert_eq!(row.participants[1].outages.len(), 3);
            assert_eq!(row.participants[1].left_reason, Some(LeaveReason::Hangup));
        }
    }
}
