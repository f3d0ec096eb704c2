//! The program's exit codes, as scripts see them.
#![allow(clippy::unwrap_used, reason = "a test's helper fails by panicking, as a test does")]

use std::process::{Command, Output, Stdio};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_holdfast-peer"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program was built")
}

fn code(arguments: &[&str]) -> i32 {
    run(arguments).status.code().expect("it ended by itself")
}

/// A port of this machine on which nothing listens: it is taken and given back.
fn nobodys_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_wrong_command_line_is_2() {
    let url = "http://127.0.0.1:9/r/test";
    for wrong in [
        &[][..],
        &["dance"],
        &["join"],
        &["join", "team-sync"],
        &["join", "http://127.0.0.1/r/no_such"],
        &["join", url, "--name", "\u{202e}x"],
        &["join", url, "--for", "soon"],
        &["join", url, "--stats-every", "0s"],
        &["echo", url, "--video", "test"],
        &["call", "Ada"],
        &["call", "Ada", "--hub", url],
        &["answer"],
        &["answer", "--hub", "hub.example.org"],
    ] {
        assert_eq!(code(wrong), 2, "{wrong:?}");
    }
}

#[test]
fn help_and_version_are_0_and_help_lists_the_codes() {
    assert_eq!(code(&["--version"]), 0);
    let help = run(&["join", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8(help.stdout).unwrap();
    for number in 0..=11 {
        assert!(text.contains(&format!("\n{number:>3}  ")), "code {number} is not explained");
    }
}

#[test]
fn no_hub_is_3_and_says_so() {
    let url = format!("http://127.0.0.1:{}/r/test", nobodys_port());
    let output = run(&["join", &url, "--connect-timeout", "500ms"]);
    assert_eq!(output.status.code(), Some(3));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("cannot be reached"), "{message}");
    let hub = url.strip_suffix("/r/test").unwrap();
    for command in [&["call", "Ada"][..], &["answer", "--auto"]] {
        assert_eq!(
            code(&[command, &["--hub", hub, "--connect-timeout", "500ms"]].concat()),
            3,
            "{command:?}"
        );
    }
}

#[test]
fn a_resume_file_of_no_use_is_ignored_and_says_so() {
    let url = format!("http://127.0.0.1:{}/r/test", nobodys_port());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("resume.json");
    std::fs::write(&file, "{").unwrap();
    let output = run(&["join", &url, "--connect-timeout", "500ms", "--resume-file", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "there is no hub");
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("is ignored: it is damaged"), "{message}");
}

#[test]
fn a_file_that_cannot_be_played_or_a_folder_that_cannot_be_made_is_6() {
    let url = format!("http://127.0.0.1:{}/r/test", nobodys_port());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    assert_eq!(code(&["join", &url, "--video", manifest]), 6);
    assert_eq!(code(&["join", &url, "--audio", "/nowhere/at/all.ogg"]), 6);
    assert_eq!(code(&["join", &url, "--record", manifest]), 6);
}
