//! How the program ends. The codes are stable: scripts act on them.

use crate::client::ClientError;
use holdfast_protocol::{EndReason, ErrorCode};
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
    /// `call`: the user declined.
    Declined = 7,
    /// `call`: the user is in another call.
    Busy = 8,
    /// `call`: nobody answered in time.
    Missed = 9,
    /// `call`: the user is not there.
    Offline = 10,
    /// The call was lost: somebody was away for too long, or the hub lost it.
    Lost = 11,
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
  6  a file cannot be read or written, or is not what it should be
  7  call: the user declined
  8  call: the user is in another call
  9  call: nobody answered in time
 10  call: the user is not there
 11  the call was lost: somebody was away for too long, or the hub lost it";

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

impl Exit {
    /// How a program ends whose call ended so.
    pub(super) fn after(reason: EndReason) -> Self {
        match reason {
            EndReason::Hangup
            | EndReason::Cancelled
            | EndReason::EndedByHost
            | EndReason::EndedByAdmin
            | EndReason::MaxDuration => Self::Ok,
            EndReason::Declined => Self::Declined,
            EndReason::Busy => Self::Busy,
            EndReason::Missed => Self::Missed,
            EndReason::NetworkLost
            | EndReason::ReconnectFailed
            | EndReason::Expired
            | EndReason::ServerCleanup => Self::Lost,
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let exit = match &error {
            ClientError::Refused(refusal) => match refusal.code {
                ErrorCode::Busy => Exit::Busy,
                ErrorCode::UserOffline => Exit::Offline,
                _ => Exit::Call,
            },
            ClientError::CallOver { reason, .. } => Exit::after(*reason),
            ClientError::AnswerLost => Exit::Lost,
            _ => Exit::Hub,
        };
        Self::new(exit, error.to_string())
    }
}
