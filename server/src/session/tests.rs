//! One session and its sockets, without calls that answer.

use super::*;
use crate::{
    clock::SystemClock,
    config::Config,
    credentials::{TokenHash, mint_token},
    entropy::OsEntropy,
};
use holdfast_protocol::{
    Hello, LeaveReason, MediaState, PROTOCOL_VERSION, ParticipantId, Resume, Secret, Seq,
};
use std::net::Ipv4Addr;

fn pass() -> Pass {
    let network = Network::of(Ipv4Addr::LOCALHOST.into());
    crate::gate::Gate::new(9, 9).enter(network).unwrap()
}

fn elsewhere() -> Network {
    Network::of(Ipv4Addr::BROADCAST.into())
}

fn timeline() -> Timeline {
    Timeline::start(&SystemClock, None)
}

/// What a client knows of its session.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) instance: InstanceId,
    pub(super) attempt: u32,
    pub(super) token: Secret,
    pub(super) epoch: Epoch,
    pub(super) seq: Seq,
    pub(super) hold: bool,
}

impl Client {
    /// Comes back; takes what it would be told.
    pub(super) fn resume(&mut self, session: &Session) -> Result<Resumed, NotBack> {
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            instance: self.instance,
            attempt: self.attempt,
            name: DisplayName::new("Ada").unwrap(),
            guest: None,
            resume: None,
        };
        let (token, epoch, seq) = (self.token.clone(), self.epoch, self.seq);
        let resume = Resume { session: session.id, token, epoch, seq, hold: self.hold };
        let fresh = mint_token(&OsEntropy);
        let resumed = session.attach(&Claim {
            hello: &hello,
            resume: &resume,
            token: TokenHash::of(&self.token),
            fresh_token: TokenHash::of(&fresh),
            fresh_epoch: Epoch::mint(&OsEntropy),
            network: elsewhere(),
        })?;
        self.token = fresh;
        if !resumed.goes_on {
            (self.epoch, self.seq) = (resumed.epoch, Seq(0));
        }
        Ok(resumed)
    }
}

pub(super) fn session(queue_frames_max: u64) -> (Arc<Session>, Attachment, Client) {
    let client = Client {
        instance: InstanceId::mint(&OsEntropy),
        attempt: 1,
        token: mint_token(&OsEntropy),
        epoch: Epoch::mint(&OsEntropy),
        seq: Seq(0),
        hold: false,
    };
    let new = NewSession {
        id: SessionId::mint(&OsEntropy),
        user: UserId::mint(&OsEntropy),
        name: DisplayName::new("Ada").unwrap(),
        instance: client.instance,
        attempt: client.attempt,
        token: TokenHash::of(&client.token),
        epoch: client.epoch,
        pass: pass(),
        budget: Budget::new(prometheus_client::metrics::gauge::Gauge::default(), u64::MAX),
        timeline: timeline(),
    };
    let (session, attachment) = Session::open(new, &Config { queue_frames_max, ..Config::default() });
    (session, attachment, client)
}

/// Any numbered frame that is not about a call.
pub(super) fn news(number: u32) -> Outgoing {
    Outgoing::new(&HubFrame::Error(refusal(ErrorCode::Internal, number.to_string(), None)))
}

fn about(call: &CallHandle) -> Outgoing {
    Outgoing::signal("{\"type\":\"signal\"}".into(), call.call, ParticipantId::mint(&OsEntropy))
}

fn drain(session: &Session, sender: Sender) -> usize {
    std::iter::from_fn(|| session.next(sender)).count()
}

#[test]
fn what_an_old_socket_asked_for_is_not_done_for_the_new_one() {
    let (session, old, mut client) = session(8);
    let room = CallHandle::unowned();
    let new = client.resume(&session).unwrap().attachment;
    assert_eq!(session.verdict(old.sender), Verdict::Close(CloseCode::TakenOver));
    assert_eq!(session.network(), elsewhere(), "who comes back answers for what it does from there");
    assert_eq!(session.enter(old.sender, &room, || Ok(pass())), Ok(Entry::Stale));
    assert!(session.detach(old.sender).is_none() && session.expire(old.sender).is_none());
    assert_eq!(session.enter(new.sender, &room, || Ok(pass())), Ok(Entry::New));
    assert_eq!(session.enter(new.sender, &room, || Ok(pass())), Ok(Entry::Already));
    session.push(Outgoing::new(&HubFrame::HeartbeatAck));
    assert!(session.next(old.sender).is_none() && session.next(new.sender).is_some());
    assert_eq!(session.detach(new.sender).map(|rooms| rooms.len()), Some(1));
    assert_eq!(session.expire(new.sender).map(|rooms| rooms.len()), Some(1));
    assert_eq!(session.enter(new.sender, &room, || Ok(pass())), Ok(Entry::Stale), "after its end");
    assert_eq!(client.resume(&session).unwrap_err(), NotBack::Ended);
    let (session, only, _) = self::session(8);
    let refused = session.enter(only.sender, &room, || Err(ErrorCode::AddressFull));
    assert_eq!((refused, session.is_in_calls()), (Err(ErrorCode::AddressFull), false));
}

