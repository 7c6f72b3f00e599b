//! Claims are judged against the clock that is passed in, and against the configuration.

mod auth_common;

use auth_common::*;
use chasqui_relay::auth::AuthError::{self, *};
use jsonwebtoken::Algorithm::HS256;
use serde_json::{Value, json};

const LEEWAY_MS: u64 = 5000;

fn judge(claims: Value, now_ms: u64) -> Result<u64, AuthError> {
    let verifier = Bench::new().secret(SECRET).verifier();
    verifier.verify(&sign(HS256, &hmac(), &claims), now_ms).map(|claims| claims.expires_at_ms)
}

#[test]
fn a_token_lives_until_exp_and_a_leeway() {
    let claims = || json!({ "sub": "alice", "exp": NOW });
    let cases = [
        (NOW_MS - 60_000, Ok(NOW_MS)),
        (NOW_MS - 1, Ok(NOW_MS)),
        (NOW_MS, Ok(NOW_MS + LEEWAY_MS)),
        (NOW_MS + LEEWAY_MS - 1, Ok(NOW_MS + LEEWAY_MS)),
        (NOW_MS + LEEWAY_MS, Err(ExpiredToken)),
        (u64::MAX, Err(ExpiredToken)),
    ];
    for (now_ms, expected) in cases {
        assert_eq!(judge(claims(), now_ms), expected, "at {now_ms}");
    }
}

#[test]
fn a_token_begins_at_nbf_less_a_leeway() {
    let claims = |nbf: u64| json!({ "sub": "alice", "exp": NOW + 600, "nbf": nbf });
    assert!(judge(claims(NOW), NOW_MS).is_ok());
    assert!(judge(claims(NOW + 5), NOW_MS).is_ok());
    assert_eq!(judge(claims(NOW + 6), NOW_MS), Err(TokenNotYetValid));
    assert!(judge(json!({ "sub": "alice", "exp": NOW + 600, "nbf": null }), NOW_MS).is_ok());
}

#[test]
fn dates_may_have_fractions_but_must_be_numbers_and_exp_must_be_there() {
    let exp = |exp: Value| judge(json!({ "sub": "alice", "exp": exp }), NOW_MS);
    assert_eq!(exp(json!(NOW as f64 + 0.25)), Ok(NOW_MS + 250));
    assert_eq!(exp(json!(1e300)), Ok(u64::MAX));
    for wrong in [json!(null), json!("1767225660"), json!(-1), json!(true), json!([NOW + 60])] {
        assert_eq!(exp(wrong.clone()), Err(MalformedToken), "{wrong}");
    }
    assert_eq!(judge(json!({ "sub": "alice" }), NOW_MS), Err(MalformedToken));
    assert_eq!(judge(json!({ "sub": "alice", "exp": NOW + 60, "nbf": "soon" }), NOW_MS), Err(MalformedToken));
}

#[test]
fn the_subject_is_a_user_id() {
    let sub = |sub: Value| judge(json!({ "sub": sub, "exp": NOW + 60 }), NOW_MS).map(drop);
    let (longest, too_long) = ("é".repeat(32), "é".repeat(32) + "x");
    for good in ["a", "user@example.org", "Ünïcödé 名前", longest.as_str()] {
        assert_eq!(sub(json!(good)), Ok(()), "{good}");
    }
    for bad in [json!(""), json!(too_long), json!("a\u{0}b"), json!("a\nb"), json!("\u{85}"), json!(7), json!(null)] {
        assert_eq!(sub(bad.clone()), Err(BadSubject), "{bad}");
    }
    assert_eq!(judge(json!({ "exp": NOW + 60 }), NOW_MS), Err(BadSubject));
}

#[test]
fn issuer_and_audience_are_checked_where_configured() {
    let mut bench = Bench::new().secret(SECRET);
    bench.config.auth.issuers = vec!["https://id.example".into(), "https://id2.example".into()];
    bench.config.auth.audiences = vec!["chat".into(), "relay".into()];
    let verifier = bench.verifier();
    let judge = |iss: Value, aud: Value| {
        let claims = json!({ "sub": "alice", "exp": NOW + 60, "iss": iss, "aud": aud });
        verifier.verify(&sign(HS256, &hmac(), &claims), NOW_MS).map(|claims| claims.issuer)
    };
    let id2 = || json!("https://id2.example");
    assert_eq!(judge(id2(), json!("chat")), Ok(Some("https://id2.example".into())));
    assert!(judge(id2(), json!(["billing", "relay"])).is_ok());
    for issuer in [json!(null), json!("https://id.example/"), json!("")] {
        assert_eq!(judge(issuer, json!("chat")), Err(WrongIssuer));
    }
    for audience in [json!(null), json!("billing"), json!([]), json!(["billing"]), json!("chatroom")] {
        assert_eq!(judge(id2(), audience), Err(WrongAudience));
    }
    assert_eq!(judge(json!(["https://id.example"]), json!("chat")), Err(MalformedToken));
    assert_eq!(judge(id2(), json!(7)), Err(MalformedToken));
}

#[test]
fn what_is_no_token_is_malformed_and_nothing_is_missing() {
    let verifier = Bench::new().secret(SECRET).verifier();
    let good = sign(HS256, &hmac(), &alice());
    let (head, signature) = good.rsplit_once('.').unwrap();
    assert_eq!(verifier.verify("", NOW_MS), Err(MissingToken));
    let huge = format!("{head}.{}", "A".repeat(9000));
    for text in [".", "..", "...", "a.b.c", "alice", head, &format!("{good}.x"), &format!(" {good}"), &huge, "é.é.é"]
    {
        assert_eq!(verifier.verify(text, NOW_MS), Err(MalformedToken), "{text}");
    }
    for text in [format!("{head}."), format!("{good}="), format!("{head}.{}", &signature[1..])] {
        assert_eq!(verifier.verify(&text, NOW_MS), Err(BadSignature), "{text}");
    }
    let critical = forge(&json!({ "alg": "HS256", "crit": ["b64"], "b64": false }), &alice(), |message| {
        jsonwebtoken::crypto::sign(message, &hmac(), HS256).unwrap()
    });
    assert_eq!(verifier.verify(&critical, NOW_MS), Err(MalformedToken));
}

#[test]
fn every_changed_character_is_noticed() {
    let verifier = Bench::new().secret(SECRET).verifier();
    let good = sign(HS256, &hmac(), &alice());
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(verifier.verify(&changed, NOW_MS).is_err(), "character {at}");
    }
}

#[test]
fn names_are_stable_and_sentences_tell_nothing_about_the_token() {
    let names: Vec<&str> = AuthError::ALL.iter().map(|error| error.name()).collect();
    let expected = [
        "missing_token",
        "malformed_token",
        "unknown_key",
        "bad_signature",
        "expired_token",
        "token_not_yet_valid",
        "wrong_issuer",
        "wrong_audience",
        "bad_subject",
    ];
    assert_eq!(names, expected);
    let verifier = Bench::new().secret(SECRET).verifier();
    let shown = format!("{verifier:?}");
    assert!(!shown.contains("a secret of") && !shown.contains("97, 32, 115"), "{shown}");
}
