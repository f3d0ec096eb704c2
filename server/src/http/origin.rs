//! Which pages may open a WebSocket (RFC 6455 §10.2): browsers say where a page is from, other programs do not.

/// Whether a WebSocket request with this `Origin` is let in: no page at all, a page from the same host as the
/// request, or one that the settings allow.
pub(crate) fn is_allowed(origin: Option<&str>, host: Option<&str>, allowed: &[String]) -> bool {
    let Some(origin) = origin else { return true };
    if allowed.iter().any(|entry| entry.eq_ignore_ascii_case(origin)) {
        return true;
    }
    match (split(origin), host) {
        (Some((scheme, authority)), Some(host)) => {
            with_port(scheme, authority).eq_ignore_ascii_case(&with_port(scheme, host))
        }
        _ => false,
    }
}

/// Whether `text` is an origin as browsers write it: `scheme://host` or `scheme://host:port`.
pub(crate) fn is_origin(text: &str) -> bool {
    split(text).is_some_and(|(_, authority)| authority.parse::<http::uri::Authority>().is_ok())
}

fn split(origin: &str) -> Option<(&str, &str)> {
    let (scheme, authority) = origin.split_once("://")?;
    let plain = !authority.is_empty() && !authority.contains(['/', '@', '?', '#']);
    (matches!(scheme, "http" | "https") && plain).then_some((scheme, authority))
}

/// The authority with its port spelled out; one that ends a `]` is an IPv6 address without one.
fn with_port(scheme: &str, authority: &str) -> String {
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
    match (has_port, scheme) {
        (true, _) => authority.to_owned(),
        (false, "https") => format!("{authority}:443"),
        (false, _) => format!("{authority}:80"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_host_and_the_listed_ones() {
        let allowed = ["https://calls.example.org".to_owned()];
        let ok = |origin, host| is_allowed(Some(origin), Some(host), &allowed);
        assert!(is_allowed(None, Some("hub:1"), &[]), "not a browser");
        assert!(ok("http://localhost:8080", "localhost:8080"));
        assert!(ok("https://hub.example.org", "hub.example.org:443"));
        assert!(ok("http://hub.example.org:80", "HUB.example.org"));
        assert!(ok("http://[::1]:8080", "[::1]:8080"));
        assert!(ok("http://[::1]", "[::1]:80"));
        assert!(ok("https://calls.example.org", "localhost:8080"), "listed");
        for (origin, host) in [
            ("http://localhost:8081", "localhost:8080"),
            ("https://evil.example", "localhost:8080"),
            ("http://localhost:8080.evil.example", "localhost:8080"),
            ("http://user@localhost:8080", "localhost:8080"),
            ("https://hub.example.org", "hub.example.org:80"),
            ("null", "localhost:8080"),
            ("", ""),
        ] {
            assert!(!ok(origin, host), "{origin} {host}");
        }
        assert!(!is_allowed(Some("http://a"), None, &allowed));
    }

    #[test]
    fn an_origin_has_no_path() {
        assert!(is_origin("https://a.example") && is_origin("http://[::1]:8080"));
        for text in ["a.example", "https://", "https://a/", "https://a b", "ftp://a", "*"] {
            assert!(!is_origin(text), "{text}");
        }
    }
}
