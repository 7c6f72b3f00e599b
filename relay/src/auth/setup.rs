//! From the configuration to a verifier and, with `--dev`, a signer.

use std::sync::Arc;

use super::dev::{DevKeyError, Signer};
use super::load::{self, KeyError};
use super::verify::Verifier;
use crate::config::{Auth, Config};

/// What authentication consists of in a running relay.
#[derive(Debug)]
pub struct Authority {
    pub verifier: Arc<Verifier>,
    /// Only with `--dev`.
    pub signer: Option<Signer>,
    /// For the start-up log.
    pub remarks: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    DevKey(#[from] DevKeyError),
}

/// Reads all keys. With `config.dev` the signing key in the data folder is made if absent and accepted beside
/// the configured ones; without it at least one key must be configured.
pub fn authority(config: &Config) -> Result<Authority, SetupError> {
    let (mut keys, remarks) = load::keys(&config.auth)?;
    let signer = config.dev.then(|| Signer::load_or_create(&config.data)).transpose()?;
    keys.extend(signer.as_ref().map(Signer::key));
    if keys.is_empty() {
        return Err(KeyError::NoKey.into());
    }
    let leeway_ms = config.auth.leeway.as_millis() as u64;
    Ok(Authority { verifier: Arc::new(Verifier::new(keys, leeway_ms)), signer, remarks })
}

/// Reads the configured keys as the relay would, for `check-config` and `doctor`; returns the remarks.
pub fn check_keys(auth: &Auth) -> Result<Vec<String>, KeyError> {
    match load::keys(auth)? {
        (keys, _) if keys.is_empty() => Err(KeyError::NoKey),
        (_, remarks) => Ok(remarks),
    }
}
