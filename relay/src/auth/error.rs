//! Why a token was refused: one table of stable names and sentences.

use std::fmt;

macro_rules! refusals {
    ($($variant:ident = $name:literal, $sentence:literal;)*) => {
        /// A refusal. Its name is stable: logs, metrics and clients may rely on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuthError { $($variant,)* }

        impl AuthError {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
            /// A sentence for people; it never tells what would have been accepted.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

refusals! {
    MissingToken = "missing_token", "No token was sent.";
    MalformedToken = "malformed_token", "The token is not a well-formed JSON Web Token with an expiry.";
    UnknownKey = "unknown_key", "No configured key accepts the token's key id and algorithm.";
    BadSignature = "bad_signature", "The token's signature does not match.";
    ExpiredToken = "expired_token", "The token has expired; get a fresh one.";
    TokenNotYetValid = "token_not_yet_valid", "The token is not valid yet; check the clocks.";
    WrongIssuer = "wrong_issuer", "The token comes from an issuer that is not accepted here.";
    WrongAudience = "wrong_audience", "The token was made for another service.";
    BadSubject = "bad_subject", "The token's subject is not a user id of 1 to 64 bytes without control characters.";
}

impl std::error::Error for AuthError {}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}
