//! The link told what happens, and what it does then.

use super::*;
use holdfast_protocol::{
    Hello, NegotiateReason, Signal,
    timing::{HELLO_TIMEOUT_MS, RECONNECT_BACKOFF_MS},
};

fn link() -> Link {
    let instance = "00001257-0000-4000-8000-000000000001".parse().unwrap();
    Link::new(instance, DisplayName::new("Ada").unwrap(), None, 7)
}

fn welcome(resumed: bool, epoch: u8) -> HubFrame {
    let file = include_str!("../../../tests/vectors/wire/hub/welcome-resumed.json");
    let mut value: serde_json::Value = serde_json::from_str(file).unwrap();
    value["resumed"] = resumed.into();
    value["last_command"] = 0.into();
    value["token"] = format!("token-{epoch}").into();
    value["epoch"] = format!("0000e70c-0000-4000-8000-00000000000{epoch}").into();
    serde_json::from_value(value).unwrap()
}

fn unnumbered(frame: HubFrame) -> Input {
    Input::Frame { seq: None, frame: Some(frame) }
}

fn numbered(seq: u32) -> Input {
    let message = String::new();
    let error = ErrorFrame { code: ErrorCode::Internal, message, retry_after_ms: None, in_reply_to: None };
    Input::Frame { seq: Some(Seq(seq)), frame: Some(HubFrame::Error(error)) }
}

fn ack(seq: u32) -> Effect {
    Effect::Transmit(ClientFrame::Ack { seq: Seq(seq) })
}

fn refusal(code: ErrorCode) -> Input {
    let message = String::new();
    unnumbered(HubFrame::Error(ErrorFrame { code, message, retry_after_ms: None, in_reply_to: None }))
}

/// The `hello` that a socket opened at this time says.
fn hello(link: &mut Link, now_ms: u64) -> Hello {
    let mut effects = link.handle(now_ms, Input::Opened);
    match effects.pop() {
        Some(Effect::Transmit(ClientFrame::Hello(hello))) if effects.is_empty() => hello,
        other => panic!("{other:?}"),
    }
}

fn up(link: &mut Link, now_ms: u64, resumed: bool, epoch: u8) -> Vec<Effect> {
    assert_eq!(link.handle(now_ms, Input::Tick), [Effect::Dial]);
    link.handle(now_ms, Input::Opened);
    link.handle(now_ms, unnumbered(welcome(resumed, epoch)))
}

fn drop_it(link: &mut Link, now_ms: u64) -> u64 {
    let effects = link.handle(now_ms, Input::Dropped { reason: "reset".into(), close_code: None });
    let [Effect::Down { retry_in_ms, .. }] = effects[..] else { panic!("{effects:?}") };
    retry_in_ms
}

