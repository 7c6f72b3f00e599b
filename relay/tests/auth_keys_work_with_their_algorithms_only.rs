//! Every algorithm is served; no key is ever used with one it is not bound to.

mod auth_common;

use auth_common::*;
use chasqui_relay::auth::AuthError;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;

use Algorithm::*;

const HMAC: [Algorithm; 3] = [HS256, HS384, HS512];
const RSA: [Algorithm; 6] = [RS256, RS384, RS512, PS256, PS384, PS512];

#[test]
fn every_algorithm_is_verified_by_file_and_by_key_set() {
    let kinds: [(&[Algorithm], Pair); 4] =
        [(&RSA, rsa()), (&[ES256], p256()), (&[ES384], p384()), (&[EdDSA], ed25519())];
    for (algorithms, pair) in &kinds {
        let by_file = Bench::new().pem(&pair.public_pem).verifier();
        let by_set = Bench::new().jwks(vec![jwk_any(pair, algorithms[0])]).verifier();
        for algorithm in *algorithms {
            let token = sign(*algorithm, &pair.private, &alice());
            assert_eq!(by_file.verify(&token, NOW_MS).unwrap().user, "alice", "{algorithm:?}");
            assert_eq!(by_set.verify(&token, NOW_MS).unwrap().user, "alice", "{algorithm:?}");
        }
    }
    let secret = Bench::new().secret(SECRET).verifier();
    for algorithm in HMAC {
        let token = sign(algorithm, &hmac(), &alice());
        assert_eq!(secret.verify(&token, NOW_MS).unwrap().user, "alice", "{algorithm:?}");
    }
}

/// Without `alg`, so that the kind alone decides.
fn jwk_any(pair: &Pair, algorithm: Algorithm) -> serde_json::Value {
    let mut jwk = jwk(pair, algorithm, "the-key");
    jwk.as_object_mut().unwrap().remove("alg");
    jwk
}

#[test]
fn a_foreign_key_of_the_same_kind_is_refused() {
    let kinds =
        [(RS256, rsa(), rsa()), (ES256, p256(), p256()), (ES384, p384(), p384()), (EdDSA, ed25519(), ed25519())];
    for (algorithm, ours, foreign) in kinds {
        let verifier = Bench::new().pem(&ours.public_pem).verifier();
        let token = sign(algorithm, &foreign.private, &alice());
        assert_eq!(verifier.verify(&token, NOW_MS), Err(AuthError::BadSignature), "{algorithm:?}");
    }
    let verifier = Bench::new().secret(SECRET).verifier();
    let token = sign(HS256, &EncodingKey::from_secret(b"another secret of at least 32 bytes"), &alice());
    assert_eq!(verifier.verify(&token, NOW_MS), Err(AuthError::BadSignature));
}

#[test]
fn a_public_key_is_no_hmac_secret() {
    for pair in [rsa(), p256(), p384(), ed25519()] {
        let verifier = Bench::new().pem(&pair.public_pem).verifier();
        let body = pair.public_pem.lines().filter(|line| !line.starts_with("---")).collect::<String>();
        let der = EncodingKey::from_base64_secret(&body).unwrap();
        for secret in [EncodingKey::from_secret(pair.public_pem.as_bytes()), der] {
            for algorithm in HMAC {
                let token = sign(algorithm, &secret, &alice());
                assert_eq!(verifier.verify(&token, NOW_MS), Err(AuthError::UnknownKey));
            }
        }
    }
}

#[test]
fn a_secret_never_stands_in_for_a_public_key_beside_it() {
    let pair = rsa();
    let verifier = Bench::new().secret(SECRET).pem(&pair.public_pem).verifier();
    let token = sign(HS256, &EncodingKey::from_secret(pair.public_pem.as_bytes()), &alice());
    assert_eq!(verifier.verify(&token, NOW_MS), Err(AuthError::BadSignature));
    // A header that names another algorithm than the one that signed.
    let relabelled = forge(&json!({ "alg": "HS256" }), &alice(), |message| {
        jsonwebtoken::crypto::sign(message, &pair.private, RS256).unwrap()
    });
    assert_eq!(verifier.verify(&relabelled, NOW_MS), Err(AuthError::BadSignature));
}

#[test]
fn none_and_unknown_algorithms_name_no_key() {
    let verifier = Bench::new().secret(SECRET).verifier();
    for name in ["none", "None", "NONE", "nOnE", "", "HS1", "hs256", "ES256K", "ES512", "dir"] {
        let token = forge(&json!({ "alg": name }), &alice(), |_| String::new());
        assert_eq!(verifier.verify(&token, NOW_MS), Err(AuthError::UnknownKey), "{name}");
    }
}

#[test]
fn a_key_inside_the_token_is_not_trusted() {
    let stranger = rsa();
    let verifier = Bench::new().pem(&rsa().public_pem).verifier();
    let header = json!({ "alg": "RS256", "jwk": jwk(&stranger, RS256, "x"), "jku": "https://evil.example/k" });
    let token =
        forge(&header, &alice(), |message| jsonwebtoken::crypto::sign(message, &stranger.private, RS256).unwrap());
    assert_eq!(verifier.verify(&token, NOW_MS), Err(AuthError::BadSignature));
}

#[test]
fn the_configuration_can_narrow_the_algorithms() {
    let pair = rsa();
    let mut bench = Bench::new().pem(&pair.public_pem);
    bench.config.auth.algorithms = vec!["PS256".into()];
    let verifier = bench.verifier();
    assert!(verifier.verify(&sign(PS256, &pair.private, &alice()), NOW_MS).is_ok());
    let refused = verifier.verify(&sign(RS256, &pair.private, &alice()), NOW_MS);
    assert_eq!(refused, Err(AuthError::UnknownKey));
    bench.config.auth.algorithms = vec!["HS256".into()];
    assert!(bench.refusal().contains("none of the configured keys"));
}

#[test]
fn a_short_secret_admits_only_what_it_is_long_enough_for() {
    let secret = [7; 40];
    let verifier = Bench::new().secret(&secret).verifier();
    let key = EncodingKey::from_secret(&secret);
    assert!(verifier.verify(&sign(HS256, &key, &alice()), NOW_MS).is_ok());
    assert_eq!(verifier.verify(&sign(HS384, &key, &alice()), NOW_MS), Err(AuthError::UnknownKey));
}
