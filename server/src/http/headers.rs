//! Security headers, on every answer whatever it is, and those that depend on how it travels.

use crate::{arrival::Door, config::Config};
use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, header, uri::Authority},
    response::Response,
};
use std::net::IpAddr;
use tower_http::set_header::SetResponseHeaderLayer;

/// What every answer carries. `connect-src 'self'` covers the WebSocket of the same host (CSP 3 §6.7.2.8);
/// `blob:` and `data:` let the page show a recording or an icon that it made itself.
pub(crate) const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
         media-src 'self' data: blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; \
         worker-src 'self'; frame-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), fullscreen=(self), \
         screen-wake-lock=(self), speaker-selection=(self), picture-in-picture=(self), geolocation=(), \
         payment=(), usb=(), serial=(), hid=(), midi=()",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Adds [`HEADERS`] to every answer of `router`.
pub(crate) fn secure(router: Router) -> Router {
    HEADERS.into_iter().fold(router, |router, (name, value)| {
        router.layer(SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value)))
    })
}

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// Half a year, for this host alone.
const HSTS: &str = "max-age=15768000";

/// What an answer carries because of how it travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TransportPolicy {
    isolated: bool,
    only_tls: bool,
}

impl TransportPolicy {
    /// For a request that came through `door`. Browsers honour an opener policy over TLS and from this machine, and
    /// complain of it elsewhere. Insisting on TLS is for those whose certificate will still be there tomorrow.
    pub(crate) fn new(door: Door, request: &HeaderMap, config: &Config) -> Self {
        let https = door == Door::Https;
        let isolated = https || !config.trusted_proxies.is_empty() || names_this_machine(request);
        Self { isolated, only_tls: https && config.tls.has_own_certificate() }
    }

    /// Adds them.
    pub(crate) fn apply(self, mut answer: Response) -> Response {
        if self.isolated {
            answer.headers_mut().insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
        }
        if self.only_tls {
            answer.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
        }
        answer
    }
}

/// Whether `Host` is one that browsers take for this machine.
fn names_this_machine(request: &HeaderMap) -> bool {
    let host = request.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    host.is_some_and(|host| {
        let name = host.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        name == "localhost"
            || name.ends_with(".localhost")
            || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(door: Door, host: &str, arguments: &[&str]) -> (bool, bool) {
        let request = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
        let config = Config::from_arguments(arguments).unwrap();
        let TransportPolicy { isolated, only_tls } = TransportPolicy::new(door, &request, &config);
        (isolated, only_tls)
    }

    #[test]
    fn an_opener_policy_goes_where_browsers_honour_it() {
        for (host, honoured) in [
            ("localhost:8080", true),
            ("127.0.0.1:8080", true),
            ("[::1]:8080", true),
            ("192.168.1.5:8080", false),
            ("hub.example.org", false),
            ("localhost.example.org", false),
        ] {
            assert_eq!(policy(Door::Http, host, &[]), (honoured, false), "{host}");
            assert_eq!(policy(Door::Https, host, &[]), (true, false), "{host}");
        }
        assert_eq!(policy(Door::Http, "hub.example.org", &["--trusted-proxy", "10.0.0.1"]), (true, false));
    }

    #[test]
    fn only_an_own_certificate_insists_on_tls() {
        let own = ["--tls-listen", "[::]:1", "--tls-cert", "x", "--tls-key", "y"];
        assert_eq!(policy(Door::Https, "hub.example.org", &own), (true, true));
        assert_eq!(policy(Door::Http, "hub.example.org", &own), (false, false));
        assert_eq!(policy(Door::Https, "a", &["--tls-listen", "[::]:1", "--tls", "dev"]), (true, false));
    }
}
