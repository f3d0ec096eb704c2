//! Secrets of guests and sessions: how they are made and how a claim is checked.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use holdfast_protocol::{Entropy, GuestCredential, Secret, UserId};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// The hub's own key, from which every guest's secret is derived: nothing is stored per guest, and the secrets
/// outlive a restart.
#[derive(Clone, PartialEq, Eq)]
pub struct HubKey([u8; Self::BYTES]);

impl HubKey {
    /// Length of a key.
    pub const BYTES: usize = 32;

    /// Wraps key bytes.
    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// A new random key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// The key's bytes, for its file.
    pub(crate) fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// What proves to be `user`: base64url of HMAC-SHA256 over `guest-secret:` and the id.
    pub fn guest_secret(&self, user: UserId) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.guest_mac(user).finalize().into_bytes()))
    }

    /// Whether id and secret belong together. Takes the same time for every wrong secret.
    pub fn proves(&self, claim: &GuestCredential) -> bool {
        URL_SAFE_NO_PAD
            .decode(claim.secret.expose())
            .is_ok_and(|tag| self.guest_mac(claim.user).verify_slice(&tag).is_ok())
    }

    fn guest_mac(&self, user: UserId) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(b"guest-secret:");
        mac.update(user.to_string().as_bytes());
        mac
    }
}

impl fmt::Debug for HubKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A resume token as the hub keeps it: only its hash, so that neither the hub's memory nor its store gives a session
/// away.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of `token`.
    pub(crate) fn of(token: &Secret) -> Self {
        Self(Sha256::digest(token.expose()).into())
    }

    /// From a store.
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For a store.
    pub(crate) fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

/// The tokens of one session. Each return to it gives a new one; the one that was shown is good until the client has
/// proved that it has the new one, so that a `welcome` that gets lost locks nobody out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens {
    /// The one given last.
    pub(crate) current: TokenHash,
    /// The one shown for it, while it is still good.
    pub(crate) before: Option<TokenHash>,
}

impl Tokens {
    /// Whether `shown` is one of them. Takes the same time for every wrong one.
    pub(crate) fn are_matched_by(&self, shown: TokenHash) -> bool {
        let same = |known: TokenHash| known.0.ct_eq(&shown.0);
        let before = self.before.map_or_else(|| 0.into(), same);
        (same(self.current) | before).into()
    }

    /// `shown` was right, and `fresh` is given for it.
    pub(crate) fn rotate(&mut self, shown: TokenHash, fresh: TokenHash) {
        (self.current, self.before) = (fresh, Some(shown));
    }

    /// The client has the current one. Whether another one was still good until now.
    pub(crate) fn settle(&mut self) -> bool {
        self.before.take().is_some()
    }
}

/// A new resume token: 32 random bytes as base64url.
pub(crate) fn mint_token(entropy: &dyn Entropy) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(entropy.bytes::<32>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::OsEntropy;

    #[test]
    fn only_the_right_secret_proves_a_guest() {
        let (key, other) = (HubKey::new([7; 32]), HubKey::new([8; 32]));
        let (ada, bob) = (UserId::mint(&OsEntropy), UserId::mint(&OsEntropy));
        let claim = |user, secret| GuestCredential { user, secret };
        assert!(key.proves(&claim(ada, key.guest_secret(ada))));
        assert!(HubKey::new([7; 32]).proves(&claim(ada, key.guest_secret(ada))), "another process, same key");
        for wrong in [key.guest_secret(bob), other.guest_secret(ada), Secret::new(""), Secret::new("~")] {
            assert!(!key.proves(&claim(ada, wrong)));
        }
    }

    #[test]
    fn the_token_before_is_good_until_the_new_one_has_arrived() {
        let secrets = [(); 4].map(|()| mint_token(&OsEntropy));
        assert_eq!(secrets[0].expose().len(), 43);
        let [first, second, third, wrong] = secrets.each_ref().map(TokenHash::of);
        let mut tokens = Tokens { current: first, before: None };
        let good = |tokens: &Tokens| [first, second, third, wrong].map(|token| tokens.are_matched_by(token));
        assert_eq!(good(&tokens), [true, false, false, false]);
        tokens.rotate(first, second);
        assert_eq!(good(&tokens), [true, true, false, false]);
        tokens.rotate(first, third);
        assert_eq!(good(&tokens), [true, false, true, false], "the welcome with the second one was lost");
        assert!(tokens.settle() && !tokens.settle());
        assert_eq!(good(&tokens), [false, false, true, false]);
    }

    #[test]
    fn nothing_secret_is_printed() {
        assert_eq!(format!("{:?}", HubKey::new([7; 32])), "[redacted]");
    }
}
