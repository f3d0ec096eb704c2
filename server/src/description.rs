//! Session descriptions on their way through the hub. They are by far the longest frames, and the hub has no use for
//! what they say: their text is neither unescaped nor escaped again, but passed on as the JSON string it came as,
//! once it is certain to be one. `docs/adr/0019-descriptions-pass-unread.md` has the figures.
//!
//! What is not read here goes the way of every frame, to the same result: this is a shortcut, never a rule.

use crate::outgoing::Outgoing;
use holdfast_protocol::{CallId, CommandId, ConnectionId, ParticipantId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Shorter frames have little to gain.
const BYTES_MIN: usize = 1_024;
/// What the rest of a frame takes, in bytes.
const ENVELOPE_BYTES: usize = 384;

/// A `signal` frame with an offer or an answer.
#[derive(PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct Description {
    r#type: Signal,
    /// The command's number.
    pub(crate) id: CommandId,
    /// The call both are in.
    pub(crate) call: CallId,
    /// Who shall get it.
    pub(crate) to: ParticipantId,
    /// The incarnation it is meant for.
    pub(crate) to_incarnation: u32,
    signal: Described,
}

#[derive(PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Signal {
    Signal,
}

#[derive(PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Described {
    kind: Kind,
    connection: ConnectionId,
    generation: u32,
    sdp: Unread,
}

/// A JSON string with its quotation marks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Unread(Box<RawValue>);

impl PartialEq for Unread {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Eq for Unread {}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Offer,
    Answer,
}

/// `HubFrame::Signal` with the description as it came.
#[derive(Serialize)]
struct Relayed<'a> {
    r#type: Signal,
    call: CallId,
    from: ParticipantId,
    from_incarnation: u32,
    to_incarnation: u32,
    signal: &'a Described,
}

impl Description {
    /// Reads a frame that may take the shortcut; none for any other.
    pub(crate) fn read(text: &str) -> Option<Box<Self>> {
        if text.len() < BYTES_MIN {
            return None;
        }
        let read: Box<Self> = serde_json::from_str(text).ok()?;
        let sdp = read.signal.sdp.0.get();
        // A number in `\u` is not checked by then, and half of a surrogate pair would be no text for who decodes it.
        (sdp.starts_with("\"v=0") && !sdp.contains("\\u")).then_some(read)
    }

    /// The `kind` of the signal.
    pub(crate) fn kind(&self) -> &'static str {
        match self.signal.kind {
            Kind::Offer => "offer",
            Kind::Answer => "answer",
        }
    }

    /// The frame for the receiver.
    pub(crate) fn stamped(&self, from: ParticipantId, from_incarnation: u32) -> Outgoing {
        let Self { call, to_incarnation, ref signal, .. } = *self;
        let frame = Relayed { r#type: Signal::Signal, call, from, from_incarnation, to_incarnation, signal };
        let mut text = Vec::with_capacity(signal.sdp.0.get().len() + ENVELOPE_BYTES);
        serde_json::to_writer(&mut text, &frame).expect("a vector takes every write");
        let text = String::from_utf8(text).expect("JSON is UTF-8");
        Outgoing::signal(text, call, from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::OsEntropy;
    use holdfast_protocol::{ClientFrame, HubFrame};
    use proptest::prelude::*;

    fn frame(signal: &str) -> String {
        let id = "00000001-0000-4000-8000-000000000001";
        format!(
            r#"{{"type":"signal","id":7,"call":"{id}","to":"{id}","to_incarnation":2,"signal":{signal},"later":1}}"#
        )
    }

    fn described(kind: &str, sdp: &str) -> String {
        let connection = "00000002-0000-4000-8000-000000000001";
        let padding = "a=x ".repeat(300);
        frame(&format!(
            r#"{{"kind":"{kind}","connection":"{connection}","generation":1,"sdp":"{sdp}{padding}"}}"#
        ))
    }

    /// The frame for the receiver, the long way.
    fn the_long_way(text: &str, from: ParticipantId) -> String {
        match ClientFrame::decode(text).unwrap() {
            ClientFrame::Signal { call, to_incarnation, signal, .. } => {
                HubFrame::Signal { call, from, from_incarnation: 3, to_incarnation, signal }.encode()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_ways_write_the_same() {
        let from = ParticipantId::mint(&OsEntropy);
        for kind in ["offer", "answer"] {
            let text = described(kind, r#"v=0\r\ns=\"x\\y\" é😀\t\r\n"#);
            let description = Description::read(&text).unwrap();
            assert_eq!((description.kind(), description.id), (kind, CommandId(7)));
            let stamped = description.stamped(from, 3);
            let written = stamped.write(None, 0);
            assert_eq!(written.text.as_str(), the_long_way(&text, from));
            let long = Outgoing::new(&serde_json::from_str::<HubFrame>(&written.text).unwrap());
            assert_eq!((written, stamped.about, stamped.from), (long.write(None, 0), long.about, long.from));
        }
    }

    #[test]
    fn everything_else_goes_the_long_way() {
        let long = "x".repeat(2 * BYTES_MIN);
        let not_these = [
            described("candidate", "v=0"),
            described("offer", "hello"),
            described("offer", r"v=0\ud800"),
            described("offer", r"v=0\x"),
            described("offer", "v=0\n"),
            described("offer", "v=0").replace("\"id\":7,", ""),
            described("offer", "v=0").replace("\"id\":7,", "\"id\":7,\"id\":8,"),
            described("offer", "v=0").replace("\"signal\",", "\"leave\","),
            frame(&format!(r#"{{"kind":"offer","sdp":{{"v=0":"{long}"}}}}"#)),
            frame(r#"{"kind":"offer"}"#),
            long,
        ];
        for text in not_these {
            assert!(Description::read(&text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_passed_on_is_what_the_long_way_says(sdp in any::<String>()) {
            let text = described("offer", serde_json::to_string(&format!("v=0{sdp}")).unwrap().trim_matches('"'));
            if let Some(description) = Description::read(&text) {
                let from = ParticipantId::mint(&OsEntropy);
                let stamped = description.stamped(from, 3).write(None, 0);
                prop_assert_eq!(stamped.text.as_str(), the_long_way(&text, from));
            }
        }
    }
}
