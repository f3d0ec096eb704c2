//! The session's way to the hub: connect, say hello, keep alive, come back; nothing lost and nothing doubled on the way.
//! Pure: it is told the time and what happened, and returns what to do. The bytes are moved by [`socket`].

mod backoff;
mod greeting;
mod inbox;
mod outbox;
mod sane;
pub mod socket;

pub use outbox::OUTBOX_FRAMES_MAX;

use backoff::Backoff;
use holdfast_protocol::{
    ClientFrame, CloseCode, CommandId, DisplayName, ErrorCode, ErrorFrame, GuestCredential, Heartbeat,
    HubFrame, InstanceId, Resume, Seq, Welcome, timing::PROBE_TIMEOUT_MS,
};
use inbox::{Inbox, Verdict};
use outbox::Outbox;

/// How long one attempt to open a socket may take.
pub const DIAL_TIMEOUT_MS: u64 = 5_000;
/// A timer that comes so late tells that this process, or its machine, stood still: what the hub said meanwhile may wait
/// unread, so it is asked before it is taken for dead.
const LATE_MS: u64 = 3_000;

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
    /// The hub did not let the socket open, and said for how long to stay away.
    Wait {
        /// For so long.
        ms: u64,
    },
    /// A frame from the hub.
    Frame {
        /// Its number, if it has one.
        seq: Option<Seq>,
        /// What it says; none when this version does not know it. It counts all the same.
        frame: Option<HubFrame>,
    },
    /// Send this to the hub.
    Send(ClientFrame),
    /// The network may have changed: find out now whether the hub is there.
    Probe,
    /// The time of [`Link::deadline_ms`] has come.
    Tick,
}

