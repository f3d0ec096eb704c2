//! The link against a hub that keeps its side of the protocol, over a path that is cut at any frame: in one epoch nothing is
//! lost, doubled or reordered, either way; over epochs no command is lost.

use super::*;
use holdfast_protocol::{CallId, Epoch, NegotiateReason, ParticipantId, Secret, Signal};
use proptest::prelude::*;
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The hub says something to the client.
    HubSpeaks,
    /// The client sends a signal.
    Signal,
    /// The client sends another command.
    Command,
    /// One frame gets through to the hub.
    ToHub,
    /// One frame gets through to the client.
    ToClient,
    /// The socket breaks; what was under way is gone.
    Cut,
    /// The hub begins a new epoch: it was restarted, or its queue overflowed.
    NewEpoch,
    /// The time of the link's next deadline has come.
    Time,
}

/// What the hub keeps of the session.
struct Hub {
    epoch: u32,
    next_seq: u32,
    said: VecDeque<(Seq, HubFrame)>,
    last_command: CommandId,
    /// Good tokens: the latest, and the one before it until the first `ack` on the new socket.
    tokens: Vec<String>,
    minted: u32,
    known: bool,
    /// On this socket.
    welcomed: bool,
    /// What was carried out in this epoch, and ever.
    signals: Vec<u32>,
    commands: Vec<u32>,
}

struct World {
    now_ms: u64,
    link: Link,
    hub: Hub,
    /// Under way, while there is a socket.
    up: Option<VecDeque<ClientFrame>>,
    down: VecDeque<(Option<Seq>, HubFrame)>,
    dialing: bool,
    /// What the client sent in its present epoch, and took in.
    signals: Vec<u32>,
    commands: Vec<u32>,
    taken: Vec<u32>,
}

fn epoch(n: u32) -> Epoch {
    format!("0000e70c-0000-4000-8000-{n:012}").parse().unwrap()
}

fn call() -> CallId {
    "0000ca11-0000-4000-8000-000000000001".parse().unwrap()
}

fn bob() -> ParticipantId {
    "0000b0b0-0000-4000-8000-000000000002".parse().unwrap()
}

fn negotiate(n: u32) -> Signal {
    Signal::Negotiate { connection: None, generation: n, reason: NegotiateReason::NoOffer }
}

impl Hub {
    fn hears(&mut self, frame: ClientFrame) -> Vec<(Option<Seq>, HubFrame)> {
        match frame {
            ClientFrame::Hello(hello) => self.greets(hello.resume.as_ref()),
            ClientFrame::Ack { seq } => {
                self.said.retain(|(said, _)| *said > seq);
                self.tokens.drain(..self.tokens.len() - 1);
                vec![]
            }
            ClientFrame::Heartbeat => {
                vec![(None, HubFrame::Ack { command: self.last_command }), (None, HubFrame::HeartbeatAck)]
            }
            frame => {
                assert!(self.welcomed, "{frame:?} before the welcome");
                let id = frame.command().expect("a command");
                if id > self.last_command {
                    self.last_command = id;
                    match frame {
                        ClientFrame::Signal { signal: Signal::Negotiate { generation, .. }, .. } => {
                            self.signals.push(generation);
                        }
                        _ => self.commands.push(id.0),
                    }
                }
                vec![]
            }
        }
    }

    fn greets(&mut self, resume: Option<&Resume>) -> Vec<(Option<Seq>, HubFrame)> {
        assert_eq!(resume.is_some(), self.known, "the client knows its session");
        let mut same = false;
        if let Some(resume) = resume {
            assert!(self.tokens.contains(&resume.token.expose().to_owned()), "a token that is not good");
            // It may come back again with the one it used, since the welcome may be lost.
            self.tokens = vec![resume.token.expose().to_owned()];
            same = resume.epoch == epoch(self.epoch);
            // In the same epoch it says all again that is not acknowledged, even what the client says it has.
            if !same {
                // What was said since the epoch began is in the snapshot.
                self.new_epoch();
            }
        }
        self.welcomed = true;
        self.minted += 1;
        self.tokens.push(format!("token-{}", self.minted));
        let file = include_str!("../../../tests/vectors/wire/hub/welcome-resumed.json");
        let HubFrame::Welcome(mut welcome) = serde_json::from_str(file).unwrap() else { panic!() };
        welcome.token = Secret::new(format!("token-{}", self.minted));
        (welcome.epoch, welcome.resumed, welcome.last_command) =
            (epoch(self.epoch), resume.is_some(), self.last_command);
        let replay = self.said.iter().filter(|_| same).map(|(seq, frame)| (Some(*seq), frame.clone()));
        std::iter::once((None, HubFrame::Welcome(welcome))).chain(replay).collect()
    }

    fn new_epoch(&mut self) {
        (self.epoch, self.next_seq, self.last_command) = (self.epoch + 1, 1, CommandId(0));
        self.said.clear();
        self.signals.clear();
    }
}

