//! What the hub tells whoever started it: where to go, and what is missing.

use crate::ice::IceServers;
use holdfast_protocol::RoomName;
use qrcode::{QrCode, render::unicode::Dense1x2};
use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

/// What there is to tell.
#[derive(Clone, Copy, Debug)]
pub struct Banner<'a> {
    /// Where the hub listens without TLS.
    pub http: &'a [SocketAddr],
    /// Where it listens with TLS.
    pub https: &'a [SocketAddr],
    /// The development CA's certificate, when that is what TLS shows.
    pub dev_ca: Option<&'a Path>,
    /// This machine's address on its network.
    pub lan: Option<IpAddr>,
    /// Whether a proxy in front of the hub speaks TLS.
    pub proxied: bool,
    /// Whether the text goes to a terminal, where a code needs ink and paper of its own to be dark on light.
    pub terminal: bool,
    /// A fresh room.
    pub room: &'a RoomName,
    /// The headless peer's program, when it is beside the hub's.
    pub peer: Option<&'a Path>,
    /// What clients are handed.
    pub ice: &'a IceServers,
}

impl Banner<'_> {
    /// The text to print at start.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut row = |title: &str, value: &str| {
            writeln!(text, "  {title:<13}{value}").expect("writing to a string does not fail");
        };
        let here = match (self.http, self.https) {
            ([first, ..], _) => url("http", first.ip(), first.port()),
            ([], [first, ..]) => url("https", first.ip(), first.port()),
            ([], []) => "http://localhost".to_owned(),
        };
        let link = format!("{here}/r/{}", self.room);
        let bot = self.peer.map_or_else(|| "holdfast-peer".to_owned(), |path| path.display().to_string());
        let ca = self.dev_ca.filter(|_| link.starts_with("https:"));
        let ca = ca.map_or_else(String::new, |ca| format!(" --ca {}", ca.display()));
        row("Open", &link);
        row("Send a bot in", &format!(" {bot} join {link} --name Bot --video test --audio tone{ca}"));
        for address in self.http {
            row("Listening on", &format!(" {address}"));
        }
        for address in self.https {
            row("Listening on", &format!(" {address} (TLS)"));
        }
        row("TURN", &turn(self.ice));
        if let Some(address) = self.unprotected() {
            row(
                "Warning",
                &format!(
                    "{address} has no TLS: browsers refuse camera and microphone to everyone but this machine \
                     (--tls-listen, make lan)"
                ),
            );
        }
        if let (Some(ca), Some(link)) = (self.dev_ca, self.lan_link()) {
            row("On the LAN", &link);
            row("CA", &format!("{} (certs/README.md says how a device trusts it)", ca.display()));
            if let Ok(code) = QrCode::new(&link) {
                let (colours, end) = if self.terminal { ("\u{1b}[30;107m", "\u{1b}[0m") } else { ("", "") };
                let code = code.render::<Dense1x2>().build();
                text.extend(code.lines().flat_map(|line| ["\n  ", colours, line, end]));
                text.push('\n');
            }
        }
        text
    }

    /// An address without TLS that other machines reach and that no proxy protects.
    pub fn unprotected(&self) -> Option<SocketAddr> {
        let open = |address: &&SocketAddr| !address.ip().to_canonical().is_loopback();
        self.http.iter().find(open).filter(|_| !self.proxied).copied()
    }

    /// The room's link for other devices of the same network.
    fn lan_link(&self) -> Option<String> {
        let reachable = |address: &&SocketAddr| !address.ip().is_loopback();
        let listener = self.https.iter().find(reachable)?;
        let ip = if listener.ip().is_unspecified() { self.lan? } else { listener.ip() };
        Some(format!("{}/r/{}", url("https", ip, listener.port()), self.room))
    }
}

fn turn(ice: &IceServers) -> String {
    match (&ice.turn, ice.stun_urls.as_slice()) {
        (Some(turn), _) => turn.urls.join(", "),
        (None, []) => {
            "none, and no STUN: calls connect on this machine and its local network only (--stun-url, --turn-url)"
                .to_owned()
        }
        (None, stun) => format!(
            "none: people behind strict NATs will not connect (--turn-url); STUN: {}",
            stun.join(", ")
        ),
    }
}