fn started() -> Link {
    let mut link = link();
    assert_eq!(link.handle(0, Input::Start), [Effect::Dial]);
    let hello = hello(&mut link, 0);
    assert_eq!((hello.attempt, hello.guest, hello.resume), (1, None, None));
    let effects = link.handle(0, unnumbered(welcome(false, 1)));
    let [Effect::Keep(_), acknowledged, Effect::Up { same: false, .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(*acknowledged, ack(0));
    link
}

fn frame(id: u32) -> ClientFrame {
    ClientFrame::IceServers { id: CommandId(id) }
}

fn signal(id: u32) -> ClientFrame {
    ClientFrame::Signal {
        id: CommandId(id),
        call: "0000ca11-0000-4000-8000-000000000001".parse().unwrap(),
        to: "0000b0b0-0000-4000-8000-000000000002".parse().unwrap(),
        to_incarnation: 1,
        signal: Signal::Negotiate { connection: None, generation: 0, reason: NegotiateReason::NoOffer },
    }
}

#[test]
fn a_lost_socket_is_replaced_at_once_and_both_sides_go_on_where_they_stopped() {
    let mut link = started();
    for id in 1..=2 {
        assert_eq!(link.handle(0, Input::Send(signal(id))), [Effect::Transmit(signal(id))]);
    }
    link.handle(0, unnumbered(HubFrame::Ack { command: CommandId(1) }));
    for seq in 1..=3 {
        assert!(matches!(link.handle(0, numbered(seq))[..], [Effect::Deliver(_)]));
    }
    assert_eq!(drop_it(&mut link, 60_000), 0);
    assert_eq!(link.handle(60_000, Input::Send(frame(3))), []);
    link.handle(60_000, Input::Tick);
    let hello = hello(&mut link, 60_100);
    let resume = hello.resume.unwrap();
    assert_eq!((hello.attempt, resume.seq, resume.token.expose()), (2, Seq(3), "token-1"));
    let effects = link.handle(60_200, unnumbered(welcome(true, 1)));
    let [Effect::Keep(kept), first, resent @ .., Effect::Up { same: true, .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((kept.resume.seq, first), (Seq(3), &ack(3)));
    assert_eq!(*resent, [Effect::Transmit(signal(2)), Effect::Transmit(frame(3))], "what has no answer yet");
    assert_eq!(link.handle(60_300, numbered(3)), [], "it was taken in before");
    assert!(matches!(link.handle(60_300, numbered(4))[..], [Effect::Deliver(_)]));
}

#[test]
fn what_the_welcome_says_was_carried_out_is_not_said_again() {
    for (epoch, rest) in [(1, &[2, 3][..]), (2, &[3])] {
        let mut link = started();
        for frame in [signal(1), signal(2), frame(3)] {
            link.handle(0, Input::Send(frame));
        }
        drop_it(&mut link, 60_000);
        link.handle(60_000, Input::Tick);
        hello(&mut link, 60_000);
        let HubFrame::Welcome(mut frame) = welcome(true, epoch) else { panic!() };
        frame.last_command = CommandId(1);
        let effects = link.handle(60_000, unnumbered(HubFrame::Welcome(frame)));
        let said = effects.iter().filter_map(|effect| match effect {
            Effect::Transmit(frame) => frame.command().map(|id| id.0),
            _ => None,
        });
        assert_eq!(said.collect::<Vec<_>>(), rest);
        assert_eq!([1, 2, 3].map(|id| link.holds(CommandId(id))), [false, rest.contains(&2), true]);
    }
}

#[test]
fn a_new_epoch_counts_anew_and_drops_signals_only() {
    for (resumed, epoch) in [(false, 1), (true, 2), (false, 2)] {
        let mut link = started();
        link.handle(0, numbered(1));
        link.handle(0, Input::Send(signal(1)));
        link.handle(0, Input::Send(frame(2)));
        drop_it(&mut link, 60_000);
        let effects = up(&mut link, 60_000, resumed, epoch);
        let [Effect::Keep(_), first, resent, Effect::Up { same: false, .. }] = &effects[..] else {
            panic!("{effects:?}")
        };
        assert_eq!((first, resent), (&ack(0), &Effect::Transmit(frame(2))));
        assert!(matches!(link.handle(60_000, numbered(1))[..], [Effect::Deliver(_)]));
    }
}

#[test]
fn acknowledgements_go_out_after_sixteen_frames_or_a_second() {
    let mut link = started();
    link.handle(100, numbered(1));
    assert_eq!(link.deadline_ms(), Some(1_100));
    assert_eq!(link.handle(1_100, Input::Tick), [ack(1)]);
    for seq in 2..=16 {
        assert_eq!(link.handle(1_200, numbered(seq)).len(), 1);
    }
    assert_eq!(link.handle(1_200, numbered(17))[1..], [ack(17)]);
    assert_eq!(link.deadline_ms(), Some(5_000), "nothing is owed");
}

#[test]
fn a_frame_that_is_not_known_counts_and_one_that_is_missing_ends_the_socket() {
    let mut link = started();
    assert_eq!(link.handle(0, Input::Frame { seq: Some(Seq(1)), frame: None }), []);
    assert!(matches!(link.handle(0, numbered(2))[..], [Effect::Deliver(_)]));
    let effects = link.handle(0, numbered(4));
    assert!(matches!(&effects[..], [Effect::Hangup, Effect::Down { .. }]), "{effects:?}");
}

#[test]
fn a_session_that_is_refused_is_forgotten_and_hello_said_again_at_once() {
    for code in [ErrorCode::SessionUnknown, ErrorCode::StaleHello, ErrorCode::BadCredentials] {
        let mut link = started();
        drop_it(&mut link, 60_000);
        link.handle(60_000, Input::Tick);
        hello(&mut link, 60_000);
        assert_eq!(link.handle(60_000, refusal(code)), [Effect::Hangup, Effect::Dial]);
        let again = hello(&mut link, 60_000);
        assert_eq!((again.attempt, again.resume), (3, None));
        assert_eq!(again.guest.is_some(), code != ErrorCode::BadCredentials);
        let effects = link.handle(60_000, refusal(code));
        assert!(matches!(&effects[..], [Effect::Hangup, ..]), "{effects:?}");
        let once_more = matches!(&effects[..], [_, Effect::Dial]);
        assert!(!once_more || hello(&mut link, 60_000).guest.is_none());
    }
}

#[test]
fn a_standing_from_an_earlier_process_is_what_hello_shows() {
    let mut before = started();
    drop_it(&mut before, 60_000);
    let effects = up(&mut before, 60_000, true, 2);
    let Effect::Keep(standing) = &effects[0] else { panic!("{effects:?}") };
    let instance = "00001257-0000-4000-8000-000000000002".parse().unwrap();
    let mut link = Link::new(instance, DisplayName::new("Ada").unwrap(), Some((**standing).clone()), 7);
    link.handle(0, Input::Start);
    let hello = hello(&mut link, 0);
    assert_eq!((hello.attempt, hello.guest), (1, Some(standing.guest.clone())));
    assert_eq!(hello.resume.unwrap().token.expose(), "token-2");
    let HubFrame::Welcome(mut frame) = welcome(true, 3) else { panic!() };
    frame.last_command = CommandId(57);
    link.handle(0, unnumbered(HubFrame::Welcome(frame)));
    assert_eq!(link.next_command(), CommandId(58), "the session's numbers go on");
}

#[test]
fn a_probe_finds_out_at_once() {
    let mut link = started();
    assert_eq!(link.handle(1_000, Input::Probe), [Effect::Transmit(ClientFrame::Heartbeat)]);
    assert_eq!(link.deadline_ms(), Some(3_000));
    link.handle(1_500, unnumbered(HubFrame::HeartbeatAck));
    assert_eq!(link.deadline_ms(), Some(6_000));
    // The process stood still for an hour; the hub's frames may wait unread.
    assert_eq!(link.handle(3_600_000, Input::Tick), [Effect::Transmit(ClientFrame::Heartbeat)]);
    let effects = link.handle(3_602_000, Input::Tick);
    assert!(matches!(&effects[..], [Effect::Hangup, Effect::Down { retry_in_ms: 0, .. }]), "{effects:?}");
    link.handle(3_602_000, Input::Tick);
    let wait_ms = drop_it(&mut link, 3_602_000);
    assert!(wait_ms > 0);
    assert_eq!(link.handle(3_602_001, Input::Probe), [Effect::Dial], "no wait is longer than the news");
}

#[test]
fn who_stood_still_with_an_acknowledgement_owed_asks_once() {
    let mut link = started();
    let frame = HubFrame::AcceptedElsewhere { call: "0000ca11-0000-4000-8000-000000000001".parse().unwrap() };
    link.handle(1_000, Input::Frame { seq: Some(Seq(1)), frame: Some(frame) });
    let effects = link.handle(60_000, Input::Tick);
    let expected = [ClientFrame::Heartbeat, ClientFrame::Ack { seq: Seq(1) }].map(Effect::Transmit);
    assert_eq!(effects, expected);
    assert_eq!(link.deadline_ms(), Some(62_000), "nothing is due again at once");
}

#[test]
fn a_probe_does_not_hurry_past_what_the_hub_told() {
    let mut link = started();
    link.handle(60_000, unnumbered(HubFrame::GoingAway { retry_after_ms: 5_000 }));
    assert_eq!(drop_it(&mut link, 60_000), 5_000);
    assert_eq!(link.handle(61_000, Input::Probe), []);
}

#[test]
fn waits_grow_are_only_shortened_by_chance_and_start_over_after_a_settled_session() {
    let mut link = started();
    let mut now_ms = 60_000;
    let mut waits = vec![drop_it(&mut link, now_ms)];
    for _ in 0..7 {
        now_ms += waits[waits.len() - 1];
        assert_eq!(link.handle(now_ms, Input::Tick), [Effect::Dial]);
        waits.push(drop_it(&mut link, now_ms));
    }
    for (attempt, wait_ms) in waits.iter().enumerate() {
        let full_ms = RECONNECT_BACKOFF_MS[attempt.min(5)];
        assert!((full_ms * 3 / 4..=full_ms).contains(wait_ms), "attempt {attempt}: {wait_ms} of {full_ms}");
    }
    now_ms += 10_000;
    up(&mut link, now_ms, true, 1);
    assert!(drop_it(&mut link, now_ms + 100) > 5_000, "one that closes at once is no success");
    now_ms += 20_000;
    up(&mut link, now_ms, true, 1);
    assert_eq!(drop_it(&mut link, now_ms + 5_000), 0);
}

#[test]
fn heartbeats_go_out_and_silence_ends_the_socket() {
    let mut link = started();
    assert_eq!(link.handle(4_999, Input::Tick), []);
    assert_eq!(link.handle(5_000, Input::Tick), [Effect::Transmit(ClientFrame::Heartbeat)]);
    link.handle(5_100, unnumbered(HubFrame::HeartbeatAck));
    assert_eq!(link.handle(10_000, Input::Tick), [Effect::Transmit(ClientFrame::Heartbeat)]);
    assert_eq!(link.handle(15_000, Input::Tick), [Effect::Transmit(ClientFrame::Heartbeat)]);
    assert_eq!(link.deadline_ms(), Some(17_100));
    let effects = link.handle(17_100, Input::Tick);
    assert!(matches!(&effects[..], [Effect::Hangup, Effect::Down { retry_in_ms: 0, .. }]), "{effects:?}");
}

#[test]
fn a_hub_that_does_not_answer_is_given_up_and_tried_again() {
    let mut link = link();
    link.handle(0, Input::Start);
    let effects = link.handle(DIAL_TIMEOUT_MS, Input::Tick);
    assert!(matches!(&effects[..], [Effect::Hangup, Effect::Down { .. }]));
    assert_eq!(link.handle(DIAL_TIMEOUT_MS, Input::Tick), [Effect::Dial]);
    link.handle(DIAL_TIMEOUT_MS, Input::Opened);
    let effects = link.handle(DIAL_TIMEOUT_MS + HELLO_TIMEOUT_MS, Input::Tick);
    assert!(matches!(&effects[..], [Effect::Hangup, Effect::Down { .. }]));
}

fn refuse(link: &mut Link, code: ErrorCode, retry_after_ms: Option<u64>) -> Vec<Effect> {
    link.handle(0, Input::Start);
    link.handle(0, Input::Opened);
    let error = ErrorFrame { code, message: String::new(), retry_after_ms, in_reply_to: None };
    link.handle(0, unnumbered(HubFrame::Error(error)))
}

#[test]
fn told_to_wait_it_waits_and_told_no_it_stops() {
    let mut link = link();
    assert_eq!(refuse(&mut link, ErrorCode::RateLimited, Some(660_000)), []);
    assert_eq!(drop_it(&mut link, 10), 660_000);

    // The same in an HTTP refusal, and no impatience helps.
    let mut link = self::link();
    link.handle(0, Input::Start);
    assert_eq!(link.handle(0, Input::Wait { ms: 660_000 }), []);
    assert_eq!(drop_it(&mut link, 10), 660_000);
    assert_eq!(link.handle(600_000, Input::Probe), []);

    let mut link = self::link();
    let effects = refuse(&mut link, ErrorCode::UnsupportedProtocol, None);
    assert!(matches!(&effects[..], [Effect::Hangup, Effect::Refused(_)]));
    assert_eq!(link.deadline_ms(), None);
    assert_eq!(link.handle(1, Input::Dropped { reason: String::new(), close_code: None }), []);

    let mut link = started();
    link.handle(60_000, unnumbered(HubFrame::GoingAway { retry_after_ms: 1_500 }));
    assert_eq!(drop_it(&mut link, 60_500), 1_000);
}

#[test]
fn a_session_taken_over_is_not_fought_for() {
    let mut link = started();
    let close_code = Some(CloseCode::TakenOver.number());
    let effects = link.handle(1, Input::Dropped { reason: String::new(), close_code });
    assert!(matches!(&effects[..], [Effect::Hangup, Effect::Refused(_)]));
}

#[test]
fn too_much_to_keep_is_dropped_loudly() {
    let mut link = started();
    drop_it(&mut link, 60_000);
    let most = u32::try_from(OUTBOX_FRAMES_MAX).unwrap();
    for id in 1..=most {
        assert_eq!(link.handle(60_000, Input::Send(signal(id))), []);
    }
    let frames = OUTBOX_FRAMES_MAX + 1;
    assert_eq!(link.handle(60_000, Input::Send(signal(most + 1))), [Effect::Overflow { frames }]);
    let effects = up(&mut link, 60_000, true, 1);
    assert_eq!(effects.len(), 3, "nothing is left to send: {effects:?}");
}

#[test]
fn times_that_a_hub_makes_up_neither_spin_nor_silence() {
    for (interval_ms, timeout_ms) in [(0, 0), (u64::MAX, u64::MAX), (u64::MAX, 0), (5_000, 1)] {
        let mut link = link();
        link.handle(0, Input::Start);
        link.handle(0, Input::Opened);
        let HubFrame::Welcome(mut frame) = welcome(false, 1) else { panic!() };
        frame.heartbeat = Heartbeat { interval_ms, timeout_ms };
        link.handle(0, unnumbered(HubFrame::Welcome(frame)));
        let beat_ms = link.deadline_ms().unwrap();
        assert!((1_000..=60_000).contains(&beat_ms), "{beat_ms}");
        assert_eq!(link.handle(beat_ms, Input::Tick), [Effect::Transmit(ClientFrame::Heartbeat)]);
        assert!(link.deadline_ms().unwrap() > beat_ms);
    }
    for (told_ms, wait_ms) in [(0, 1_000), (u64::MAX, 3_600_000)] {
        let mut link = started();
        link.handle(60_000, unnumbered(HubFrame::GoingAway { retry_after_ms: told_ms }));
        assert_eq!(drop_it(&mut link, 60_000), wait_ms);
    }
}
