//! A pair's task: feeds what happens to negotiation and recovery, and runs their effects in order.

use super::{
    FromPair, Inlet, Life, Shared, ToPair,
    counters::PairCounters,
    flow::{self, Flow},
    remote::Remote,
};
use crate::{
    event::Event,
    negotiation::{Effect, Input, Negotiation, Role},
    recovery::{self, PairState, Recovery},
    rtc::{Connection, EVENTS_MAX, RtcError, RtcEvent},
};
use holdfast_protocol::{ConnectionId, IceConfig, MediaState, Participant, ParticipantId};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// How long an ICE restart waits for fresh TURN credentials; then the cached ones must do.
const ICE_SERVERS_WAIT: Duration = Duration::from_millis(500);
/// How often the flow of media is judged.
const JUDGE_INTERVAL_MS: u64 = 500;

pub(super) struct Actor {
    shared: Shared,
    id: ParticipantId,
    incarnation: u32,
    their_media: MediaState,
    counters: Arc<PairCounters>,
    life: Arc<Life>,
    negotiation: Negotiation,
    recovery: Recovery,
    remote: Remote,
    live: Option<Live>,
    /// Of the hub and of the other side.
    away: [bool; 2],
    shown: PairState,
    stands: bool,
    flow: Flow,
    judge_at_ms: u64,
}

/// The current connection.
struct Live {
    id: ConnectionId,
    connection: Connection,
    events: mpsc::Receiver<RtcEvent>,
}

impl Actor {
    pub(super) fn new(
        shared: Shared,
        participant: &Participant,
        role: Role,
        counters: Arc<PairCounters>,
        life: Arc<Life>,
    ) -> Self {
        let now_ms = shared.clock.now_ms();
        Self {
            shared,
            id: participant.id,
            incarnation: participant.incarnation,
            their_media: participant.media,
            counters,
            life,
            negotiation: Negotiation::new(role),
            recovery: Recovery::new(now_ms),
            remote: Remote::default(),
            live: None,
            away: [false; 2],
            shown: PairState::Connecting,
            stands: false,
            flow: Flow::None,
            judge_at_ms: now_ms + JUDGE_INTERVAL_MS,
        }
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<ToPair>) {
        self.negotiate(Input::Start).await;
        while !self.life.is_closed() {
            let deadlines =
                [self.negotiation.deadline_ms(), self.recovery.deadline_ms(), Some(self.judge_at_ms)];
            let wake_ms = deadlines.into_iter().flatten().min();
            tokio::select! {
                biased;
                () = self.shared.clock.until(wake_ms) => self.tick().await,
                message = inbox.recv() => match message {
                    None | Some(ToPair::Close) => break,
                    Some(_) if self.life.is_closed() => break,
                    Some(message) => self.told(message).await,
                },
                event = next_event(&mut self.live) => self.happened(event).await,
            }
        }
        if let Some(live) = self.live.take() {
            self.close(live);
        }
    }

    async fn told(&mut self, message: ToPair) {
        match message {
            ToPair::Signal(signal) if self.remote.takes(self.shared.clock.now_ms(), &signal) => {
                self.negotiate(Input::Remote { signal }).await;
            }
            ToPair::Signal(_) => {
                tracing::warn!(participant = %self.id, "asks for connections too often; one wish was dropped");
            }
            ToPair::Media(media) => self.their_media = media,
            ToPair::HubAway => self.set_away(0, true, recovery::Input::HubAway).await,
            ToPair::HubBack => self.set_away(0, false, recovery::Input::HubBack).await,
            ToPair::PeerAway => self.set_away(1, true, recovery::Input::PeerAway).await,
            ToPair::PeerBack => self.set_away(1, false, recovery::Input::PeerBack).await,
            ToPair::RequestKeyFrame(section) => {
                if let Some(live) = &self.live {
                    live.connection.request_key_frame(section);
                }
            }
            ToPair::Control(message, reply) => {
                let result = match &self.live {
                    Some(live) => live.connection.send_control(message).await,
                    None => Err(RtcError::NotConnected),
                };
                let _ = reply.send(result);
            }
            ToPair::Close => {}
        }
    }

