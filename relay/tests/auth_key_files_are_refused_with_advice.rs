//! A key file that cannot be used is named, with what to do, and its content is never shown.

mod auth_common;

use auth_common::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

fn pem_refusal(pem: &str) -> String {
    Bench::new().pem(pem).refusal()
}

#[test]
fn what_is_no_public_key_says_what_it_is() {
    let pair = rsa();
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    let two = format!("{}{}", pair.public_pem, p256().public_pem);
    let p521 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap().public_key_pem();
    let cases = [
        (pair.private_pem.clone(), "private key"),
        (certificate, "openssl x509 -pubkey"),
        (two, "several PEM blocks"),
        ("hello".to_owned(), "no PEM block"),
        (String::new(), "no PEM block"),
        (p521, "is not a public key of a known kind"),
        (secp256k1_pem(), "curve other than"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n".to_owned(), "is not a public key"),
    ];
    for (pem, expected) in cases {
        let refusal = pem_refusal(&pem);
        assert!(refusal.contains(expected) && refusal.contains("key-0.pem"), "{expected}: {refusal}");
        let secret_line = pair.private_pem.lines().nth(1).unwrap();
        assert!(!refusal.contains(secret_line));
    }
}

/// SubjectPublicKeyInfo of a 65-byte point that claims to be on secp256k1.
fn secp256k1_pem() -> String {
    let mut der = vec![0x30, 0x56, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    der.extend([0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a, 0x03, 0x42, 0x00, 0x04]);
    der.extend([9; 64]);
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|it| std::str::from_utf8(it).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

#[test]
fn weak_secrets_and_missing_files_are_refused() {
    let refusal = Bench::new().secret(b"too short").refusal();
    assert!(refusal.contains("9 bytes") && !refusal.contains("too short"), "{refusal}");
    let mut bench = Bench::new();
    bench.config.auth.jwks_file = Some(bench.dir.path().join("absent.json"));
    assert!(bench.refusal().contains("cannot be opened"));
    let bench = Bench::new().jwks(vec![]);
    assert!(bench.refusal().contains("has no usable key"));
}

#[test]
fn without_any_key_there_is_no_verifier_but_with_dev_there_is() {
    let mut bench = Bench::new();
    assert!(bench.refusal().contains("auth.secrets"));
    bench.config.dev = true;
    bench.config.data = bench.dir.path().join("data");
    let authority = chasqui_relay::auth::authority(&bench.config).unwrap();
    let token = authority.signer.unwrap().sign("alice", std::time::Duration::from_secs(60), NOW_MS).unwrap();
    assert_eq!(authority.verifier.verify(&token, NOW_MS).unwrap().user, "alice");
}

#[test]
fn a_final_line_break_is_not_part_of_a_secret() {
    let with_break = [SECRET, b"\n"].concat();
    let verifier = Bench::new().secret(&with_break).verifier();
    let token = sign(jsonwebtoken::Algorithm::HS512, &hmac(), &alice());
    assert!(verifier.verify(&token, NOW_MS).is_ok());
}

#[test]
fn more_keys_than_the_limit_are_refused() {
    let mut bench = Bench::new();
    for number in 0..=chasqui_relay::auth::KEYS_MAX {
        bench = bench.secret(format!("secret number {number:040}").as_bytes());
    }
    assert!(bench.refusal().contains("at most 64"));
}
