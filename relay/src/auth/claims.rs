//! The claims of a token, and whether they hold at a given time.

use chasqui_proto::ids::UserId;
use serde::Deserialize;

use super::AuthError;

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Fits [`UserId`].
    pub user: String,
    pub issuer: Option<String>,
    /// When the session has to end: the token's `exp`, or, for a token admitted within its leeway, the end of
    /// that leeway, so that such a session is not ended in the moment it starts.
    pub expires_at_ms: u64,
}

/// The payload. A claim given twice or with a wrong type fails to parse.
#[derive(Deserialize)]
pub(super) struct Payload {
    #[serde(default)]
    sub: serde_json::Value,
    exp: NumericDate,
    #[serde(default)]
    nbf: Option<NumericDate>,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    aud: Option<Audience>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Seconds since the Unix epoch, possibly with a fraction (RFC 7519), kept as milliseconds.
#[derive(Deserialize, Clone, Copy)]
#[serde(try_from = "f64")]
struct NumericDate {
    ms: u64,
}

impl TryFrom<f64> for NumericDate {
    type Error = &'static str;
    fn try_from(seconds: f64) -> Result<Self, Self::Error> {
        if !seconds.is_finite() || seconds < 0.0 {
            return Err("not a date");
        }
        // The cast saturates, so a date in a far future stays one.
        Ok(Self { ms: (seconds * 1000.0).round() as u64 })
    }
}

/// What is asked of the claims.
pub(super) struct Expected<'a> {
    pub now_ms: u64,
    pub leeway_ms: u64,
    pub issuers: &'a [String],
    pub audiences: &'a [String],
}

impl Payload {
    pub fn check(self, expected: &Expected<'_>) -> Result<Claims, AuthError> {
        let expires_at_ms = self.expiry(expected)?;
        if self.nbf.is_some_and(|nbf| nbf.ms > expected.now_ms.saturating_add(expected.leeway_ms)) {
            return Err(AuthError::TokenNotYetValid);
        }
        if !fits(expected.issuers, self.iss.as_slice()) {
            return Err(AuthError::WrongIssuer);
        }
        if !fits(expected.audiences, self.audiences()) {
            return Err(AuthError::WrongAudience);
        }
        match self.sub {
            serde_json::Value::String(user) if UserId::fits(&user) => {
                Ok(Claims { user, issuer: self.iss, expires_at_ms })
            }
            _ => Err(AuthError::BadSubject),
        }
    }

    fn expiry(&self, expected: &Expected<'_>) -> Result<u64, AuthError> {
        let latest = self.exp.ms.saturating_add(expected.leeway_ms);
        match expected.now_ms {
            now if now < self.exp.ms => Ok(self.exp.ms),
            now if now < latest => Ok(latest),
            _ => Err(AuthError::ExpiredToken),
        }
    }

    fn audiences(&self) -> &[String] {
        match &self.aud {
            None => &[],
            Some(Audience::One(one)) => std::slice::from_ref(one),
            Some(Audience::Many(many)) => many,
        }
    }
}

fn fits(accepted: &[String], given: &[String]) -> bool {
    accepted.is_empty() || given.iter().any(|it| accepted.contains(it))
}
