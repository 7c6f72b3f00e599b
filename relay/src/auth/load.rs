//! Reads the keys that the configuration names.

use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::key::{Key, algorithm};
use super::verify::KEYS_MAX;
use super::{jwks, pem};
use crate::config::Auth;

/// A key file above this is surely not one.
const KEY_FILE_BYTES_MAX: u64 = 256 * 1024;

/// Why the keys cannot be used; never contains key material.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{key}: {} {reason}", path.display())]
    File { key: &'static str, path: PathBuf, reason: String },
    #[error("auth.secrets: secret number {number} {reason}")]
    Secret { number: usize, reason: String },
    #[error("auth.algorithms: none of the configured keys can be used with what it admits")]
    NothingAdmitted,
    #[error(
        "no key to verify tokens with is configured; set one of auth.secrets, auth.secret_files, \
         auth.public_key_files and auth.jwks_file, or use --dev"
    )]
    NoKey,
    #[error("{count} keys are configured; at most {KEYS_MAX} are possible")]
    TooMany { count: usize },
}

/// Keys, each with issuers and audiences of the configuration, and remarks about those left out.
pub(super) fn keys(auth: &Auth) -> Result<(Vec<Key>, Vec<String>), KeyError> {
    let mut keys = secrets(auth)?;
    for path in &auth.secret_files {
        keys.push(with_file("auth.secret_files", path, secret_file)?);
    }
    for path in &auth.public_key_files {
        keys.push(with_file("auth.public_key_files", path, |bytes| pem::parse(utf8(bytes)?))?);
    }
    let mut remarks = Vec::new();
    if let Some(path) = &auth.jwks_file {
        let (found, skipped) = with_file("auth.jwks_file", path, |bytes| jwks::parse(utf8(bytes)?))?;
        keys.extend(found);
        remarks.extend(skipped.into_iter().map(|it| format!("auth.jwks_file: {}: {it}", path.display())));
    }
    Ok((finish(keys, auth)?, remarks))
}

fn finish(mut keys: Vec<Key>, auth: &Auth) -> Result<Vec<Key>, KeyError> {
    if keys.len() > KEYS_MAX {
        return Err(KeyError::TooMany { count: keys.len() });
    }
    if !auth.algorithms.is_empty() {
        let configured = !keys.is_empty();
        let admitted: Vec<_> = auth.algorithms.iter().filter_map(|name| algorithm(name)).collect();
        keys.retain_mut(|key| key.narrow(&admitted));
        if configured && keys.is_empty() {
            return Err(KeyError::NothingAdmitted);
        }
    }
    let bound = |key: Key| key.with_issuers(&auth.issuers).with_audiences(&auth.audiences);
    Ok(keys.into_iter().map(bound).collect())
}

fn secrets(auth: &Auth) -> Result<Vec<Key>, KeyError> {
    let parse = |(index, text): (usize, &crate::config::Secret)| {
        let secret = base64_any(text.expose()).ok_or_else(|| "is not base64".to_owned());
        secret
            .and_then(|secret| Key::from_secret(&secret))
            .map_err(|reason| KeyError::Secret { number: index + 1, reason })
    };
    auth.secrets.iter().enumerate().map(parse).collect()
}

/// Standard or URL-safe alphabet, padded or not.
pub(super) fn base64_any(text: &str) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let url_safe = text.contains(['-', '_']);
    let alphabet = if url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    GeneralPurpose::new(alphabet, lenient).decode(text.trim()).ok()
}

fn secret_file(bytes: &[u8]) -> Result<Key, String> {
    let secret = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    Key::from_secret(secret.strip_suffix(b"\r").unwrap_or(secret))
}

fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "is not text".into())
}

fn with_file<T>(key: &'static str, path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, String>) -> Result<T, KeyError> {
    let fail = |reason| KeyError::File { key, path: path.to_owned(), reason };
    let bytes = read(path).map_err(fail)?;
    parse(&bytes).map_err(fail)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("cannot be opened: {error}"))?;
    let mut bytes = Vec::new();
    let read = file.take(KEY_FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > KEY_FILE_BYTES_MAX {
        return Err(format!("is larger than {KEY_FILE_BYTES_MAX} bytes"));
    }
    Ok(bytes)
}
