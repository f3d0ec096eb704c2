//! The link of a room, as people pass it on: `https://hub.example.org/r/team-sync`.

use holdfast_protocol::{InvalidName, RoomName, WEBSOCKET_PATH};
use http::Uri;
use std::{net::IpAddr, str::FromStr};

/// A link that is not a room's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidUrl {
    /// Not a URL, or not of HTTP.
    #[error("not a link of the form http(s)://HOST[:PORT]/r/ROOM")]
    Form,
    /// Not a hub's URL.
    #[error("not a URL of the form http(s)://HOST[:PORT]")]
    Hub,
    /// The room's name is not one.
    #[error(transparent)]
    Room(#[from] InvalidName),
}

/// A hub, as the links to its rooms begin: `https://hub.example.org`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hub {
    secure: bool,
    host: String,
    port: u16,
    authority: String,
}

impl Hub {
    /// Its WebSocket.
    pub fn socket_url(&self) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://{}{WEBSOCKET_PATH}", self.authority)
    }

    /// Whether it is reached with TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Its name or address; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is on this machine, by its name or address.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    fn of(uri: &Uri) -> Result<Self, InvalidUrl> {
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(InvalidUrl::Form),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or(InvalidUrl::Form)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        if host.is_empty() {
            return Err(InvalidUrl::Form);
        }
        Ok(Self { secure, host, port, authority: authority.to_string() })
    }
}

impl AsRef<Self> for Hub {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl FromStr for Hub {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let uri: Uri = text.parse().map_err(|_| InvalidUrl::Hub)?;
        if uri.path_and_query().is_some_and(|path| path != "/") {
            return Err(InvalidUrl::Hub);
        }
        Self::of(&uri).map_err(|_| InvalidUrl::Hub)
    }
}

/// A room's link, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HubUrl {
    hub: Hub,
    room: RoomName,
}

impl HubUrl {
    /// The room.
    pub fn room(&self) -> &RoomName {
        &self.room
    }

    /// Its hub.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The hub's WebSocket.
    pub fn socket_url(&self) -> String {
        self.hub.socket_url()
    }
}

impl AsRef<Hub> for HubUrl {
    fn as_ref(&self) -> &Hub {
        &self.hub
    }
}

impl FromStr for HubUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let uri: Uri = text.parse().map_err(|_| InvalidUrl::Form)?;
        let hub = Hub::of(&uri)?;
        let room = uri.path().strip_prefix("/r/").ok_or(InvalidUrl::Form)?;
        Ok(Self { hub, room: RoomName::new(room.strip_suffix('/').unwrap_or(room))? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read() {
        let url: HubUrl = "http://127.0.0.1:8080/r/Team-Sync?name=x".parse().unwrap();
        assert_eq!((url.hub().host(), url.hub().port()), ("127.0.0.1", 8080));
        assert_eq!(url.room().as_str(), "team-sync");
        assert_eq!((url.socket_url().as_str(), url.hub().is_loopback()), ("ws://127.0.0.1:8080/ws", true));
        let url: HubUrl = "https://hub.example.org/r/a/".parse().unwrap();
        let hub = url.hub();
        assert_eq!((hub.port(), hub.is_secure(), hub.is_loopback()), (443, true, false));
        assert_eq!(url.socket_url(), "wss://hub.example.org/ws");
        let url: HubUrl = "http://[::1]:81/r/a".parse().unwrap();
        assert_eq!((url.hub().host(), url.socket_url().as_str()), ("::1", "ws://[::1]:81/ws"));
    }

    #[test]
    fn hubs_are_read() {
        for text in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/"] {
            assert_eq!(text.parse::<Hub>().unwrap().socket_url(), "ws://127.0.0.1:8080/ws");
        }
        for bad in ["", "hub", "ftp://h", "http://h/r/a", "http://h/?x", "http://u@h"] {
            assert_eq!(bad.parse::<Hub>(), Err(InvalidUrl::Hub), "{bad}");
        }
    }

    #[test]
    fn other_links_are_refused() {
        for bad in [
            "",
            "team-sync",
            "http://h",
            "http://h/",
            "http://h/x/a",
            "ftp://h/r/a",
            "http://u@h/r/a",
            "/r/a",
        ] {
            assert_eq!(bad.parse::<HubUrl>(), Err(InvalidUrl::Form), "{bad}");
        }
        assert_eq!("http://h/r/a_b".parse::<HubUrl>(), Err(InvalidUrl::Room(InvalidName::Room)));
        assert!("http://h/r/".parse::<HubUrl>().is_err());
    }
}
