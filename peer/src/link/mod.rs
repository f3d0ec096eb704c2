//! The session's way to the hub: connect, say hello, keep alive, come back. Pure: it is told the time and what
//! happened, and returns what to do. The bytes are moved by [`socket`].

mod backoff;
mod sane;
pub mod socket;

use backoff::Backoff;
use holdfast_protocol::{
    ClientFrame, CloseCode, DisplayName, Epoch, ErrorCode, ErrorFrame, GuestCredential, Heartbeat, Hello,
    HubFrame, InstanceId, PROTOCOL_VERSION, Resume, Seq, Welcome, timing::HELLO_TIMEOUT_MS,
};
use std::collections::VecDeque;

/// Most frames kept while the hub is away; one more drops them all, loudly.
pub const OUTBOX_FRAMES_MAX: usize = 256;
/// How long one attempt to open a socket may take.
pub const DIAL_TIMEOUT_MS: u64 = 5_000;

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// Begin, with the first attempt at once.
    Start,
    /// The socket is open.
    Opened,
    /// The attempt failed or the socket closed.
    Dropped {
        /// Why, in words.
        reason: String,
        /// The WebSocket close code, if there was one.
        close_code: Option<u16>,
    },
    /// A frame from the hub.
    Frame(HubFrame),
    /// Send this to the hub.
    Send(ClientFrame),
    /// The time of [`Link::deadline_ms`] has come.
    Tick,
}

/// What to do, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Open a socket.
    Dial,
    /// Send this on the socket.
    Transmit(ClientFrame),
    /// Close the socket, open or opening; nothing more is wanted from it.
    Hangup,
    /// The session stands; frames flow.
    Up {
        /// The hub's greeting.
        welcome: Box<Welcome>,
        /// It is the session from before, in the same epoch: nothing was forgotten.
        same: bool,
    },
    /// The socket is lost; the session may not be.
    Down {
        /// Why, in words.
        reason: String,
        /// When the next attempt starts, from now.
        retry_in_ms: u64,
    },
    /// A frame for the call.
    Deliver(HubFrame),
    /// More was to be sent than is kept while the hub is away; all of it was dropped.
    Overflow {
        /// How many frames.
        frames: usize,
    },
    /// The hub will not have this client; there are no more attempts.
    Refused(ErrorFrame),
}

#[derive(Debug)]
enum State {
    Idle,
    Waiting { until_ms: u64 },
    Dialing { until_ms: u64 },
    Greeting { until_ms: u64 },
    Ready { heartbeat: Heartbeat, beat_at_ms: u64, dead_at_ms: u64 },
    Over,
}

/// The session's standing with the hub.
#[derive(Debug)]
pub struct Link {
    instance: InstanceId,
    name: DisplayName,
    guest: Option<GuestCredential>,
    resume: Option<(Resume, Epoch)>,
    state: State,
    backoff: Backoff,
    outbox: VecDeque<ClientFrame>,
}

impl Link {
    /// A session that has not begun; `seed` varies the waits between attempts.
    pub fn new(instance: InstanceId, name: DisplayName, seed: u64) -> Self {
        Self {
            instance,
            name,
            guest: None,
            resume: None,
            state: State::Idle,
            backoff: Backoff::new(seed),
            outbox: VecDeque::new(),
        }
    }

    /// Takes one input at `now_ms` and returns what to do, in order.
    pub fn handle(&mut self, now_ms: u64, input: Input) -> Vec<Effect> {
        match input {
            Input::Start => self.dial(now_ms),
            Input::Opened => self.opened(now_ms),
            Input::Dropped { reason, close_code } => self.dropped(now_ms, reason, close_code),
            Input::Frame(frame) => self.frame(now_ms, sane::sane(frame)),
            Input::Send(frame) => self.send(frame),
            Input::Tick => self.tick(now_ms),
        }
    }

    /// When to feed [`Input::Tick`], if at all.
    pub fn deadline_ms(&self) -> Option<u64> {
        match self.state {
            State::Idle | State::Over => None,
            State::Waiting { until_ms } | State::Dialing { until_ms } | State::Greeting { until_ms } => {
                Some(until_ms)
            }
            State::Ready { beat_at_ms, dead_at_ms, .. } => Some(beat_at_ms.min(dead_at_ms)),
        }
    }

