//! Settings about strangers: which of them are counted how, and what `--limits off` lifts.

use super::Config;
use clap::ValueEnum;
use ipnet::IpNet;
use std::net::IpAddr;

/// Whether the limits hold that keep strangers in check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum LimitsMode {
    /// They hold
    On,
    /// Rates, counts and bans are lifted; for benchmarks only
    Off,
}

/// The header in which a proxy names the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ProxyHeader {
    /// A list of addresses, to which each proxy appends
    XForwardedFor,
    /// RFC 7239
    Forwarded,
}

/// An address, or a network with its prefix length.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let alone = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| alone()).map_err(|_| "expected an address or a network, as in 10.0.0.0/8".into())
}

impl Config {
    /// The settings that hold: with `--limits off`, without what would stand in a benchmark's way. Memory stays
    /// bounded, only much wider.
    #[must_use]
    pub fn in_force(self) -> Self {
        match self.limits_mode {
            LimitsMode::On => self,
            LimitsMode::Off => Self {
                rooms_max: u64::MAX,
                sessions_max: u64::MAX,
                sockets_max: u64::MAX,
                sockets_per_address_max: u64::MAX,
                sessions_per_address_max: u64::MAX,
                places_per_address_max: u64::MAX,
                calls_per_minute_max: u32::MAX,
                http_connections_max: u64::MAX,
                http_connections_per_address_max: u64::MAX,
                queue_frames_max: 65_536,
                queue_bytes_max: 64 << 20,
                queue_bytes_total_max: u64::MAX,
                frames_per_second: u32::MAX,
                frames_burst: u32::MAX,
                refusals_per_minute: u32::MAX,
                api: super::ApiSettings { requests_per_minute: u32::MAX, ..self.api },
                ..self
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        let parse =
            |text: &str| Config::from_arguments(&["--trusted-proxy", text]).map(|c| c.trusted_proxies);
        let networks = parse("10.1.2.3,fd00::/8").unwrap();
        assert!(networks[0].contains(&"10.1.2.3".parse::<IpAddr>().unwrap()));
        assert!(!networks[0].contains(&"10.1.2.4".parse::<IpAddr>().unwrap()));
        assert!(networks[1].contains(&"fd12::1".parse::<IpAddr>().unwrap()));
        for nonsense in ["proxy.example.org", "10.0.0.0/33", ""] {
            assert!(parse(nonsense).is_err(), "{nonsense:?}");
        }
    }

    #[test]
    fn limits_off_lifts_rates_and_counts_and_nothing_else() {
        let lifted = Config::from_arguments(&["--limits", "off"]).unwrap().in_force();
        assert_eq!((lifted.sockets_max, lifted.frames_per_second), (u64::MAX, u32::MAX));
        let same = Config::default();
        assert_eq!(lifted.frame_bytes_max, same.frame_bytes_max);
        assert_eq!(same.clone().in_force().sockets_max, same.sockets_max);
        lifted.validate().unwrap();
    }
}
