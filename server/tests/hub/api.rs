//! The REST API: who may ask, who sees what, and how refusals look.

use crate::{
    samples::{call_id, direct, ended, put, room, user},
    support::{TestHub, config, soon},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_protocol::{CallLogPage, LoggedCall, Welcome};
use holdfast_server::{Config, LogAge, store::StoredCall};
use std::{fs, path::Path, sync::Arc};

const TOKEN: &str = "correct-horse-battery";

fn with_admin() -> Config {
    let mut config = config();
    config.store.log_age = LogAge(None);
    config.api.admin_token = Some(holdfast_protocol::Secret::new(TOKEN));
    config
}

fn basic(welcome: &Welcome) -> String {
    let pair = format!("{}:{}", welcome.user, welcome.guest_secret.expose());
    format!("authorization: Basic {}", STANDARD.encode(pair))
}

fn bearer() -> String {
    format!("authorization: Bearer {TOKEN}")
}

/// Asks with a further header.
async fn get(hub: &TestHub, path: &str, header: &str) -> (u16, String, String) {
    hub.http(&format!("GET {path} HTTP/1.1\r\n{header}")).await
}

async fn page(hub: &TestHub, path: &str, header: &str) -> CallLogPage {
    let (status, head, body) = get(hub, path, header).await;
    assert_eq!(status, 200, "{body}");
    assert!(head.contains("content-type: application/json") && head.contains("cache-control: no-store"));
    serde_json::from_str(&body).unwrap()
}

/// The code of a refusal; status, code and form fit together.
async fn refusal(hub: &TestHub, request: &str) -> String {
    let (status, head, body) = hub.http(request).await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{head} {body}"));
    let code = body["code"].as_str().unwrap().to_owned();
    assert!(
        holdfast_server::API_CODES.iter().any(|(word, number, _)| (*word, *number) == (&code, status)),
        "{body}"
    );
    assert!(!body["message"].as_str().unwrap().is_empty());
    assert!(head.contains("cache-control: no-store") && head.contains("application/json"), "{head}");
    assert!(!head.contains("access-control-"), "no other origin reads this: {head}");
    code
}

fn ids(page: &CallLogPage) -> Vec<holdfast_protocol::CallId> {
    page.calls.iter().map(|call| call.id).collect()
}

#[tokio::test]
async fn a_user_sees_its_own_calls_and_the_operator_all() {
    let config = with_admin();
    let store = Arc::clone(config.store.given.as_ref().unwrap());
    let hub = TestHub::start(config).await;
    let (_client, ada) = hub.welcomed("Ada").await;
    let mut own = direct(1, 1_000, [1, 2]);
    own.users.push(ada.user);
    let mut own_over = ended(room(2, 2_000, "team"), 3_000);
    own_over.users.push(ada.user);
    let others = direct(3, 3_000, [3, 4]);
    for call in [&own, &own_over, &others] {
        put(&*store, 0, call).await;
    }

    assert_eq!(ids(&page(&hub, "/api/calls", &basic(&ada)).await), [call_id(2), call_id(1)]);
    assert_eq!(ids(&page(&hub, "/api/calls?status=ringing", &basic(&ada)).await), [call_id(1)]);
    assert_eq!(ids(&page(&hub, "/api/calls?status=active", &basic(&ada)).await), []);
    assert_eq!(ids(&page(&hub, "/api/calls", &bearer()).await), [call_id(3), call_id(2), call_id(1)]);

    let first = page(&hub, "/api/calls?limit=1", &basic(&ada)).await;
    let next = first.next.as_ref().unwrap();
    let second = page(&hub, &format!("/api/calls?limit=1&before={next}"), &basic(&ada)).await;
    assert_eq!((ids(&first), ids(&second), second.next), (vec![call_id(2)], vec![call_id(1)], None));

    let one = async |call: &StoredCall, header: &str| {
        get(&hub, &format!("/api/calls/{}", call.log.id), header).await
    };
    let (status, _, body) = one(&own, &basic(&ada)).await;
    assert_eq!((status, serde_json::from_str::<LoggedCall>(&body).unwrap()), (200, own.log.clone()));
    assert_eq!(one(&others, &bearer()).await.0, 200);
    let (status, _, body) = one(&others, &basic(&ada)).await;
    assert_eq!(status, 404);
    let unknown = get(&hub, &format!("/api/calls/{}", call_id(99)), &basic(&ada)).await;
    assert_eq!((unknown.0, unknown.2), (404, body), "what there is of others is not told");
}

#[tokio::test]
async fn whoever_does_not_prove_it_sees_nothing() {
    let hub = TestHub::start(with_admin()).await;
    let (_client, ada) = hub.welcomed("Ada").await;
    let stranger = STANDARD.encode(format!("{}:{}", user(5), ada.guest_secret.expose()));
    for (header, code) in [
        ("x: y".to_owned(), "unauthorized"),
        ("authorization: Bearer guess".into(), "bad-credentials"),
        (format!("authorization: Bearer {}", ada.guest_secret.expose()), "bad-credentials"),
        (format!("authorization: Bearer {}", ada.token.expose()), "bad-credentials"),
        (format!("authorization: Basic {stranger}"), "bad-credentials"),
        ("authorization: Basic".into(), "bad-credentials"),
        ("authorization: \u{fe}".into(), "bad-credentials"),
    ] {
        for path in ["/api/calls", "/api/calls/0000ca11-0000-4000-8000-000000000001", "/api/nothing", "/api"]
        {
            assert_eq!(
                refusal(&hub, &format!("GET {path} HTTP/1.1\r\n{header}")).await,
                code,
                "{path} {header}"
            );
        }
        let (_, head, _) = get(&hub, "/api/calls", &header).await;
        assert!(
            head.contains("www-authenticate: bearer"),
            "and no browser shows a prompt of its own: {head}"
        );
    }
    assert_eq!(hub.metric("holdfast_api_requests_total{outcome=\"unauthorized\"}").await, 5);

    let no_admin = TestHub::defaults().await;
    assert_eq!(
        refusal(&no_admin, &format!("GET /api/calls HTTP/1.1\r\n{}", bearer())).await,
        "bad-credentials"
    );
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_with_a_code() {
    let hub = TestHub::start(with_admin()).await;
    let ask = async |line: &str| refusal(&hub, &format!("{line} HTTP/1.1\r\n{}", bearer())).await;
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=-1",
        "status=over",
        "before=x",
        "stauts=ringing",
        "limit=1&limit=2",
    ] {
        assert_eq!(ask(&format!("GET /api/calls?{query}")).await, "bad-query", "{query}");
    }
    for id in ["x", "..", "%2e%2e%2f", "%ff", "0000ca11-0000-4000-8000-000000000001"] {
        assert_eq!(ask(&format!("GET /api/calls/{id}")).await, "unknown-call", "{id}");
    }
    for path in ["/api", "/api/nothing", "/api/calls/a/b"] {
        assert_eq!(ask(&format!("GET {path}")).await, "unknown-path", "{path}");
    }
    assert_eq!(ask("POST /api/calls").await, "method-not-allowed");
    assert_eq!(ask("OPTIONS /api/calls").await, "method-not-allowed", "no preflight succeeds");
    let (status, _, body) = hub.http(&format!("HEAD /api/calls HTTP/1.1\r\n{}", bearer())).await;
    assert_eq!((status, body.as_str()), (200, ""));
}

#[tokio::test]
async fn pages_of_other_origins_may_not_ask() {
    let hub =
        TestHub::start(Config { origins: vec!["https://calls.example.org".into()], ..with_admin() }).await;
    let ask = |origin: &str| format!("GET /api/calls HTTP/1.1\r\n{}\r\norigin: {origin}", bearer());
    assert_eq!(hub.http(&ask(&format!("http://{}", hub.address))).await.0, 200);
    for origin in ["https://evil.example", "null", "https://calls.example.org"] {
        assert_eq!(refusal(&hub, &ask(origin)).await, "foreign-origin", "{origin}");
    }
}

#[tokio::test]
async fn who_asks_too_often_waits_and_who_guesses_is_banned() {
    let mut hurried = with_admin();
    hurried.api.requests_per_minute = 10;
    let hub = TestHub::start(hurried).await;
    assert_eq!(page(&hub, "/api/calls", &bearer()).await.calls, []);
    assert_eq!(page(&hub, "/api/calls", &bearer()).await.calls, []);
    let (status, head, body) = get(&hub, "/api/calls", &bearer()).await;
    assert_eq!(status, 429);
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert!(body["code"] == "rate-limited" && body["retry_after_ms"].as_u64().unwrap() <= 6_000, "{body}");
    assert!(head.contains("retry-after: "), "{head}");

    let hub = TestHub::start(Config { ban: std::time::Duration::from_mins(10), ..with_admin() }).await;
    let guess = "GET /api/calls HTTP/1.1\r\nauthorization: Bearer guess";
    let guesses = soon("a ban", async {
        let mut guesses = 0;
        while refusal(&hub, guess).await != "banned" {
            guesses += 1;
        }
        guesses
    });
    assert!(guesses.await < 100);
    assert_eq!(refusal(&hub, &format!("GET /api/calls HTTP/1.1\r\n{}", bearer())).await, "banned");
}

#[test]
fn every_code_is_listed_as_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api.md");
    let document = fs::read_to_string(path).unwrap();
    let listed: Vec<_> = document.lines().filter(|line| line.starts_with("| `")).map(str::to_owned).collect();
    let rows: Vec<_> = holdfast_server::API_CODES
        .iter()
        .map(|(code, status, meaning)| format!("| `{code}` | {status} | {meaning} |"))
        .collect();
    for row in &rows {
        assert!(listed.contains(row), "missing: {row}");
    }
}
