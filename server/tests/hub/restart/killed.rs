//! The hub as a program with its store on disk, killed with SIGKILL.

use super::TOKEN;
use crate::support::{Client, Program, resume};
use holdfast_protocol::{CallLogPage, CallStatus, EndReason, GuestCredential, HubFrame, Welcome};

async fn welcomed(hub: &Program, name: &str) -> (Client, Welcome) {
    let mut client = Client::connect(hub.address, 1, &[]).await.unwrap();
    let welcome = client.hello(name, None, None).await;
    (client, welcome)
}

async fn back(hub: &Program, before: Client, welcome: &Welcome) -> (Client, Welcome) {
    let mut client = Client::connect(hub.address, 1, &[]).await.unwrap();
    client.instance = before.instance;
    let again = client.hello("Ignored", None, Some(resume(welcome))).await;
    (client, again)
}

async fn log(hub: &Program, query: &str) -> CallLogPage {
    let ask = format!("GET /api/calls{query} HTTP/1.1\r\nauthorization: Bearer {TOKEN}");
    serde_json::from_str(&crate::support::http(hub.address, &ask).await.2).unwrap()
}

#[tokio::test]
async fn a_killed_hub_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let start = async || Program::start(dir.path(), &["--admin-token", TOKEN]).await;
    let mut hub = start().await;
    let (mut ada, ada_welcome) = welcomed(&hub, "Ada").await;
    let (mut bob, bob_welcome) = welcomed(&hub, "Bob").await;
    let (mut cy, cy_welcome) = welcomed(&hub, "Cy").await;
    ada.join("team").await;
    let call = bob.join("team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let ring = bob.ring(cy_welcome.user).await;
    assert_eq!(cy.incoming().await.call, ring.id);
    bob.nothing_else().await;
    hub.child.kill().await.unwrap();

    let hub = start().await;
    assert_eq!(log(&hub, "?status=ringing").await.calls, []);
    let (mut ada, again) = back(&hub, ada, &ada_welcome).await;
    assert!(again.resumed && again.epoch != ada_welcome.epoch);
    assert_eq!((again.calls[0].id, again.calls[0].participants.len()), (call.id, 2));
    let (mut bob, again) = back(&hub, bob, &bob_welcome).await;
    assert_eq!(again.calls.iter().map(|call| call.id).collect::<Vec<_>>(), [call.id], "the ring is over");
    assert!(
        matches!(ada.next().await, HubFrame::PeerReconnected { participant, .. } if participant == call.you)
    );
    assert_eq!(bob.too_late_for(ring.id).await, EndReason::ServerCleanup);
    let guest = GuestCredential { user: cy_welcome.user, secret: cy_welcome.guest_secret.clone() };
    let mut cy = Client::connect(hub.address, 1, &[]).await.unwrap();
    assert_eq!(cy.hello("Cy", Some(guest), None).await.incoming, []);

    let rows = log(&hub, "").await.calls;
    let rows: Vec<_> = rows.iter().map(|row| (row.id, row.status, row.reason)).collect();
    let cleaned_up = (ring.id, CallStatus::Ended, Some(EndReason::ServerCleanup));
    assert_eq!(rows, [cleaned_up, (call.id, CallStatus::Active, None)]);
    for client in [&mut ada, &mut bob, &mut cy] {
        client.nothing_else().await;
    }
}
