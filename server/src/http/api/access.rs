//! Who asks, and how often an address may.

use crate::{credentials::HubKey, network::Network, rates::Rates};
use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_protocol::{GuestCredential, Secret, UserId};
use subtle::ConstantTimeEq;

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Caller {
    /// A user, for what is its own.
    User(UserId),
    /// The operator, for everything.
    Admin,
}

impl Caller {
    /// The user whose calls it may see; None: everyone's.
    pub(super) fn only(self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Admin => None,
        }
    }
}

/// What decides about it.
#[derive(Debug)]
pub(crate) struct ApiAccess {
    admin_token: Option<Secret>,
    rates: Rates,
}

impl ApiAccess {
    /// Without a token nobody is the operator. `per_minute` is above zero.
    pub(crate) fn new(admin_token: Option<Secret>, per_minute: u32) -> Self {
        Self { admin_token, rates: Rates::new(per_minute, (per_minute / 5).max(1)) }
    }

    /// Lets one request of an address through.
    ///
    /// # Errors
    /// With the milliseconds until the next one may pass.
    pub(super) fn pass(&self, network: Network, now_ms: u64) -> Result<(), u64> {
        self.rates.pass(network, now_ms)
    }

    /// Whose credentials these are: `Basic` with a guest's id and secret, `Bearer` with the admin token.
    pub(super) fn caller(&self, credentials: &str, key: &HubKey) -> Option<Caller> {
        let (scheme, rest) = credentials.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            let token = self.admin_token.as_ref()?.expose().as_bytes();
            return bool::from(rest.as_bytes().ct_eq(token)).then_some(Caller::Admin);
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
        let (user, secret) = decoded.split_once(':')?;
        let claim = GuestCredential { user: user.parse().ok()?, secret: Secret::new(secret) };
        key.proves(&claim).then_some(Caller::User(claim.user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::OsEntropy;

    const TOKEN: &str = "correct-horse-battery";

    #[test]
    fn only_whoever_proves_it_is_who_it_says() {
        let key = HubKey::new([7; 32]);
        let (ada, bob) = (UserId::mint(&OsEntropy), UserId::mint(&OsEntropy));
        let access = ApiAccess::new(Some(Secret::new(TOKEN)), 60);
        let basic =
            |user: UserId, secret: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{secret}")));
        let secret = key.guest_secret(ada);
        let said = |text: &str| access.caller(text, &key);
        assert_eq!(said(&basic(ada, secret.expose())), Some(Caller::User(ada)));
        assert_eq!(said(&basic(ada, secret.expose()).replace("Basic", "basic")), Some(Caller::User(ada)));
        assert_eq!(said(&format!("Bearer {TOKEN}")), Some(Caller::Admin));
        for wrong in [
            basic(bob, secret.expose()),
            basic(ada, ""),
            basic(ada, TOKEN),
            format!("Bearer {TOKEN}x"),
            format!("Bearer {}", secret.expose()),
            "Bearer ".into(),
            "Basic".into(),
            "Basic ~".into(),
            format!("Basic {}", STANDARD.encode([0xff, b':', 0xff])),
            format!("Digest {TOKEN}"),
        ] {
            assert_eq!(said(&wrong), None, "{wrong}");
        }
        assert_eq!(ApiAccess::new(None, 60).caller("Bearer ", &key), None, "no token, no operator");
        assert!(!format!("{access:?}").contains(TOKEN));
    }
}
