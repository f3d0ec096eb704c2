//! What is fuzzed: any bytes at all, against what reads strangers' text and what decides about them. Each function is
//! a target of `tests/fuzz/` (cargo-fuzz, by `make fuzz`), and of the tests below, which run everywhere.

use crate::{
    call::model::{AWAY_MS, CLIENTS, Step, World},
    config::{Config, ProxyHeader},
    http::origin,
    network::{client_address, is_local},
    socket::fuzzing::{frame, hear},
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use holdfast_protocol::{ClientFrame, ErrorCode, HubFrame};
use std::net::{IpAddr, Ipv4Addr};

/// One text message: it is read, or refused with a code for that; what was read says the same when written again.
pub fn wire(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match ClientFrame::decode(text) {
        Ok(frame_read) => {
            assert_eq!(ClientFrame::decode(&frame_read.encode()).as_ref(), Ok(&frame_read));
            frame(&frame_read);
        }
        Err(error) => {
            assert!(error.message.chars().count() <= 200, "a message that a stranger made long");
            assert!(
                matches!(
                    error.code,
                    ErrorCode::NotJson
                        | ErrorCode::UnknownType
                        | ErrorCode::MalformedFrame
                        | ErrorCode::InvalidName
                        | ErrorCode::InvalidRoom
                ),
                "{error:?}"
            );
        }
    }
    if let Ok(frame) = serde_json::from_str::<HubFrame>(text) {
        assert_eq!(serde_json::from_str::<HubFrame>(&frame.encode()).ok(), Some(frame));
    }
    hear(text);
    headers(text);
}

/// The same text where a client's address and a page's origin are read.
fn headers(text: &str) {
    let Ok(value) = HeaderValue::from_str(text) else { return };
    let proxy = IpAddr::from(Ipv4Addr::LOCALHOST);
    for (header, name) in
        [(ProxyHeader::XForwardedFor, "x-forwarded-for"), (ProxyHeader::Forwarded, "forwarded")]
    {
        let headers = HeaderMap::from_iter([(HeaderName::from_static(name), value.clone())]);
        let config = Config { trusted_proxy_header: header, ..Config::default() };
        assert_eq!(client_address(proxy, &headers, &config), proxy, "nobody is trusted");
        assert!(!is_local(proxy, &headers, &config), "somebody is in between");
        let config = Config { trusted_proxies: vec![proxy.into()], ..config };
        let _ = client_address(proxy, &headers, &config);
    }
    assert!(!origin::is_allowed(Some(text), None, &[]), "no page without a host is the hub's own");
    let _ = origin::is_allowed(Some(text), Some(text), &[]);
}

/// A story of what happens to calls and their users, two bytes an event, held to [`World`]'s rules at each step; the
/// first byte chooses the policy.
pub fn hub_core(data: &[u8]) {
    let Some((policy, story)) = data.split_first() else { return };
    let mut world = World::new(usize::from(*policy));
    for event in story.chunks_exact(2).take(512) {
        let (who, what) = (usize::from(event[0]) % CLIENTS, event[1]);
        let flag = what & 0x80 != 0;
        let step = match what % 16 {
            0 => Step::Join,
            1 => Step::Call { user: usize::from(what >> 4) },
            2 => Step::Accept,
            3 => Step::Decline,
            4 => Step::Leave { direct: flag },
            5 => Step::Rejoin { direct: flag },
            6 => Step::Media(flag),
            7 => Step::MediaAlive,
            8 => Step::End { direct: flag },
            9 | 10 => Step::Lost { late: flag },
            11 | 12 => Step::Back { reloaded: flag, late: what & 0x40 != 0 },
            13 => Step::Confirm,
            14 if flag => Step::Gone,
            14 => Step::EndByAdmin { direct: what & 0x40 != 0 },
            15 if what & 0x20 != 0 => Step::Stall(AWAY_MS),
            _ => Step::Wait([1, AWAY_MS - 1, AWAY_MS, 7_777][usize::from(what >> 6)]),
        };
        world.take(who, &step);
        world.check();
    }
    world.settle();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{fs, path::Path};

    /// What both languages' decoders are tested with: good text to spoil.
    fn vectors() -> Vec<Vec<u8>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/wire");
        let folders = ["client", "hub"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
        let files = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
        let mut all: Vec<_> = files.map(|file| fs::read_to_string(file).unwrap()).collect();
        assert!(all.len() > 20);
        // Descriptions as long as real ones, which take a way of their own through the hub.
        let long: Vec<_> =
            all.iter().map(|text| text.replace("v=0", &format!("v=0{}", "x".repeat(1_024)))).collect();
        all.extend(long);
        all.into_iter().map(String::into_bytes).collect()
    }

    /// Text with pieces cut out, repeated, overwritten.
    fn spoil(mut text: Vec<u8>, edits: &[(prop::sample::Index, usize, Vec<u8>)]) -> Vec<u8> {
        for (place, length, piece) in edits {
            let at = place.index(text.len() + 1);
            let end = (at + length).min(text.len());
            text.splice(at..end, piece.iter().copied());
        }
        text
    }

    fn edit() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
        let token = prop::sample::select(vec![
            "",
            "\"",
            "{",
            "[",
            "}",
            "null",
            "-1",
            "1e999",
            "18446744073709551616",
            "\\ud800",
            "\u{202E}",
            "\u{0}",
            ",",
        ]);
        let piece = prop_oneof![
            token.prop_map(|token| token.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..8),
            "[a-z-]{0,12}".prop_map(String::into_bytes),
        ];
        (any::<prop::sample::Index>(), 0_usize..24, piece)
    }

    proptest! {
        // `PROPTEST_CASES` asks for more of them.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn wire_takes_anything(data in prop::collection::vec(any::<u8>(), 0..512), text in ".{0,256}") {
            wire(&data);
            wire(text.as_bytes());
        }

        #[test]
        fn wire_takes_spoilt_frames(
            text in prop::sample::select(vectors()),
            edits in prop::collection::vec(edit(), 0..4),
        ) {
            wire(&spoil(text, &edits));
        }

        #[test]
        fn hub_core_takes_any_story(data in prop::collection::vec(any::<u8>(), 0..256)) {
            hub_core(&data);
        }
    }
}
