//! A device's task: feeds its link and its socket to each other, and tells what comes of it.

use super::{History, Order, State};
use holdfast_peer::{
    Environment,
    environment::Clock,
    link::{
        Effect, Input, Link,
        socket::{Incoming, Socket, SocketEvent},
    },
};
use holdfast_protocol::HubFrame;
use holdfast_tests::log::EventLog;
use tokio::sync::{mpsc, watch};

pub(super) struct Task {
    pub(super) name: &'static str,
    pub(super) url: String,
    pub(super) log: EventLog,
    pub(super) environment: Environment,
    pub(super) link: Link,
    pub(super) clock: Clock,
    pub(super) socket: Option<(u64, Socket)>,
    pub(super) reports: mpsc::Sender<(u64, SocketEvent)>,
    pub(super) heard: mpsc::Sender<HubFrame>,
    pub(super) history: History,
    pub(super) seen: watch::Sender<State>,
}

impl Task {
    pub(super) async fn run(
        mut self,
        mut reports: mpsc::Receiver<(u64, SocketEvent)>,
        mut orders: mpsc::Receiver<Order>,
    ) {
        self.input(Input::Start);
        loop {
            let input = tokio::select! {
                biased;
                Some((serial, report)) = reports.recv() => {
                    if self.socket.as_ref().is_none_or(|(current, _)| *current != serial) {
                        continue;
                    }
                    match report {
                        SocketEvent::Opened => Input::Opened,
                        SocketEvent::Frame(Incoming { seq, frame }) => Input::Frame { seq, frame },
                        SocketEvent::Wait { ms } => Input::Wait { ms },
                        SocketEvent::Dropped { reason, close_code } => Input::Dropped { reason, close_code },
                    }
                }
                () = self.clock.until(self.link.deadline_ms()) => Input::Tick,
                Some(order) = orders.recv() => order(&mut self.link),
            };
            self.input(input);
        }
    }

    fn input(&mut self, input: Input) {
        for effect in self.link.handle(self.clock.now_ms(), input) {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Dial => {
                let serial = self.socket.as_ref().map_or(1, |(serial, _)| serial + 1);
                let socket = Socket::open(&self.environment, self.url.clone(), serial, self.reports.clone());
                self.hang_up();
                self.socket = Some((serial, socket));
            }
            Effect::Transmit(frame) => {
                self.log.say(self.name, format_args!("says {}", frame.kind()));
                if let Some((_, socket)) = &self.socket {
                    socket.send(frame);
                }
            }
            Effect::Hangup => self.hang_up(),
            Effect::Up { welcome, same } => {
                self.log.say(self.name, format_args!("is up, same epoch: {same}"));
                self.seen.send_modify(|state| {
                    state.is_up = true;
                    state.welcomes.push((*welcome, same));
                });
            }
            Effect::Down { reason, retry_in_ms } => {
                self.log.say(self.name, format_args!("has no socket for {retry_in_ms} ms: {reason}"));
                self.seen.send_modify(|state| {
                    state.is_up = false;
                    state.waits_ms.push(retry_in_ms);
                });
            }
            Effect::Deliver(frame) => {
                self.log.say(self.name, format_args!("hears {}", frame.kind()));
                self.history.lock().unwrap().push(frame.clone());
                self.heard.try_send(frame).expect("somebody reads");
            }
            Effect::Keep(standing) => self.seen.send_modify(|state| state.standing = Some(*standing)),
            Effect::Refused(error) => self.seen.send_modify(|state| state.refused = Some(error)),
            Effect::Overflow { .. } => panic!("too much is kept"),
        }
    }

    /// The serial stays, so that the next socket has another one.
    fn hang_up(&mut self) {
        if let Some((_, socket)) = &self.socket {
            socket.abort();
        }
    }
}
