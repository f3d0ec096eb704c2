//! What must hold at the end of every system: by what each device heard, by the store, and by what the hub answers.

use crate::device::Device;
use holdfast_protocol::{CallId, CallLogPage, CallStatus, HubFrame, LoggedCall, ParticipantId};
use holdfast_server::store::{LogQuery, Store as _};
use holdfast_tests::{
    http,
    world::{ADMIN_TOKEN, World},
};
use std::collections::BTreeSet;

/// The machine of who asks the API.
const OPERATOR: u8 = 99;

/// What `GET /api/calls` answers the operator.
pub(crate) async fn calls(world: &World, query: &str) -> Vec<LoggedCall> {
    let (hub, path) = (world.hub_address(), format!("/api/calls{query}"));
    let stream = world.host(OPERATOR).connect(hub).await.unwrap();
    let body = http::get_over(stream, hub, &path, ADMIN_TOKEN).await.unwrap();
    serde_json::from_str::<CallLogPage>(&body).unwrap().calls
}

/// One call of the log.
pub(crate) async fn logged(world: &World, call: CallId) -> LoggedCall {
    let found = calls(world, "").await.into_iter().filter(|logged| logged.id == call).collect::<Vec<_>>();
    assert_eq!(found.len(), 1, "one row for one call");
    found.into_iter().next().unwrap()
}

/// Everything is over, and told once.
pub(crate) async fn all_is_over(world: &World, devices: &[&Device]) {
    assert_eq!(calls(world, "?status=ringing").await, []);
    assert_eq!(calls(world, "?status=active").await, []);
    rules_hold(world, devices).await;
    assert_eq!(world.store.contents().claim_due(u64::MAX, 1, 1).await.unwrap(), [], "no deadline is left");
    for device in devices {
        assert_eq!(world.store.contents().claim(device.user()).await.unwrap(), None, "nobody is busy");
    }
    assert_eq!(world.store.contents().sessions().await.unwrap(), [], "no token outlives the calls");
}

/// What holds at any time.
pub(crate) async fn rules_hold(world: &World, devices: &[&Device]) {
    let query = LogQuery { limit: 1_000, ..LogQuery::default() };
    for call in &world.store.contents().log(query).await.unwrap().calls {
        row_is_sound(call);
    }
    for device in devices {
        device.histories.iter().for_each(|history| told_once(device.name, &history.lock().unwrap()));
    }
}

/// One reason when it has ended, none before; nobody is left in it.
fn row_is_sound(call: &LoggedCall) {
    let is_over = call.status == CallStatus::Ended;
    assert_eq!((call.reason.is_some(), call.ended_unix_ms.is_some()), (is_over, is_over), "{call:?}");
    for participant in &call.participants {
        assert_eq!(participant.left_unix_ms.is_some(), participant.left_reason.is_some());
        assert!(
            !is_over || participant.left_unix_ms.is_some(),
            "somebody is in a call that is over: {call:?}"
        );
        let mut before = 0;
        for outage in &participant.outages {
            let until = outage.until_unix_ms.unwrap_or(u64::MAX);
            assert!(before <= outage.since_unix_ms && outage.since_unix_ms <= until, "{call:?}");
            before = until;
        }
        let open = participant.outages.iter().filter(|outage| outage.until_unix_ms.is_none()).count();
        assert!(open == 0 || participant.left_unix_ms.is_none(), "away from a call that it left: {call:?}");
        let returns = participant.outages.iter().filter(|outage| outage.returned).count();
        assert!(returns <= participant.reconnect_count as usize, "{call:?}");
    }
    if let (Some(active), Some(ended)) = (call.active_unix_ms, call.ended_unix_ms) {
        assert!(call.talk_ms <= ended - active, "{call:?}");
    }
}

/// A call ends once, and nothing comes of it afterwards; who has left does not come back; back is who was away.
fn told_once(name: &str, frames: &[HubFrame]) {
    let mut over: BTreeSet<CallId> = BTreeSet::new();
    let (mut left, mut away) = (BTreeSet::<ParticipantId>::new(), BTreeSet::<ParticipantId>::new());
    for frame in frames {
        if let Some(call) = call_of(frame) {
            assert!(!over.contains(&call), "{name} hears {frame:?} of a call that is over");
        }
        match frame {
            HubFrame::CallEnded { call, .. } => {
                over.insert(*call);
            }
            HubFrame::PeerLeft { participant, .. } => {
                assert!(left.insert(*participant), "{name} hears twice that somebody left");
            }
            HubFrame::PeerDisconnected { participant, .. } => {
                assert!(!left.contains(participant), "{name}: away after it left");
                assert!(away.insert(*participant), "{name} hears twice that somebody is away");
            }
            HubFrame::PeerReconnected { participant, .. } => {
                assert!(!left.contains(participant), "{name}: back after it left");
                away.remove(participant);
            }
            _ => {}
        }
    }
}

/// Of which call it is news.
fn call_of(frame: &HubFrame) -> Option<CallId> {
    match frame {
        HubFrame::CallEnded { call, .. }
        | HubFrame::PeerJoined { call, .. }
        | HubFrame::PeerDisconnected { call, .. }
        | HubFrame::PeerReconnected { call, .. }
        | HubFrame::PeerLeft { call, .. }
        | HubFrame::AcceptedElsewhere { call } => Some(*call),
        HubFrame::Joined { call, .. } | HubFrame::Ringing { call, .. } => Some(call.id),
        _ => None,
    }
}
