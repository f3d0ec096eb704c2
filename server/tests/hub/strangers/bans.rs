//! Who goes on is kept out for a while, is told for how long, and takes nobody along.

use super::{Control, STRANGER, closes, refusals, stranger, welcomed};
use crate::support::{Client, TestHub, config, ms, soon};
use holdfast_protocol::{ErrorCode, HubFrame};
use holdfast_server::Config;
use tokio_tungstenite::tungstenite::Error;

/// Bad frames until the hub closes: the close code and the last frame.
async fn misbehaves(mut client: Client) -> (u16, Option<HubFrame>) {
    let mut last = None;
    loop {
        client.try_text("nonsense").await;
        match client.read().await {
            Ok(frame) => last = Some(frame),
            Err(code) => return (code.unwrap(), last),
        }
    }
}

fn waits(frame: Option<HubFrame>) -> u64 {
    match frame {
        Some(HubFrame::Error(error)) if error.code == ErrorCode::Banned => error.retry_after_ms.unwrap(),
        other => panic!("not told of a ban: {other:?}"),
    }
}

#[tokio::test]
async fn an_address_that_goes_on_is_banned() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    let mut bystander = welcomed(&hub).await;
    // 61 refusals close a socket; they and that are 91 points of 100.
    assert_eq!(misbehaves(welcomed(&hub).await).await.0, 4006);
    let (code, last) = misbehaves(welcomed(&hub).await).await;
    assert_eq!(code, 4008);
    assert_eq!(waits(last), 660_000);
    bystander.nothing_else().await;

    // A new socket is told, too.
    let (code, mut frames) = stranger(&hub).await.closed().await;
    assert_eq!(code, 4008);
    let left_ms = waits(frames.pop());
    assert!((600_000..=660_000).contains(&left_ms), "{left_ms}");
    assert_eq!(hub.metric("holdfast_bans_total").await, 1);
    assert_eq!(hub.metric(&closes("banned")).await, 2);
    assert_eq!(hub.metric(&refusals(ErrorCode::Banned)).await, 2);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn only_one_banned_client_at_a_time_is_told_at_length() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    for _ in 0..2 {
        misbehaves(welcomed(&hub).await).await;
    }
    // Its socket stays half closed for as long as it does not answer the close.
    let told = stranger(&hub).await;
    let Err(Error::Http(refusal)) = hub.connect_from(STRANGER, &[]).await else { panic!("let in") };
    assert_eq!(refusal.status(), 429);
    let retry_after: u64 = refusal.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((600..=660).contains(&retry_after), "{retry_after}");
    assert_eq!(hub.metric(r#"holdfast_turned_away_total{reason="banned"}"#).await, 1);
    assert_eq!(told.closed().await.0, 4008);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn a_ban_ends() {
    let hub = TestHub::start(Config { ban: ms(500), ..config() }).await;
    let control = Control::start(&hub).await;
    for _ in 0..2 {
        misbehaves(welcomed(&hub).await).await;
    }
    soon("the end of the ban", async {
        loop {
            let Ok(mut client) = hub.connect_from(STRANGER, &[]).await else { continue };
            client.send_hello("Mallory", None, None).await;
            match client.next().await {
                HubFrame::Welcome(_) => break,
                HubFrame::Error(error) => tokio::time::sleep(ms(error.retry_after_ms.unwrap())).await,
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn with_the_limits_off_nobody_is_banned() {
    let hub = TestHub::start(Config { limits_mode: holdfast_server::LimitsMode::Off, ..config() }).await;
    let mut client = welcomed(&hub).await;
    for _ in 0..500 {
        client.text("nonsense").await;
        assert_eq!(client.next_error().await.code, ErrorCode::NotJson);
    }
    client.nothing_else().await;
}
