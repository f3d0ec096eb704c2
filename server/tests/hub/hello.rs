//! From the first frame to `welcome`, and who is let in.

use crate::support::{TestHub, config, ms, soon};
use futures_util::{SinkExt, StreamExt};
use holdfast_protocol::{
    ClientFrame, CommandId, ErrorCode, GuestCredential, HubFrame, Limits, PROTOCOL_VERSION, Secret,
};
use holdfast_server::Config;
use tokio_tungstenite::tungstenite::{Error, Message};

#[tokio::test]
async fn a_welcome_says_who_the_client_is() {
    let hub = TestHub::start(Config {
        stun_urls: vec!["stun:stun.example.org".into()],
        turn_urls: vec!["turn:turn.example.org".into()],
        turn_secret: Some(Secret::new("north")),
        ..config()
    })
    .await;
    let (mut ada, welcome) = hub.welcomed(" Ada ").await;
    assert_eq!((welcome.protocol, welcome.name.as_str()), (PROTOCOL_VERSION, "Ada"));
    assert_eq!((welcome.limits, welcome.calls.len()), (Limits::default(), 0));
    assert_eq!((welcome.heartbeat.interval_ms, welcome.heartbeat.timeout_ms), (5_000, 12_000));
    let name = welcome.ice.servers[1].username.clone().unwrap();
    assert!(name.ends_with(&format!(":{}", welcome.session)), "{name}");
    let (_bob, other) = hub.welcomed("Bob").await;
    assert_ne!((welcome.user, welcome.session), (other.user, other.session));
    assert_ne!(welcome.token, other.token);
    assert_ne!(welcome.epoch, other.epoch, "a history is one session's");
    assert_eq!(welcome.last_command, CommandId(0));

    ada.send(ClientFrame::IceServers { id: CommandId(9) }).await;
    match ada.next().await {
        HubFrame::IceServers { in_reply_to, ice } => {
            assert_eq!((in_reply_to, ice.servers.len()), (CommandId(9), 2));
            // What is left when it is written: a busy machine takes its time until then.
            assert!(ice.ttl_ms.is_some_and(|left_ms| (570_000..=600_000).contains(&left_ms)), "{ice:?}");
        }
        other => panic!("{other:?}"),
    }
    ada.nothing_else().await;
}

