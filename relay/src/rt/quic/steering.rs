//! Connection ids that name their shard.
//!
//! Promises: of every id this process hands out, the first byte, unmasked and taken modulo the number
//! of shards, is the shard that owns the connection; the kernel's filter (`filter`) and the
//! hand-off (`handoff`) read the same byte the same way. An id made with another secret, or for
//! another shard, does not validate, so a stray packet is dropped in silence and not answered with
//! a stateless reset that would end a live connection elsewhere.
//!
//! A secret kept across restarts lets a reborn server recognise its former life's ids and answer
//! them with resets: clients of a crashed server then reconnect at once, not at their idle timeout.
//!
//! Layout of an id: `steer(1) nonce(3) tag(4)`, `tag` = truncated HMAC-SHA-256 of the first four.

use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::{CryptoError, HmacKey};
use quinn::{ConnectionId, ConnectionIdGenerator};
use quinn_proto::InvalidCid;
use sha2::{Digest, Sha256};

/// More shards would leave too few values of one byte per shard for an even spread.
pub const SHARDS_MAX: u16 = 128;
const CID_BYTES: usize = 8;
const SIGNED_BYTES: usize = 4;

/// How ids and shards correspond; one per process, the same on every shard.
#[derive(Clone)]
pub struct Steering {
    shards: u16,
    mask: u8,
    ids: Hmac,
    resets: Hmac,
}

impl Steering {
    /// `shards` is clamped to `1..=SHARDS_MAX`. `secret` should outlive a restart (see the module's notes).
    pub fn new(shards: u16, secret: &[u8; 32]) -> Self {
        let root = Hmac::new(secret);
        Self {
            shards: shards.clamp(1, SHARDS_MAX),
            mask: root.sum(b"chasqui quic steer")[0],
            ids: Hmac::new(&root.sum(b"chasqui quic ids")),
            resets: Hmac::new(&root.sum(b"chasqui quic resets")),
        }
    }

    pub fn shards(&self) -> u16 {
        self.shards
    }

    pub(super) fn mask(&self) -> u8 {
        self.mask
    }

    /// The shard that an id starting with `first` belongs to.
    pub fn shard_of(&self, first: u8) -> u16 {
        u16::from(first ^ self.mask) % self.shards
    }

    /// The owner of a packet whose header is short, or `None` for the packets of a handshake, which go
    /// by the kernel's address hash and may be taken by whoever gets them.
    pub(super) fn owner(&self, packet: &[u8]) -> Option<u16> {
        const LONG_HEADER: u8 = 0x80;
        match packet {
            [flags, first, ..] if flags & LONG_HEADER == 0 => Some(self.shard_of(*first)),
            _ => None,
        }
    }

    pub(super) fn generator(&self, shard: u16) -> Box<dyn ConnectionIdGenerator> {
        assert!(shard < self.shards, "shard {shard} of {}", self.shards);
        Box::new(Generator { steering: self.clone(), shard })
    }

    pub(super) fn reset_key(&self) -> Arc<dyn HmacKey> {
        Arc::new(self.resets.clone())
    }

    fn tag(&self, signed: &[u8]) -> [u8; CID_BYTES - SIGNED_BYTES] {
        let sum = self.ids.sum(signed);
        [sum[0], sum[1], sum[2], sum[3]]
    }
}

struct Generator {
    steering: Steering,
    shard: u16,
}

impl Generator {
    /// A random byte among those that unmask to this shard.
    fn steer(&self, random: u8) -> u8 {
        let shards = self.steering.shards;
        let rounds = (256 - self.shard).div_ceil(shards);
        let value = (u16::from(random) % rounds) * shards + self.shard;
        value as u8 ^ self.steering.mask
    }
}

impl ConnectionIdGenerator for Generator {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut id = [0; CID_BYTES];
        getrandom::fill(&mut id[..SIGNED_BYTES]).expect("the kernel gives random bytes");
        id[0] = self.steer(id[0]);
        let tag = self.steering.tag(&id[..SIGNED_BYTES]);
        id[SIGNED_BYTES..].copy_from_slice(&tag);
        ConnectionId::new(&id)
    }

    fn validate(&self, cid: &ConnectionId) -> Result<(), InvalidCid> {
        let Some((signed, tag)) = cid.split_at_checked(SIGNED_BYTES) else { return Err(InvalidCid) };
        let mine = self.steering.shard_of(signed[0]) == self.shard;
        if mine && tag == self.steering.tag(signed) { Ok(()) } else { Err(InvalidCid) }
    }

    fn cid_len(&self) -> usize {
        CID_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

/// HMAC-SHA-256 (RFC 2104) with a 32-byte key, kept as the two half-done hashes.
#[derive(Clone)]
struct Hmac {
    inner: Sha256,
    outer: Sha256,
}

impl Hmac {
    fn new(key: &[u8; 32]) -> Self {
        let pad = |with: u8| {
            let mut block = [with; 64];
            block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
            Sha256::new_with_prefix(block)
        };
        Self { inner: pad(0x36), outer: pad(0x5c) }
    }

    fn sum(&self, data: &[u8]) -> [u8; 32] {
        let inner = self.inner.clone().chain_update(data).finalize();
        self.outer.clone().chain_update(inner).finalize().into()
    }
}

impl HmacKey for Hmac {
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        signature_out.copy_from_slice(&self.sum(data));
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let expected = self.sum(data);
        let differing = expected.iter().zip(signature).fold(0, |all, (a, b)| all | (a ^ b));
        if signature.len() == expected.len() && differing == 0 { Ok(()) } else { Err(CryptoError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_names_its_shard_and_no_other() {
        for shards in [1, 2, 3, 7, 16, SHARDS_MAX] {
            let steering = Steering::new(shards, &[9; 32]);
            for shard in 0..shards {
                let mut own = steering.generator(shard);
                let id = own.generate_cid();
                assert_eq!(steering.shard_of(id[0]), shard);
                assert!(own.validate(&id).is_ok());
                let other = (shard + 1) % shards;
                assert_eq!(steering.generator(other).validate(&id).is_ok(), shards == 1);
            }
        }
    }

    #[test]
    fn ids_survive_a_restart_only_with_the_same_secret() {
        let id = Steering::new(2, &[1; 32]).generator(1).generate_cid();
        assert!(Steering::new(2, &[1; 32]).generator(1).validate(&id).is_ok());
        assert!(Steering::new(2, &[2; 32]).generator(1).validate(&id).is_err());
    }

    #[test]
    fn a_handshake_packet_has_no_owner() {
        let steering = Steering::new(4, &[3; 32]);
        assert_eq!(steering.owner(&[0xc0, 1, 2, 3]), None);
        assert_eq!(steering.owner(&[0x40]), None);
        assert_eq!(steering.owner(&[0x40, steering.mask ^ 6]), Some(2));
    }

    /// Case from RFC 4231 (4.3) with its key padded by zeros, which HMAC does to a short key anyway.
    #[test]
    fn hmac_agrees_with_the_published_vector() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let sum = Hmac::new(&key).sum(b"what do ya want for nothing?");
        assert_eq!(sum[..8], [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
        assert_eq!(sum[24..], [0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43]);
    }
}
