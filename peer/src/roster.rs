//! Who is in the call, kept from the hub's frames. Pure: takes frames, returns what changed.

use holdfast_protocol::{
    CallId, CallSnapshot, HubFrame, LeaveReason, MediaState, Participant, ParticipantId, ParticipantState,
};
use std::collections::BTreeMap;

/// Most participants believed of any hub; the rest are ignored.
pub const PARTICIPANTS_MAX: usize = 64;

/// One change for whoever keeps the pairs, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// Someone is there who was not.
    Joined(Participant),
    /// Its socket is lost.
    Away {
        /// Who.
        participant: ParticipantId,
        /// The hub's time of the last frame received from it, in milliseconds since the Unix epoch.
        since_unix_ms: u64,
        /// The hub's time when its place is given up, in milliseconds since the Unix epoch.
        deadline_unix_ms: u64,
        /// How long its place is kept, from now.
        ms_left: u64,
    },
    /// It is back.
    Back {
        /// It, as it is now.
        participant: Participant,
        /// Another instance (a reload, a restarted process) took the place: its connections are gone.
        new_instance: bool,
        /// How long it was away, if the hub said so.
        away_ms: Option<u64>,
    },
    /// It switched media sections.
    Media {
        /// Who.
        participant: ParticipantId,
        /// The new state.
        media: MediaState,
    },
    /// It is gone: its pair ends.
    Left {
        /// Who.
        participant: ParticipantId,
        /// The hub's reason; none when the roster no longer lists it.
        reason: Option<LeaveReason>,
    },
}

/// The others in the call.
#[derive(Debug)]
pub struct Roster {
    call: CallId,
    you: ParticipantId,
    incarnation: u32,
    others: BTreeMap<ParticipantId, Participant>,
}

impl Roster {
    /// The roster of a call just joined, and everyone in it as a change.
    pub fn new(snapshot: &CallSnapshot) -> (Self, Vec<Change>) {
        let mut roster =
            Self { call: snapshot.id, you: snapshot.you, incarnation: 1, others: BTreeMap::new() };
        let changes = roster.resync(snapshot);
        (roster, changes)
    }

    /// The call.
    pub fn call(&self) -> CallId {
        self.call
    }

    /// The own place in it.
    pub fn you(&self) -> ParticipantId {
        self.you
    }

    /// The own incarnation.
    pub fn incarnation(&self) -> u32 {
        self.incarnation
    }

    /// Everyone else, by id.
    pub fn others(&self) -> impl Iterator<Item = &Participant> {
        self.others.values()
    }

    /// Another participant.
    pub fn get(&self, participant: ParticipantId) -> Option<&Participant> {
        self.others.get(&participant)
    }

    /// Takes the whole roster anew; what is the same is no change.
    pub fn resync(&mut self, snapshot: &CallSnapshot) -> Vec<Change> {
        let mut changes = vec![];
        for gone in self.others.keys().copied().collect::<Vec<_>>() {
            if !snapshot.participants.iter().any(|p| p.id == gone) {
                self.left(gone, None, &mut changes);
            }
        }
        for participant in &snapshot.participants {
            if participant.id == self.you {
                self.incarnation = participant.incarnation;
            } else {
                self.present(participant, &mut changes);
            }
        }
        changes
    }

    /// Takes one frame; those of other calls and other kinds change nothing.
    pub fn apply(&mut self, frame: &HubFrame) -> Vec<Change> {
        let mut changes = vec![];
        match frame {
            HubFrame::PeerJoined { call, participant }
                if *call == self.call && participant.id != self.you =>
            {
                self.present(participant, &mut changes);
            }
            HubFrame::PeerDisconnected { call, participant, since_unix_ms, deadline_unix_ms, ms_left }
                if *call == self.call =>
            {
                let state = ParticipantState::TemporarilyDisconnected {
                    since_unix_ms: *since_unix_ms,
                    deadline_unix_ms: *deadline_unix_ms,
                    ms_left: *ms_left,
                };
                self.edit(*participant, |p| p.state = state, &mut changes);
            }
            HubFrame::PeerReconnected { call, participant, incarnation, reconnect_count, away_ms }
                if *call == self.call =>
            {
                let back = |p: &mut Participant| {
                    (p.state, p.incarnation) = (ParticipantState::Connected, *incarnation);
                    p.reconnect_count = *reconnect_count;
                };
                self.edit(*participant, back, &mut changes);
                for change in &mut changes {
                    if let Change::Back { away_ms: told, .. } = change {
                        *told = Some(*away_ms);
                    }
                }
            }
            HubFrame::MediaState { call, participant, media } if *call == self.call => {
                self.edit(*participant, |p| p.media = *media, &mut changes);
            }
            HubFrame::PeerLeft { call, participant, reason } if *call == self.call => {
                self.left(*participant, Some(*reason), &mut changes);
            }
            _ => {}
        }
        changes
    }

    fn edit(
        &mut self,
        participant: ParticipantId,
        edit: impl FnOnce(&mut Participant),
        changes: &mut Vec<Change>,
    ) {
        if let Some(mut new) = self.others.get(&participant).cloned() {
            edit(&mut new);
            self.present(&new, changes);
        }
    }

