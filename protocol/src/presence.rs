//! Who is there. Derived by the hub from sessions and calls, never stored, so it cannot go stale.

use crate::{DisplayName, UserId, limits::NAME_CHARS_MAX};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a user is doing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// No device of theirs is connected.
    #[default]
    Offline,
    /// At least one device is connected, and in no call.
    Online,
    /// A call rings for them, or they wait for one to be accepted.
    Ringing,
    /// In a call.
    InCall,
    /// In a call, and away from it for the moment.
    Reconnecting,
}

/// A user as the directory shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct DirectoryEntry {
    /// The user.
    pub user: UserId,
    /// Their display name.
    pub name: DisplayName,
    /// What they are doing.
    pub presence: Presence,
}

/// What the directory is searched for: a part of a name, in any case; at most 64 characters. Empty finds everyone.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, TS)]
#[serde(try_from = "String")]
#[ts(type = "string")]
pub struct DirectoryQuery(String);

/// A query that is too long.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("invalid directory query: at most 64 characters")]
pub struct InvalidQuery;

impl DirectoryQuery {
    /// Checks `text`, white space at its ends removed.
    ///
    /// # Errors
    /// [`InvalidQuery`] when it is longer than a name can be.
    pub fn new(text: &str) -> Result<Self, InvalidQuery> {
        let text = text.trim();
        if text.chars().take(NAME_CHARS_MAX + 1).count() > NAME_CHARS_MAX {
            Err(InvalidQuery)
        } else {
            Ok(Self(text.to_lowercase()))
        }
    }

    /// Whether it finds `name`.
    pub fn finds(&self, name: &DisplayName) -> bool {
        self.0.is_empty() || name.as_str().to_lowercase().contains(&self.0)
    }
}

impl TryFrom<String> for DirectoryQuery {
    type Error = InvalidQuery;
    fn try_from(text: String) -> Result<Self, InvalidQuery> {
        Self::new(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_finds_parts_of_names_in_any_case() {
        let ada = DisplayName::new("Ада Lovelace").unwrap();
        for text in ["", "love", "АДА", " lace "] {
            assert!(DirectoryQuery::new(text).unwrap().finds(&ada), "{text:?}");
        }
        assert!(!DirectoryQuery::new("bob").unwrap().finds(&ada));
        assert_eq!(DirectoryQuery::new(&"x".repeat(65)), Err(InvalidQuery));
    }
}
