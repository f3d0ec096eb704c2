//! Strangers: one test per thing that somebody may try, named after it. In each a pair of well-behaved clients in
//! another room keeps talking, and nothing of theirs may be lost, late or out of order.

mod bans;
mod floods;
mod forged;
mod frames;
mod memory;
mod metrics;
mod names;
mod proxies;
mod silence;
mod targets;

use crate::support::{Client, TestHub, offer, soon};
use holdfast_protocol::{ErrorCode, HubFrame};
use tokio::{sync::watch, task::JoinHandle};

/// The address that strangers come from; the control pair has another.
const STRANGER: u8 = 66;

/// Two well-behaved clients that send each other signals.
struct Control {
    rounds: watch::Receiver<u32>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Control {
    /// Lets them begin.
    async fn start(hub: &TestHub) -> Self {
        let (mut ada, _, ada_call) = hub.joined("Ada", "control").await;
        let (mut bob, _, bob_call) = hub.joined("Bob", "control").await;
        assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
        let (said, rounds) = watch::channel(0);
        let (stop, mut stopping) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut round = 0;
            while !*stopping.borrow_and_update() {
                round += 1;
                ada.signal(&ada_call, bob_call.you, 1, offer(round)).await;
                hears(&mut bob, round).await;
                bob.signal(&bob_call, ada_call.you, 1, offer(round)).await;
                hears(&mut ada, round).await;
                ada.nothing_else().await;
                said.send_replace(round);
                // 50 frames a second each, a quarter of what they may.
                tokio::time::sleep(crate::support::ms(40)).await;
            }
            ada.leave(&ada_call).await;
        });
        let mut control = Self { rounds, stop, task };
        control.goes_on().await;
        control
    }

    /// Three more rounds, every one complete.
    async fn goes_on(&mut self) {
        let until = *self.rounds.borrow() + 3;
        let more = self.rounds.wait_for(|round| *round >= until);
        soon("the control pair", more).await.expect("the control pair is disturbed");
    }

    /// After the stranger has done its worst: they still talk, and have missed nothing.
    async fn stays_undisturbed(mut self) {
        self.goes_on().await;
        self.stop.send_replace(true);
        self.task.await.expect("nothing but their own signals reached them, in order");
    }
}

async fn hears(client: &mut Client, round: u32) {
    match client.next().await {
        HubFrame::Signal { signal, .. } => assert_eq!(signal, offer(round)),
        other => panic!("not the signal of round {round}: {other:?}"),
    }
}

/// A socket of the stranger's.
async fn stranger(hub: &TestHub) -> Client {
    hub.connect_from(STRANGER, &[]).await.unwrap()
}

/// A stranger that was let in.
async fn welcomed(hub: &TestHub) -> Client {
    let mut client = stranger(hub).await;
    client.hello("Mallory", None, None).await;
    client
}

/// Says `text` after the hello: it is refused with `code`, counted, and the socket stays.
async fn is_refused(text: &str, code: ErrorCode) {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    let mut mallory = welcomed(&hub).await;
    mallory.text(text).await;
    assert_eq!(mallory.next_error().await.code, code);
    mallory.nothing_else().await;
    assert_eq!(hub.metric(&refusals(code)).await, 1);
    control.stays_undisturbed().await;
}

/// Says `text` as the first frame: it is refused with `code`, and the socket closed with `close`.
async fn is_shown_out(text: &str, code: ErrorCode, close: u16) {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    let mut mallory = stranger(&hub).await;
    mallory.text(text).await;
    assert_eq!(mallory.next_error().await.code, code);
    assert_eq!(mallory.closed().await, (close, vec![]));
    assert_eq!(hub.metric(&refusals(code)).await, 1);
    control.stays_undisturbed().await;
}

/// The line of `/metrics` that counts refusals with `code`.
fn refusals(code: ErrorCode) -> String {
    let code = serde_json::to_string(&code).unwrap();
    format!("holdfast_refusals_total{{code={code}}}")
}

/// The line of `/metrics` that counts sockets closed for `reason`.
fn closes(reason: &str) -> String {
    format!("holdfast_closes_total{{reason=\"{reason}\"}}")
}
