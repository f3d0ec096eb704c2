//! Certificates that are made, kept, renewed and replaced.

use super::*;
use std::{fs, net::IpAddr};

const NOW_MS: u64 = 1_790_000_000_000;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

fn settings(arguments: &[&str]) -> TlsSettings {
    crate::config::Config::from_arguments(arguments).unwrap().tls
}

fn dev(dir: &Path) -> TlsSettings {
    settings(&["--tls-listen", "[::1]:0", "--tls", "dev", "--tls-dev-dir", dir.to_str().unwrap()])
}

fn names(address: &str) -> Names {
    Names::new(Some("Desk"), [address.parse::<IpAddr>().unwrap()])
}

fn shown(keys: &TlsKeys) -> Vec<u8> {
    keys.current.read().unwrap().cert[0].as_ref().to_vec()
}

#[test]
fn a_development_certificate_is_kept_until_names_change_or_its_end_nears() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("certs/dev");
    let load = |address: &str, now_ms| TlsKeys::load(&dev(&dir), &names(address), now_ms).unwrap().unwrap();
    let first = load("192.168.1.5", NOW_MS);
    let ca = fs::read(dir.join(CA_FILE)).unwrap();
    assert_eq!(first.dev_ca_pem().unwrap().as_bytes(), ca);
    assert!(first.is_dev() && !first.dev_ca_pem().unwrap().contains("PRIVATE"));
    assert_eq!(shown(&first), shown(&load("192.168.1.5", NOW_MS + 59 * DAY_MS)), "kept");
    let moved = load("192.168.1.6", NOW_MS);
    assert_ne!(shown(&first), shown(&moved), "another address");
    assert_ne!(shown(&moved), shown(&load("192.168.1.6", NOW_MS + 61 * DAY_MS)), "near its end");
    first.reload(&names("192.168.1.7"), NOW_MS).unwrap();
    assert_ne!(shown(&first), shown(&moved));
    assert_eq!(fs::read(dir.join(CA_FILE)).unwrap(), ca, "what devices trust stays");
    #[cfg(unix)]
    for file in ["", "ca.key", "hub.key"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(dir.join(file)).unwrap().permissions().mode() & 0o077;
        assert_eq!(mode, 0, "{file:?} is its owner's alone");
    }
}

#[test]
fn the_certificate_has_every_name_and_the_ca_vouches_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let keys = TlsKeys::load(&dev(dir.path()), &names("192.168.1.5"), NOW_MS).unwrap().unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(dir.path().join(CA_FILE)).unwrap()).unwrap();
    let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(
        Arc::new(roots),
        Arc::new(ring::default_provider()),
    )
    .build()
    .unwrap();
    let verify = |name: &str, days: u64| {
        use rustls::{client::danger::ServerCertVerifier, pki_types::UnixTime};
        let chain = keys.current.read().unwrap().cert.clone();
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_millis(NOW_MS + days * DAY_MS));
        let name = name.to_owned().try_into().unwrap();
        verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], at).is_ok()
    };
    for name in ["localhost", "desk", "desk.local", "127.0.0.1", "::1", "192.168.1.5"] {
        assert!(verify(name, 0) && verify(name, 89), "{name}");
    }
    assert!(!verify("192.168.1.6", 0) && !verify("example.org", 0) && !verify("localhost", 91));
}

#[test]
fn a_broken_replacement_leaves_the_certificate_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let made = dev::issue(dir.path(), &names("192.168.1.5"), NOW_MS).unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    let copy = |from: &Path, to: &Path| fs::copy(from, to).unwrap();
    copy(&made.cert, &cert);
    copy(&made.key, &key);
    let own =
        ["--tls-listen", "[::1]:0", "--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let nobody = names("192.0.2.1");
    let keys = TlsKeys::load(&settings(&own), &nobody, NOW_MS).unwrap().unwrap();
    let before = shown(&keys);
    assert!(!keys.is_dev() && keys.dev_ca_pem().is_none());

    copy(&dir.path().join("ca.key"), &key);
    assert!(matches!(keys.reload(&nobody, NOW_MS), Err(TlsError::Key { .. })), "another's key");
    fs::write(&key, "nonsense").unwrap();
    assert!(matches!(keys.reload(&nobody, NOW_MS), Err(TlsError::File { .. })));
    fs::write(&cert, "").unwrap();
    assert!(matches!(keys.reload(&nobody, NOW_MS), Err(TlsError::NoCertificate(_))));
    assert_eq!(shown(&keys), before);

    let renewed = dev::issue(dir.path(), &names("192.168.1.6"), NOW_MS).unwrap();
    copy(&renewed.cert, &cert);
    copy(&renewed.key, &key);
    keys.reload(&nobody, NOW_MS).unwrap();
    assert_ne!(shown(&keys), before);
}

#[test]
fn a_damaged_ca_is_not_replaced_behind_the_devices_backs() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ca.key"), "nonsense").unwrap();
    let error = TlsKeys::load(&dev(dir.path()), &names("192.168.1.5"), NOW_MS).unwrap_err();
    assert!(matches!(error, TlsError::DevCa { .. }), "{error}");
}

#[test]
fn a_phone_is_given_a_private_address_first() {
    let lan = |list: &[&str]| Names::new(None, list.iter().map(|ip| ip.parse().unwrap())).lan_address();
    assert_eq!(lan(&["203.0.113.4", "192.168.1.5"]), Some("192.168.1.5".parse().unwrap()));
    assert_eq!(lan(&["203.0.113.4", "169.254.1.1"]), Some("203.0.113.4".parse().unwrap()));
    assert_eq!(lan(&["2001:db8::1"]), None);
    for odd in ["", "my desk", "192.168.1.5", &"x".repeat(300)] {
        assert_eq!(Names::new(Some(odd), []).hosts, ["localhost"], "{odd:?}");
    }
}
