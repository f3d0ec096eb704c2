//! Calls, their users' devices, and the rules that hold whatever happens: clients believe only what they are told, and
//! after every event what each believes is what is true, nobody was told what is not theirs, nobody is in two direct
//! calls, and nothing is overdue. Tests and the fuzzer choose the events.

mod client;
mod restart;
mod rules;

use super::{
    core::Call,
    event::{Effect, Event, Newcomer, Rules, Sender},
};
use crate::{
    entropy::OsEntropy,
    store::{Committed, Store, Version, memory::MemoryStore},
};
use client::Client;
use futures_util::FutureExt;
use holdfast_protocol::{
    CallId, CommandId, Consequence, DisconnectPolicy, DisplayName, EndReason, Entropy, InstanceId,
    LoggedUser, MediaState, OutageCause, ParticipantId, RoomName, SessionId, UserId,
};
use std::collections::BTreeMap;

const CAP: u32 = 3;
pub(crate) const AWAY_MS: u64 = 30_000;
const RING_MS: u64 = 45_000;
const SEAT_MS: u64 = 20_000;
const DURATION_MS: u64 = 400_000;
const USERS: usize = 3;
pub(crate) const CLIENTS: usize = 6;
/// How many policies there are to choose from.
pub(crate) const POLICIES: usize = 4;

/// What happens to a client, or to all.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Join,
    Call {
        user: usize,
    },
    Accept,
    Decline,
    Leave {
        direct: bool,
    },
    End {
        direct: bool,
    },
    Rejoin {
        direct: bool,
    },
    EndByAdmin {
        direct: bool,
    },
    Media(bool),
    /// It says that media flows with everyone.
    MediaAlive,
    Lost {
        late: bool,
    },
    Back {
        reloaded: bool,
        late: bool,
    },
    Confirm,
    Gone,
    /// The hub dies, and another one begins so much later.
    Restart {
        down_ms: u64,
        loses: bool,
    },
    Wait(u64),
    /// Time passes, and the ticks that are due come only after the next event.
    Stall(u64),
}

/// The calls and their clients.
pub(crate) struct World {
    pub(super) calls: BTreeMap<CallId, (Version, Call)>,
    pub(super) now: u64,
    pub(super) clients: Vec<Client>,
    pub(super) users: Vec<UserId>,
    rules: Rules,
    store: MemoryStore,
    name: RoomName,
    /// How each call ended.
    ended: BTreeMap<CallId, EndReason>,
    /// Who said when that media flows, with whom.
    reports: Vec<(u64, ParticipantId, ParticipantId)>,
    /// Whether ticks are due.
    stalled: bool,
}

impl World {
    /// Nobody calls anybody yet.
    pub(crate) fn new(policy: usize) -> Self {
        let (then, all_away_ms) = [
            (Consequence::EndCall, AWAY_MS),
            (Consequence::Leave, AWAY_MS),
            (Consequence::Leave, 3 * AWAY_MS),
            (Consequence::EndCall, AWAY_MS / 2),
        ][policy % POLICIES];
        let all_away_reason = EndReason::Expired;
        let rules = Rules {
            participants_max: CAP,
            policy: DisconnectPolicy { away_ms: AWAY_MS, then, all_away_ms, all_away_reason },
            seat_kept_ms: SEAT_MS,
            ring_ms: RING_MS,
            duration_max_ms: Some(DURATION_MS),
        };
        let users: Vec<UserId> = (0..USERS).map(|_| UserId::mint(&OsEntropy)).collect();
        Self {
            calls: BTreeMap::new(),
            now: 1_000_000,
            clients: (0..CLIENTS).map(|index| Client::new(users[index % USERS])).collect(),
            users,
            rules,
            store: MemoryStore::default(),
            name: RoomName::generate(&OsEntropy as &dyn Entropy),
            ended: BTreeMap::new(),
            reports: Vec::new(),
            stalled: false,
        }
    }

    /// Lets it happen, and holds what follows against the rules.
    pub(crate) fn take(&mut self, who: usize, step: &Step) {
        if let Step::Stall(ms) = step {
            self.now += ms;
            self.stalled = true;
            return;
        }
        self.event(who, step);
        if std::mem::take(&mut self.stalled) {
            self.event(who, &Step::Wait(0));
        }
    }

