//! How a session begins: with a client's first `hello`, or from a store.

use super::{
    Attachment, Budget, Commands, Link, Place, Session, Standing, State, outbox::Outbox, record::Record,
};
use crate::{
    call::CallHandle,
    clock::Timeline,
    config::Config,
    credentials::{TokenHash, Tokens},
    gate::Pass,
    network::Network,
    rate::Bucket,
    store::StoredSession,
};
use holdfast_protocol::{DisplayName, Epoch, InstanceId, SessionId, UserId};
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

/// What a new session is made of.
pub(crate) struct NewSession {
    /// Minted by the hub.
    pub(crate) id: SessionId,
    /// Whose.
    pub(crate) user: UserId,
    /// The user's name.
    pub(crate) name: DisplayName,
    /// The first page load or process.
    pub(crate) instance: InstanceId,
    /// Which of its sockets this is.
    pub(crate) attempt: u32,
    /// Of the token that the client gets.
    pub(crate) token: TokenHash,
    /// Its first history.
    pub(crate) epoch: Epoch,
    /// Its place among the sessions.
    pub(crate) pass: Pass,
    /// What all sessions' queues share.
    pub(crate) budget: Budget,
    /// The hub's time.
    pub(crate) timeline: Timeline,
}

impl Session {
    /// A session with its first socket attached.
    pub(crate) fn open(new: NewSession, config: &Config) -> (Arc<Self>, Attachment) {
        let NewSession { id, user, name, instance, attempt, token, epoch, pass, budget, timeline } = new;
        let state = State {
            network: pass.network,
            link: Link::Attached,
            attachment: 1,
            epoch: Some(epoch),
            ..State::away(
                instance,
                attempt,
                Tokens { current: token, before: None },
                budget,
                timeline,
                config,
            )
        };
        Self::with((id, user, name), Some(pass), state, timeline, config)
    }

    /// A session as it is in the store, away, and to be taken up as always.
    pub(crate) fn restored(
        stored: StoredSession,
        calls: Vec<CallHandle>,
        budget: Budget,
        timeline: Timeline,
        config: &Config,
    ) -> (Arc<Self>, Attachment) {
        let StoredSession { id, user, name, instance, attempt, token, token_before, calls: _ } = stored;
        let place = |call: CallHandle| Place { call, _pass: None, standing: Standing::Present };
        let tokens =
            Tokens { current: TokenHash::from_bytes(token), before: token_before.map(TokenHash::from_bytes) };
        let state = State {
            calls: calls.into_iter().map(|call| (call.call, place(call))).collect(),
            record: Record::Current,
            ..State::away(instance, attempt, tokens, budget, timeline, config)
        };
        Self::with((id, user, name), None, state, timeline, config)
    }

    fn with(
        (id, user, name): (SessionId, UserId, DisplayName),
        pass: Option<Pass>,
        state: State,
        timeline: Timeline,
        config: &Config,
    ) -> (Arc<Self>, Attachment) {
        let attachment = state.attachment(id);
        let session = Self {
            id,
            user,
            name,
            _pass: pass,
            calls_max: config.calls_max as usize,
            timeline,
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
        };
        (Arc::new(session), attachment)
    }
}

impl State {
    /// Nobody is there, nothing was said.
    fn away(
        instance: InstanceId,
        attempt: u32,
        tokens: Tokens,
        budget: Budget,
        timeline: Timeline,
        config: &Config,
    ) -> Self {
        let depth = |max: u64| usize::try_from(max).unwrap_or(usize::MAX);
        let now_ms = timeline.now_unix_ms();
        let frames_per_minute = 60 * u64::from(config.frames_per_second);
        let refusals_per_minute = config.refusals_per_minute;
        Self {
            // Whoever comes back answers for what it does from there.
            network: Network::of(Ipv4Addr::UNSPECIFIED.into()),
            link: Link::Away,
            attachment: 0,
            instance,
            attempt,
            tokens,
            wake: Arc::default(),
            epoch: None,
            outbox: Outbox::new(depth(config.queue_frames_max), depth(config.queue_bytes_max), budget),
            commands: Commands::default(),
            calls: BTreeMap::new(),
            unseen: Vec::new(),
            gone: Vec::new(),
            record: Record::None,
            frames: Bucket::new(frames_per_minute, config.frames_burst, now_ms),
            refusals: Bucket::new(u64::from(refusals_per_minute), refusals_per_minute, now_ms),
        }
    }
}
