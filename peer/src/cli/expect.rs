//! `--expect-media`: whether media flowed as it should, judged from the events. Pure.

use crate::{
    event::{Event, Stamped},
    pair::Flow,
};
use holdfast_protocol::ParticipantId;
use std::collections::BTreeMap;

/// Who was there for less is not expected to have got media through.
const PRESENT_MS: u64 = 5_000;

/// Who was there, and with whom media flowed both ways.
#[derive(Debug, Default)]
pub(super) struct Expectation {
    present: BTreeMap<ParticipantId, Presence>,
    satisfied: usize,
    missed: Vec<(String, Flow)>,
    /// Events that this did not see.
    unseen: u64,
}

#[derive(Debug)]
struct Presence {
    name: String,
    since_ms: u64,
    /// The best there was.
    flow: Flow,
}

impl Expectation {
    pub(super) fn take(&mut self, event: &Stamped) {
        match &event.event {
            Event::PeerJoined(participant) => {
                // The same one again, in a new call.
                self.gone(participant.id, event.at_ms);
                let name = participant.name.to_string();
                let presence = Presence { name, since_ms: event.at_ms, flow: Flow::None };
                self.present.insert(participant.id, presence);
            }
            Event::Media { participant, flow } => {
                if let Some(presence) = self.present.get_mut(participant)
                    && presence.flow != Flow::Both
                {
                    presence.flow = *flow;
                }
            }
            Event::PeerLeft { participant, .. } => self.gone(*participant, event.at_ms),
            Event::Missed { count } => self.unseen += count,
            _ => {}
        }
    }

    /// What is wrong, if anything, when the client leaves at `now_ms`.
    pub(super) fn verdict(mut self, now_ms: u64) -> Result<(), String> {
        for participant in self.present.keys().copied().collect::<Vec<_>>() {
            self.gone(participant, now_ms);
        }
        if self.unseen > 0 {
            return Err(format!("{} events were missed, so nothing can be said of media", self.unseen));
        }
        if let Some((name, flow)) = self.missed.first() {
            return Err(format!("media did not flow both ways with {name:?} (it flowed: {flow:?})"));
        }
        if self.satisfied == 0 { Err("media flowed both ways with nobody".to_owned()) } else { Ok(()) }
    }

    fn gone(&mut self, participant: ParticipantId, now_ms: u64) {
        let Some(presence) = self.present.remove(&participant) else { return };
        if presence.flow == Flow::Both {
            self.satisfied += 1;
        } else if now_ms >= presence.since_ms + PRESENT_MS {
            self.missed.push((presence.name, presence.flow));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Gone;
    use holdfast_protocol::{HubFrame, Participant};

    fn someone(n: u32) -> Participant {
        let file = include_str!("../../../tests/vectors/wire/hub/peer-joined.json");
        let HubFrame::PeerJoined { participant, .. } = serde_json::from_str(file).unwrap() else { panic!() };
        Participant { id: format!("{n:08x}-0000-4000-8000-000000000001").parse().unwrap(), ..participant }
    }

    fn judge(events: Vec<(u64, Event)>, end_ms: u64) -> bool {
        let mut expectation = Expectation::default();
        for (at_ms, event) in events {
            expectation.take(&Stamped { at_ms, event });
        }
        expectation.verdict(end_ms).is_ok()
    }

    fn joined(n: u32) -> Event {
        Event::PeerJoined(someone(n))
    }

    fn flow(n: u32, flow: Flow) -> Event {
        Event::Media { participant: someone(n).id, flow }
    }

    #[test]
    fn both_ways_with_one_and_with_everyone_who_stays() {
        assert!(!judge(vec![], 60_000), "alone");
        assert!(!judge(vec![(0, joined(1))], 4_000), "a short visit is no proof");
        assert!(judge(vec![(0, joined(1)), (900, flow(1, Flow::Both))], 1_000));
        assert!(judge(vec![(0, joined(1)), (9, flow(1, Flow::Both)), (99, flow(1, Flow::None))], 60_000));
        assert!(!judge(vec![(0, joined(1)), (9, flow(1, Flow::In))], 60_000), "one way");
        let both = (9, flow(1, Flow::Both));
        assert!(!judge(vec![(0, joined(1)), both.clone(), (10, joined(2))], 5_010), "one got nothing");
        assert!(
            judge(vec![(0, joined(1)), both.clone(), (10, joined(2))], 5_009),
            "it came too late to judge"
        );
        let left = Event::PeerLeft { participant: someone(2).id, reason: Gone::Hangup };
        assert!(!judge(vec![(0, joined(1)), both.clone(), (10, joined(2)), (6_000, left.clone())], 6_001));
        assert!(judge(vec![(0, joined(1)), both, (10, joined(2)), (2_000, left)], 60_000));
    }

    #[test]
    fn who_joins_again_is_judged_for_each_stay() {
        let both = (9, flow(1, Flow::Both));
        let first = vec![(0, joined(1)), (6_000, joined(1)), (6_001, flow(1, Flow::Both))];
        assert!(!judge(first, 60_000), "nothing flowed in the first stay");
        assert!(
            judge(vec![(0, joined(1)), both, (6_000, joined(1))], 6_001),
            "the second is too short to judge"
        );
    }

    #[test]
    fn events_that_were_missed_prove_nothing() {
        let missed = (10, Event::Missed { count: 1 });
        assert!(!judge(vec![(0, joined(1)), (9, flow(1, Flow::Both)), missed], 60_000));
    }
}
