//! Keys of every kind, made on the spot, and tokens signed with them.
#![allow(dead_code)]

use std::path::PathBuf;
use std::sync::Arc;

use chasqui_relay::auth::{Verifier, authority};
use chasqui_relay::config::Config;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256};
use serde_json::{Value, json};
use tempfile::TempDir;

/// 1 January 2026, in seconds.
pub const NOW: u64 = 1_767_225_600;
pub const NOW_MS: u64 = NOW * 1000;

pub const SECRET: &[u8] = b"a secret of 64 bytes, long enough for HS512: 0123456789abcdefghi";

/// A key pair of one of the asymmetric kinds.
pub struct Pair {
    pub public_pem: String,
    pub public: DecodingKey,
    pub private: EncodingKey,
    pub private_pem: String,
}

type Read<T> = fn(&[u8]) -> jsonwebtoken::errors::Result<T>;

pub fn rsa() -> Pair {
    pair(&PKCS_RSA_SHA256, EncodingKey::from_rsa_pem, DecodingKey::from_rsa_pem)
}
pub fn p256() -> Pair {
    pair(&PKCS_ECDSA_P256_SHA256, EncodingKey::from_ec_pem, DecodingKey::from_ec_pem)
}
pub fn p384() -> Pair {
    pair(&PKCS_ECDSA_P384_SHA384, EncodingKey::from_ec_pem, DecodingKey::from_ec_pem)
}
pub fn ed25519() -> Pair {
    pair(&PKCS_ED25519, EncodingKey::from_ed_pem, DecodingKey::from_ed_pem)
}

fn pair(kind: &'static rcgen::SignatureAlgorithm, private: Read<EncodingKey>, public: Read<DecodingKey>) -> Pair {
    let pair = KeyPair::generate_for(kind).unwrap();
    let (private_pem, public_pem) = (pair.serialize_pem(), pair.public_key_pem());
    let (private, public) = (private(private_pem.as_bytes()).unwrap(), public(public_pem.as_bytes()).unwrap());
    Pair { public_pem, public, private_pem, private }
}

/// The public half as an entry of a key set.
pub fn jwk(pair: &Pair, algorithm: Algorithm, kid: &str) -> Value {
    let jwk = jsonwebtoken::jwk::Jwk::from_decoding_key(&pair.public, Some(algorithm)).unwrap();
    let mut jwk = serde_json::to_value(jwk).unwrap();
    jwk["kid"] = json!(kid);
    jwk
}

/// A folder for key files and a configuration that names them.
pub struct Bench {
    pub dir: TempDir,
    pub config: Config,
}

impl Bench {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), config: Config::default() }
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn secret(mut self, secret: &[u8]) -> Self {
        let name = format!("secret-{}", self.config.auth.secret_files.len());
        let path = self.file(&name, secret);
        self.config.auth.secret_files.push(path);
        self
    }

    pub fn pem(mut self, pem: &str) -> Self {
        let name = format!("key-{}.pem", self.config.auth.public_key_files.len());
        let path = self.file(&name, pem);
        self.config.auth.public_key_files.push(path);
        self
    }

    pub fn jwks(mut self, keys: Vec<Value>) -> Self {
        let path = self.file("jwks.json", json!({ "keys": keys }).to_string());
        self.config.auth.jwks_file = Some(path);
        self
    }

    pub fn verifier(&self) -> Arc<Verifier> {
        authority(&self.config).unwrap().verifier
    }

    pub fn refusal(&self) -> String {
        authority(&self.config).unwrap_err().to_string()
    }
}

pub fn hmac() -> EncodingKey {
    EncodingKey::from_secret(SECRET)
}

pub fn alice() -> Value {
    json!({ "sub": "alice", "exp": NOW + 60 })
}

pub fn sign(algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, key).unwrap()
}

pub fn sign_as(kid: &str, algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
    let header = Header { kid: Some(kid.into()), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

/// A token with any header at all, "signed" by what `signature` makes of it.
pub fn forge(header: &Value, claims: &Value, signature: impl FnOnce(&[u8]) -> String) -> String {
    use base64::Engine;
    let part = |json: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = signature(message.as_bytes());
    format!("{message}.{signature}")
}
