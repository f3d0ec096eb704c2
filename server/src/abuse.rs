//! Which addresses go on abusing the hub. Pure: it is told the time. Each offence has points; an address may have
//! [`POINTS_MAX`] of them, and loses [`POINTS_PER_MINUTE`]. One more, and it is banned for a while. What an honest
//! client does now and then costs little or nothing; a flood is banned within seconds. All of it is counted in tenths.

use crate::{network::Network, rate::Bucket};
use holdfast_protocol::{CloseCode, ErrorCode};
use std::collections::HashMap;

/// One point.
const POINT: u32 = 10;
/// Points that an address may have at once.
const POINTS_MAX: u32 = 100 * POINT;
/// Points that are forgiven in a minute.
const POINTS_PER_MINUTE: u64 = 60 * POINT as u64;
/// Addresses remembered. When there are more, the quarter with the least to its name is forgotten.
const ADDRESSES_MAX: usize = 16_384;

/// Something that an honest client rarely does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Offence {
    /// A frame was refused.
    Refused(ErrorCode),
    /// A `hello` was refused, and the socket closed.
    HelloRefused(ErrorCode),
    /// A `hello` showed a token that is not its session's.
    WrongToken,
    /// A socket had to be closed.
    Closed(CloseCode),
    /// Something was asked for of which the address has as much as it may have.
    TurnedAway,
}

impl Offence {
    /// Zero for what also happens to the honest, in races, on slow paths and in full rooms.
    fn points(self) -> u32 {
        match self {
            Self::TurnedAway => POINT,
            // A whole office comes back too late after its line was down. A thousand guesses in a second do not pass.
            Self::HelloRefused(ErrorCode::SessionUnknown | ErrorCode::StaleHello) => 1,
            Self::HelloRefused(code) => 2 * POINT + Self::Refused(code).points(),
            Self::WrongToken => 4 * POINT,
            Self::Refused(code) => {
                POINT
                    * match code {
                        ErrorCode::NotJson
                        | ErrorCode::UnknownType
                        | ErrorCode::MalformedFrame
                        | ErrorCode::InvalidName
                        | ErrorCode::InvalidRoom
                        | ErrorCode::InvalidSignal
                        | ErrorCode::AlreadyWelcomed
                        | ErrorCode::TooManyCalls
                        | ErrorCode::AddressFull
                        | ErrorCode::RateLimited => 1,
                        // After the hub's key was lost every guest says a wrong one, once.
                        ErrorCode::BadCredentials => 2,
                        ErrorCode::BinaryFrame
                        | ErrorCode::UnsupportedProtocol
                        | ErrorCode::HelloExpected
                        | ErrorCode::RoomFull
                        | ErrorCode::NotInCall
                        | ErrorCode::SessionUnknown
                        | ErrorCode::StaleHello
                        | ErrorCode::UnknownCall
                        | ErrorCode::Busy
                        | ErrorCode::InDirectCall
                        | ErrorCode::UserOffline
                        | ErrorCode::CallsYourself
                        | ErrorCode::NotRinging
                        | ErrorCode::NotHost
                        | ErrorCode::DirectoryOff
                        | ErrorCode::UnknownParticipant
                        | ErrorCode::HubFull
                        | ErrorCode::Banned
                        | ErrorCode::Internal => 0,
                    }
            }
            Self::Closed(code) => {
                POINT
                    * match code {
                CloseCode::TooManyErrors => 30,
                CloseCode::TooBig | CloseCode::Unsupported | CloseCode::NotUtf8 | CloseCode::ProtocolError => 5,
                CloseCode::HelloTimeout => 2,
                CloseCode::Normal
                // Counted with what was refused.
                | CloseCode::HelloRefused
                | CloseCode::GoingAway
                | CloseCode::HeartbeatTimeout
                // Others can fill a queue: whose it is must not pay for them.
                | CloseCode::SlowReader
                | CloseCode::TakenOver
                | CloseCode::HubFull
                | CloseCode::Banned
                | CloseCode::AddressFull => 0,
            }
            }
        }
    }
}

/// What became of an offence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// The address may go on.
    Noted,
    /// The address is banned, since just now or since before.
    Banned {
        /// Whether it was this that did it.
        newly: bool,
        /// What is left of the ban.
        ms_left: u64,
    },
}

/// The addresses with something to their name.
#[derive(Debug)]
pub(crate) struct Abuse {
    ban_ms: u64,
    addresses_max: usize,
    records: HashMap<Network, Record>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    points: Bucket,
    banned_until_ms: u64,
}

impl Abuse {
    /// Nobody has done anything; a ban takes `ban_ms`.
    pub(crate) fn new(ban_ms: u64) -> Self {
        Self { ban_ms, addresses_max: ADDRESSES_MAX, records: HashMap::new() }
    }

    /// What is left of the address's ban.
    pub(crate) fn ban_ms_left(&self, now_ms: u64, network: Network) -> Option<u64> {
        let until_ms = self.records.get(&network)?.banned_until_ms;
        until_ms.checked_sub(now_ms).filter(|left_ms| *left_ms > 0)
    }

