//! A verification key, bound to the algorithms it may be used with.

use jsonwebtoken::{Algorithm, DecodingKey};

/// The names a token's `alg` may have. `none` is not among them.
pub const ALGORITHMS: [(&str, Algorithm); 12] = [
    ("HS256", Algorithm::HS256),
    ("HS384", Algorithm::HS384),
    ("HS512", Algorithm::HS512),
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// RFC 7518 asks for a secret at least as long as the hash; a shorter one can be guessed from one token.
pub const SECRET_BYTES_MIN: usize = 32;

pub(super) fn algorithm(name: &str) -> Option<Algorithm> {
    ALGORITHMS.iter().find(|(it, _)| *it == name).map(|(_, algorithm)| *algorithm)
}

/// One key of the verifier.
#[derive(Clone)]
pub struct Key {
    /// A key without an id is tried for every token whose algorithm fits.
    pub(super) id: Option<String>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) decoding: DecodingKey,
    /// Accepted `iss`; empty for any.
    pub(super) issuers: Vec<String>,
    /// Accepted `aud`; empty for any.
    pub(super) audiences: Vec<String>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}

impl Key {
    pub(super) fn new(algorithms: &[Algorithm], decoding: DecodingKey) -> Self {
        let algorithms = algorithms.to_vec();
        Self { id: None, algorithms, decoding, issuers: Vec::new(), audiences: Vec::new() }
    }

    /// An HMAC secret: bound to those of HS256, HS384 and HS512 that it is long enough for.
    pub fn from_secret(secret: &[u8]) -> Result<Self, String> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(format!("has {} bytes; an HMAC secret needs at least {SECRET_BYTES_MIN}", secret.len()));
        }
        let strong_enough = [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)];
        let algorithms: Vec<Algorithm> =
            strong_enough.into_iter().filter(|(_, bytes)| secret.len() >= *bytes).map(|(it, _)| it).collect();
        Ok(Self::new(&algorithms, DecodingKey::from_secret(secret)))
    }

    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    pub fn with_issuers(mut self, issuers: &[String]) -> Self {
        self.issuers = issuers.to_vec();
        self
    }

    pub fn with_audiences(mut self, audiences: &[String]) -> Self {
        self.audiences = audiences.to_vec();
        self
    }

    /// Narrows the algorithms to those in `admitted`; false if none is left.
    pub(super) fn narrow(&mut self, admitted: &[Algorithm]) -> bool {
        self.algorithms.retain(|algorithm| admitted.contains(algorithm));
        !self.algorithms.is_empty()
    }

    pub(super) fn accepts(&self, id: Option<&str>, algorithm: Algorithm) -> bool {
        let id_fits = match (&self.id, id) {
            (Some(own), Some(asked)) => own == asked,
            _ => true,
        };
        id_fits && self.algorithms.contains(&algorithm)
    }
}
