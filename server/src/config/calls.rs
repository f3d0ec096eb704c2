//! Settings about calls: what happens when somebody is away, how long a call rings and lasts.

use super::{Config, duration};
use crate::{call::event::Rules, clock::millis};
use clap::ValueEnum;
use holdfast_protocol::{Consequence, DisconnectPolicy, EndReason, PolicyPreset};

/// Whether the directory may be searched.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum DirectoryMode {
    /// By everyone who is connected
    On,
    /// By nobody
    Off,
}

/// A policy: a preset, numbers, or a preset with some of its numbers changed.
pub(super) fn policy(text: &str) -> Result<DisconnectPolicy, String> {
    let (mut base, mut away, mut then, mut all_away, mut reason) = (None, None, None, None, None);
    for (index, part) in text.split(',').map(str::trim).enumerate() {
        match part.split_once('=') {
            None if index == 0 => base = Some(preset(part)?.policy()),
            None => return Err(format!("{part:?} is not name=value; a preset comes first, and alone")),
            Some(("away", value)) => set(&mut away, millis(duration(value)?), part)?,
            Some(("then", "end")) => set(&mut then, Consequence::EndCall, part)?,
            Some(("then", "leave")) => set(&mut then, Consequence::Leave, part)?,
            Some(("then", _)) => return Err(format!("{part:?}: then is end or leave")),
            Some(("all-away", value)) => set(&mut all_away, millis(duration(value)?), part)?,
            Some(("all-away-reason", "network-lost")) => set(&mut reason, EndReason::NetworkLost, part)?,
            Some(("all-away-reason", "expired")) => set(&mut reason, EndReason::Expired, part)?,
            Some(("all-away-reason", _)) => {
                return Err(format!("{part:?}: all-away-reason is network-lost or expired"));
            }
            Some(_) => return Err(format!("{part:?}: expected away, then, all-away or all-away-reason")),
        }
    }
    let away_ms = away.or(base.map(|base| base.away_ms)).ok_or("away=DURATION is missing")?;
    let then = then.or(base.map(|base| base.then)).ok_or("then=end or then=leave is missing")?;
    // Without a number of its own it follows `away`, as in every preset.
    let all_away_ms =
        all_away.or(base.filter(|_| away.is_none()).map(|base| base.all_away_ms)).unwrap_or(away_ms);
    let all_away_reason = reason.or(base.map(|base| base.all_away_reason)).unwrap_or(match then {
        Consequence::EndCall => EndReason::NetworkLost,
        Consequence::Leave => EndReason::Expired,
    });
    Ok(DisconnectPolicy { away_ms, then, all_away_ms, all_away_reason })
}

fn preset(word: &str) -> Result<PolicyPreset, String> {
    match word {
        "phone" => Ok(PolicyPreset::Phone),
        "event" => Ok(PolicyPreset::Event),
        "support" => Ok(PolicyPreset::Support),
        "patient" => Ok(PolicyPreset::Patient),
        _ => Err(
            "expected phone, event, support, patient, or away=DURATION,then=end|leave[,all-away=DURATION]"
                .into(),
        ),
    }
}

fn set<T>(place: &mut Option<T>, value: T, part: &str) -> Result<(), String> {
    if place.replace(value).is_some() { Err(format!("{part:?} comes twice")) } else { Ok(()) }
}

impl Config {
    /// What a room's call keeps to.
    pub(crate) fn room_rules(&self) -> Rules {
        Rules {
            participants_max: self.participants_max,
            policy: self.room_policy,
            seat_kept_ms: millis(self.seat_kept),
            ring_ms: millis(self.ring_timeout),
            duration_max_ms: self.max_duration.map(millis),
        }
    }

    /// What a direct call keeps to.
    pub(crate) fn direct_rules(&self) -> Rules {
        Rules { participants_max: 2, policy: self.direct_policy, ..self.room_rules() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_protocol::policy as defaults;

    #[test]
    fn the_defaults_are_those_of_the_protocol() {
        let config = Config::default();
        assert_eq!(config.room_policy, PolicyPreset::Patient.policy());
        assert_eq!(config.direct_policy, PolicyPreset::Support.policy());
        assert_eq!(millis(config.ring_timeout), defaults::RING_TIMEOUT_MS);
        assert_eq!(millis(config.seat_kept), defaults::SEAT_KEPT_MS);
        assert_eq!((config.max_duration, config.directory), (None, DirectoryMode::Off));
    }

    #[test]
    fn a_policy_is_a_preset_or_numbers_or_both() {
        let parsed = |text: &str| policy(text).unwrap();
        for preset in [PolicyPreset::Phone, PolicyPreset::Event, PolicyPreset::Support, PolicyPreset::Patient]
        {
            let name = serde_json::to_value(preset).unwrap();
            assert_eq!(parsed(name.as_str().unwrap()), preset.policy());
        }
        let custom = DisconnectPolicy {
            away_ms: 45_000,
            then: Consequence::Leave,
            all_away_ms: 600_000,
            all_away_reason: EndReason::Expired,
        };
        assert_eq!(parsed("away=45s, then=leave, all-away=10m"), custom);
        let event = PolicyPreset::Event.policy();
        assert_eq!(parsed("event,away=5s"), DisconnectPolicy { away_ms: 5_000, all_away_ms: 5_000, ..event });
        assert_eq!(parsed("away=1s,then=end").all_away_reason, EndReason::NetworkLost);
    }

    #[test]
    fn what_is_wrong_with_a_policy_is_said() {
        for (text, said) in [
            ("", "expected phone"),
            ("quick", "expected phone"),
            ("away=45s", "then="),
            ("then=leave", "away="),
            ("away=soon,then=end", "as in 500ms"),
            ("away=0s,then=end", "longer than nothing"),
            ("away=1s,then=explode", "end or leave"),
            ("away=1s,away=2s,then=end", "twice"),
            ("away=1s,then=end,seats=3", "expected away"),
            ("away=1s,phone", "comes first"),
            ("phone,all-away-reason=hangup", "network-lost or expired"),
        ] {
            let error = policy(text).unwrap_err();
            assert!(error.contains(said), "{text:?}: {error}");
        }
    }
}