    fn event(&mut self, who: usize, step: &Step) {
        let sender = self.clients[who].sender;
        let command = CommandId(1);
        let connected = self.clients[who].connected;
        match *step {
            Step::Wait(ms) => {
                self.now += ms;
                for call in self.calls.keys().copied().collect::<Vec<_>>() {
                    self.apply(call, who, step, Event::Tick);
                }
            }
            Step::Stall(_) => {}
            Step::Lost { late } => self.lost(who, step, late),
            Step::Back { reloaded, late } => self.back(who, step, reloaded, late),
            Step::Gone => self.gone(who, step),
            Step::Restart { down_ms, loses } => self.restart(who, down_ms, loses),
            Step::EndByAdmin { direct } => self.in_one(who, step, direct, &Event::EndByAdmin),
            // A client without a socket says nothing.
            _ if !connected => {}
            Step::Join => self.join(who, step),
            Step::Call { user } => self.dial(who, step, self.users[user % USERS]),
            Step::Accept | Step::Decline => self.answer(who, step),
            Step::Leave { direct } => self.in_one(who, step, direct, &Event::Leave { sender, command }),
            Step::End { direct } => self.in_one(who, step, direct, &Event::End { sender, command }),
            Step::Rejoin { direct } => {
                let newcomer = self.newcomer(who);
                if let Some(call) = self.last_of(who, direct) {
                    self.apply(call, who, step, Event::Rejoin(newcomer));
                }
            }
            Step::Media(audio) => {
                let media = MediaState { audio, ..MediaState::default() };
                self.in_all(who, step, &Event::Media { sender, command, media });
            }
            Step::MediaAlive => self.report(who, step),
            Step::Confirm => {
                self.clients[who].trials.clear();
                self.in_all(who, step, &Event::Confirmed { sender });
            }
        }
    }

    fn join(&mut self, who: usize, step: &Step) {
        let is_room = |call: &Call| call.room_name().is_some() && call.reason().is_none();
        let open = self.calls.values().find(|(_, call)| is_room(call)).map(|(_, call)| call.id());
        let call = open.unwrap_or_else(|| {
            let id = CallId::mint(&OsEntropy);
            self.calls.insert(id, (0, Call::room(id, self.name.clone(), self.rules)));
            id
        });
        let newcomer = self.newcomer(who);
        self.apply(call, who, step, Event::Join(newcomer));
    }

    /// As [`super::dial`] does: claims first, and a call from the one who is called is taken.
    fn dial(&mut self, who: usize, step: &Step, to: UserId) {
        let user = self.clients[who].user;
        if user == to {
            return;
        }
        if let Some(by) = self.claim(user) {
            let incoming = self.calls[&by].1.incoming(self.now);
            if incoming.is_some_and(|incoming| incoming.from.user == to) {
                let newcomer = self.newcomer(who);
                self.apply(by, who, step, Event::Join(newcomer));
            }
            return;
        }
        let (id, newcomer) = (CallId::mint(&OsEntropy), self.newcomer(who));
        let rules = Rules { participants_max: 2, ..self.rules };
        let callee = LoggedUser { user: to, name: None };
        let (call, effects) = Call::ring(self.now, id, rules, newcomer, callee);
        let committed = self.store.commit(0, call.stored()).now_or_never().expect("it waits for nothing");
        match committed.expect("it does not fail") {
            Committed::Done(version) => {
                self.calls.insert(id, (version, call));
                self.calls.get_mut(&id).expect("just inserted").1.take_dirty();
                self.hear_all(id, who, step, effects);
            }
            Committed::Claimed { user, by } => {
                assert!(user == to && self.calls[&by].1.claims().contains(&to), "busy without a call");
            }
            Committed::Stale => panic!("a new call has no version"),
        }
    }

    fn answer(&mut self, who: usize, step: &Step) {
        let Client { user, sender, .. } = self.clients[who];
        let Some(call) = self.claim(user).or_else(|| self.last_of(who, true)) else { return };
        let event = match step {
            Step::Accept => Event::Accept(self.newcomer(who)),
            _ => Event::Decline { sender, user, command: CommandId(1) },
        };
        self.apply(call, who, step, event);
    }

    fn report(&mut self, who: usize, step: &Step) {
        let sender = self.clients[who].sender;
        for call in self.clients[who].places.keys().copied().collect::<Vec<_>>() {
            let call_now = &self.calls[&call].1;
            let participants: Vec<ParticipantId> =
                call_now.places.iter().map(|place| place.told.id).collect();
            let me = self.clients[who].places[&call].0;
            let away = call_now.places.iter().filter(|place| !place.is_connected());
            self.reports.extend(away.map(|place| (self.now, me, place.told.id)));
            self.apply(call, who, step, Event::MediaAlive { sender, participants });
        }
    }

    fn lost(&mut self, who: usize, step: &Step, late: bool) {
        let sender = self.clients[who].sender;
        let attachment = sender.attachment.saturating_sub(u32::from(late));
        let (now, cause) = (self.now, OutageCause::SocketClosed);
        let sender = Sender { attachment, ..sender };
        if !late {
            self.clients[who].connected = false;
        }
        self.in_all(who, step, &Event::Lost { sender, last_heard_unix_ms: now - 500, cause });
    }