    /// Whether frames flow.
    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Ready { .. })
    }

    fn dial(&mut self, now_ms: u64) -> Vec<Effect> {
        self.state = State::Dialing { until_ms: now_ms + DIAL_TIMEOUT_MS };
        vec![Effect::Dial]
    }

    fn opened(&mut self, now_ms: u64) -> Vec<Effect> {
        if !matches!(self.state, State::Dialing { .. }) {
            return vec![];
        }
        self.state = State::Greeting { until_ms: now_ms + HELLO_TIMEOUT_MS };
        vec![Effect::Transmit(ClientFrame::Hello(Hello {
            protocol: PROTOCOL_VERSION,
            instance: self.instance,
            attempt: 0,
            name: self.name.clone(),
            guest: self.guest.clone(),
            resume: self.resume.as_ref().map(|(resume, _)| resume.clone()),
        }))]
    }

    fn frame(&mut self, now_ms: u64, frame: HubFrame) -> Vec<Effect> {
        if let State::Ready { heartbeat, dead_at_ms, .. } = &mut self.state {
            *dead_at_ms = now_ms + heartbeat.timeout_ms;
        }
        match (frame, &self.state) {
            (HubFrame::Welcome(welcome), State::Greeting { .. }) => self.welcomed(now_ms, welcome),
            (HubFrame::Error(error), State::Greeting { .. }) => self.hello_refused(error),
            (HubFrame::HeartbeatAck, _) => vec![],
            (HubFrame::GoingAway { retry_after_ms }, _) => {
                self.backoff.not_before(now_ms + retry_after_ms);
                vec![]
            }
            (frame, State::Ready { .. }) => {
                if let HubFrame::Error(ErrorFrame {
                    in_reply_to: None, retry_after_ms: Some(wait_ms), ..
                }) = &frame
                {
                    self.backoff.not_before(now_ms.saturating_add(*wait_ms));
                }
                vec![Effect::Deliver(frame)]
            }
            _ => vec![],
        }
    }

    fn welcomed(&mut self, now_ms: u64, welcome: Box<Welcome>) -> Vec<Effect> {
        let same = welcome.resumed
            && self
                .resume
                .as_ref()
                .is_some_and(|(resume, epoch)| resume.session == welcome.session && *epoch == welcome.epoch);
        self.guest = Some(GuestCredential { user: welcome.user, secret: welcome.guest_secret.clone() });
        let resume = Resume {
            session: welcome.session,
            token: welcome.token.clone(),
            epoch: welcome.epoch,
            seq: Seq(0),
            hold: false,
        };
        self.resume = Some((resume, welcome.epoch));
        let heartbeat = welcome.heartbeat;
        self.state = State::Ready {
            heartbeat,
            beat_at_ms: now_ms + heartbeat.interval_ms,
            dead_at_ms: now_ms + heartbeat.timeout_ms,
        };
        self.backoff.succeeded(now_ms);
        let kept = std::mem::take(&mut self.outbox);
        let mut effects = vec![Effect::Up { welcome, same }];
        if same {
            effects.extend(kept.into_iter().map(Effect::Transmit));
        }
        effects
    }

    /// The socket closes after this; some refusals go away with time or with the credentials.
    fn hello_refused(&mut self, error: ErrorFrame) -> Vec<Effect> {
        match error.code {
            ErrorCode::BadCredentials if self.guest.is_some() => {
                (self.guest, self.resume) = (None, None);
                vec![]
            }
            ErrorCode::RateLimited
            | ErrorCode::HubFull
            | ErrorCode::AddressFull
            | ErrorCode::Banned
            | ErrorCode::Internal => {
                self.backoff.wait_for(error.retry_after_ms.unwrap_or(0));
                vec![]
            }
            _ => self.refused(error),
        }
    }

    fn refused(&mut self, error: ErrorFrame) -> Vec<Effect> {
        self.state = State::Over;
        vec![Effect::Hangup, Effect::Refused(error)]
    }

    fn dropped(&mut self, now_ms: u64, reason: String, close_code: Option<u16>) -> Vec<Effect> {
        match self.state {
            State::Dialing { .. } | State::Greeting { .. } | State::Ready { .. } => {}
            State::Idle | State::Waiting { .. } | State::Over => return vec![],
        }
        if close_code == Some(CloseCode::TakenOver.number()) {
            // Coming back would only take it over in turn, for ever.
            let message = "another socket took over this session".to_owned();
            let code = ErrorCode::BadCredentials;
            return self.refused(ErrorFrame { code, message, retry_after_ms: None, in_reply_to: None });
        }
        let until_ms = self.backoff.next(now_ms);
        self.state = State::Waiting { until_ms };
        vec![Effect::Down { reason, retry_in_ms: until_ms - now_ms }]
    }

    fn send(&mut self, frame: ClientFrame) -> Vec<Effect> {
        match self.state {
            State::Ready { .. } => vec![Effect::Transmit(frame)],
            State::Over => vec![],
            _ if self.outbox.len() >= OUTBOX_FRAMES_MAX => {
                let frames = self.outbox.len() + 1;
                self.outbox.clear();
                vec![Effect::Overflow { frames }]
            }
            _ => {
                self.outbox.push_back(frame);
                vec![]
            }
        }
    }

    fn tick(&mut self, now_ms: u64) -> Vec<Effect> {
        if self.deadline_ms().is_none_or(|deadline_ms| now_ms < deadline_ms) {
            return vec![];
        }
        match &mut self.state {
            State::Waiting { .. } => self.dial(now_ms),
            State::Dialing { .. } => self.give_up(now_ms, "the hub cannot be reached in time"),
            State::Greeting { .. } => self.give_up(now_ms, "the hub does not answer hello"),
            State::Ready { dead_at_ms, .. } if now_ms >= *dead_at_ms => {
                self.give_up(now_ms, "nothing was heard from the hub for the heartbeat time-out")
            }
            State::Ready { heartbeat, beat_at_ms, .. } => {
                *beat_at_ms = now_ms + heartbeat.interval_ms;
                vec![Effect::Transmit(ClientFrame::Heartbeat)]
            }
            State::Idle | State::Over => vec![],
        }
    }

    fn give_up(&mut self, now_ms: u64, reason: &str) -> Vec<Effect> {
        let mut effects = vec![Effect::Hangup];
        effects.extend(self.dropped(now_ms, reason.to_owned(), None));
        effects
    }
}

#[cfg(test)]
mod tests;
