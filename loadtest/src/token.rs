//! Tokens for the run's users, signed with the server's own HMAC key.
//!
//! Two sources: the development key that `chasqui serve --dev` keeps in its data folder, or a file that holds the
//! secret of a configured server.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

/// The development key's file, and the issuer it is bound to.
const DEV_KEY_FILE: &str = "dev-signing.key";
const DEV_ISSUER: &str = "chasqui-dev";
/// A session ends when its token does, so a token must outlive any run.
const TOKEN_LIFE: Duration = Duration::from_secs(24 * 3600);
const SECRET_BYTES_MIN: usize = 32;

/// Signs HS256 tokens for any user.
pub struct Signer {
    key: EncodingKey,
    issuer: Option<String>,
    audience: Option<String>,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
}

impl Signer {
    /// The development key of a data folder.
    pub fn from_data(data: &Path) -> anyhow::Result<Self> {
        let path = data.join(DEV_KEY_FILE);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{} (is the server running with --dev and this --data?)", path.display()))?;
        let secret = STANDARD.decode(text.trim()).with_context(|| format!("{} is not base64", path.display()))?;
        Self::from_secret(&secret, Some(DEV_ISSUER.into()), None)
    }

    /// A file whose whole content, less one final line break, is the secret.
    pub fn from_key_file(path: &Path, issuer: Option<String>, audience: Option<String>) -> anyhow::Result<Self> {
        let content = std::fs::read(path).with_context(|| path.display().to_string())?;
        let secret = content.strip_suffix(b"\n").unwrap_or(&content);
        Self::from_secret(secret.strip_suffix(b"\r").unwrap_or(secret), issuer, audience)
    }

    fn from_secret(secret: &[u8], issuer: Option<String>, audience: Option<String>) -> anyhow::Result<Self> {
        ensure!(secret.len() >= SECRET_BYTES_MIN, "a signing secret has at least {SECRET_BYTES_MIN} bytes");
        Ok(Self { key: EncodingKey::from_secret(secret), issuer, audience })
    }

    pub fn token(&self, user: &str) -> anyhow::Result<String> {
        let iat = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let exp = iat + TOKEN_LIFE.as_secs();
        let claims = Claims { sub: user, iat, exp, iss: self.issuer.as_deref(), aud: self.audience.as_deref() };
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.key)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation};

    fn claims(token: &str, secret: &[u8], issuer: &str) -> serde_json::Value {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[issuer]);
        jsonwebtoken::decode(token, &DecodingKey::from_secret(secret), &validation).unwrap().claims
    }

    #[test]
    fn the_development_key_signs_as_the_development_issuer() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(DEV_KEY_FILE), format!("{}\n", STANDARD.encode([7; 32]))).unwrap();
        let token = Signer::from_data(folder.path()).unwrap().token("alice").unwrap();
        assert_eq!(claims(&token, &[7; 32], DEV_ISSUER)["sub"], "alice");
    }

    #[test]
    fn a_secret_file_loses_its_final_line_break_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, [[b'k'; 32].as_slice(), b"\n\n"].concat()).unwrap();
        let token = Signer::from_key_file(&path, Some("me".into()), None).unwrap().token("bob").unwrap();
        assert_eq!(claims(&token, &[[b'k'; 32].as_slice(), b"\n"].concat(), "me")["sub"], "bob");
        std::fs::write(&path, "short").unwrap();
        assert!(Signer::from_key_file(&path, None, None).is_err());
    }
}
