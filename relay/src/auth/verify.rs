//! The verifier: from the text of a token to its claims.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chasqui_proto::limits::TOKEN_BYTES_MAX;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::AuthError;
use super::claims::{Claims, Expected, Payload};
use super::key::{self, Key};

/// A token without a `kid` is tried with every key that fits, so the number of keys bounds what a stranger
/// can make a shard compute.
pub const KEYS_MAX: usize = 64;

/// The keys and the clock's tolerance. Immutable: a change of keys is a new verifier.
#[derive(Debug)]
pub struct Verifier {
    keys: Vec<Key>,
    leeway_ms: u64,
}

const _: fn() = || {
    fn shared_by_shards<T: Send + Sync>() {}
    shared_by_shards::<Verifier>();
};

/// The part of the header that matters. Key material offered by the token (`jwk`, `jku`, `x5c`) is not read.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

impl Verifier {
    /// At most [`KEYS_MAX`] keys are used.
    pub fn new(mut keys: Vec<Key>, leeway_ms: u64) -> Self {
        keys.truncate(KEYS_MAX);
        Self { keys, leeway_ms }
    }

    /// The claims of `token`, if a key signed it and they hold at `now_unix_ms`. The signature is checked
    /// first, so that a forged token learns nothing about what would be accepted.
    pub fn verify(&self, token: &str, now_unix_ms: u64) -> Result<Claims, AuthError> {
        if token.is_empty() {
            return Err(AuthError::MissingToken);
        }
        let parts = Parts::split(token).ok_or(AuthError::MalformedToken)?;
        let header: Header = decode(parts.header)?;
        // An extension marked critical must be understood; none is.
        if header.crit.is_some() {
            return Err(AuthError::MalformedToken);
        }
        let signer = self.signer(&header, &parts)?;
        let payload: Payload = decode(parts.payload)?;
        payload.check(&Expected {
            now_ms: now_unix_ms,
            leeway_ms: self.leeway_ms,
            issuers: &signer.issuers,
            audiences: &signer.audiences,
        })
    }

    /// The key that signed the token.
    fn signer(&self, header: &Header, parts: &Parts<'_>) -> Result<&Key, AuthError> {
        let algorithm = key::algorithm(&header.alg).ok_or(AuthError::UnknownKey)?;
        let mut candidates = self.keys.iter().filter(|key| key.accepts(header.kid.as_deref(), algorithm)).peekable();
        if candidates.peek().is_none() {
            return Err(AuthError::UnknownKey);
        }
        candidates.find(|key| parts.signed_by(key, algorithm)).ok_or(AuthError::BadSignature)
    }
}

struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// Header and payload with their dot: what the signature covers.
    message: &'a str,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Option<Self> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        (!payload.contains('.')).then_some(Self { header, payload, signature, message })
    }

    fn signed_by(&self, key: &Key, algorithm: Algorithm) -> bool {
        let verdict = jsonwebtoken::crypto::verify(self.signature, self.message.as_bytes(), &key.decoding, algorithm);
        verdict.unwrap_or(false)
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Result<T, AuthError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| AuthError::MalformedToken)?;
    serde_json::from_slice(&json).map_err(|_| AuthError::MalformedToken)
}
