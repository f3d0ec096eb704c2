//! The house rules: what a reader may count on in every file, held by a test instead of by memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "here every extension is in lower case")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const LINES_MAX: usize = 400;
/// Spelled so that this file does not break its own rule.
const LEFTOVERS: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Every file under version control, or about to be, by its path from the root.
fn files() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git is there, for the project is under its control");
    let all = String::from_utf8(output.stdout).unwrap();
    let files: Vec<_> = all.lines().filter(|file| root().join(file).exists()).map(str::to_owned).collect();
    assert!(files.len() > 50, "git lists only {} files", files.len());
    files
}

fn sources(extensions: &[&str]) -> Vec<(String, String)> {
    files()
        .into_iter()
        .filter(|file| extensions.iter().any(|extension| file.ends_with(extension)))
        .map(|file| (file.clone(), fs::read_to_string(root().join(&file)).unwrap()))
        .collect()
}

fn assert_none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn files_are_short() {
    let mut broken = Vec::new();
    for (file, text) in sources(&[".rs", ".ts", ".tsx", ".mjs", ".css", ".sh"]) {
        let lines = text.lines().count();
        if lines > LINES_MAX && file != "web/src/protocol/wire.ts" {
            broken.push(format!("{file}: {lines} lines"));
        }
    }
    assert_none("a file says one thing, in at most 400 lines", &broken);
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut broken = Vec::new();
    for (file, text) in sources(&[".rs", ".ts", ".tsx"]) {
        let opening = if file.ends_with(".rs") { &["//!"][..] } else { &["/**", "//"][..] };
        if !opening.iter().any(|open| text.starts_with(open)) {
            broken.push(file);
        }
    }
    assert_none("every module opens with what it is for", &broken);
}

