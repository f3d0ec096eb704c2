//! Names that people choose, checked when they are made, so that the rest of the code need not.

use crate::{
    Entropy,
    limits::{NAME_CHARS_MAX, ROOM_NAME_CHARS_MAX},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use ts_rs::TS;

/// Why a name was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidName {
    /// Not a display name.
    #[error("invalid display name: 1 to 64 visible characters, no control or direction characters")]
    Display,
    /// Not a room name.
    #[error("invalid room name: 1 to 64 of a-z, 0-9 and single hyphens between them")]
    Room,
}

/// A user's display name: 1 to 64 characters, no control, bidirectional or invisible formatting characters, no
/// white space at its ends.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String")]
#[ts(type = "string")]
pub struct DisplayName(String);

impl DisplayName {
    /// Checks `text`, white space at its ends removed.
    ///
    /// # Errors
    /// [`InvalidName::Display`] when it is empty, too long, or has characters that a name cannot have.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        let text = text.trim();
        let length_ok = (1..=NAME_CHARS_MAX).contains(&text.chars().take(NAME_CHARS_MAX + 1).count());
        if length_ok && !text.chars().any(is_forbidden) && text.chars().any(is_seen) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName::Display)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Characters that hide, reorder or break the text around them. The joiners (U+200C, U+200D) stay: scripts and
/// emoji need them.
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'
                ..='\u{202E}'
        )
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Characters that show something by themselves: not the joiners, variation selectors, fillers and combining marks, of
/// which alone a blank name could be made.
fn is_seen(c: char) -> bool {
    let blank = matches!(
        c,
        '\u{0300}'..='\u{036F}' | '\u{115F}' | '\u{1160}' | '\u{200C}' | '\u{200D}' | '\u{2800}'
    ) || matches!(c, '\u{20D0}'..='\u{20FF}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{E0100}'..='\u{E01EF}');
    !blank && !c.is_whitespace()
}

/// A room's name, as it stands in the link: 1 to 64 of `a-z`, `0-9`, and single hyphens between them. Upper case is
/// lowered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String")]
#[ts(type = "string")]
pub struct RoomName(String);

impl RoomName {
    /// Checks `text`, lowered.
    ///
    /// # Errors
    /// [`InvalidName::Room`] when it is empty, too long, or has other characters.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        let ok = (1..=ROOM_NAME_CHARS_MAX).contains(&text.len())
            && text
                .split('-')
                .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric()));
        if ok { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidName::Room) }
    }

    /// A new name of 96 random bits that can be read aloud: six proquints, as in `lusab-babad-gutih-…`.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(proquints(entropy.bytes::<12>()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Two bytes a word, consonant and vowel in turn: four bits a consonant, two a vowel.
fn proquints(bytes: [u8; 12]) -> String {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let word = |pair: &[u8]| -> String {
        let bits = usize::from(u16::from_be_bytes([pair[0], pair[1]]));
        let consonant = |shift: usize| CONSONANTS[(bits >> shift) & 15] as char;
        let vowel = |shift: usize| VOWELS[(bits >> shift) & 3] as char;
        [consonant(12), vowel(10), consonant(6), vowel(4), consonant(0)].iter().collect()
    };
    bytes.chunks_exact(2).map(word).collect::<Vec<_>>().join("-")
}

macro_rules! checked_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(&text)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}
checked_text!(DisplayName);
checked_text!(RoomName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names() {
        assert_eq!(DisplayName::new("  Ada Lovelace ").unwrap().as_str(), "Ada Lovelace");
        for good in ["Ада", "王", "👩‍💻", "<b>bold</b>", &"x".repeat(64)] {
            assert!(DisplayName::new(good).is_ok(), "{good:?}");
        }
        for bad in
            ["", "   ", "a\u{0}b", "a\nb", "x\u{202E}y", "\u{200B}", &"x".repeat(65), &"я".repeat(10_000)]
        {
            assert!(DisplayName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn room_names() {
        assert_eq!(RoomName::new("Team-Sync-42").unwrap().as_str(), "team-sync-42");
        for bad in ["", "-", "a--b", "-a", "a-", "a b", "a/b", "ü", "a_b", &"x".repeat(65)] {
            assert!(RoomName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn generated_room_names_read_well_and_differ_in_every_bit() {
        struct Fixed(u8);
        impl Entropy for Fixed {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(self.0);
            }
        }
        let zeros = RoomName::generate(&Fixed(0));
        assert_eq!(zeros.as_str(), "babab-babab-babab-babab-babab-babab");
        assert_eq!(RoomName::new(zeros.as_str()).unwrap(), zeros);
        let mut seen = std::collections::BTreeSet::from([proquints([0; 12])]);
        for bit in 0..96 {
            let mut bytes = [0; 12];
            bytes[bit / 8] = 1 << (bit % 8);
            assert!(seen.insert(proquints(bytes)), "bit {bit} does not show");
        }
    }
}