    /// Signals get through only when neither the hub nor the other side is away.
    async fn set_away(&mut self, who: usize, away: bool, input: recovery::Input) {
        let before = self.away.contains(&true);
        self.away[who] = away;
        let after = self.away.contains(&true);
        // First what may have been lost is said again, so that recovery finds the offer in flight.
        if before != after {
            self.negotiate(if after { Input::Pause } else { Input::Resume }).await;
        }
        self.recover(input).await;
    }

    async fn happened(&mut self, event: RtcEvent) {
        let Some(connection) = self.live.as_ref().map(|live| live.id) else { return };
        let participant = self.id;
        match event {
            RtcEvent::Candidate(candidate) => {
                self.negotiate(Input::LocalCandidate { connection, candidate }).await;
            }
            RtcEvent::Ice(state) => {
                self.shared.events.emit(Event::Ice { participant, connection, state });
                self.recover(recovery::Input::Ice { state }).await;
            }
            RtcEvent::ControlOpen => self.shared.events.emit(Event::ControlOpen { participant }),
            RtcEvent::Lost => {
                self.shared.events.emit(Event::ConnectionLost { participant, connection });
                self.recover(recovery::Input::Lost).await;
            }
        }
    }

    async fn tick(&mut self) {
        let now_ms = self.shared.clock.now_ms();
        self.negotiate(Input::Tick).await;
        self.recover(recovery::Input::Tick).await;
        if now_ms >= self.judge_at_ms {
            self.judge_at_ms = now_ms + JUDGE_INTERVAL_MS;
            let ours = *self.shared.media.borrow();
            let flow = flow::judge(now_ms, &self.counters.read(), &ours, &self.their_media);
            if flow != self.flow {
                self.flow = flow;
                self.shared.events.emit(Event::Media { participant: self.id, flow });
                self.life.set_flow(flow);
                let _ = self.shared.to_client.send(FromPair::Flow).await;
            }
            self.tell_if_it_stands().await;
        }
    }

    /// Once: the pair is connected, and carries media if the other side sends any.
    async fn tell_if_it_stands(&mut self) {
        let silent = self.their_media == MediaState::default();
        let carries = silent || matches!(self.flow, Flow::In | Flow::Both);
        if !self.stands && carries && self.shown == PairState::Connected {
            self.stands = true;
            let _ = self.shared.to_client.send(FromPair::Stands { participant: self.id }).await;
        }
    }

    async fn recover(&mut self, input: recovery::Input) {
        let participant = self.id;
        let effects = self.recovery.handle(self.shared.clock.now_ms(), input);
        self.show_state();
        let enabled = self.shared.recovery;
        for effect in effects.into_iter().filter(|_| enabled) {
            let (event, input) = match effect {
                recovery::Effect::Restart { reason } => {
                    (Event::RestartWanted { participant, reason }, Input::Restart { reason })
                }
                recovery::Effect::Rebuild { reason } => {
                    (Event::RebuildWanted { participant, reason }, Input::Rebuild { reason })
                }
            };
            self.shared.events.emit(event);
            self.negotiate(input).await;
        }
    }

    fn show_state(&mut self) {
        let state = self.recovery.state();
        if state != self.shown {
            self.shown = state;
            self.shared.events.emit(Event::PeerState { participant: self.id, state });
        }
    }

