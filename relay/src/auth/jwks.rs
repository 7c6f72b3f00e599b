//! JSON Web Key Sets.
//!
//! A set of an identity provider holds keys for other purposes and of kinds we do not know: those are left
//! out with a warning. A set without any usable key is an error.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::key::{Key, algorithm};

/// Below this an RSA key can be broken, and the cryptographic library refuses it anyway.
const RSA_MODULUS_BITS_MIN: usize = 2048;
const RSA_MODULUS_BITS_MAX: usize = 8192;

const RSA_ALGORITHMS: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

/// The usable keys, and a sentence about each that is not.
pub(super) fn parse(text: &str) -> Result<(Vec<Key>, Vec<String>), String> {
    let set: Value = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
    let entries = set.get("keys").and_then(Value::as_array).ok_or("has no \"keys\" list")?;
    let mut keys = Vec::new();
    let mut skipped = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        match parse_entry(entry) {
            Ok(key) => keys.push(key),
            Err(reason) => skipped.push(format!("key {} {reason}; it is left out", label(entry, index))),
        }
    }
    match keys.is_empty() {
        true => Err(format!("has no usable key{}", skipped.iter().map(|it| format!("; {it}")).collect::<String>())),
        false => Ok((keys, skipped)),
    }
}

fn label(entry: &Value, index: usize) -> String {
    entry.get("kid").and_then(Value::as_str).map_or_else(|| format!("number {}", index + 1), |kid| format!("{kid:?}"))
}

fn parse_entry(entry: &Value) -> Result<Key, String> {
    if entry.get("d").is_some() {
        return Err("contains its private part, which the relay should never see".into());
    }
    let jwk: Jwk = serde_json::from_value(entry.clone()).map_err(|_| "is not a key of a known kind".to_owned())?;
    for_verification(&jwk)?;
    let mut key = key_of(&jwk)?;
    if let Some(named) = &jwk.common.key_algorithm {
        let known = bound(named).ok_or("is bound to an unknown algorithm")?;
        if !key.narrow(&[known]) {
            return Err("is bound to an algorithm that its kind or size does not fit".into());
        }
    }
    key.id = jwk.common.key_id.clone();
    Ok(key)
}

fn bound(named: &KeyAlgorithm) -> Option<Algorithm> {
    algorithm(&named.to_string())
}

fn for_verification(jwk: &Jwk) -> Result<(), String> {
    let signs = jwk.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    let verifies = jwk.common.key_operations.as_ref().is_none_or(|allowed| allowed.contains(&KeyOperations::Verify));
    if signs && verifies { Ok(()) } else { Err("is not meant for verifying signatures".into()) }
}

/// The key with the algorithms its kind and size allow, every part checked.
pub(super) fn key_of(jwk: &Jwk) -> Result<Key, String> {
    let algorithms: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::OctetKey(secret) => return Key::from_secret(&bytes(&secret.value)?),
        AlgorithmParameters::RSA(rsa) => {
            check_modulus(&bytes(&rsa.n)?)?;
            &RSA_ALGORITHMS
        }
        AlgorithmParameters::EllipticCurve(ec) => match (&ec.curve, bytes(&ec.x)?.len(), bytes(&ec.y)?.len()) {
            (EllipticCurve::P256, 32, 32) => &[Algorithm::ES256],
            (EllipticCurve::P384, 48, 48) => &[Algorithm::ES384],
            _ => return Err("is on a curve other than P-256 and P-384, or damaged".into()),
        },
        AlgorithmParameters::OctetKeyPair(ed) => match (&ed.curve, bytes(&ed.x)?.len()) {
            (EllipticCurve::Ed25519, 32) => &[Algorithm::EdDSA],
            _ => return Err("is on a curve other than Ed25519, or damaged".into()),
        },
        _ => return Err("is not a key of a known kind".into()),
    };
    let decoding = DecodingKey::from_jwk(jwk).map_err(|_| "is damaged".to_owned())?;
    Ok(Key::new(algorithms, decoding))
}

fn check_modulus(modulus: &[u8]) -> Result<(), String> {
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let significant = &modulus[zeros..];
    let bits = significant.first().map_or(0, |top| significant.len() * 8 - top.leading_zeros() as usize);
    match bits {
        RSA_MODULUS_BITS_MIN..=RSA_MODULUS_BITS_MAX => Ok(()),
        _ => Err(format!("has {bits} bits; RSA keys need {RSA_MODULUS_BITS_MIN} to {RSA_MODULUS_BITS_MAX}")),
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| "has a part that is not base64url".into())
}