    fn back(&mut self, who: usize, step: &Step, reloaded: bool, late: bool) {
        let client = &mut self.clients[who];
        // Sockets of the hub's last life do not speak.
        let late = late && client.sender.attachment > 0;
        let sender = if late {
            // Two sockets came at once, and the news of the earlier one is the later.
            let (attachment, instance) = (client.sender.attachment - 1, InstanceId::mint(&OsEntropy));
            Sender { attachment, instance, ..client.sender }
        } else {
            client.connected = true;
            client.sender.attachment += 1;
            if reloaded {
                client.sender.instance = InstanceId::mint(&OsEntropy);
            }
            client.sender
        };
        if late {
            return self.in_all(who, step, &Event::Back { sender });
        }
        let too_late = self.overdue(who);
        self.note_trials(who);
        self.in_all(who, step, &Event::Back { sender });
        assert!(too_late.iter().all(|call| !self.clients[who].places.contains_key(call)), "back too late");
    }

    /// Another device of the same user takes its place in the world: it is told what rings.
    fn gone(&mut self, who: usize, step: &Step) {
        let session = self.clients[who].sender.session;
        self.in_all(who, step, &Event::Gone { session });
        assert!(self.clients[who].places.is_empty(), "gone, and still in a call");
        let user = self.clients[who].user;
        self.clients[who] = Client::new(user);
        let rings = self.calls.values().filter(|(_, call)| call.callee() == Some(user));
        let rings = rings.filter_map(|(_, call)| Some(call.incoming(self.now)?.call));
        self.clients[who].ringing = rings.collect();
    }

    fn in_one(&mut self, who: usize, step: &Step, direct: bool, event: &Event) {
        let is = |call: &CallId| self.calls[call].1.room_name().is_none() == direct;
        let call = self.clients[who].places.keys().copied().find(is);
        if let Some(call) = call.or_else(|| self.last_of(who, direct)) {
            self.apply(call, who, step, event.clone());
        }
    }

    fn in_all(&mut self, who: usize, step: &Step, event: &Event) {
        for call in self.clients[who].places.keys().copied().collect::<Vec<_>>() {
            self.apply(call, who, step, event.clone());
        }
    }

    /// The last call that it was in.
    fn last_of(&self, who: usize, direct: bool) -> Option<CallId> {
        if direct { self.clients[who].last_direct } else { self.clients[who].last_room }
    }

    fn apply(&mut self, id: CallId, who: usize, step: &Step, event: Event) {
        let (version, call) = self.calls.get_mut(&id).expect("a call of ours");
        let was_over = self.ended.contains_key(&id);
        let was_held_off = call.is_held_off();
        let effects = call.apply(self.now, event);
        if was_held_off && !call.is_held_off() {
            // Whoever else is away has more time now, however it came to be away.
            for (_, client) in self.clients.iter_mut().enumerate().filter(|(other, _)| *other != who) {
                client.trials.remove(&id);
            }
        }
        if call.take_dirty() {
            assert!(!was_over, "something changed in a call that is over");
            let committed = self.store.commit(*version, call.stored()).now_or_never();
            match committed.expect("it waits for nothing").expect("it does not fail") {
                Committed::Done(now) => *version = now,
                refused => panic!("{refused:?}"),
            }
        }
        self.hear_all(id, who, step, effects);
    }

    fn hear_all(&mut self, id: CallId, who: usize, step: &Step, effects: Vec<Effect>) {
        for effect in effects {
            self.hear(id, who, step, effect);
        }
        if let Some(reason) = self.calls[&id].1.reason() {
            let before = *self.ended.entry(id).or_insert(reason);
            assert_eq!(before, reason, "a call ended twice");
        }
    }

    fn newcomer(&self, who: usize) -> Newcomer {
        let Client { sender, user, .. } = self.clients[who];
        Newcomer {
            sender,
            command: CommandId(1),
            participant: ParticipantId::mint(&OsEntropy),
            user,
            name: DisplayName::new("Ada").expect("a name"),
            media: MediaState::default(),
        }
    }

    fn claim(&self, user: UserId) -> Option<CallId> {
        self.store.claim(user).now_or_never().expect("it waits for nothing").expect("it does not fail")
    }

    pub(super) fn client(&mut self, session: SessionId) -> &mut Client {
        self.clients.iter_mut().find(|client| client.sender.session == session).expect("one of ours")
    }

    /// Left alone, every call is over in the end.
    pub(crate) fn settle(&mut self) {
        for ms in [DURATION_MS, 1] {
            self.take(0, &Step::Wait(ms));
            self.check();
        }
        assert!(self.calls.values().all(|(_, call)| call.next_deadline_unix_ms().is_none()));
        assert!(self.clients.iter().all(|client| client.places.is_empty() && client.ringing.is_empty()));
    }
}