    /// Feeds negotiation, and what comes of its effects, until nothing more comes.
    async fn negotiate(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.negotiation.handle(self.shared.clock.now_ms(), input) {
                inputs.extend(self.run_effect(effect).await);
            }
        }
    }

    async fn run_effect(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::WantConnection => {
                let connection = ConnectionId::mint(&*self.shared.environment.entropy);
                Some(Input::Open { connection })
            }
            Effect::CreateConnection { connection } => {
                self.create(connection).await;
                None
            }
            Effect::CloseConnection { connection } => {
                if let Some(live) = self.live.take_if(|live| live.id == connection) {
                    self.close(live);
                }
                None
            }
            Effect::MakeOffer { connection, generation, ice_restart } => {
                let servers = if ice_restart { Some(self.fresh_ice().await) } else { None };
                let participant = self.id;
                self.shared.events.emit(Event::Offered { participant, connection, generation, ice_restart });
                let sdp = match self.current(connection) {
                    Some(live) => live.connection.offer(servers.as_ref()).await,
                    None => Err(RtcError::NotConnected),
                };
                Some(self.described(connection, generation, sdp))
            }
            Effect::ApplyOffer { connection, generation, sdp } => {
                self.remote.described();
                // A restart gathers anew on this side too.
                let servers =
                    if generation > 1 { self.fresh_ice().await } else { self.shared.ice.borrow().clone() };
                let sdp = match self.current(connection) {
                    Some(live) => live.connection.answer(sdp, &servers).await,
                    None => Err(RtcError::NotConnected),
                };
                Some(self.described(connection, generation, sdp))
            }
            Effect::ApplyAnswer { connection, generation, sdp } => {
                self.remote.described();
                let done = match self.current(connection) {
                    Some(live) => live.connection.accept(sdp).await,
                    None => Err(RtcError::NotConnected),
                };
                let error = done.err()?;
                Some(self.described(connection, generation, Err(error)))
            }
            Effect::AddCandidate { .. } if !self.remote.takes_candidate() => {
                tracing::debug!(participant = %self.id, "more candidates than any host has; one was dropped");
                None
            }
            Effect::AddCandidate { connection, candidate } => {
                if let Err(error) = self.current(connection)?.connection.add_candidate(candidate).await {
                    tracing::debug!(%error, "a remote candidate was not taken");
                }
                None
            }
            Effect::Send { signal } => {
                let (to, to_incarnation) = (self.id, self.incarnation);
                let _ = self.shared.to_client.send(FromPair::Signal { to, to_incarnation, signal }).await;
                None
            }
        }
    }

    fn current(&self, connection: ConnectionId) -> Option<&Live> {
        self.live.as_ref().filter(|live| live.id == connection)
    }

    fn described(&self, connection: ConnectionId, generation: u32, sdp: Result<String, RtcError>) -> Input {
        match sdp {
            Ok(sdp) => Input::Described { connection, generation, sdp },
            Err(error) => {
                tracing::warn!(participant = %self.id, %error, "a description failed");
                Input::Failed { connection, generation }
            }
        }
    }

    async fn create(&mut self, id: ConnectionId) {
        let shared = &self.shared;
        let inlet = Inlet::new(
            self.id,
            id,
            shared.clock,
            self.counters.clone(),
            shared.received.clone(),
            shared.wishes.clone(),
        );
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        let ice = shared.ice.borrow().clone();
        match Connection::open(&shared.environment, &ice, Arc::new(inlet), sender).await {
            Ok(connection) => {
                shared.outlets.put(self.id, &self.life, connection.outlet());
                shared.events.emit(Event::ConnectionOpened { participant: self.id, connection: id });
                self.live = Some(Live { id, connection, events });
            }
            Err(error) => {
                tracing::error!(participant = %self.id, %error, "a peer connection could not be built");
            }
        }
        // Its time to connect runs in either case.
        let _ = self.recovery.handle(self.shared.clock.now_ms(), recovery::Input::Opened);
        self.show_state();
    }

    /// In a task of its own: a driver that is stuck must not hold up the pair.
    fn close(&self, live: Live) {
        self.shared.outlets.remove(self.id, &self.life);
        self.shared.events.emit(Event::ConnectionClosed { participant: self.id, connection: live.id });
        self.shared.environment.spawn(live.connection.close()).detach();
    }

    async fn fresh_ice(&mut self) -> IceConfig {
        self.shared.ice.borrow_and_update();
        if self.shared.to_client.send(FromPair::WantIce).await.is_ok() {
            let _ = tokio::time::timeout(ICE_SERVERS_WAIT, self.shared.ice.changed()).await;
        }
        self.shared.ice.borrow().clone()
    }
}

/// The current connection's next event; none without a connection.
async fn next_event(live: &mut Option<Live>) -> RtcEvent {
    match live {
        Some(live) => match live.events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}
