//! What this machine is called: the names and addresses that others on its network reach it by.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Names and addresses, sorted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Names {
    /// Host names.
    pub hosts: Vec<String>,
    /// Addresses.
    pub addresses: Vec<IpAddr>,
}

impl Names {
    /// `localhost` and loopback, with `host` and `addresses`; a host name that no certificate can have is left out.
    pub fn new(host: Option<&str>, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let usable = |name: &&str| {
            let label = |label: &str| {
                !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            };
            name.len() <= 200 && name.split('.').all(label) && name.parse::<IpAddr>().is_err()
        };
        let mut hosts = vec!["localhost".to_owned()];
        if let Some(host) = host.filter(usable) {
            let host = host.to_ascii_lowercase();
            // As multicast DNS announces it.
            if !host.contains('.') {
                hosts.push(format!("{host}.local"));
            }
            hosts.push(host);
        }
        let mut addresses: Vec<IpAddr> = addresses.into_iter().collect();
        addresses.extend([IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()]);
        hosts.sort();
        hosts.dedup();
        addresses.sort();
        addresses.dedup();
        Self { hosts, addresses }
    }

    /// As they are now.
    pub fn of_this_machine() -> Self {
        let host = gethostname::gethostname();
        Self::new(host.to_str(), interface_addresses())
    }

    /// The address that a phone on the same network most likely reaches: a private IPv4 one, if there is any.
    pub fn lan_address(&self) -> Option<IpAddr> {
        let private = |ip: &&IpAddr| matches!(ip, IpAddr::V4(v4) if v4.is_private());
        let other = |ip: &&IpAddr| matches!(ip, IpAddr::V4(v4) if !v4.is_loopback() && !v4.is_link_local());
        self.addresses.iter().find(private).or_else(|| self.addresses.iter().find(other)).copied()
    }
}

/// Link-local ones left out: a link cannot name their zone, and the temporary ones change by the hour.
fn interface_addresses() -> Vec<IpAddr> {
    let link_local = |ip: &IpAddr| match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    match if_addrs::get_if_addrs() {
        Ok(interfaces) => {
            interfaces.iter().map(if_addrs::Interface::ip).filter(|ip| !link_local(ip)).collect()
        }
        Err(error) => {
            tracing::warn!(%error, "the machine's addresses are unknown; the certificate is for localhost");
            Vec::new()
        }
    }
}
