//! With a `kid` only the key of that name is asked; without one, every key that fits.

mod auth_common;

use auth_common::*;
use chasqui_relay::auth::AuthError;
use jsonwebtoken::Algorithm::*;
use serde_json::json;

#[test]
fn a_set_is_searched_by_id() {
    let (old, new) = (rsa(), rsa());
    let set = vec![jwk(&old, RS256, "2025"), jwk(&new, RS256, "2026")];
    let verifier = Bench::new().jwks(set).verifier();
    assert!(verifier.verify(&sign_as("2025", RS256, &old.private, &alice()), NOW_MS).is_ok());
    assert!(verifier.verify(&sign_as("2026", RS256, &new.private, &alice()), NOW_MS).is_ok());
    let swapped = sign_as("2026", RS256, &old.private, &alice());
    assert_eq!(verifier.verify(&swapped, NOW_MS), Err(AuthError::BadSignature));
    let gone = sign_as("2024", RS256, &old.private, &alice());
    assert_eq!(verifier.verify(&gone, NOW_MS), Err(AuthError::UnknownKey));
    let unnamed = sign(RS256, &new.private, &alice());
    assert!(verifier.verify(&unnamed, NOW_MS).is_ok());
}

#[test]
fn an_entry_is_bound_to_the_algorithm_it_names() {
    let pair = rsa();
    let verifier = Bench::new().jwks(vec![jwk(&pair, RS256, "k")]).verifier();
    let other = sign_as("k", PS256, &pair.private, &alice());
    assert_eq!(verifier.verify(&other, NOW_MS), Err(AuthError::UnknownKey));
}

#[test]
fn a_key_without_an_id_serves_tokens_with_any() {
    let pair = p256();
    let verifier = Bench::new().pem(&pair.public_pem).verifier();
    assert!(verifier.verify(&sign_as("whatever", ES256, &pair.private, &alice()), NOW_MS).is_ok());
}

#[test]
fn several_secrets_allow_rotation() {
    let other = b"the next secret, also longer than 32 bytes";
    let verifier = Bench::new().secret(SECRET).secret(other).verifier();
    for secret in [SECRET, other] {
        let key = jsonwebtoken::EncodingKey::from_secret(secret);
        assert!(verifier.verify(&sign(HS256, &key, &alice()), NOW_MS).is_ok());
    }
}

#[test]
fn entries_for_other_purposes_are_left_out_with_a_remark() {
    let pair = p256();
    let good = jwk(&pair, ES256, "good");
    let with = |name: &str, value: serde_json::Value| {
        let mut entry = jwk(&p256(), ES256, name);
        entry[name] = value;
        entry
    };
    let odd = vec![
        with("use", json!("enc")),
        with("key_ops", json!(["sign"])),
        with("d", json!("c2VjcmV0")),
        with("crv", json!("P-521")),
        with("alg", json!("ES384")),
        with("alg", json!("ES512")),
        with("x", json!("AAAA")),
        json!({ "kty": "RSA", "kid": "tiny", "n": "AQAB", "e": "AQAB" }),
        json!({ "kty": "oct", "kid": "short", "k": "AAAA" }),
        json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA" }),
        json!("not even an object"),
    ];
    let count = odd.len();
    let bench = Bench::new().jwks(odd.iter().cloned().chain([good]).collect());
    let authority = chasqui_relay::auth::authority(&bench.config).unwrap();
    assert_eq!(authority.remarks.len(), count, "{:#?}", authority.remarks);
    assert!(authority.verifier.verify(&sign_as("good", ES256, &pair.private, &alice()), NOW_MS).is_ok());
    assert!(Bench::new().jwks(odd).refusal().contains("has no usable key"));
}
