//! One session and its sockets, without rooms.

use super::*;
use crate::entropy::OsEntropy;

fn pass() -> Pass {
    let network = Network::of(std::net::Ipv4Addr::LOCALHOST.into());
    crate::gate::Gate::new(9, 9).enter(network).unwrap()
}

fn elsewhere() -> Network {
    Network::of(std::net::Ipv4Addr::BROADCAST.into())
}

fn session(queue_frames_max: u64) -> (Arc<Session>, Attachment) {
    let token = Secret::new("token");
    let new = NewSession {
        id: SessionId::mint(&OsEntropy),
        user: UserId::mint(&OsEntropy),
        name: DisplayName::new("Ada").unwrap(),
        instance: InstanceId::mint(&OsEntropy),
        token: &token,
        pass: pass(),
        budget: Budget::new(prometheus_client::metrics::gauge::Gauge::default(), u64::MAX),
        now_unix_ms: 0,
    };
    Session::open(new, &Config { queue_frames_max, ..Config::default() })
}

#[test]
fn what_an_old_socket_asked_for_is_not_done_for_the_new_one() {
    let (session, old) = session(8);
    let room = CallHandle::unowned();
    let new = session.attach(InstanceId::mint(&OsEntropy), elsewhere()).unwrap();
    assert_eq!(session.verdict(old.sender), Verdict::Close(CloseCode::TakenOver));
    assert_eq!(session.network(), elsewhere(), "who comes back answers for what it does from there");
    assert_eq!(session.enter(old.sender, &room, || Ok(pass())), Ok(Entry::Stale));
    assert!(session.detach(old.sender).is_none() && session.expire(old.sender).is_none());
    assert_eq!(session.enter(new.sender, &room, || Ok(pass())), Ok(Entry::New));
    assert_eq!(session.enter(new.sender, &room, || Ok(pass())), Ok(Entry::Already));
    session.push(Outgoing::new(&HubFrame::HeartbeatAck));
    assert!(session.pop(old.sender).is_none() && session.pop(new.sender).is_some());
    assert_eq!(session.detach(new.sender).map(|rooms| rooms.len()), Some(1));
    assert_eq!(session.expire(new.sender).map(|rooms| rooms.len()), Some(1));
    assert_eq!(session.enter(new.sender, &room, || Ok(pass())), Ok(Entry::Stale), "after its end");
    let (session, only) = self::session(8);
    let refused = session.enter(only.sender, &room, || Err(ErrorCode::AddressFull));
    assert_eq!((refused, session.is_in_calls()), (Err(ErrorCode::AddressFull), false));
}

#[test]
fn an_overflow_ends_what_could_have_been_resumed() {
    let (session, attachment) = session(1);
    assert!(session.end_if_overflowed().is_none());
    let frame = Outgoing::new(&HubFrame::HeartbeatAck);
    session.push(frame.clone());
    assert_eq!(session.verdict(attachment.sender), Verdict::GoOn);
    session.push(frame);
    assert_eq!(session.verdict(attachment.sender), Verdict::Close(CloseCode::SlowReader));
    assert!(session.pop(attachment.sender).is_none());
    assert!(session.attach(attachment.sender.instance, elsewhere()).is_none());
    assert!(session.end_if_overflowed().is_some());
}
