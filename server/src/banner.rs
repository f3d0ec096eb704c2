//! What the hub tells whoever started it: where to go, and what is missing.

use crate::ice::IceServers;
use holdfast_protocol::RoomName;
use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

/// The text to print at start. `peer` is the headless peer's program, when it is beside the hub's.
pub fn banner(addresses: &[SocketAddr], room: &RoomName, peer: Option<&Path>, ice: &IceServers) -> String {
    let mut text = String::new();
    let first = addresses.first().map_or_else(|| "http://localhost".to_owned(), url);
    let link = format!("{first}/r/{room}");
    let bot = peer.map_or_else(|| "holdfast-peer".to_owned(), |path| path.display().to_string());
    let mut row = |title: &str, value: &str| {
        writeln!(text, "  {title:<13}{value}").expect("writing to a string does not fail");
    };
    row("Open", &link);
    row("Send a bot in", &format!(" {bot} join {link} --name Bot --video test --audio tone"));
    for address in addresses {
        row("Listening on", &format!(" {address}"));
    }
    match (&ice.turn, ice.stun_urls.as_slice()) {
        (Some(turn), _) => row("TURN", &turn.urls.join(", ")),
        (None, []) => row(
            "TURN",
            "none, and no STUN: calls connect on this machine and its local network only (--stun-url, --turn-url)",
        ),
        (None, stun) => row(
            "TURN",
            &format!(
                "none: people behind strict NATs will not connect (--turn-url); STUN: {}",
                stun.join(", ")
            ),
        ),
    }
    text
}

/// How a browser on this machine reaches `address`. Camera and microphone work on loopback addresses without TLS.
fn url(address: &SocketAddr) -> String {
    let host = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    format!("http://{}", SocketAddr::new(host, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ice::Turn;
    use holdfast_protocol::Secret;
    use std::time::Duration;

    #[test]
    fn tells_where_to_go_and_what_is_missing() {
        let addresses = ["0.0.0.0:8080", "[2001:db8::1]:80"].map(|text| text.parse().unwrap());
        let room = RoomName::new("team-sync").unwrap();
        let mut ice = IceServers::default();
        let text = banner(&addresses, &room, Some(Path::new("bin/holdfast-peer")), &ice);
        assert!(text.contains("http://127.0.0.1:8080/r/team-sync\n"), "{text}");
        assert!(
            text.contains("bin/holdfast-peer join http://127.0.0.1:8080/r/team-sync --name Bot"),
            "{text}"
        );
        assert!(text.contains("no STUN"), "{text}");
        ice.stun_urls = vec!["stun:stun.example.org".into()];
        assert!(banner(&addresses[1..], &room, None, &ice).contains("strict NATs"));
        let urls = vec!["turn:turn.example.org".into()];
        ice.turn = Some(Turn { urls, secret: Secret::new("north"), ttl: Duration::from_secs(1) });
        let text = banner(&addresses[1..], &room, None, &ice);
        assert!(
            text.contains("http://[2001:db8::1]:80/r/") && text.contains("turn:turn.example.org"),
            "{text}"
        );
        assert!(!text.contains("north"), "{text}");
    }
}
