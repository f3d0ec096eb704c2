//! How the program ends. The codes are stable: scripts act on them.

use std::process::ExitCode;

/// Why the program ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// All went as asked.
    Ok = 0,
    /// An error of the program itself.
    Internal = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The hub cannot be reached, or does not take this client.
    Hub = 3,
    /// The hub did not let this client into the call: the room is full, for example.
    Call = 4,
    /// `--expect-media`: media did not flow as it should.
    Media = 5,
    /// A file cannot be read or written, or is not what it should be.
    File = 6,
}

/// For `--help`.
pub const HELP: &str = "\
Exit codes:
  0  all went as asked
  1  an error of the program itself
  2  the command line is wrong
  3  the hub cannot be reached, or does not take this client
  4  the hub did not let this client into the call: the room is full, for example
  5  --expect-media: media did not flow as it should
  6  a file cannot be read or written, or is not what it should be";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// For scripts.
    pub exit: Exit,
    /// For people.
    pub message: String,
}

impl Failure {
    /// A failure with its reason.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}
