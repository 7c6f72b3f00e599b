//! The certificate of a development server: self-signed, short-lived, trusted by its hash.
//!
//! Promises: what [`load_or_renew`] gives is a P-256 certificate valid for at most 14 days, which is what
//! browsers demand of a certificate named in `serverCertificateHashes`; it is kept in a folder and used
//! again until two days before it expires.
//!
//! The file holds an `expires:` line, the certificate and its key, and is readable by its owner only.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};

const FILE: &str = "dev-certificate.pem";
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// For clients whose clock is behind.
const BACKDATED: Duration = Duration::from_secs(60 * 60);
const VALID: Duration = DAY.saturating_mul(13);
const RENEWED_BEFORE_END: Duration = DAY.saturating_mul(2);
const EXPIRES: &str = "expires: ";

const _: () = assert!(VALID.as_secs() + BACKDATED.as_secs() <= 14 * DAY.as_secs());

/// A certificate with its key.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
    pub expires: SystemTime,
}

impl Identity {
    /// SHA-256 of the certificate, as a page gives it in `serverCertificateHashes`.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.chain[0]).into()
    }

    /// When a running server should ask for the next one.
    pub fn renew_at(&self) -> SystemTime {
        self.expires - RENEWED_BEFORE_END
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key(), expires: self.expires }
    }
}

/// The identity kept in `folder`, or a new one if there is none or it is about to expire.
pub fn load_or_renew(folder: &Path) -> io::Result<Identity> {
    let path = folder.join(FILE);
    match load(&path) {
        Ok(identity) if identity.renew_at() > SystemTime::now() => return Ok(identity),
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => return Err(error),
        _ => {}
    }
    let (identity, pem) = generate()?;
    save(folder, &path, &pem)?;
    Ok(identity)
}

/// The identity in two PEM files, as a certificate authority gives it.
pub fn load_pem(certificate: &Path, key: &Path) -> io::Result<Identity> {
    let broken = |path: &Path, what: &str| {
        io::Error::new(ErrorKind::InvalidData, format!("{}: no {what} in PEM form", path.display()))
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&fs::read(certificate)?).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| broken(certificate, "certificate"))?;
    let key = PrivateKeyDer::from_pem_slice(&fs::read(key)?).map_err(|_| broken(key, "private key"))?;
    // The operator renews it; nothing here does.
    Ok(Identity { chain, key, expires: SystemTime::now() + VALID })
}

/// A new identity and the text that [`load_or_renew`] would keep.
fn generate() -> io::Result<(Identity, String)> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(io::Error::other)?;
    let mut params = CertificateParams::new(NAMES.map(String::from)).map_err(io::Error::other)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "chasqui development");
    let now = SystemTime::now();
    params.not_before = (now - BACKDATED).into();
    params.not_after = (now + VALID).into();
    let cert = params.self_signed(&key).map_err(io::Error::other)?;
    let expires = (now + VALID).duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
    let pem = format!("{EXPIRES}{expires}\n{}{}", cert.pem(), key.serialize_pem());
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    Ok((Identity { chain: vec![cert.der().clone()], key, expires: UNIX_EPOCH + Duration::from_secs(expires) }, pem))
}

fn load(path: &Path) -> io::Result<Identity> {
    let text = fs::read_to_string(path)?;
    let broken = |what: &str| io::Error::new(ErrorKind::InvalidData, format!("{}: {what}", path.display()));
    let expires = text.lines().find_map(|line| line.strip_prefix(EXPIRES)?.trim().parse().ok());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let chain = chain.map_err(|_| broken("no certificate"))?;
    if chain.is_empty() {
        return Err(broken("no certificate"));
    }
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| broken("no key"))?;
    let expires = UNIX_EPOCH + Duration::from_secs(expires.ok_or_else(|| broken("no expiry"))?);
    Ok(Identity { chain, key, expires })
}

/// Writes beside and renames, so a reader never sees half a file.
fn save(folder: &Path, path: &Path, pem: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let _ = fs::remove_file(&beside);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_kept_until_it_is_about_to_expire() {
        let folder = tempfile::tempdir().unwrap();
        let first = load_or_renew(folder.path()).unwrap();
        let again = load_or_renew(folder.path()).unwrap();
        assert_eq!(first.sha256(), again.sha256());
        assert_eq!(first.expires, again.expires);

        let path = folder.path().join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        let old = text.replacen(char::is_numeric, "0", 1);
        fs::write(&path, old).unwrap();
        assert_ne!(load_or_renew(folder.path()).unwrap().sha256(), first.sha256());
    }

    #[test]
    fn a_damaged_file_is_replaced_and_tls_takes_the_result() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "not a certificate").unwrap();
        let identity = load_or_renew(folder.path()).unwrap();
        let loaded = load(&folder.path().join(FILE)).unwrap();
        super::super::tls::quic(loaded.chain, loaded.key).unwrap();
        super::super::tls::tcp(identity.chain, identity.key).unwrap();
    }
}