#[test]
fn nothing_is_left_over() {
    let mut broken = Vec::new();
    for (file, text) in sources(&[".rs", ".ts", ".tsx", ".mjs", ".css", ".sh", ".md", ".toml", ".html"]) {
        for (number, line) in text.lines().enumerate() {
            let marked = line.split(|c: char| !c.is_alphanumeric()).any(|word| LEFTOVERS.contains(&word));
            if marked {
                broken.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert_none("no leftover markers", &broken);
}

#[test]
fn no_path_or_registry_of_one_machine() {
    let mut broken = Vec::new();
    let homes = [
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("registry.", "npmjs.org"),
    ];
    for (file, text) in
        sources(&[".rs", ".ts", ".tsx", ".mjs", ".json", ".sh", ".md", ".toml", ".html", "Makefile"])
    {
        for home in homes {
            if text.contains(home) {
                broken.push(format!("{file}: {home}"));
            }
        }
    }
    assert_none("no absolute paths, no registry hosts", &broken);
}

/// `server → protocol ← peer`; neither names the other.
#[test]
fn server_and_peer_know_nothing_of_each_other() {
    for (one, other) in [("server", "holdfast-peer"), ("peer", "holdfast-server"), ("protocol", "holdfast-")]
    {
        let manifest = fs::read_to_string(root().join(one).join("Cargo.toml")).unwrap();
        let dependencies = &manifest[manifest.find("[dependencies]").unwrap()..];
        assert!(!dependencies.contains(other), "{one}/Cargo.toml depends on {other}");
    }
}

/// One file knows the `webrtc` crate, one file in the page knows `RTCPeerConnection`.
#[test]
fn webrtc_is_known_in_one_place() {
    let mut broken = Vec::new();
    for (file, text) in sources(&[".rs", ".ts", ".tsx"]) {
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//") && !line.trim_start().starts_with('*'));
        let code = code.collect::<Vec<_>>().join("\n");
        let in_peer = file.starts_with("peer/src/") && !file.starts_with("peer/src/rtc");
        // The runtime is what the crate's user hands through.
        let crate_named =
            code.replace("webrtc::runtime::", "").contains("webrtc::") || code.contains("use rtc::");
        if in_peer && crate_named {
            broken.push(format!("{file} names the webrtc crate"));
        }
        let in_page =
            file.starts_with("web/src/") && file != "web/src/effects/rtc.ts" && !file.ends_with(".test.ts");
        if in_page && code.contains("new RTCPeerConnection") {
            broken.push(format!("{file} makes a peer connection"));
        }
    }
    assert_none("what speaks WebRTC is in one place", &broken);
}

/// What decides takes the time as a parameter and waits for nothing.
#[test]
fn pure_files_wait_for_nothing() {
    let pure = [
        "protocol/src/",
        "peer/src/link/greeting.rs",
        "peer/src/link/inbox.rs",
        "peer/src/link/mod.rs",
        "peer/src/link/outbox.rs",
        "peer/src/negotiation/",
        "peer/src/recovery/",
        "peer/src/roster.rs",
        "server/src/call/core",
    ];
    let impure = ["tokio", "std::time::Instant", "SystemTime", "std::net", ".await", "getrandom"];
    let mut seen = BTreeSet::new();
    let mut broken = Vec::new();
    for (file, text) in sources(&[".rs"]) {
        let Some(folder) = pure.iter().find(|folder| file.starts_with(**folder)) else { continue };
        seen.insert(*folder);
        let code =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for word in impure {
            if code.contains(word) {
                broken.push(format!("{file}: {word}"));
            }
        }
    }
    assert_none("pure files name no runtime, clock, RNG or socket", &broken);
    assert_eq!(seen.len(), pure.len(), "a pure place has moved: only {seen:?} are there");
}

#[test]
fn every_asset_is_used() {
    let all = sources(&[".rs", ".sh"]);
    for file in files().iter().filter(|file| file.starts_with("peer/assets/") && !file.ends_with(".sh")) {
        let name = file.rsplit('/').next().unwrap();
        assert!(
            all.iter().any(|(path, text)| path.ends_with(".rs") && text.contains(name)),
            "{file} is not used"
        );
    }
}

/// Every wire vector stands in `docs/protocol.md`, as it is. `UPDATE=1` puts it there.
#[test]
fn the_protocol_document_shows_every_vector() {
    let path = root().join("docs/protocol.md");
    let mut document = fs::read_to_string(&path).unwrap();
    let mut shown = BTreeSet::new();
    let marker = "<!-- vector ";
    let mut from = 0;
    while let Some(start) = document[from..].find(marker).map(|at| at + from) {
        let name_end = document[start..].find(" -->").unwrap() + start;
        let name = document[start + marker.len()..name_end].to_owned();
        let vector = fs::read_to_string(root().join(format!("tests/vectors/wire/{name}.json"))).unwrap();
        let block = format!(" -->\n```json\n{}\n```\n", vector.trim_end());
        let end = document[name_end..].find("\n```\n").unwrap() + name_end + "\n```\n".len();
        if document[name_end..end] != block {
            assert!(
                std::env::var_os("UPDATE").is_some(),
                "docs/protocol.md: {name} differs from its vector (UPDATE=1)"
            );
            document.replace_range(name_end..end, &block);
        }
        from = name_end;
        shown.insert(format!("tests/vectors/wire/{name}.json"));
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &document).unwrap();
    }
    let all: BTreeSet<_> =
        files().into_iter().filter(|file| file.starts_with("tests/vectors/wire/")).collect();
    assert_eq!(shown, all, "every vector is in docs/protocol.md, and nothing else");
}

/// Every code is in `docs/protocol.md`, between backticks.
#[test]
fn the_protocol_document_names_every_code() {
    let document = fs::read_to_string(root().join("docs/protocol.md")).unwrap();
    let types = fs::read_to_string(root().join("web/src/protocol/wire.ts")).unwrap();
    let line = types.lines().find(|line| line.starts_with("export type ErrorCode")).unwrap();
    let codes: Vec<_> = line.split('"').skip(1).step_by(2).collect();
    assert!(codes.len() > 15, "{codes:?}");
    for code in codes {
        assert!(document.contains(&format!("| `{code}` |")), "docs/protocol.md does not explain {code}");
    }
    for code in holdfast_protocol::CloseCode::ALL {
        let row = format!("| {} | `{}` |", code.number(), code.reason());
        assert!(document.contains(&row), "docs/protocol.md has no row {row}");
    }
}