#[tokio::test]
async fn whoever_does_not_say_hello_is_refused_with_a_code() {
    let hub = TestHub::defaults().await;
    let instance = "00001257-0000-4000-8000-000000000001";
    let hello = |protocol: u16, name: &str| {
        format!(r#"{{"type":"hello","protocol":{protocol},"instance":"{instance}","name":"{name}"}}"#)
    };
    for (text, code) in [
        ("hello?".to_owned(), ErrorCode::NotJson),
        (r#"{"type":"heartbeat"}"#.to_owned(), ErrorCode::HelloExpected),
        (r#"{"type":"dance"}"#.to_owned(), ErrorCode::UnknownType),
        (r#"{"type":"hello","protocol":2}"#.to_owned(), ErrorCode::MalformedFrame),
        (hello(2, ""), ErrorCode::InvalidName),
        (hello(3, "Ada"), ErrorCode::UnsupportedProtocol),
    ] {
        let mut client = hub.connect().await;
        client.text(&text).await;
        assert_eq!(client.next_error().await.code, code, "{text}");
        assert_eq!(client.closed().await, (4002, vec![]), "{text}");
    }
    hub.metric_becomes("holdfast_closes_total{reason=\"hello-refused\"}", 6).await;
    assert_eq!(hub.metric("holdfast_refusals_total{code=\"not-json\"}").await, 1);
}

#[tokio::test]
async fn a_silent_socket_is_closed() {
    let hub = TestHub::start(Config { hello_timeout: ms(50), ..config() }).await;
    assert_eq!(hub.connect().await.closed().await, (4001, vec![]));
}

#[tokio::test]
async fn a_known_guest_needs_its_secret_and_keeps_its_id_through_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let on_disk = || Config { data_dir: data.path().join("data"), hub_key: None, ..config() };
    let first = TestHub::start(on_disk()).await;
    let (_client, welcome) = first.welcomed("Ada").await;
    drop(first);

    let hub = TestHub::start(on_disk()).await;
    let claim = |secret| Some(GuestCredential { user: welcome.user, secret });
    let again = hub.connect().await.hello("Ada", claim(welcome.guest_secret.clone()), None).await;
    assert_eq!(again.user, welcome.user);
    assert_ne!(again.epoch, welcome.epoch);

    let mut thief = hub.connect().await;
    thief.send_hello("Ada", claim(Secret::new("guess")), None).await;
    assert_eq!(thief.next_error().await.code, ErrorCode::BadCredentials);
    assert_eq!(thief.closed().await, (4002, vec![]));
}

#[tokio::test]
async fn only_pages_of_this_host_and_listed_ones_may_connect() {
    let hub = TestHub::start(Config { origins: vec!["https://calls.example.org".into()], ..config() }).await;
    let own = format!("http://{}", hub.address);
    for origin in [own.as_str(), "https://calls.example.org"] {
        let mut client = hub.connect_with(&[("origin", origin)]).await.unwrap();
        client.hello("Ada", None, None).await;
    }
    for origin in ["https://evil.example", "null", &format!("{own}.evil.example")] {
        match hub.connect_with(&[("origin", origin)]).await {
            Err(Error::Http(answer)) => assert_eq!(answer.status(), 403),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("{origin} was let in"),
        }
    }
}

#[tokio::test]
async fn after_hello_bad_frames_are_answered_and_the_session_goes_on() {
    let hub = TestHub::defaults().await;
    let (mut ada, _) = hub.welcomed("Ada").await;
    for (text, code, in_reply_to) in [
        ("{", ErrorCode::NotJson, None),
        (r#"{"type":"leave","id":7}"#, ErrorCode::MalformedFrame, Some(CommandId(7))),
        (r#"{"type":"dance","id":8}"#, ErrorCode::UnknownType, Some(CommandId(8))),
        (r#"{"type":"join","id":9,"room":"a b","media":{}}"#, ErrorCode::InvalidRoom, Some(CommandId(9))),
    ] {
        ada.text(text).await;
        let error = ada.next_error().await;
        assert_eq!((error.code, error.in_reply_to), (code, in_reply_to), "{text}");
    }
    ada.send_hello("Ada", None, None).await;
    assert_eq!(ada.next_error().await.code, ErrorCode::AlreadyWelcomed);
    ada.nothing_else().await;
}

#[tokio::test]
async fn binary_and_oversized_messages_close() {
    let hub = TestHub::defaults().await;
    let (mut ada, _) = hub.welcomed("Ada").await;
    ada.socket.send(Message::Binary(vec![0; 3].into())).await.unwrap();
    assert_eq!(ada.next_error().await.code, ErrorCode::BinaryFrame);
    assert_eq!(ada.closed().await, (1003, vec![]));

    let (mut bob, welcome) = hub.welcomed("Bob").await;
    let largest = " ".repeat(welcome.limits.frame_bytes_max as usize);
    bob.text(&largest).await;
    assert_eq!(bob.next_error().await.code, ErrorCode::NotJson, "as large as allowed");
    bob.text(&format!("{largest} ")).await;
    assert_eq!(bob.closed().await, (1009, vec![]));
}

#[tokio::test]
async fn a_client_that_shows_no_life_is_closed_and_one_that_does_is_not() {
    let hub =
        TestHub::start(Config { heartbeat_interval: ms(100), heartbeat_timeout: ms(500), ..config() }).await;
    let (mut alive, _) = hub.welcomed("Ada").await;
    let (silent, _) = hub.welcomed("Bob").await;
    let mut closed = Box::pin(silent.closed());
    let mut ticks = tokio::time::interval(ms(100));
    soon("the silent one's close", async {
        loop {
            tokio::select! {
                closed = &mut closed => return assert_eq!(closed, (4003, vec![])),
                _ = ticks.tick() => alive.send(ClientFrame::Heartbeat).await,
                frame = alive.socket.next() => {
                    assert_eq!(frame.unwrap().unwrap().into_text().unwrap(), r#"{"type":"heartbeat-ack"}"#);
                }
            }
        }
    })
    .await;
}