/// What it takes to come back to a session, also for another process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Who the user is.
    pub guest: GuestCredential,
    /// The session.
    pub resume: Resume,
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
    /// Keep this where a restarted process finds it, before anything that follows: the `ack` among it ends the life of
    /// what was kept before.
    Keep(Box<Standing>),
    /// The session stands; frames flow.
    Up {
        /// The hub's greeting.
        welcome: Box<Welcome>,
        /// It is the epoch from before: nothing was lost.
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
    /// More was to be kept for the hub than there is room for.
    Overflow {
        /// How many frames were dropped.
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
    /// Sockets so far.
    attempt: u32,
    name: DisplayName,
    guest: Option<GuestCredential>,
    resume: Option<Resume>,
    state: State,
    backoff: Backoff,
    inbox: Inbox,
    outbox: Outbox,
    last_command: u32,
}

impl Link {
    /// A session that has not begun, or one of an earlier process; `seed` varies the waits between attempts.
    pub fn new(instance: InstanceId, name: DisplayName, standing: Option<Standing>, seed: u64) -> Self {
        let (guest, resume) = standing.map(|Standing { guest, resume }| (guest, resume)).unzip();
        Self {
            instance,
            attempt: 0,
            name,
            guest,
            inbox: resume.as_ref().map_or_else(Inbox::default, |resume: &Resume| Inbox::after(resume.seq)),
            resume,
            state: State::Idle,
            backoff: Backoff::new(seed),
            outbox: Outbox::default(),
            last_command: 0,
        }
    }

    /// Takes one input at `now_ms` and returns what to do, in order.
    pub fn handle(&mut self, now_ms: u64, input: Input) -> Vec<Effect> {
        match input {
            Input::Start => self.dial(now_ms),
            Input::Opened => self.opened(now_ms),
            Input::Wait { ms } => {
                self.backoff.wait_for(sane::wait_ms(ms));
                vec![]
            }
            Input::Dropped { reason, close_code } => self.dropped(now_ms, reason, close_code),
            Input::Frame { seq, frame } => self.frame(now_ms, seq, frame.map(sane::sane)),
            Input::Send(frame) => self.send(frame),
            Input::Probe => self.probe(now_ms),
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
            State::Ready { beat_at_ms, dead_at_ms, .. } => {
                [Some(beat_at_ms), Some(dead_at_ms), self.inbox.ack_at_ms()].into_iter().flatten().min()
            }
        }
    }

    /// Whether frames flow.
    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Ready { .. })
    }

    /// The number of a new command. To be sent in this order.
    pub fn next_command(&mut self) -> CommandId {
        self.last_command = self.last_command.saturating_add(1);
        CommandId(self.last_command)
    }

    /// Whether the hub has yet to acknowledge this command.
    pub fn holds(&self, id: CommandId) -> bool {
        self.outbox.holds(id)
    }

    fn dial(&mut self, now_ms: u64) -> Vec<Effect> {
        self.state = State::Dialing { until_ms: now_ms + DIAL_TIMEOUT_MS };
        vec![Effect::Dial]
    }

    fn frame(&mut self, now_ms: u64, seq: Option<Seq>, frame: Option<HubFrame>) -> Vec<Effect> {
        let State::Ready { heartbeat, dead_at_ms, .. } = &mut self.state else {
            return frame.map_or_else(Vec::new, |frame| self.greeted(now_ms, frame));
        };
        *dead_at_ms = now_ms + heartbeat.timeout_ms;
        match seq.map(|seq| self.inbox.take(now_ms, seq)) {
            None | Some(Verdict::Next) => {}
            Some(Verdict::Again) => return vec![],
            Some(Verdict::Gap) => return self.give_up(now_ms, "frames of the hub are missing"),
        }
        let mut effects = vec![];
        match frame {
            // One that a later version has.
            None | Some(HubFrame::HeartbeatAck | HubFrame::Welcome(_)) => {}
            Some(HubFrame::Ack { command }) => self.outbox.acknowledged(command),
            Some(HubFrame::GoingAway { retry_after_ms }) => self.backoff.not_before(now_ms + retry_after_ms),
            Some(frame) => {
                if let HubFrame::Error(ErrorFrame {
                    in_reply_to: None, retry_after_ms: Some(wait_ms), ..
                }) = &frame
                {
                    self.backoff.not_before(now_ms.saturating_add(*wait_ms));
                }
                effects.push(Effect::Deliver(frame));
            }
        }
        effects.extend(self.due_ack(now_ms));
        effects
    }

    fn due_ack(&mut self, now_ms: u64) -> Option<Effect> {
        self.inbox.ack_at_ms().is_some_and(|due_ms| now_ms >= due_ms).then(|| self.ack())
    }

    fn ack(&mut self) -> Effect {
        let seq = self.inbox.ack();
        if let Some(resume) = &mut self.resume {
            resume.seq = seq;
        }
        Effect::Transmit(ClientFrame::Ack { seq })
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
            let code = ErrorCode::StaleHello;
            return self.refused(ErrorFrame { code, message, retry_after_ms: None, in_reply_to: None });
        }
        let until_ms = self.backoff.next(now_ms);
        self.state = State::Waiting { until_ms };
        vec![Effect::Down { reason, retry_in_ms: until_ms - now_ms }]
    }

    /// A command is kept until the hub acknowledges it; anything else is of the moment.
    fn send(&mut self, frame: ClientFrame) -> Vec<Effect> {
        if matches!(self.state, State::Over) {
            return vec![];
        }
        let mut effects = vec![];
        if frame.command().is_some() {
            let frames = self.outbox.keep(frame.clone(), self.is_up());
            if frames > 0 {
                effects.push(Effect::Overflow { frames });
            }
        }
        if self.is_up() {
            effects.push(Effect::Transmit(frame));
        }
        effects
    }

    fn probe(&mut self, now_ms: u64) -> Vec<Effect> {
        match &mut self.state {
            State::Ready { heartbeat, beat_at_ms, dead_at_ms } => {
                *beat_at_ms = now_ms + heartbeat.interval_ms;
                *dead_at_ms = now_ms + PROBE_TIMEOUT_MS;
                vec![Effect::Transmit(ClientFrame::Heartbeat)]
            }
            State::Waiting { .. } if self.backoff.may_hurry(now_ms) => self.dial(now_ms),
            _ => vec![],
        }
    }

    fn tick(&mut self, now_ms: u64) -> Vec<Effect> {
        let Some(late_ms) = self.deadline_ms().and_then(|due_ms| now_ms.checked_sub(due_ms)) else {
            return vec![];
        };
        match &mut self.state {
            State::Waiting { .. } => self.dial(now_ms),
            State::Dialing { .. } => self.give_up(now_ms, "the hub cannot be reached in time"),
            State::Greeting { .. } => self.give_up(now_ms, "the hub does not answer hello"),
            State::Ready { .. } if late_ms >= LATE_MS => {
                let mut effects = self.probe(now_ms);
                effects.extend(self.due_ack(now_ms));
                effects
            }
            State::Ready { dead_at_ms, .. } if now_ms >= *dead_at_ms => {
                self.give_up(now_ms, "nothing was heard from the hub for the heartbeat time-out")
            }
            State::Ready { heartbeat, beat_at_ms, .. } => {
                let mut effects = vec![];
                if now_ms >= *beat_at_ms {
                    *beat_at_ms = now_ms + heartbeat.interval_ms;
                    effects.push(Effect::Transmit(ClientFrame::Heartbeat));
                }
                effects.extend(self.due_ack(now_ms));
                effects
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
mod properties;
#[cfg(test)]
mod tests;