impl World {
    fn new() -> Self {
        let hub = Hub {
            epoch: 1,
            next_seq: 1,
            said: VecDeque::new(),
            last_command: CommandId(0),
            tokens: vec![],
            minted: 0,
            known: false,
            welcomed: false,
            signals: vec![],
            commands: vec![],
        };
        let instance = "00001257-0000-4000-8000-000000000001".parse().unwrap();
        let link = Link::new(instance, DisplayName::new("Ada").unwrap(), None, 7);
        let mut world = Self {
            now_ms: 0,
            link,
            hub,
            up: None,
            down: VecDeque::new(),
            dialing: false,
            signals: vec![],
            commands: vec![],
            taken: vec![],
        };
        world.feed(Input::Start);
        world
    }

    fn feed(&mut self, input: Input) {
        for effect in self.link.handle(self.now_ms, input) {
            match effect {
                Effect::Dial => self.dialing = true,
                Effect::Transmit(frame) => {
                    if let Some(up) = &mut self.up {
                        up.push_back(frame);
                    }
                }
                Effect::Hangup => self.disconnect(),
                Effect::Up { same, .. } => {
                    self.hub.known = true;
                    if !same {
                        self.taken.clear();
                        self.signals.clear();
                    }
                }
                Effect::Deliver(HubFrame::Signal {
                    signal: Signal::Negotiate { generation, .. }, ..
                }) => {
                    self.taken.push(generation);
                    let expected: Vec<_> = (1..=generation).collect();
                    assert_eq!(self.taken, expected, "lost, doubled or reordered");
                }
                Effect::Keep(_) | Effect::Down { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn disconnect(&mut self) {
        (self.up, self.dialing) = (None, false);
        self.down.clear();
        self.hub.welcomed = false;
    }

    fn cut(&mut self) {
        self.disconnect();
        self.feed(Input::Dropped { reason: "cut".into(), close_code: None });
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::HubSpeaks if self.hub.known => self.hub_speaks(),
            Step::Signal if self.hub.known => {
                let id = self.link.next_command();
                self.signals.push(id.0);
                let (to_incarnation, signal) = (1, negotiate(id.0));
                self.feed(Input::Send(ClientFrame::Signal {
                    id,
                    call: call(),
                    to: bob(),
                    to_incarnation,
                    signal,
                }));
            }
            Step::Command if self.hub.known => {
                let id = self.link.next_command();
                self.commands.push(id.0);
                self.feed(Input::Send(ClientFrame::IceServers { id }));
            }
            Step::HubSpeaks | Step::Signal | Step::Command => {}
            Step::ToHub => self.pass_to_hub(),
            Step::ToClient => {
                if let Some((seq, frame)) = self.down.pop_front() {
                    self.feed(Input::Frame { seq, frame: Some(frame) });
                }
            }
            Step::Cut => self.cut(),
            Step::NewEpoch => {
                self.hub.new_epoch();
                self.cut();
            }
            Step::Time => {
                self.now_ms = self.link.deadline_ms().unwrap_or(self.now_ms).max(self.now_ms);
                self.feed(Input::Tick);
            }
        }
    }

    fn pass_to_hub(&mut self) {
        if std::mem::take(&mut self.dialing) {
            self.up = Some(VecDeque::new());
            self.feed(Input::Opened);
        } else if let Some(frame) = self.up.as_mut().and_then(VecDeque::pop_front) {
            self.down.extend(self.hub.hears(frame));
        }
    }

    fn hub_speaks(&mut self) {
        let seq = Seq(self.hub.next_seq);
        self.hub.next_seq += 1;
        let frame = HubFrame::Signal {
            call: call(),
            from: bob(),
            from_incarnation: 1,
            to_incarnation: 1,
            signal: negotiate(seq.0),
        };
        self.hub.said.push_back((seq, frame.clone()));
        if self.hub.welcomed {
            self.down.push_back((Some(seq), frame));
        }
    }

    /// Everything gets through at last.
    fn settle(&mut self) {
        for _ in 0..2_000 {
            let idle =
                self.link.is_up() && self.down.is_empty() && self.up.as_ref().is_some_and(VecDeque::is_empty);
            if idle {
                return;
            }
            self.step(if self.link.is_up() || self.up.is_some() || self.dialing {
                Step::ToHub
            } else {
                Step::Time
            });
            self.step(Step::ToClient);
        }
        panic!("it does not settle");
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::HubSpeaks),
        4 => Just(Step::Signal),
        2 => Just(Step::Command),
        8 => Just(Step::ToHub),
        8 => Just(Step::ToClient),
        3 => Just(Step::Cut),
        1 => Just(Step::NewEpoch),
        3 => Just(Step::Time),
    ];
    prop::collection::vec(step, 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_reordered(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.settle();
        let spoken: Vec<_> = (1..world.hub.next_seq).collect();
        prop_assert_eq!(&world.taken, &spoken);
        // What was sent before the epoch began may or may not have got through; the rest did, in order.
        prop_assert!(world.hub.signals.ends_with(&world.signals), "{:?} of {:?}", world.hub.signals, world.signals);
        prop_assert!(world.hub.signals.is_sorted_by(|a, b| a < b));
        let mut first = vec![];
        for command in &world.hub.commands {
            if !first.contains(command) {
                first.push(*command);
            }
        }
        prop_assert_eq!(&first, &world.commands, "each command, in order; in a new epoch again if need be");
        if world.hub.epoch == 1 {
            prop_assert_eq!(&world.hub.commands, &world.commands, "and once");
        }
    }
}