#[test]
fn an_overflow_costs_the_history_and_not_the_session() {
    let (session, first, mut client) = session(1);
    session.push(news(1));
    assert_eq!(session.verdict(first.sender), Verdict::GoOn);
    session.push(news(2));
    assert_eq!(session.verdict(first.sender), Verdict::Close(CloseCode::SlowReader));
    assert_eq!(drain(&session, first.sender), 0);
    assert_eq!(session.ack(first.sender, Seq(1)).unwrap().len(), 0, "of a history that is over");
    session.detach(first.sender).unwrap();
    session.push(news(3));
    let before = client.epoch;
    let resumed = client.resume(&session).unwrap();
    assert!(!resumed.goes_on && resumed.epoch != before);
    session.push(news(4));
    let written = session.next(resumed.attachment.sender).unwrap();
    assert!(written.text.starts_with("{\"seq\":1,") && written.text.contains("\"4\""), "{written:?}");
}

#[test]
fn only_the_instance_that_knows_the_history_goes_on_in_it() {
    let (session, ..) = session(8);
    drop(session);
    let (session, _, mut client) = self::session(8);
    assert!(client.resume(&session).unwrap().goes_on);
    let mut elsewhen = Client { epoch: Epoch::mint(&OsEntropy), ..client.clone() };
    assert!(!elsewhen.resume(&session).unwrap().goes_on);
    let mut reloaded = Client { instance: InstanceId::mint(&OsEntropy), ..elsewhen.clone() };
    assert!(!reloaded.resume(&session).unwrap().goes_on);
    let mut ahead = Client { seq: Seq(1), ..reloaded.clone() };
    assert!(!ahead.resume(&session).unwrap().goes_on, "it says it has what was never sent");
}

#[test]
fn a_late_hello_takes_nothing_over() {
    let (session, first, mut client) = session(8);
    let mut late = client.clone();
    client.attempt = 3;
    let third = client.resume(&session).unwrap().attachment;
    late.attempt = 2;
    assert_eq!(late.resume(&session).unwrap_err(), NotBack::Late);
    assert_eq!(session.verdict(third.sender), Verdict::GoOn);
    session.ack(third.sender, Seq(0)).unwrap();
    assert_eq!(late.resume(&session).unwrap_err(), NotBack::WrongToken, "its token is worthless by now");
    let mut reloaded = Client { instance: InstanceId::mint(&OsEntropy), attempt: 1, ..client };
    assert!(reloaded.resume(&session).is_ok(), "another instance counts for itself");
    assert_eq!(session.ack(first.sender, Seq(9)).unwrap().len(), 0, "nor does an old socket acknowledge");
}

#[test]
fn what_a_call_says_before_its_snapshot_is_in_the_snapshot() {
    let (session, first, mut client) = session(8);
    let [one, two] = [(); 2].map(|()| CallHandle::unowned());
    for call in [&one, &two] {
        session.enter(first.sender, call, || Ok(pass())).unwrap();
    }
    client.instance = InstanceId::mint(&OsEntropy);
    let resumed = client.resume(&session).unwrap();
    assert_eq!(resumed.calls.len(), 2);
    let sender = resumed.attachment.sender;
    session.push(about(&one));
    session.resync(one.call);
    session.push(about(&one));
    session.push(about(&two));
    session.push(news(1));
    assert_eq!(drain(&session, sender), 2);
    session.seen();
    session.push(about(&two));
    assert_eq!(drain(&session, sender), 1);
}

#[test]
fn a_call_that_ends_meanwhile_is_told_of_or_the_history_is_over() {
    let (session, _first, mut client) = session(8);
    let [one, two, three] = [(); 3].map(|()| CallHandle::unowned());
    let (participant, reason) = (ParticipantId::mint(&OsEntropy), LeaveReason::NetworkLost);
    let left = |call: &CallHandle| HubFrame::PeerLeft { call: call.call, participant, reason };
    let reason = holdfast_protocol::EndReason::NetworkLost;
    let ended = |call: &CallHandle| HubFrame::CallEnded { call: call.call, reason };
    for (call, told) in [(&one, Some(ended(&one))), (&two, Some(left(&two))), (&three, None)] {
        let sender = session.lock().attachment(session.id).sender;
        session.enter(sender, call, || Ok(pass())).unwrap();
        // Of somebody else, while it was there.
        session.push(Outgoing::new(&left(call)));
        let news = HubFrame::MediaState { call: call.call, participant, media: MediaState::default() };
        session.push(Outgoing::new(&news));
        session.detach(sender).unwrap();
        if let Some(frame) = &told {
            session.push(Outgoing::new(frame));
        }
        session.exit(call.call);
        assert_eq!(client.resume(&session).unwrap().goes_on, told.is_some(), "{told:?}");
    }
}

