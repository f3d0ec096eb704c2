//! Who a client is, as far as its address can tell, and whether a proxy's word for that address is taken.

use crate::config::{Config, ProxyHeader};
use axum::http::{HeaderMap, HeaderName, header};
use std::net::{IpAddr, Ipv6Addr};

/// What counts as one address: whoever owns one IPv6 address owns its whole /64.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Network(IpAddr);

impl Network {
    /// The network of `address`.
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// Headers by which proxies say that there is one.
const PROXY_HEADERS: [HeaderName; 2] = [header::FORWARDED, X_FORWARDED_FOR];
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address: what a trusted proxy says, else where the connection came from. Of a list, the last entry
/// that is not itself a trusted proxy: what stands before it may be the client's own invention.
pub(crate) fn client_address(connection: IpAddr, headers: &HeaderMap, config: &Config) -> IpAddr {
    let trusted = |address: IpAddr| is_trusted(address, config);
    let mut client = connection.to_canonical();
    if !trusted(client) {
        return client;
    }
    let name = match config.trusted_proxy_header {
        ProxyHeader::XForwardedFor => X_FORWARDED_FOR,
        ProxyHeader::Forwarded => header::FORWARDED,
    };
    let entries: Vec<&str> =
        headers.get_all(name).iter().flat_map(|value| value.to_str().unwrap_or("?").split(',')).collect();
    for entry in entries.into_iter().rev() {
        let address = match config.trusted_proxy_header {
            ProxyHeader::XForwardedFor => address(entry),
            ProxyHeader::Forwarded => forwarded_for(entry).and_then(address),
        };
        // An entry that names nobody: the proxy that wrote it is all that is known.
        let Some(address) = address else { break };
        client = address;
        if !trusted(client) {
            break;
        }
    }
    client
}

/// Whether `address` is a proxy that the operator has named.
pub(crate) fn is_trusted(address: IpAddr, config: &Config) -> bool {
    let address = address.to_canonical();
    config.trusted_proxies.iter().any(|network| network.contains(&address))
}

/// Whether a request comes from this machine, and not only from a proxy on it that nobody has named.
pub(crate) fn is_local(connection: IpAddr, headers: &HeaderMap, config: &Config) -> bool {
    let connection = connection.to_canonical();
    let proxied = PROXY_HEADERS.iter().any(|name| headers.contains_key(name));
    (is_trusted(connection, config) || !proxied) && client_address(connection, headers, config).is_loopback()
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(text, |(inner, _)| inner);
    let without_port = || text.rsplit_once(':').map_or(text, |(host, _)| host);
    bare.parse().or_else(|_| without_port().parse()).ok().map(|address: IpAddr| address.to_canonical())
}

/// The value of `for=` in one element of a `Forwarded` header (RFC 7239 §4).
fn forwarded_for(element: &str) -> Option<&str> {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("for"))
        .map(|(_, value)| value.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(arguments: &[&str], connection: &str, headers: &[(&'static str, &str)]) -> String {
        let config = Config::from_arguments(arguments).unwrap();
        client_address(connection.parse().unwrap(), &map(headers), &config).to_string()
    }

    fn map(headers: &[(&'static str, &str)]) -> HeaderMap {
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn an_ipv6_network_counts_as_one_and_a_mapped_address_as_its_ipv4() {
        let of = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1:2:3"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn nobody_but_a_named_proxy_says_who_the_client_is() {
        let says = [("x-forwarded-for", "192.0.2.9")];
        assert_eq!(client(&[], "127.0.0.1", &says), "127.0.0.1");
        assert_eq!(client(&["--trusted-proxy", "10.0.0.0/8"], "127.0.0.1", &says), "127.0.0.1");
        assert_eq!(client(&["--trusted-proxy", "127.0.0.1"], "127.0.0.1", &says), "192.0.2.9");
        assert_eq!(client(&["--trusted-proxy", "127.0.0.1"], "::ffff:127.0.0.1", &says), "192.0.2.9");
    }

    #[test]
    fn of_a_list_the_last_that_is_no_proxy_counts() {
        let trusted = ["--trusted-proxy", "10.0.0.0/8"];
        for (list, expected) in [
            ("203.0.113.1, 192.0.2.9", "192.0.2.9"),
            ("192.0.2.9, 10.0.0.2", "192.0.2.9"),
            ("203.0.113.1, 192.0.2.9, 10.0.0.3, 10.0.0.2", "192.0.2.9"),
            ("203.0.113.1, nonsense, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("192.0.2.9:4711", "192.0.2.9"),
            ("", "10.0.0.1"),
            ("unknown", "10.0.0.1"),
        ] {
            assert_eq!(client(&trusted, "10.0.0.1", &[("x-forwarded-for", list)]), expected, "{list}");
        }
        let twice = [("x-forwarded-for", "203.0.113.1"), ("forwarded", "for=203.0.113.2")];
        assert_eq!(client(&trusted, "10.0.0.1", &twice), "203.0.113.1", "the other header is the client's");
    }

    #[test]
    fn the_standard_header() {
        let arguments = ["--trusted-proxy", "10.0.0.1", "--trusted-proxy-header", "forwarded"];
        for (value, expected) in [
            ("for=192.0.2.9;proto=https;by=10.0.0.1", "192.0.2.9"),
            (r#"for=203.0.113.1, For="[2001:db8::7]:4711""#, "2001:db8::7"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(client(&arguments, "10.0.0.1", &[("forwarded", value)]), expected, "{value}");
        }
    }

    #[test]
    fn a_proxy_on_this_machine_makes_nobody_local() {
        let local = |arguments: &[&str], headers: &[(&'static str, &str)]| {
            let config = Config::from_arguments(arguments).unwrap();
            is_local("127.0.0.1".parse().unwrap(), &map(headers), &config)
        };
        let says = [("x-forwarded-for", "192.0.2.9")];
        assert!(local(&[], &[]));
        assert!(!local(&[], &says) && !local(&[], &[("x-forwarded-for", "127.0.0.1")]));
        assert!(!local(&["--trusted-proxy", "127.0.0.1"], &says));
        assert!(local(&["--trusted-proxy", "127.0.0.1"], &[("x-forwarded-for", "127.0.0.1")]));
    }
}
