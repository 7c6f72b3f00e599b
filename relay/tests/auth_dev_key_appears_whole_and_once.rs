//! The development key: private to its owner, the same for all who race to make it, and only good for its issuer.

mod auth_common;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use auth_common::*;
use chasqui_relay::auth::{AuthError, DEV_KEY_FILE, Signer, Verifier};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn racing_makers_end_with_one_key_and_no_litter() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("not/yet");
    let tokens: Vec<String> = std::thread::scope(|scope| {
        let make = || Signer::load_or_create(&data).unwrap().sign("alice", MINUTE, NOW_MS).unwrap();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    let names: Vec<_> = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [DEV_KEY_FILE]);
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(data.join(DEV_KEY_FILE)), 0o600);
    assert_eq!(mode(data), 0o700);
}

#[test]
fn its_tokens_live_exactly_their_time() {
    let dir = tempfile::tempdir().unwrap();
    let signer = Signer::load_or_create(dir.path()).unwrap();
    let verifier = Verifier::new(vec![signer.key()], 0);
    let token = signer.sign("alice", Duration::from_millis(1500), NOW_MS + 7).unwrap();
    assert_eq!(verifier.verify(&token, NOW_MS + 7).unwrap().expires_at_ms, NOW_MS + 1507);
    assert!(verifier.verify(&token, NOW_MS + 1506).is_ok());
    assert_eq!(verifier.verify(&token, NOW_MS + 1507), Err(AuthError::ExpiredToken));
    assert!(signer.sign("", MINUTE, NOW_MS).is_err());
    assert!(signer.sign(&"x".repeat(65), MINUTE, NOW_MS).is_err());
}

#[test]
fn it_is_accepted_beside_configured_keys_whatever_their_issuers() {
    let mut bench = Bench::new().secret(SECRET);
    bench.config = {
        let auth = bench.config.auth.clone();
        let mut config = chasqui_relay::config::Config::for_dev();
        config.auth = auth;
        config
    };
    bench.config.data = bench.dir.path().join("data");
    bench.config.auth.issuers = vec!["https://id.example".into()];
    bench.config.auth.audiences = vec!["chat".into()];
    let authority = chasqui_relay::auth::authority(&bench.config).unwrap();
    let token = authority.signer.unwrap().sign("alice", MINUTE, NOW_MS).unwrap();
    assert!(authority.verifier.verify(&token, NOW_MS).is_ok());
    // The configured key does not speak for the development issuer.
    let claims = json!({ "sub": "alice", "exp": NOW + 60, "iss": "chasqui-dev", "aud": "chat" });
    let posing = sign(Algorithm::HS256, &EncodingKey::from_secret(SECRET), &claims);
    assert_eq!(authority.verifier.verify(&posing, NOW_MS), Err(AuthError::WrongIssuer));
}

#[test]
fn a_missing_or_damaged_key_comes_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Signer::load(dir.path()).unwrap_err().to_string();
    assert!(missing.contains("serve --dev") && missing.contains(DEV_KEY_FILE), "{missing}");
    for content in ["", "short", "!!!!"] {
        std::fs::write(dir.path().join(DEV_KEY_FILE), content).unwrap();
        let damaged = Signer::load_or_create(dir.path()).unwrap_err().to_string();
        assert!(damaged.contains("is not a signing key"), "{damaged}");
    }
}
