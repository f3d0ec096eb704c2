//! Media as the rest of the crate sees it: sections, frames, and the pure code around them (formats of files,
//! packets to frames and back). What talks to the `webrtc` crate is in [`crate::rtc`].

pub mod assembler;
pub mod clip;
pub mod ivf;
pub mod ogg;
pub mod opus;
pub mod player;
pub mod recorder;
pub mod reorder;
pub mod rtp;
pub mod schedule;
pub mod vp8;

pub use clip::Clip;

use bytes::Bytes;
use holdfast_protocol::MediaState;
use serde::{Deserialize, Serialize};

/// The media sections of every peer connection, in the order of its SDP. They are there from the first offer and
/// never change; switching one on or off is only announced.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// The microphone: Opus.
    Audio,
    /// The camera: VP8.
    Camera,
    /// A shared screen: VP8.
    Screen,
    /// The sound of a shared screen: Opus.
    ScreenAudio,
}

impl Section {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Audio, Self::Camera, Self::Screen, Self::ScreenAudio];

    /// The section's place among [`Section::ALL`] and in the SDP.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether it carries VP8; it carries Opus otherwise.
    pub fn is_video(self) -> bool {
        matches!(self, Self::Camera | Self::Screen)
    }

    /// The RTP clock (RFC 7741 §4.1, RFC 7587 §4.1).
    pub fn ticks_per_second(self) -> u32 {
        if self.is_video() { vp8::TICKS_PER_SECOND } else { opus::TICKS_PER_SECOND }
    }

    /// The word used in file names and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Camera => "camera",
            Self::Screen => "screen",
            Self::ScreenAudio => "screen-audio",
        }
    }

    /// Whether `media` says that this section is on.
    pub fn is_on(self, media: &MediaState) -> bool {
        match self {
            Self::Audio => media.audio,
            Self::Camera => media.camera,
            Self::Screen => media.screen,
            Self::ScreenAudio => media.screen_audio,
        }
    }
}

/// One encoded picture (VP8) or one Opus packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The codec's bytes.
    pub data: Bytes,
    /// Its time in ticks of the section's clock ([`Section::ticks_per_second`]); wraps around. Only differences
    /// between the frames of one stream mean something.
    pub timestamp_ticks: u32,
    /// Whether it decodes without the frames before it; always so for Opus.
    pub key: bool,
}
