//! A token's check at connect, for each kind of key: the signature, then the claims.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use chasqui_relay::auth::{Verifier, authority};
use chasqui_relay::config::Config;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256, SignatureAlgorithm};

const NOW_MS: u64 = 1_800_000_000_000;
const SECRET: &[u8] = b"thirty-two bytes are the minimum";

fn token(algorithm: Algorithm, key: &EncodingKey) -> String {
    let claims = serde_json::json!({ "sub": "alice", "exp": NOW_MS / 1_000 + 60 });
    jsonwebtoken::encode(&Header::new(algorithm), &claims, key).expect("the claims can be signed")
}

/// A verifier with one key, read from a file as the relay reads it.
fn verifier(
    folder: &Path,
    key: &[u8],
    name: impl FnOnce(&mut Config) -> &mut Vec<std::path::PathBuf>,
) -> Arc<Verifier> {
    let file = folder.join("key");
    std::fs::write(&file, key).expect("a file can be written");
    let mut config = Config::default();
    name(&mut config).push(file);
    authority(&config).expect("the key can be used").verifier
}

type Read = fn(&[u8]) -> jsonwebtoken::errors::Result<EncodingKey>;

fn pair(folder: &Path, kind: &'static SignatureAlgorithm, read: Read, algorithm: Algorithm) -> (Arc<Verifier>, String) {
    let pair = KeyPair::generate_for(kind).expect("a key can be made");
    let private = read(pair.serialize_pem().as_bytes()).expect("the key is well formed");
    let verifier = verifier(folder, pair.public_key_pem().as_bytes(), |config| &mut config.auth.public_key_files);
    (verifier, token(algorithm, &private))
}

fn check(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let secret = verifier(folder.path(), SECRET, |config| &mut config.auth.secret_files);
    let pair = |kind, read: Read, algorithm| pair(folder.path(), kind, read, algorithm);
    let cases = [
        ("HS256", (secret, token(Algorithm::HS256, &EncodingKey::from_secret(SECRET)))),
        ("RS256", pair(&PKCS_RSA_SHA256, EncodingKey::from_rsa_pem, Algorithm::RS256)),
        ("ES256", pair(&PKCS_ECDSA_P256_SHA256, EncodingKey::from_ec_pem, Algorithm::ES256)),
        ("EdDSA", pair(&PKCS_ED25519, EncodingKey::from_ed_pem, Algorithm::EdDSA)),
    ];
    let mut group = criterion.benchmark_group("jwt_check");
    group.throughput(Throughput::Elements(1));
    for (name, (verifier, token)) in cases {
        group.bench_function(name, |bencher| {
            bencher.iter(|| verifier.verify(black_box(&token), NOW_MS).expect("the token is good"));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = chasqui_benches::settings::criterion();
    targets = check
}
criterion_main!(benches);