/// How a browser reaches a listener; one on every address is reached by this machine's own.
fn url(scheme: &str, ip: IpAddr, port: u16) -> String {
    let host = match ip {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    format!("{scheme}://{}", SocketAddr::new(host, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ice::Turn;
    use holdfast_protocol::Secret;
    use std::time::Duration;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn banner<'a>(http: &'a [SocketAddr], room: &'a RoomName, ice: &'a IceServers) -> Banner<'a> {
        Banner {
            http,
            https: &[],
            dev_ca: None,
            lan: None,
            proxied: false,
            terminal: false,
            room,
            peer: None,
            ice,
        }
    }

    #[test]
    fn tells_where_to_go_and_what_is_missing() {
        let http = addresses(&["0.0.0.0:8080", "[2001:db8::1]:80"]);
        let room = RoomName::new("team-sync").unwrap();
        let mut ice = IceServers::default();
        let text = Banner { peer: Some(Path::new("bin/holdfast-peer")), ..banner(&http, &room, &ice) }.text();
        assert!(text.contains("http://127.0.0.1:8080/r/team-sync\n"), "{text}");
        assert!(
            text.contains("bin/holdfast-peer join http://127.0.0.1:8080/r/team-sync --name Bot"),
            "{text}"
        );
        assert!(text.contains("no STUN"), "{text}");
        ice.stun_urls = vec!["stun:stun.example.org".into()];
        assert!(banner(&http[1..], &room, &ice).text().contains("strict NATs"));
        let urls = vec!["turn:turn.example.org".into()];
        ice.turn = Some(Turn { urls, secret: Secret::new("north"), ttl: Duration::from_secs(1) });
        let text = banner(&http[1..], &room, &ice).text();
        assert!(
            text.contains("http://[2001:db8::1]:80/r/") && text.contains("turn:turn.example.org"),
            "{text}"
        );
        assert!(!text.contains("north"), "{text}");
    }

    #[test]
    fn an_address_without_tls_is_warned_about_unless_nobody_else_reaches_it() {
        let (room, ice) = (RoomName::new("a").unwrap(), IceServers::default());
        for (address, warned) in
            [("127.0.0.1:1", false), ("[::1]:1", false), ("0.0.0.0:1", true), ("192.168.1.5:1", true)]
        {
            let http = addresses(&[address]);
            let plain = banner(&http, &room, &ice);
            assert_eq!(plain.text().contains("refuse camera"), warned, "{address}");
            assert!(Banner { proxied: true, ..plain }.unprotected().is_none());
        }
    }

    #[test]
    fn phones_get_a_link_and_a_code_to_scan() {
        let (room, ice) = (RoomName::new("a").unwrap(), IceServers::default());
        let (http, https) = (addresses(&["127.0.0.1:8080"]), addresses(&["0.0.0.0:8443"]));
        let lan = Banner {
            https: &https,
            dev_ca: Some(Path::new("certs/dev/ca.pem")),
            lan: Some("192.168.1.5".parse().unwrap()),
            ..banner(&http, &room, &ice)
        };
        let text = lan.text();
        assert!(text.contains("https://192.168.1.5:8443/r/a\n") && text.contains('█'), "{text}");
        assert!(!text.contains("--ca"), "the bot goes to this machine without TLS: {text}");
        assert!(
            !text.contains('\u{1b}') && Banner { terminal: true, ..lan }.text().contains("\u{1b}[30;107m")
        );
        let only_tls = Banner { http: &[], ..lan }.text();
        assert!(
            only_tls.contains("https://127.0.0.1:8443/r/a --name")
                && only_tls.contains("--ca certs/dev/ca.pem")
        );
        let own = Banner { dev_ca: None, ..lan };
        assert!(!own.text().contains('█'), "an own certificate has a name of its own to go to");
        assert!(Banner { lan: None, ..lan }.lan_link().is_none());
    }
}
