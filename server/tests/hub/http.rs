//! The paths beside the WebSocket.

use crate::support::TestHub;

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let hub = TestHub::defaults().await;
    for path in ["/", "/r/team", "/r/a--b", "/healthz", "/readyz", "/metrics", "/nothing", "/ws"] {
        let (_, head, _) = hub.http(&format!("GET {path} HTTP/1.1")).await;
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self';",
            "permissions-policy: camera=(self), microphone=(self), display-capture=(self)",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(head.contains(header), "{path}: {header} in {head}");
        }
        assert!(!head.contains("unsafe-"), "{head}");
    }
}

#[tokio::test]
async fn health_and_strays() {
    let hub = TestHub::defaults().await;
    assert_eq!(hub.http("GET /healthz HTTP/1.1").await.0, 200);
    let (status, head, body) = hub.http("GET /readyz HTTP/1.1").await;
    assert_eq!(status, 200);
    assert!(head.contains("application/json") && body.contains(r#""state":"ready""#), "{body}");
    let (status, _, body) = hub.http("GET /nothing HTTP/1.1").await;
    assert_eq!((status, body.as_str()), (404, "not found\n"));
    assert_eq!(hub.http("GET /../Cargo.toml HTTP/1.1").await.0, 404);
    assert_eq!(hub.http("POST /nothing HTTP/1.1\r\ncontent-length: 0").await.0, 405);
    assert_eq!(hub.http("DELETE /healthz HTTP/1.1").await.0, 405);
    let (status, head, body) = hub.http("HEAD /healthz HTTP/1.1").await;
    assert_eq!((status, body.as_str()), (200, ""));
    assert!(head.contains("content-length: 3"), "{head}");
    assert_eq!(hub.http("GET /ws HTTP/1.1").await.0, 400, "not an upgrade");
}

/// Holds whether or not the page was built before the hub.
#[tokio::test]
async fn the_page_is_served_or_says_how_to_build_it() {
    let hub = TestHub::defaults().await;
    let (status, head, body) = hub.http("GET / HTTP/1.1").await;
    let room = hub.http("GET /r/team?name=Ada HTTP/1.1").await;
    if status == 200 {
        assert!(head.contains("cache-control: no-cache") && head.contains("etag: "), "{head}");
        assert_eq!((room.0, &room.2), (200, &body));
        assert_eq!(hub.http("GET /r/a--b HTTP/1.1").await.0, 404);
    } else {
        assert_eq!((status, room.0), (503, 503));
        assert!(body.contains("make page"), "{body}");
    }
}

#[tokio::test]
async fn metrics_have_only_known_names() {
    let hub = TestHub::defaults().await;
    let (_ada, _, _) = hub.joined("Ada", "team").await;
    let (_, head, body) = hub.http("GET /metrics HTTP/1.1").await;
    assert!(head.contains("application/openmetrics-text"), "{head}");
    assert!(body.ends_with("# EOF\n"));
    for line in [
        "holdfast_sockets 1",
        "holdfast_sessions 1",
        "holdfast_rooms 1",
        "holdfast_participants 1",
        "holdfast_frames_total{type=\"join\",direction=\"in\"} 1",
        "holdfast_frames_total{type=\"joined\",direction=\"out\"} 1",
        "holdfast_frames_total{type=\"hello\",direction=\"in\"} 1",
        "holdfast_frames_total{type=\"welcome\",direction=\"out\"} 1",
    ] {
        assert!(body.lines().any(|found| found == line), "{line} in {body}");
    }
    let known: Vec<_> = holdfast_server::METRICS.iter().map(|(name, _)| *name).collect();
    for line in body.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap().trim_end_matches("_total");
        assert!(known.contains(&name), "{name}");
    }
}
