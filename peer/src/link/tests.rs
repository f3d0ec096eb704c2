//! The link told what happens, and what it does then.

use super::*;
use holdfast_protocol::{CommandId, timing::RECONNECT_BACKOFF_MS};

fn link() -> Link {
    let instance = "00001257-0000-4000-8000-000000000001".parse().unwrap();
    Link::new(instance, DisplayName::new("Ada").unwrap(), 7)
}

fn welcome(resumed: bool, epoch: u8) -> HubFrame {
    let file = include_str!("../../../tests/vectors/wire/hub/welcome-resumed.json");
    let mut value: serde_json::Value = serde_json::from_str(file).unwrap();
    value["resumed"] = resumed.into();
    value["epoch"] = format!("0000e70c-0000-4000-8000-00000000000{epoch}").into();
    serde_json::from_value(value).unwrap()
}

fn up(link: &mut Link, now_ms: u64, resumed: bool, epoch: u8) -> Vec<Effect> {
    assert_eq!(link.handle(now_ms, Input::Tick), [Effect::Dial]);
    link.handle(now_ms, Input::Opened);
    link.handle(now_ms, Input::Frame(welcome(resumed, epoch)))
}

fn drop_it(link: &mut Link, now_ms: u64) -> u64 {
    let effects = link.handle(now_ms, Input::Dropped { reason: "reset".into(), close_code: None });
    let [Effect::Down { retry_in_ms, .. }] = effects[..] else { panic!("{effects:?}") };
    retry_in_ms
}

fn started() -> Link {
    let mut link = link();
    assert_eq!(link.handle(0, Input::Start), [Effect::Dial]);
    let hello = link.handle(0, Input::Opened);
    assert!(matches!(
        &hello[..],
        [Effect::Transmit(ClientFrame::Hello(Hello { guest: None, resume: None, .. }))]
    ));
    let effects = link.handle(0, Input::Frame(welcome(false, 1)));
    assert!(matches!(&effects[..], [Effect::Up { same: false, .. }]));
    link
}

fn frame(id: u32) -> ClientFrame {
    ClientFrame::IceServers { id: CommandId(id) }
}

#[test]
fn a_lost_socket_is_replaced_at_once_and_the_session_resumed_with_what_was_kept() {
    let mut link = started();
    assert_eq!(drop_it(&mut link, 60_000), 0);
    assert_eq!(link.handle(60_000, Input::Send(frame(1))), []);
    link.handle(60_000, Input::Tick);
    let hello = link.handle(60_100, Input::Opened);
    assert!(matches!(
        &hello[..],
        [Effect::Transmit(ClientFrame::Hello(Hello { guest: Some(_), resume: Some(_), .. }))]
    ));
    let effects = link.handle(60_200, Input::Frame(welcome(true, 1)));
    assert!(matches!(&effects[0], Effect::Up { same: true, .. }));
    assert_eq!(effects[1..], [Effect::Transmit(frame(1))]);
    assert_eq!(link.handle(60_300, Input::Send(frame(2))), [Effect::Transmit(frame(2))]);
}

#[test]
fn what_was_kept_is_dropped_when_the_hub_has_forgotten() {
    for (resumed, epoch) in [(false, 1), (true, 2), (false, 2)] {
        let mut link = started();
        drop_it(&mut link, 60_000);
        link.handle(60_000, Input::Send(frame(1)));
        let effects = up(&mut link, 60_000, resumed, epoch);
        assert!(matches!(&effects[..], [Effect::Up { same: false, .. }]), "{effects:?}");
    }
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
    link.handle(5_100, Input::Frame(HubFrame::HeartbeatAck));
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
    link.handle(0, Input::Frame(HubFrame::Error(error)))
}

#[test]
fn told_to_wait_it_waits_and_told_no_it_stops() {
    let mut link = link();
    assert_eq!(refuse(&mut link, ErrorCode::RateLimited, Some(660_000)), []);
    assert_eq!(drop_it(&mut link, 10), 660_000);

    let mut link = self::link();
    let effects = refuse(&mut link, ErrorCode::UnsupportedProtocol, None);
    assert!(matches!(&effects[..], [Effect::Hangup, Effect::Refused(_)]));
    assert_eq!(link.deadline_ms(), None);
    assert_eq!(link.handle(1, Input::Dropped { reason: String::new(), close_code: None }), []);

    let mut link = started();
    link.handle(60_000, Input::Frame(HubFrame::GoingAway { retry_after_ms: 1_500 }));
    assert_eq!(drop_it(&mut link, 60_500), 1_000);
}

#[test]
fn credentials_that_the_hub_has_forgotten_are_dropped() {
    let mut link = started();
    drop_it(&mut link, 60_000);
    link.handle(60_000, Input::Tick);
    link.handle(60_000, Input::Opened);
    let error = ErrorFrame {
        code: ErrorCode::BadCredentials,
        message: String::new(),
        retry_after_ms: None,
        in_reply_to: None,
    };
    assert_eq!(link.handle(60_000, Input::Frame(HubFrame::Error(error))), []);
    let wait_ms = drop_it(&mut link, 60_000);
    link.handle(60_000 + wait_ms, Input::Tick);
    let hello = link.handle(61_000, Input::Opened);
    assert!(matches!(
        &hello[..],
        [Effect::Transmit(ClientFrame::Hello(Hello { guest: None, resume: None, .. }))]
    ));
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
    for id in 0..most {
        assert_eq!(link.handle(60_000, Input::Send(frame(id))), []);
    }
    let frames = OUTBOX_FRAMES_MAX + 1;
    assert_eq!(link.handle(60_000, Input::Send(frame(most))), [Effect::Overflow { frames }]);
    let effects = up(&mut link, 60_000, true, 1);
    assert_eq!(effects.len(), 1, "nothing is left to send: {effects:?}");
}

#[test]
fn times_that_a_hub_makes_up_neither_spin_nor_silence() {
    for (interval_ms, timeout_ms) in [(0, 0), (u64::MAX, u64::MAX), (u64::MAX, 0), (5_000, 1)] {
        let mut link = link();
        link.handle(0, Input::Start);
        link.handle(0, Input::Opened);
        let HubFrame::Welcome(mut frame) = welcome(false, 1) else { panic!() };
        frame.heartbeat = Heartbeat { interval_ms, timeout_ms };
        link.handle(0, Input::Frame(HubFrame::Welcome(frame)));
        let beat_ms = link.deadline_ms().unwrap();
        assert!((1_000..=60_000).contains(&beat_ms), "{beat_ms}");
        assert_eq!(link.handle(beat_ms, Input::Tick), [Effect::Transmit(ClientFrame::Heartbeat)]);
        assert!(link.deadline_ms().unwrap() > beat_ms);
    }
    for (told_ms, wait_ms) in [(0, 1_000), (u64::MAX, 3_600_000)] {
        let mut link = started();
        link.handle(60_000, Input::Frame(HubFrame::GoingAway { retry_after_ms: told_ms }));
        assert_eq!(drop_it(&mut link, 60_000), wait_ms);
    }
}
