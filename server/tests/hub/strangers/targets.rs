//! Signals to nobody, and to people of other rooms.

use super::{Control, STRANGER, refusals};
use crate::support::{Client, TestHub, offer};
use holdfast_protocol::{CallSnapshot, ErrorCode, ParticipantId};
use holdfast_server::OsEntropy;

async fn joined(hub: &TestHub, room: &str) -> (Client, CallSnapshot) {
    let mut client = hub.connect_from(STRANGER, &[]).await.unwrap();
    client.hello("Mallory", None, None).await;
    let call = client.join(room).await;
    (client, call)
}

#[tokio::test]
async fn unknown_target() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    let (mut mallory, call) = joined(&hub, "elsewhere").await;
    for to in [ParticipantId::mint(&OsEntropy), call.you] {
        let id = mallory.signal(&call, to, 1, offer(1)).await;
        let error = mallory.next_error().await;
        assert_eq!((error.code, error.in_reply_to), (ErrorCode::UnknownParticipant, Some(id)));
    }
    assert_eq!(hub.metric(&refusals(ErrorCode::UnknownParticipant)).await, 2);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn target_in_another_room() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    let (mut eve, _, theirs) = hub.joined("Eve", "private").await;
    let (mut mallory, mine) = joined(&hub, "elsewhere").await;
    // Through one's own call, and through theirs.
    mallory.signal(&mine, theirs.you, 1, offer(1)).await;
    assert_eq!(mallory.next_error().await.code, ErrorCode::UnknownParticipant);
    mallory.signal(&theirs, theirs.you, 1, offer(1)).await;
    assert_eq!(mallory.next_error().await.code, ErrorCode::NotInCall);
    eve.nothing_else().await;
    control.stays_undisturbed().await;
}