    /// Notes an offence. A ban is not made longer by what comes during it.
    pub(crate) fn note(&mut self, now_ms: u64, network: Network, offence: Offence) -> Outcome {
        let points = offence.points();
        if points == 0 {
            return Outcome::Noted;
        }
        if let Some(ms_left) = self.ban_ms_left(now_ms, network) {
            return Outcome::Banned { newly: false, ms_left };
        }
        if self.records.len() >= self.addresses_max && !self.records.contains_key(&network) {
            self.make_room(now_ms);
        }
        let clean = || Bucket::new(POINTS_PER_MINUTE, POINTS_MAX, now_ms);
        let record =
            self.records.entry(network).or_insert_with(|| Record { points: clean(), banned_until_ms: 0 });
        if record.points.take_many(now_ms, points).is_ok() {
            return Outcome::Noted;
        }
        *record = Record { points: clean(), banned_until_ms: now_ms.saturating_add(self.ban_ms) };
        Outcome::Banned { newly: true, ms_left: self.ban_ms }
    }

    /// Forgets those whose points are forgiven, and when that is not enough a quarter of all: the ones that have
    /// done least, bans last. Costs one walk per quarter of the table.
    fn make_room(&mut self, now_ms: u64) {
        self.records.retain(|_, record| record.banned_until_ms > now_ms || !record.points.is_full(now_ms));
        if self.records.len() < self.addresses_max {
            return;
        }
        let weight = |record: &Record| {
            let banned_ms = record.banned_until_ms.saturating_sub(now_ms);
            (banned_ms, u64::MAX - record.points.level(now_ms))
        };
        let mut all: Vec<_> =
            self.records.iter().map(|(network, record)| (weight(record), *network)).collect();
        let quarter = (all.len() / 4).max(1);
        all.select_nth_unstable_by_key(quarter - 1, |(weight, _)| *weight);
        for (_, network) in &all[..quarter] {
            self.records.remove(network);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAN_MS: u64 = 660_000;
    const BAD_FRAME: Offence = Offence::Refused(ErrorCode::NotJson);

    fn network(number: u32) -> Network {
        Network::of(std::net::Ipv4Addr::from_bits(number).into())
    }

    #[test]
    fn who_goes_on_is_banned_once_and_free_again_after_it() {
        let mut abuse = Abuse::new(BAN_MS);
        let (bad, good) = (network(1), network(2));
        for _ in 0..POINTS_MAX / POINT {
            assert_eq!(abuse.note(0, bad, BAD_FRAME), Outcome::Noted);
        }
        assert_eq!(abuse.note(0, bad, BAD_FRAME), Outcome::Banned { newly: true, ms_left: BAN_MS });
        assert_eq!(
            abuse.note(1_000, bad, BAD_FRAME),
            Outcome::Banned { newly: false, ms_left: BAN_MS - 1_000 }
        );
        assert_eq!((abuse.ban_ms_left(BAN_MS - 1, bad), abuse.ban_ms_left(0, good)), (Some(1), None));
        assert_eq!(abuse.ban_ms_left(BAN_MS, bad), None);
        assert_eq!(abuse.note(BAN_MS, bad, BAD_FRAME), Outcome::Noted, "a clean sheet");
    }

    #[test]
    fn what_happens_to_the_honest_costs_nothing_and_mistakes_are_forgiven() {
        let mut abuse = Abuse::new(BAN_MS);
        for harmless in [Offence::Refused(ErrorCode::RoomFull), Offence::Closed(CloseCode::HeartbeatTimeout)]
        {
            for _ in 0..1_000 {
                assert_eq!(abuse.note(0, network(1), harmless), Outcome::Noted);
            }
        }
        assert!(abuse.records.is_empty(), "nor is anything remembered");
        for second in 0..1_000 {
            assert_eq!(abuse.note(second * 1_000, network(1), BAD_FRAME), Outcome::Noted);
        }
    }

    #[test]
    fn worse_things_weigh_more() {
        let needed = |offence| {
            let mut abuse = Abuse::new(BAN_MS);
            (1..10_000).find(|_| abuse.note(0, network(1), offence) != Outcome::Noted).unwrap()
        };
        assert_eq!(needed(Offence::Closed(CloseCode::TooManyErrors)), 4);
        assert_eq!(needed(Offence::Closed(CloseCode::TooBig)), 21);
        assert_eq!(needed(Offence::TurnedAway), 101);
        assert_eq!(needed(Offence::HelloRefused(ErrorCode::BadCredentials)), 26);
        assert_eq!(needed(Offence::WrongToken), 26);
        assert_eq!(needed(Offence::HelloRefused(ErrorCode::SessionUnknown)), 1_001);
    }

    #[test]
    fn the_table_is_bounded_and_keeps_the_worst() {
        let mut abuse = Abuse { addresses_max: 64, ..Abuse::new(BAN_MS) };
        while abuse.note(0, network(0), BAD_FRAME) == Outcome::Noted {}
        for number in 1..10_000 {
            abuse.note(0, network(number), BAD_FRAME);
            assert!(abuse.records.len() <= 64);
        }
        assert_eq!(abuse.ban_ms_left(0, network(0)), Some(BAN_MS));
        abuse.make_room(BAN_MS * 10);
        assert!(abuse.records.is_empty(), "what is forgiven is forgotten");
    }
}
