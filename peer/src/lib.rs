//! The headless peer: what a bot needs to take part in Holdfast calls, and the command line on top of it.
//!
//! ```no_run
//! # async fn bot() -> Result<(), Box<dyn std::error::Error>> {
//! use holdfast_peer::{Client, HubUrl, Options, media::{Clip, Section}, system};
//! use holdfast_protocol::{DisplayName, MediaState};
//!
//! let url: HubUrl = "http://127.0.0.1:8080/r/team-sync".parse()?;
//! let options = Options::new(url.socket_url(), DisplayName::new("Greeter")?);
//! let (client, mut streams) = Client::connect(system::environment(&url)?, options).await?;
//! client.join(url.room().clone(), MediaState { camera: true, ..Default::default() }).await?;
//! // Else what the others send would wait for this program to read it.
//! drop(streams.received);
//! let playing = client.play(Section::Camera, Clip::test_pattern());
//! while let Some(event) = streams.events.recv().await {
//!     println!("{event:?}");
//! }
//! # drop(playing);
//! # Ok(())
//! # }
//! ```
//!
//! Where things are: [`client`] is the bot's end; [`link`] reaches the hub; [`roster`] knows who is there; [`pair`] owns
//! the connection with one of them, told by [`negotiation`] and [`recovery`] what to do; [`rtc`] does it, and alone
//! names the `webrtc` crate; [`media`] has frames, files and clips. [`link`], [`roster`], [`negotiation`], [`recovery`]
//! and most of [`media`] are pure: they take the time and an input and return what to do.

pub mod cli;
pub mod client;
pub mod environment;
pub mod event;
pub mod link;
pub mod media;
pub mod negotiation;
pub mod pair;
pub mod received;
pub mod recovery;
pub mod resume_file;
pub mod roster;
pub mod rtc;
pub mod system;
pub mod url;

pub use client::{Client, ClientError, Found, Keeper, Kept, Options, PairStats, Playing, Streams};
pub use environment::Environment;
pub use event::{Event, Received, Stamped};
pub use received::ReceivedStream;
pub use resume_file::ResumeFile;
pub use url::{Hub, HubUrl};
