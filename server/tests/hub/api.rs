//! The REST API: who may ask, who sees what, and how refusals look.

use crate::{
    samples::{call_id, direct, ended, put, room, user},
    support::{TestHub, config, soon},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_protocol::{CallLogPage, EndReason, HubFrame, LoggedCall, Welcome};
use holdfast_server::{Config, DirectoryMode, LogAge, store::StoredCall};
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
async fn the_operator_ends_a_call_for_everyone() {
    let hub = TestHub::start(with_admin()).await;
    let (mut ada, ada_welcome, _) = hub.joined("Ada", "team").await;
    let (mut bob, _, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let delete = |header: String| format!("DELETE /api/calls/{} HTTP/1.1\r\n{header}", call.id);
    for header in [basic(&ada_welcome), basic(&hub.welcomed("Eve").await.1)] {
        assert_eq!(refusal(&hub, &delete(header)).await, "admin-only", "whether there is such a call or not");
    }
    let unknown = format!("DELETE /api/calls/{} HTTP/1.1\r\n{}", call_id(9), bearer());
    assert_eq!(refusal(&hub, &unknown).await, "unknown-call");
    ada.nothing_else().await;

    let (status, _, body) = hub.http(&delete(bearer())).await;
    let ended: LoggedCall = serde_json::from_str(&body).unwrap();
    assert_eq!((status, ended.id, ended.reason), (200, call.id, Some(EndReason::EndedByAdmin)));
    for client in [&mut ada, &mut bob] {
        assert_eq!(client.ended(call.id).await, EndReason::EndedByAdmin);
        client.nothing_else().await;
    }
    let again = hub.http(&delete(bearer())).await;
    assert_eq!((again.0, serde_json::from_str::<LoggedCall>(&again.2).unwrap()), (200, ended), "once");

    let (mut cy, cy_welcome) = hub.welcomed("Cy").await;
    let ring = bob.ring(cy_welcome.user).await;
    cy.incoming().await;
    let (status, ..) = hub.http(&format!("DELETE /api/calls/{} HTTP/1.1\r\n{}", ring.id, bearer())).await;
    assert_eq!(status, 200);
    for client in [&mut bob, &mut cy] {
        assert_eq!(client.ended(ring.id).await, EndReason::EndedByAdmin, "and it rings no more");
    }
}

/// What `GET /api/presence` says of users, by name.
async fn present(hub: &TestHub, path: &str, header: &str) -> Vec<(String, String)> {
    let (status, _, body) = get(hub, path, header).await;
    assert_eq!(status, 200, "{body}");
    let page: serde_json::Value = serde_json::from_str(&body).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("?").to_owned();
    let users = page["users"].as_array().unwrap().iter();
    let mut users: Vec<_> = users.map(|user| (text(&user["name"]), text(&user["presence"]))).collect();
    users.sort();
    users
}

#[tokio::test]
async fn who_does_what_is_told_to_whom_it_concerns() {
    for mode in [DirectoryMode::Off, DirectoryMode::On] {
        let hub = TestHub::start(Config { directory: mode, ..with_admin() }).await;
        let (_ada, ada_welcome) = hub.welcomed("Ada").await;
        let (mut bob, bob_welcome, _) = hub.joined("Bob", "team").await;
        let (cy, cy_welcome, _) = hub.joined("Cy", "team").await;
        assert!(matches!(bob.next().await, HubFrame::PeerJoined { .. }));
        drop(cy);
        assert!(matches!(bob.next().await, HubFrame::PeerDisconnected { .. }));
        let told = |users: &[(&str, &str)]| -> Vec<(String, String)> {
            users.iter().map(|(name, presence)| ((*name).to_owned(), (*presence).to_owned())).collect()
        };
        let (ada, bob, cy) = (("Ada", "online"), ("Bob", "in-call"), ("Cy", "reconnecting"));
        let all = present(&hub, "/api/presence", &bearer()).await;
        assert_eq!(all, told(&[ada, bob, cy]));
        let own = |own: &[(&str, &str)], open: &[(&str, &str)]| {
            told(if mode == DirectoryMode::On { open } else { own })
        };
        let sees = async |welcome: &Welcome| present(&hub, "/api/presence", &basic(welcome)).await;
        assert_eq!(sees(&ada_welcome).await, own(&[ada], &[ada, bob]), "who is away is not in the directory");
        assert_eq!(sees(&bob_welcome).await, own(&[bob], &[ada, bob]));
        assert_eq!(sees(&cy_welcome).await, own(&[cy], &[ada, bob, cy]), "and itself in any case");

        let mut paged = Vec::new();
        let mut path = "/api/presence?limit=2".to_owned();
        loop {
            paged.extend(present(&hub, &path, &bearer()).await);
            let (_, _, body) = get(&hub, &path, &bearer()).await;
            let page: serde_json::Value = serde_json::from_str(&body).unwrap();
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/presence?limit=2&after={next}");
        }
        paged.sort();
        assert_eq!(paged, all, "each once");
        for query in ["limit=0", "limit=201", "after=x", "user=1"] {
            let ask = format!("GET /api/presence?{query} HTTP/1.1\r\n{}", bearer());
            assert_eq!(refusal(&hub, &ask).await, "bad-query", "{query}");
        }
    }
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
