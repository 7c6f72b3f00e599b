//! The signing key of `serve --dev`, in the data folder, and the tokens made with it.
//!
//! Promise: the file appears complete or not at all, whoever makes it first (the server or nobody else); it is
//! readable by its owner only. `token` reads nothing but this file, so it works beside a running server.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chasqui_proto::ids::UserId;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::key::{Key, SECRET_BYTES_MIN};

pub const DEV_KEY_FILE: &str = "dev-signing.key";
/// The `iss` of such tokens; the key accepts no other.
pub const DEV_ISSUER: &str = "chasqui-dev";
const DEV_KEY_ID: &str = "chasqui-dev";
const DEV_KEY_BYTES: usize = SECRET_BYTES_MIN;

#[derive(Debug, thiserror::Error)]
pub enum DevKeyError {
    #[error(
        "there is no {}; start `chasqui serve --dev --data {}` once, which makes it, or name that server's data folder with --data",
        path.display(), folder(path)
    )]
    Missing { path: PathBuf },
    #[error("{} is not a signing key; remove it and start `chasqui serve --dev`, which makes a new one", path.display())]
    Damaged { path: PathBuf },
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("a user id has 1 to 64 bytes and no control characters")]
    BadUser,
}

fn folder(path: &Path) -> String {
    path.parent().unwrap_or(path).display().to_string()
}

/// Signs tokens for any user. Only ever made from the development key.
pub struct Signer {
    secret: Vec<u8>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(..)")
    }
}

#[derive(Serialize)]
struct DevClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    iat: u64,
    exp: f64,
}

impl Signer {
    /// The key of a data folder that has one.
    pub fn load(data: &Path) -> Result<Self, DevKeyError> {
        let path = data.join(DEV_KEY_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(DevKeyError::Missing { path }),
            Err(error) => return Err(DevKeyError::Io { path, error }),
        };
        match STANDARD.decode(text.trim()) {
            Ok(secret) if secret.len() == DEV_KEY_BYTES => Ok(Self { secret }),
            _ => Err(DevKeyError::Damaged { path }),
        }
    }

    /// The key of a data folder, made if absent. Two that try at once get the same.
    pub fn load_or_create(data: &Path) -> Result<Self, DevKeyError> {
        match Self::load(data) {
            Err(DevKeyError::Missing { path }) => {
                create(data, &path).map_err(|error| DevKeyError::Io { path, error })?;
                Self::load(data)
            }
            found => found,
        }
    }

    /// A token for `user` that expires `ttl` after `now_unix_ms`.
    pub fn sign(&self, user: &str, ttl: Duration, now_unix_ms: u64) -> Result<String, DevKeyError> {
        if !UserId::fits(user) {
            return Err(DevKeyError::BadUser);
        }
        let expires_ms = now_unix_ms.saturating_add(ttl.as_millis() as u64);
        // Division keeps short lives exact: a date with a fraction is legal, and the relay reads it as such.
        let claims = DevClaims { iss: DEV_ISSUER, sub: user, iat: now_unix_ms / 1000, exp: expires_ms as f64 / 1000.0 };
        let header = Header { kid: Some(DEV_KEY_ID.into()), ..Header::new(Algorithm::HS256) };
        let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&self.secret));
        Ok(token.expect("HMAC over serializable claims cannot fail"))
    }

    /// The verification key, bound to HS256 and the development issuer.
    pub fn key(&self) -> Key {
        let key = Key::from_secret(&self.secret).expect("the key's length was checked when it was read");
        key.with_id(DEV_KEY_ID).with_issuers(&[DEV_ISSUER.to_owned()])
    }
}

/// Writes the key beside its place and links it there: a link fails where a file exists, so the first wins.
fn create(data: &Path, path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data)?;
    let secret: [u8; DEV_KEY_BYTES] = random()?;
    let draft = data.join(format!("{DEV_KEY_FILE}.{:016x}", u64::from_ne_bytes(random()?)));
    let written = write_draft(&draft, &secret).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    });
    fs::remove_file(&draft)?;
    written?;
    File::open(data)?.sync_all()
}

fn write_draft(draft: &Path, secret: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    // The process's umask may have narrowed the mode further; the owner must be able to read.
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    writeln!(file, "{}", STANDARD.encode(secret))?;
    file.sync_all()
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}
