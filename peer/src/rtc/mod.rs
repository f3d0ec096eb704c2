//! The only module that names the `webrtc` crate, but for the runtime that it is given: one peer connection with the
//! fixed media sections. Its callbacks only push onto channels; what to do about them is decided in [`crate::pair`].

mod engine;
mod handler;
mod inbound;
mod outbound;
mod sdp;
mod tap;

pub use outbound::Outlet;

use crate::{environment::Environment, media::Section, pair::Inlet, recovery::IceState};
use bytes::{Bytes, BytesMut};
use handler::Handler;
use holdfast_protocol::{IceCandidate, IceConfig};
use outbound::Outbound;
use rtc::data_channel::RTCDataChannelInit;
use std::{
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};
use tokio::sync::mpsc;
use webrtc::{
    data_channel::{DataChannel, DataChannelEvent},
    peer_connection::{PeerConnection, RTCIceCandidateInit, RTCSessionDescription},
};

/// The negotiated data channel of every connection.
pub const CONTROL_CHANNEL: &str = "holdfast-control";
/// Events of one connection waiting for its pair: states and candidates, a few dozen in its whole life.
pub const EVENTS_MAX: usize = 256;
/// Bytes on the control channel that the other side has not acknowledged; more are refused.
pub const CONTROL_BYTES_MAX: usize = 1 << 20;
/// Candidates taken from one remote description; more than any host gathers.
pub(crate) const CANDIDATES_MAX: usize = 64;
/// A call into the crate that takes longer has met a dead driver.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// What a connection reports.
#[derive(Debug)]
pub enum RtcEvent {
    /// A local candidate was gathered.
    Candidate(IceCandidate),
    /// ICE changed its state; `connected` and `completed` only once DTLS is up too.
    Ice(IceState),
    /// The control channel is open.
    ControlOpen,
    /// The connection died without a word.
    Lost,
}

/// Why a call into the crate failed.
#[derive(Debug, thiserror::Error)]
pub enum RtcError {
    /// The crate's own error.
    #[error(transparent)]
    Crate(#[from] webrtc::error::Error),
    /// A description has not the media sections that every Holdfast connection has.
    #[error("the description has other media sections than a Holdfast connection")]
    Sections,
    /// No answer from the connection's driver.
    #[error("the connection's driver does not answer")]
    Stuck,
    /// Not connected at the moment, so nothing may be written.
    #[error("not connected")]
    NotConnected,
}

/// One peer connection.
pub struct Connection {
    pc: Arc<dyn PeerConnection>,
    control: Arc<dyn DataChannel>,
    outbound: Outbound,
    shared: Arc<Shared>,
}

/// What the callbacks' tasks know too.
struct Shared {
    environment: Environment,
    events: mpsc::Sender<RtcEvent>,
    inlet: Arc<Inlet>,
    gate: handler::Gate,
    /// The mids of the media sections, in the order of the SDP, once there is a description.
    mids: Mutex<Vec<String>>,
    /// Where the task of a received section takes requests for a key frame.
    key_frame_requests: [tokio::sync::Notify; 4],
    pc: OnceLock<std::sync::Weak<dyn PeerConnection>>,
}

impl Connection {
    /// Builds a connection with all its sections; negotiates nothing yet.
    ///
    /// # Errors
    /// When the crate refuses, or no UDP socket can be opened.
    pub async fn open(
        environment: &Environment,
        ice: &IceConfig,
        inlet: Arc<Inlet>,
        events: mpsc::Sender<RtcEvent>,
    ) -> Result<Self, RtcError> {
        let shared = Arc::new(Shared {
            environment: environment.clone(),
            events,
            inlet,
            gate: handler::Gate::default(),
            mids: Mutex::new(vec![]),
            key_frame_requests: Default::default(),
            pc: OnceLock::new(),
        });
        let handler = Arc::new(Handler(shared.clone()));
        let pc = within(build_or_close(environment, ice, handler)).await?;
        let _ = shared.pc.set(Arc::downgrade(&pc));
        let sections = async {
            let outbound = outbound::open(&pc, &shared).await?;
            let init = RTCDataChannelInit { ordered: true, negotiated: Some(0), ..Default::default() };
            Ok((outbound, pc.create_data_channel(CONTROL_CHANNEL, Some(init)).await?))
        };
        match within(sections).await {
            Ok((outbound, control)) => {
                environment.spawn(read_control(control.clone(), shared.clone())).detach();
                Ok(Self { pc, control, outbound, shared })
            }
            Err(error) => {
                shared.gate.close();
                close(&pc).await;
                Err(error)
            }
        }
    }

    /// Makes an offer and sets it as local description; an ICE restart when `restart` brings the servers to use.
    ///
    /// # Errors
    /// When the crate refuses or its driver is dead.
    pub async fn offer(&self, restart: Option<&IceConfig>) -> Result<String, RtcError> {
        within(async {
            if let Some(ice) = restart {
                self.pc.set_configuration(engine::configuration(ice)).await?;
                self.pc.restart_ice().await?;
            }
            let offer = self.pc.create_offer(None).await?;
            self.pc.set_local_description(offer.clone()).await?;
            self.keep_mids(&offer.sdp)?;
            Ok(sdp::without_candidates(&offer.sdp))
        })
        .await
    }

