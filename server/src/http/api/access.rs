//! Who asks, and how often an address may.

use crate::{credentials::HubKey, network::Network, rate::Bucket};
use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_protocol::{GuestCredential, Secret, UserId};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use subtle::ConstantTimeEq;

/// Addresses whose rate is remembered. When there are more, those who have not asked lately are forgotten, and if these
/// are not enough, all.
const ADDRESSES_MAX: usize = 16_384;

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
    per_minute: u32,
    rates: Mutex<HashMap<Network, Bucket>>,
}

impl ApiAccess {
    /// Without a token nobody is the operator. `per_minute` is above zero.
    pub(crate) fn new(admin_token: Option<Secret>, per_minute: u32) -> Self {
        Self { admin_token, per_minute, rates: Mutex::default() }
    }

    /// Lets one request of an address through.
    ///
    /// # Errors
    /// With the milliseconds until the next one may pass.
    pub(super) fn pass(&self, network: Network, now_ms: u64) -> Result<(), u64> {
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        if rates.len() >= ADDRESSES_MAX && !rates.contains_key(&network) {
            rates.retain(|_, bucket| !bucket.is_full(now_ms));
            if rates.len() >= ADDRESSES_MAX {
                rates.clear();
            }
        }
        let burst = (self.per_minute / 5).max(1);
        rates
            .entry(network)
            .or_insert_with(|| Bucket::new(self.per_minute.into(), burst, now_ms))
            .take(now_ms)
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

    #[test]
    fn each_address_has_its_rate_and_the_table_a_bound() {
        let network = |number: u32| Network::of(std::net::Ipv4Addr::from_bits(number).into());
        let access = ApiAccess::new(None, 60);
        for _ in 0..12 {
            access.pass(network(1), 0).unwrap();
        }
        assert_eq!(access.pass(network(1), 0), Err(1_000));
        assert_eq!((access.pass(network(2), 0), access.pass(network(1), 1_000)), (Ok(()), Ok(())));
        for number in 3..40_000 {
            access.pass(network(number), 1_000).unwrap();
            assert!(access.rates.lock().unwrap().len() <= ADDRESSES_MAX);
        }
    }
}
