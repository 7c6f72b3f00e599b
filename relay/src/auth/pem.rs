//! PEM files with a public key.
//!
//! The kind of key decides its algorithms: RSA has six, an elliptic curve exactly one. A private key or a
//! certificate is refused with advice rather than used by half.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};

use super::jwks::key_of;
use super::key::Key;

/// DER of the object identifiers prime256v1 and secp384r1; other curves share their key sizes.
const P256_OID: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384_OID: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];

/// The one public key in `text`.
pub(super) fn parse(text: &str) -> Result<Key, String> {
    check_label(text)?;
    let key = decode(text)?;
    let jwk = Jwk::from_decoding_key(&key, None).map_err(|_| unreadable())?;
    if let AlgorithmParameters::EllipticCurve(ec) = &jwk.algorithm {
        check_curve(text, &ec.curve)?;
    }
    key_of(&jwk)
}

fn check_label(text: &str) -> Result<(), String> {
    let labels: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("-----BEGIN ")).collect();
    match labels.as_slice() {
        ["PUBLIC KEY-----" | "RSA PUBLIC KEY-----"] => Ok(()),
        [] => Err("holds no PEM block; it should begin with -----BEGIN PUBLIC KEY-----".into()),
        [one] if one.contains("PRIVATE KEY") => Err(
            "holds a private key, which the relay should never see; extract the public one with `openssl pkey -pubout`"
                .into(),
        ),
        [one] if one.contains("CERTIFICATE") => {
            Err("holds a certificate; extract its key with `openssl x509 -pubkey -noout`".into())
        }
        [one] => Err(format!("holds a {} block instead of a PUBLIC KEY", one.trim_end_matches('-'))),
        _ => Err("holds several PEM blocks; give each key a file of its own".into()),
    }
}

fn decode(text: &str) -> Result<DecodingKey, String> {
    let bytes = text.as_bytes();
    let kinds = [DecodingKey::from_ec_pem, DecodingKey::from_ed_pem, DecodingKey::from_rsa_pem];
    kinds.into_iter().find_map(|kind| kind(bytes).ok()).ok_or_else(unreadable)
}

fn check_curve(text: &str, curve: &EllipticCurve) -> Result<(), String> {
    let oid = match curve {
        EllipticCurve::P256 => P256_OID,
        EllipticCurve::P384 => P384_OID,
        _ => return Err(unreadable()),
    };
    let der = der(text).ok_or_else(unreadable)?;
    let named = der.windows(oid.len()).any(|window| window == oid);
    if named { Ok(()) } else { Err("is on a curve other than P-256 and P-384".into()) }
}

fn der(text: &str) -> Option<Vec<u8>> {
    use rustls_pki_types::SubjectPublicKeyInfoDer;
    use rustls_pki_types::pem::PemObject;
    SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes()).ok().map(|der| der.as_ref().to_vec())
}

fn unreadable() -> String {
    "is not a public key of a known kind (RSA, P-256, P-384 or Ed25519)".into()
}
