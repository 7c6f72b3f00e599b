//! Who is there: JSON Web Tokens, where they travel, and the signing key of `--dev`.
//!
//! Promise: [`Verifier::verify`] admits a token only if a configured key, used with an algorithm that this key
//! is bound to, signed it, and its claims hold at the given time. It is a pure function of token and time,
//! `Send + Sync`, and takes no lock, so that every shard can share one.
//!
//! Place in the flow: a transport finds the token ([`carrier::find`], or the first CONNECT frame), checks the
//! page's origin ([`origin::allowed`]), asks the verifier, and gives user and expiry to the session.
//!
//! Invariants:
//! - A key is tied to its algorithms when it is loaded; the token's header only chooses among them. A public
//!   key can therefore never be used as an HMAC secret, and `none` names no key.
//! - Neither tokens nor secrets are logged, nor part of any error or `Debug` text here.
//!
//! Limits: `TOKEN_BYTES_MAX` (proto), [`KEYS_MAX`]. Not here: revocation, key rotation by URL.

pub mod carrier;
mod claims;
mod dev;
mod error;
mod jwks;
mod key;
mod load;
pub mod origin;
mod pem;
mod setup;
mod verify;

pub use claims::Claims;
pub use dev::{DEV_ISSUER, DEV_KEY_FILE, DevKeyError, Signer};
pub use error::AuthError;
pub use key::{ALGORITHMS, Key, SECRET_BYTES_MIN};
pub use load::KeyError;
pub use setup::{Authority, SetupError, authority, check_keys};
pub use verify::{KEYS_MAX, Verifier};