    fn present(&mut self, new: &Participant, changes: &mut Vec<Change>) {
        let old = self.others.get(&new.id);
        if old.is_some_and(|old| new.incarnation < old.incarnation) {
            return;
        }
        if old.is_none() && self.others.len() >= PARTICIPANTS_MAX {
            return;
        }
        let old = self.others.insert(new.id, new.clone());
        let Some(old) = old else {
            changes.push(Change::Joined(new.clone()));
            changes.extend(away(new));
            return;
        };
        let new_instance = new.incarnation > old.incarnation;
        let was_away = old.state != ParticipantState::Connected;
        let is_away = new.state != ParticipantState::Connected;
        if new_instance || (was_away && !is_away) {
            changes.push(Change::Back { participant: new.clone(), new_instance, away_ms: None });
        }
        if old.media != new.media {
            changes.push(Change::Media { participant: new.id, media: new.media });
        }
        if is_away && (new_instance || !was_away) {
            changes.extend(away(new));
        }
    }

    fn left(&mut self, participant: ParticipantId, reason: Option<LeaveReason>, changes: &mut Vec<Change>) {
        if self.others.remove(&participant).is_some() {
            changes.push(Change::Left { participant, reason });
        }
    }
}

/// That it is away, if it is.
fn away(who: &Participant) -> Option<Change> {
    let ParticipantState::TemporarilyDisconnected { since_unix_ms, deadline_unix_ms, ms_left } = who.state
    else {
        return None;
    };
    Some(Change::Away { participant: who.id, since_unix_ms, deadline_unix_ms, ms_left })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(name: &str) -> HubFrame {
        let path = format!("{}/../tests/vectors/wire/hub/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn joined() -> (Roster, Vec<Change>, CallSnapshot) {
        let HubFrame::Joined { call, .. } = vector("joined") else { panic!("not a joined frame") };
        let (roster, changes) = Roster::new(&call);
        (roster, changes, call)
    }

    fn bob() -> ParticipantId {
        "0000b0b0-0000-4000-8000-000000000002".parse().unwrap()
    }

    #[test]
    fn joining_shows_everyone_else() {
        let (roster, changes, snapshot) = joined();
        assert_eq!(
            changes,
            [Change::Joined(snapshot.participants[1].clone()), away(&snapshot.participants[1]).unwrap(),]
        );
        assert_eq!((roster.you(), roster.incarnation()), (snapshot.you, 1));
    }

    #[test]
    fn the_same_roster_again_is_no_change() {
        let (mut roster, _, snapshot) = joined();
        assert_eq!(roster.resync(&snapshot), []);
        assert_eq!(roster.apply(&vector("peer-disconnected")), [], "it is away already");
    }

    #[test]
    fn coming_back_as_the_same_instance_keeps_the_pair() {
        let (mut roster, ..) = joined();
        let changes = roster.apply(&vector("peer-reconnected"));
        let [Change::Back { participant, new_instance: false, away_ms: Some(9_800) }] = &changes[..] else {
            panic!("{changes:?}")
        };
        assert_eq!((participant.id, participant.incarnation, participant.reconnect_count), (bob(), 2, 1));
        let changes = roster.apply(&vector("peer-disconnected"));
        assert!(matches!(changes[..], [Change::Away { ms_left: 30_000, .. }]), "{changes:?}");
    }

    #[test]
    fn a_new_instance_takes_the_place() {
        let (mut roster, _, mut snapshot) = joined();
        snapshot.participants[1].incarnation = 3;
        let changes = roster.resync(&snapshot);
        assert!(
            matches!(changes[..], [Change::Back { new_instance: true, .. }, Change::Away { .. }]),
            "it is away again: {changes:?}"
        );
        snapshot.participants[1].incarnation = 4;
        snapshot.participants[1].state = ParticipantState::Connected;
        let participant = snapshot.participants[1].clone();
        let back = Change::Back { participant, new_instance: true, away_ms: None };
        assert_eq!(roster.resync(&snapshot), [back]);
        snapshot.participants[1].incarnation = 3;
        assert_eq!(roster.resync(&snapshot), [], "old news");
    }

    #[test]
    fn leaving_ends_the_pair_once() {
        let (mut roster, _, mut snapshot) = joined();
        let left = Change::Left { participant: bob(), reason: Some(LeaveReason::NetworkLost) };
        assert_eq!(roster.apply(&vector("peer-left")), [left]);
        assert_eq!(roster.apply(&vector("peer-left")), []);
        roster.apply(&vector("peer-joined"));
        snapshot.participants.truncate(1);
        assert_eq!(roster.resync(&snapshot), [Change::Left { participant: bob(), reason: None }]);
    }

    #[test]
    fn frames_of_other_calls_and_a_flood_of_participants_change_nothing() {
        let (mut roster, _, snapshot) = joined();
        roster.call = "0000ca11-0000-4000-8000-000000000002".parse().unwrap();
        assert_eq!(roster.apply(&vector("peer-left")), []);
        let (mut roster, ..) = Roster::new(&snapshot);
        let mut flood = snapshot.clone();
        for n in 0..200_u32 {
            let id = format!("{n:08x}-0000-4000-8000-0000000000ff").parse().unwrap();
            flood.participants.push(Participant { id, ..snapshot.participants[1].clone() });
        }
        roster.resync(&flood);
        assert_eq!(roster.others.len(), PARTICIPANTS_MAX);
    }
}