#[test]
fn a_return_counts_with_the_first_acknowledgement_and_not_while_it_is_held() {
    let (session, first, mut client) = session(8);
    let call = CallHandle::unowned();
    session.enter(first.sender, &call, || Ok(pass())).unwrap();
    assert_eq!(session.ack(first.sender, Seq(0)).unwrap().len(), 0, "it never left");
    let second = client.resume(&session).unwrap();
    assert_eq!(second.lost, None);
    assert_eq!(session.ack(second.attachment.sender, Seq(0)).unwrap().len(), 1);
    assert_eq!(session.ack(second.attachment.sender, Seq(0)).unwrap().len(), 0, "once");
    client.hold = true;
    let third = client.resume(&session).unwrap();
    assert_eq!(third.lost, Some(second.attachment.sender), "nobody takes its place");
    let sender = third.attachment.sender;
    assert_eq!(session.ack(sender, Seq(0)).unwrap().len(), 0);
    assert_eq!(session.detach(sender).unwrap().len(), 0, "the call knows that it is away");
    let fourth = client.resume(&session).unwrap();
    assert_eq!(fourth.lost, None);
    session.returns(call.call);
    assert_eq!(session.ack(fourth.attachment.sender, Seq(0)).unwrap().len(), 1);
    assert_eq!(session.detach(fourth.attachment.sender).unwrap().len(), 1);
}

#[test]
fn every_command_is_taken_once_in_an_epoch_and_told_of() {
    let (session, only, mut client) = session(8);
    assert!((1..=15).all(|id| session.take_number(CommandId(id))));
    assert!(!session.take_number(CommandId(15)) && !session.take_number(CommandId(0)));
    assert_eq!(drain(&session, only.sender), 0);
    assert!(session.take_number(CommandId(40)), "numbers may be left out");
    let ack = |sender| session.next(sender).map(|written| written.text.to_string());
    let told = |last| Some(HubFrame::Ack { command: CommandId(last) }.encode());
    assert_eq!(ack(only.sender), told(40));
    assert_eq!(ack(only.sender), None);
    session.push(Outgoing::new(&HubFrame::HeartbeatAck));
    assert_eq!(drain(&session, only.sender), 1, "there is nothing new to tell");
    session.take_number(CommandId(41));
    session.push(Outgoing::new(&HubFrame::HeartbeatAck));
    assert_eq!(ack(only.sender), told(41));
    assert_eq!(client.resume(&session).unwrap().last_command, CommandId(41));
    client.instance = InstanceId::mint(&OsEntropy);
    assert_eq!(client.resume(&session).unwrap().last_command, CommandId(0));
    assert!(session.take_number(CommandId(1)));
}

#[tokio::test]
async fn a_session_is_stored_as_long_as_it_is_in_a_call() {
    use crate::store::{Store, memory::MemoryStore};
    let store = MemoryStore::default();
    let (session, first, mut client) = session(8);
    let calls = [(); 2].map(|()| CallHandle::unowned());
    assert!(client.resume(&session).is_ok() && !session.is_unsaved(), "idle sessions are not");
    let first = Attachment { sender: Sender { attachment: 2, ..first.sender }, ..first };
    session.enter(first.sender, &calls[0], || Ok(pass())).unwrap();
    assert!(session.is_unsaved());
    session.save(&session.turn().await, &store).await;
    let stored = store.sessions().await.unwrap().remove(0);
    assert_eq!((stored.id, stored.calls.as_slice()), (session.id, &[calls[0].call][..]));
    assert_eq!(stored.token, TokenHash::of(&client.token).to_bytes());
    assert!(stored.token_before.is_some() && !session.is_unsaved());

    let config = Config::default();
    let budget = Budget::new(prometheus_client::metrics::gauge::Gauge::default(), u64::MAX);
    let (again, away) = Session::restored(stored, calls[..1].to_vec(), budget, timeline(), &config);
    assert!(again.is_in_calls() && again.verdict(away.sender) == Verdict::GoOn);
    let resumed = client.clone().resume(&again).unwrap();
    assert!(!resumed.goes_on && resumed.calls.len() == 1 && again.is_unsaved());

    session.ack(first.sender, Seq(0)).unwrap();
    assert!(session.is_unsaved(), "the token before is worthless now");
    session.save(&session.turn().await, &store).await;
    assert_eq!(store.sessions().await.unwrap()[0].token_before, None);
    session.exit(calls[0].call);
    session.save(&session.turn().await, &store).await;
    assert!(store.sessions().await.unwrap().is_empty());
}
