//! Any story of frames, acknowledgements and lost sockets, held to one rule: within an epoch a client that goes on where
//! it stopped takes in every frame once, in order.

use super::{
    tests::{Client, news, session},
    *,
};
use crate::entropy::OsEntropy;
use holdfast_protocol::Numbered;
use proptest::prelude::*;
use std::collections::VecDeque;

/// Frames that the hub keeps for the client here.
const DEPTH: u64 = 12;

#[derive(Clone, Debug)]
enum Step {
    /// The hub has news.
    Push(u8),
    /// The hub's socket takes frames.
    Send(u8),
    /// They arrive.
    Arrive(u8),
    Ack,
    Heartbeat,
    /// The socket is lost with all that is on its way.
    Lose,
    Resume,
    Reload,
    /// The client is back without the hub having noticed that it was gone.
    TakeOver,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_u8..4).prop_map(Step::Push),
        3 => (1_u8..6).prop_map(Step::Send),
        3 => (1_u8..6).prop_map(Step::Arrive),
        3 => Just(Step::Ack),
        1 => Just(Step::Heartbeat),
        2 => Just(Step::Lose),
        2 => Just(Step::Resume),
        1 => Just(Step::Reload),
        1 => Just(Step::TakeOver),
    ]
}

struct World {
    session: Arc<Session>,
    client: Client,
    socket: Option<Attachment>,
    on_its_way: VecDeque<Written>,
    /// What was said in this epoch, and what the client took in.
    said: Vec<u32>,
    taken: Vec<u32>,
    last: u32,
}

impl World {
    fn new() -> Self {
        let (session, attachment, client) = session(DEPTH);
        Self {
            session,
            client,
            socket: Some(attachment),
            on_its_way: VecDeque::new(),
            said: Vec::new(),
            taken: Vec::new(),
            last: 0,
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Push(count) => {
                for _ in 0..count {
                    self.last += 1;
                    self.session.push(news(self.last));
                    if self.session.lock().epoch.is_some() {
                        self.said.push(self.last);
                    }
                }
            }
            Step::Send(count) => {
                let Some(socket) = &self.socket else { return };
                let sent = (0..count).map_while(|_| self.session.next(socket.sender));
                self.on_its_way.extend(sent);
            }
            Step::Arrive(count) => {
                for _ in 0..count {
                    let Some(written) = self.on_its_way.pop_front() else { return };
                    self.hear(&written);
                }
            }
            Step::Ack => {
                let Some(socket) = &self.socket else { return };
                self.session.ack(socket.sender, self.client.seq).unwrap();
            }
            Step::Heartbeat => self.session.push(Outgoing::new(&HubFrame::HeartbeatAck)),
            Step::Lose => {
                if let Some(socket) = self.socket.take() {
                    self.session.detach(socket.sender).unwrap();
                    self.on_its_way.clear();
                }
            }
            Step::Resume if self.socket.is_some() => {}
            Step::Resume | Step::TakeOver => self.resume(),
            Step::Reload => {
                self.client.instance = InstanceId::mint(&OsEntropy);
                self.resume();
            }
        }
        self.check();
        self.mind_the_verdict();
    }

    fn hear(&mut self, written: &Written) {
        let Numbered { seq, frame } = Numbered::decode(&written.text).unwrap();
        let Some(seq) = seq else { return };
        assert_eq!(seq.0, self.client.seq.0 + 1, "a socket has no gaps and repeats nothing");
        self.client.seq = seq;
        let HubFrame::Error(error) = frame else { panic!("{frame:?}") };
        self.taken.push(error.message.parse().unwrap());
    }

    fn resume(&mut self) {
        self.on_its_way.clear();
        let resumed = self.client.resume(&self.session).unwrap();
        if !resumed.goes_on {
            self.said.clear();
            self.taken.clear();
        }
        self.socket = Some(resumed.attachment);
    }

    /// What the socket's task does when the queue has overflowed.
    fn mind_the_verdict(&mut self) {
        if let Some(socket) = &self.socket
            && self.session.verdict(socket.sender) != Verdict::GoOn
        {
            self.session.detach(socket.sender).unwrap();
            self.on_its_way.clear();
            self.socket = None;
        }
    }

    fn check(&self) {
        assert!(self.said.starts_with(&self.taken), "{:?} of {:?}", self.taken, self.said);
        assert!(self.session.lock().epoch.is_none() || self.said.len() - self.taken.len() <= 12);
    }

    /// Nothing more goes wrong: the client has heard all there was.
    fn settle(&mut self) {
        let whole = self.session.lock().epoch == Some(self.client.epoch);
        let epoch = self.client.epoch;
        self.take(&Step::TakeOver);
        assert_eq!(whole, self.client.epoch == epoch, "only a broken history is given up");
        while !self.on_its_way.is_empty() || self.session.lock().outbox.has_unsent() {
            self.take(&Step::Send(9));
            self.take(&Step::Arrive(9));
        }
        assert_eq!(self.taken, self.said);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_reordered(steps in prop::collection::vec(step(), 0..80)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        world.settle();
    }
}