    /// Takes an offer, answers it, and sets the answer as local description.
    ///
    /// # Errors
    /// When the offer is not one, the crate refuses, or its driver is dead.
    pub async fn answer(&self, offer: String, ice: &IceConfig) -> Result<String, RtcError> {
        within(async {
            self.pc.set_configuration(engine::configuration(ice)).await?;
            let offer = sdp::with_candidates_at_most(CANDIDATES_MAX, &offer);
            self.keep_mids(&offer)?;
            self.pc.set_remote_description(RTCSessionDescription::offer(offer)?).await?;
            let answer = self.pc.create_answer(None).await?;
            self.pc.set_local_description(answer.clone()).await?;
            Ok(sdp::without_candidates(&answer.sdp))
        })
        .await
    }

    /// Takes the answer to the last offer.
    ///
    /// # Errors
    /// When it is not one, the crate refuses, or its driver is dead.
    pub async fn accept(&self, answer: String) -> Result<(), RtcError> {
        let answer = sdp::with_candidates_at_most(CANDIDATES_MAX, &answer);
        within(async { Ok(self.pc.set_remote_description(RTCSessionDescription::answer(answer)?).await?) })
            .await
    }

    /// Adds a remote candidate. One that marks the end of candidates is nothing to add.
    ///
    /// # Errors
    /// When it is not one, or the crate's driver is dead.
    pub async fn add_candidate(&self, candidate: IceCandidate) -> Result<(), RtcError> {
        if candidate.candidate.is_empty() {
            return Ok(());
        }
        let candidate = RTCIceCandidateInit {
            candidate: candidate.candidate,
            sdp_mid: candidate.sdp_mid,
            sdp_mline_index: candidate.sdp_mline_index,
            username_fragment: candidate.username_fragment,
            url: None,
        };
        within(async { Ok(self.pc.add_ice_candidate(candidate).await?) }).await
    }

    /// Where frames for this connection go.
    pub fn outlet(&self) -> Outlet {
        self.outbound.outlet()
    }

    /// Asks the other side for a key frame of a section it sends.
    pub fn request_key_frame(&self, section: Section) {
        self.shared.key_frame_requests[section.index()].notify_one();
    }

    /// Writes to the control channel.
    ///
    /// # Errors
    /// While the connection is not connected, and when too much is unacknowledged.
    pub async fn send_control(&self, message: Bytes) -> Result<(), RtcError> {
        if !self.shared.gate.is_open() {
            return Err(RtcError::NotConnected);
        }
        within(async { Ok(self.control.try_send(BytesMut::from(&message[..])).await?) }).await
    }

    /// Closes the connection and frees its TURN allocations.
    pub async fn close(self) {
        self.shared.gate.close();
        close(&self.pc).await;
    }

    fn keep_mids(&self, sdp: &str) -> Result<(), RtcError> {
        let mids = sdp::media_mids(sdp).ok_or(RtcError::Sections)?;
        *self.shared.mids.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = mids;
        Ok(())
    }
}

/// Builds a peer connection. Dropped by the crate without a close, one would keep its driver and sockets; so it is
/// built to the end even if nobody waits for it any more, and then closed.
async fn build_or_close(
    environment: &Environment,
    ice: &IceConfig,
    handler: Arc<Handler>,
) -> Result<Arc<dyn PeerConnection>, RtcError> {
    let (done, is_done) = tokio::sync::oneshot::channel();
    let (inner, ice) = (environment.clone(), ice.clone());
    let build = async move {
        let built = engine::build(&inner, &ice, handler).await;
        if let Err(Ok(unwanted)) = done.send(built) {
            close(&unwanted).await;
        }
    };
    environment.spawn(build).detach();
    is_done.await.unwrap_or(Err(RtcError::Stuck))
}

async fn close(pc: &Arc<dyn PeerConnection>) {
    let _ = within(async { Ok(pc.close().await?) }).await;
}

/// A call into the crate with a bound on its time.
fn within<T>(call: impl Future<Output = Result<T, RtcError>>) -> impl Future<Output = Result<T, RtcError>> {
    // Boxed: the crate's futures are large.
    let call = tokio::time::timeout(CALL_TIMEOUT, Box::pin(call));
    async { call.await.unwrap_or(Err(RtcError::Stuck)) }
}

/// Reads the control channel until it is gone. Its end without [`Connection::close`] is how a dead driver shows.
async fn read_control(control: Arc<dyn DataChannel>, shared: Arc<Shared>) {
    while let Some(event) = control.poll().await {
        match event {
            DataChannelEvent::OnOpen => shared.report(RtcEvent::ControlOpen),
            DataChannelEvent::OnMessage(message) => shared.inlet.control(message.data.freeze()).await,
            _ => {}
        }
    }
    if !shared.gate.is_closed() {
        shared.report(RtcEvent::Lost);
    }
}

impl Shared {
    /// Never waits: it runs on the connection's driver.
    fn report(&self, event: RtcEvent) {
        if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) {
            tracing::error!(?event, "a connection's event was dropped: its pair does not keep up");
        }
    }
}
