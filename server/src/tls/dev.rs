//! The development CA: made at the first start, kept in a private directory, and used to sign a certificate for the
//! machine's present names. Devices are told once to trust the CA; certificates come and go.

use super::{Names, TlsError};
use crate::data_dir::{DataDirError, make_private_dir, write_private};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use time::{Duration, OffsetDateTime};

/// The CA's certificate, for devices to trust.
pub const CA_FILE: &str = "ca.pem";
const CA_KEY_FILE: &str = "ca.key";
const CERT_FILE: &str = "hub.pem";
const KEY_FILE: &str = "hub.key";
/// What the certificate was made for, so that it need not be parsed to know whether it still does.
const ISSUED_FILE: &str = "hub.json";

const CA_DAYS: i64 = 3_650;
/// Short enough for every platform: some refuse more than 398 days.
const CERT_DAYS: i64 = 90;
/// Renewed when less than this is left.
const RENEW_DAYS: i64 = 30;
/// Certificates begin this long ago, for devices whose clock is slow.
const BACKDATE: Duration = Duration::DAY;

/// Where a certificate and its key are.
#[derive(Debug)]
pub struct Issued {
    /// The chain's file.
    pub cert: PathBuf,
    /// The key's file.
    pub key: PathBuf,
}

/// What is remembered of a certificate.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    names: Names,
    /// Of the CA that signed it.
    ca: String,
    ends_unix_ms: u64,
}

/// A certificate for `names`, as it is or made anew; makes the CA first when there is none.
pub(super) fn issue(dir: &Path, names: &Names, now_unix_ms: u64) -> Result<Issued, TlsError> {
    let now = at(now_unix_ms);
    let damaged = |cause| TlsError::DevCa { dir: dir.to_owned(), cause };
    make_private_dir(dir).map_err(io_error(dir))?;
    let ca_key = ca_key(dir)?;
    let ca_params = ca_params(&ca_key, now);
    let ca_file = dir.join(CA_FILE);
    if !ca_file.exists() {
        let ca = ca_params.self_signed(&ca_key).map_err(damaged)?;
        write(&ca_file, ca.pem().as_bytes())?;
        tracing::warn!(file = %ca_file.display(), "a development CA was made: certs/README.md says how to trust it");
    }
    let issued = Issued { cert: dir.join(CERT_FILE), key: dir.join(KEY_FILE) };
    let record_file = dir.join(ISSUED_FILE);
    let ends_unix_ms = now_unix_ms.saturating_add(CERT_DAYS.unsigned_abs() * DAY_MS);
    let record = Record { names: names.clone(), ca: fingerprint(&ca_key), ends_unix_ms };
    if issued.cert.exists() && issued.key.exists() && still_good(&record_file, &record, now_unix_ms) {
        return Ok(issued);
    }
    let key = KeyPair::generate().map_err(damaged)?;
    let ca = Issuer::new(ca_params, ca_key);
    let cert = certificate_params(names, now).signed_by(&key, &ca).map_err(damaged)?;
    // The record last: after a crash in between, all is made anew.
    let _ = fs::remove_file(&record_file);
    write(&issued.key, key.serialize_pem().as_bytes())?;
    write(&issued.cert, cert.pem().as_bytes())?;
    let text = serde_json::to_vec_pretty(&record).expect("names and numbers can be written");
    write(&record_file, &text)?;
    tracing::info!(hosts = ?names.hosts, addresses = ?names.addresses, "a development certificate was made");
    Ok(issued)
}

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

fn still_good(record_file: &Path, wanted: &Record, now_unix_ms: u64) -> bool {
    let record = fs::read(record_file).ok().and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok());
    record.is_some_and(|record| {
        record.names == wanted.names
            && record.ca == wanted.ca
            && record.ends_unix_ms > now_unix_ms.saturating_add(RENEW_DAYS.unsigned_abs() * DAY_MS)
            // Made when the clock was wrong.
            && record.ends_unix_ms <= wanted.ends_unix_ms
    })
}

/// The CA's key; a damaged one is not replaced, for devices trust it.
fn ca_key(dir: &Path) -> Result<KeyPair, TlsError> {
    let path = dir.join(CA_KEY_FILE);
    let damaged = |cause| TlsError::DevCa { dir: dir.to_owned(), cause };
    match fs::read_to_string(&path) {
        Ok(pem) => KeyPair::from_pem(&pem).map_err(damaged),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = KeyPair::generate().map_err(damaged)?;
            // A certificate of an earlier key is of no use to anyone.
            let _ = fs::remove_file(dir.join(CA_FILE));
            write(&path, key.serialize_pem().as_bytes())?;
            Ok(key)
        }
        Err(cause) => Err(DataDirError::Io { path, cause }.into()),
    }
}

fn ca_params(key: &KeyPair, now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    // Each CA's own, so that a device that knows two of them can tell them apart.
    name.push(DnType::CommonName, format!("Holdfast development CA {}", fingerprint(key)));
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = (now - BACKDATE, now + Duration::days(CA_DAYS));
    params
}

fn certificate_params(names: &Names, now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Holdfast hub");
    params.distinguished_name = name;
    let hosts = names.hosts.iter().filter_map(|host| Some(SanType::DnsName(host.as_str().try_into().ok()?)));
    params.subject_alt_names =
        hosts.chain(names.addresses.iter().map(|ip| SanType::IpAddress(*ip))).collect();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    (params.not_before, params.not_after) = (now - BACKDATE, now + Duration::days(CERT_DAYS));
    params
}

/// Eight hexadecimal digits that tell one CA's key from another's.
fn fingerprint(key: &KeyPair) -> String {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(key.public_key_raw()));
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}

/// The time, clamped to what a certificate can say.
fn at(unix_ms: u64) -> OffsetDateTime {
    let seconds = i64::try_from(unix_ms / 1_000).unwrap_or(0);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Whole under another name first: what others trust is never half there.
fn write(path: &Path, bytes: &[u8]) -> Result<(), TlsError> {
    let draft = path.with_extension("new");
    write_private(&draft, bytes).and_then(|()| fs::rename(&draft, path)).map_err(io_error(path))?;
    Ok(())
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> DataDirError + use<> {
    let path = path.to_owned();
    move |cause| DataDirError::Io { path, cause }
}
