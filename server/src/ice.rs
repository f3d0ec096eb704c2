//! STUN and TURN servers for one session. The TURN credentials are of the kind that coturn checks with
//! `use-auth-secret`: the name is an expiry time and the session, the password its HMAC-SHA1.

use crate::clock::millis;
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use holdfast_protocol::{IceConfig, IceServer, Secret, SessionId};
use sha1::Sha1;
use std::time::Duration;

/// The servers that the hub hands out.
#[derive(Clone, Debug, Default)]
pub struct IceServers {
    /// `stun:` URLs.
    pub stun_urls: Vec<String>,
    /// `turn:` and `turns:` URLs with what signs for them.
    pub turn: Option<Turn>,
}

/// TURN servers that share one secret with the hub.
#[derive(Clone, Debug)]
pub struct Turn {
    /// `turn:` and `turns:` URLs.
    pub urls: Vec<String>,
    /// Shared with the servers.
    pub secret: Secret,
    /// How long a credential is good for.
    pub ttl: Duration,
}

impl IceServers {
    /// The servers with fresh credentials for `session`.
    pub fn for_session(&self, now_unix_ms: u64, session: SessionId) -> IceConfig {
        let stun = (!self.stun_urls.is_empty()).then(|| IceServer {
            urls: self.stun_urls.clone(),
            username: None,
            credential: None,
        });
        let turn = self.turn.as_ref().map(|turn| {
            let expiry_unix_s = (now_unix_ms + millis(turn.ttl)) / 1000;
            let username = format!("{expiry_unix_s}:{session}");
            let credential = password(&turn.secret, &username);
            IceServer { urls: turn.urls.clone(), username: Some(username), credential: Some(credential) }
        });
        let ttl_ms = self.turn.as_ref().map(|turn| millis(turn.ttl));
        IceConfig { servers: stun.into_iter().chain(turn).collect(), ttl_ms }
    }
}

/// `base64(HMAC-SHA1(secret, username))`.
fn password(secret: &Secret, username: &str) -> Secret {
    let mut mac = <Hmac<Sha1> as Mac>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(username.as_bytes());
    Secret::new(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202, HMAC-SHA1 test case 2.
    #[test]
    fn the_password_is_hmac_sha1() {
        let password = password(&Secret::new("Jefe"), "what do ya want for nothing?");
        // effcdf6ae5eb2fa2d27416d5f184df9c259a7c79 there.
        assert_eq!(password.expose(), "7/zfauXrL6LSdBbV8YTfnCWafHk=");
    }

    #[test]
    fn a_credential_names_its_expiry_and_session() {
        let session: SessionId = "000005e5-0000-4000-8000-000000000001".parse().unwrap();
        let turn = Turn {
            urls: vec!["turn:turn.example.org:3478".into()],
            secret: Secret::new("north"),
            ttl: Duration::from_mins(10),
        };
        let servers = IceServers { stun_urls: vec!["stun:stun.example.org".into()], turn: Some(turn) };
        let config = servers.for_session(1_790_000_000_999, session);
        assert_eq!(config.ttl_ms, Some(600_000));
        assert_eq!(config.servers[0].username, None);
        let name = config.servers[1].username.as_deref();
        assert_eq!(name, Some("1790000600:000005e5-0000-4000-8000-000000000001"));
        // printf NAME | openssl dgst -sha1 -hmac north -binary | base64
        let known = "PSVc4E4yV1tua8KlBqB7tSkJj8o=";
        assert_eq!(config.servers[1].credential, Some(Secret::new(known)));
    }

    #[test]
    fn without_turn_nothing_expires() {
        let session: SessionId = "000005e5-0000-4000-8000-000000000001".parse().unwrap();
        assert_eq!(IceServers::default().for_session(0, session), IceConfig::default());
    }
}
