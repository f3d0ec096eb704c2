//! The first frames of a socket: `hello`, and what the hub makes of it.

use super::{Effect, Inbox, Link, Standing, State};
use holdfast_protocol::{
    ClientFrame, ErrorCode, ErrorFrame, GuestCredential, Hello, HubFrame, PROTOCOL_VERSION, Resume, Seq,
    Welcome, timing::HELLO_TIMEOUT_MS,
};

impl Link {
    pub(super) fn opened(&mut self, now_ms: u64) -> Vec<Effect> {
        if !matches!(self.state, State::Dialing { .. }) {
            return vec![];
        }
        self.state = State::Greeting { until_ms: now_ms + HELLO_TIMEOUT_MS };
        self.attempt = self.attempt.saturating_add(1);
        vec![Effect::Transmit(ClientFrame::Hello(Hello {
            protocol: PROTOCOL_VERSION,
            instance: self.instance,
            attempt: self.attempt,
            name: self.name.clone(),
            guest: self.guest.clone(),
            resume: self.resume.as_ref().map(|resume| Resume { seq: self.inbox.last(), ..resume.clone() }),
        }))]
    }

    /// What comes before the session stands.
    pub(super) fn greeted(&mut self, now_ms: u64, frame: HubFrame) -> Vec<Effect> {
        match (frame, &self.state) {
            (HubFrame::Welcome(welcome), State::Greeting { .. }) => self.welcomed(now_ms, welcome),
            (HubFrame::Error(error), State::Greeting { .. }) => self.hello_refused(now_ms, error),
            (HubFrame::GoingAway { retry_after_ms }, _) => {
                self.backoff.not_before(now_ms + retry_after_ms);
                vec![]
            }
            _ => vec![],
        }
    }

    /// The new token is kept before the `ack` that makes the one before worthless. What was not acknowledged follows in
    /// its order, before anything new.
    fn welcomed(&mut self, now_ms: u64, welcome: Box<Welcome>) -> Vec<Effect> {
        let before = self.resume.take().filter(|before| welcome.resumed && before.session == welcome.session);
        let same = before.as_ref().is_some_and(|before| before.epoch == welcome.epoch);
        if !same {
            self.inbox = Inbox::default();
            self.outbox.new_epoch(before.is_some());
        }
        if before.is_some() {
            self.outbox.acknowledged(welcome.last_command);
        }
        // Another process may have numbered the session's commands so far.
        self.last_command = self.last_command.max(welcome.last_command.0);
        let guest = GuestCredential { user: welcome.user, secret: welcome.guest_secret.clone() };
        let (session, token, epoch) = (welcome.session, welcome.token.clone(), welcome.epoch);
        let seq = if same { self.inbox.last() } else { Seq(0) };
        let resume = Resume { session, token, epoch, seq, hold: false };
        (self.guest, self.resume) = (Some(guest.clone()), Some(resume.clone()));
        let heartbeat = welcome.heartbeat;
        self.state = State::Ready {
            heartbeat,
            beat_at_ms: now_ms + heartbeat.interval_ms,
            dead_at_ms: now_ms + heartbeat.timeout_ms,
        };
        self.backoff.succeeded(now_ms);
        let mut effects = vec![Effect::Keep(Box::new(Standing { guest, resume })), self.ack()];
        effects.extend(self.outbox.send_all().map(Effect::Transmit));
        effects.push(Effect::Up { welcome, same });
        effects
    }

    /// The socket closes after this; some refusals go away with time, or with what they refuse.
    fn hello_refused(&mut self, now_ms: u64, error: ErrorFrame) -> Vec<Effect> {
        match error.code {
            ErrorCode::SessionUnknown | ErrorCode::StaleHello if self.resume.is_some() => {
                self.resume = None;
                self.say_hello_again(now_ms)
            }
            ErrorCode::BadCredentials if self.guest.is_some() => {
                (self.guest, self.resume) = (None, None);
                self.say_hello_again(now_ms)
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

    /// At once, without what was refused: so at most twice before a `welcome`.
    fn say_hello_again(&mut self, now_ms: u64) -> Vec<Effect> {
        let mut effects = vec![Effect::Hangup];
        effects.extend(self.dial(now_ms));
        effects
    }
}
