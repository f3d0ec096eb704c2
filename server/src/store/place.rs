//! A place in the log, as a page's `next` names it. Clients pass it back as it is.

use super::StoreError;
use holdfast_protocol::{CallId, LoggedCall};

/// Where a page ended: the log goes on with smaller ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Place {
    /// When the last call of the page began.
    pub(super) began_unix_ms: u64,
    /// That call.
    pub(super) call: CallId,
}

impl Place {
    /// The place of a call.
    pub(super) fn of(call: &LoggedCall) -> Self {
        Self { began_unix_ms: call.began_unix_ms, call: call.id }
    }

    /// For a page's `next`.
    pub(super) fn text(self) -> String {
        format!("{:x}.{}", self.began_unix_ms, self.call)
    }

    /// Reads what [`Self::text`] wrote, and nothing else.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let place = text.split_once('.').and_then(|(began, call)| {
            Some(Self { began_unix_ms: u64::from_str_radix(began, 16).ok()?, call: call.parse().ok()? })
        });
        place.filter(|place| place.text() == text).ok_or(StoreError::BadPlace)
    }
}

/// Cuts what was found to a page; `found` has one more than `limit` when there is another page.
pub(super) fn page(mut found: Vec<LoggedCall>, limit: usize) -> holdfast_protocol::CallLogPage {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|call| Place::of(call).text());
    holdfast_protocol::CallLogPage { calls: found, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_read() {
        let call = "0000ca11-0000-4000-8000-000000000001".parse().unwrap();
        for began_unix_ms in [0, 1_790_000_000_000, u64::MAX] {
            let place = Place { began_unix_ms, call };
            assert_eq!(Place::parse(&place.text()).unwrap(), place);
        }
        let text = Place { began_unix_ms: 255, call }.text();
        for wrong in [
            "",
            ".",
            "ff",
            &text.to_uppercase(),
            &format!("+{text}"),
            &format!("0{text}"),
            &text[..text.len() - 1],
        ] {
            assert!(matches!(Place::parse(wrong), Err(StoreError::BadPlace)), "{wrong:?}");
        }
    }
}
