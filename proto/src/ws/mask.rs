//! Masking of client payloads: an XOR with a repeated four-byte key, which is its own inverse.

/// Unmasks (or masks) `payload`, whose first byte belongs to the key's first byte.
///
/// Whole words, for the compiler turns their loop into vector instructions; then what is left of one.
pub fn unmask(payload: &mut [u8], key: [u8; 4]) {
    let half = u32::from_ne_bytes(key);
    let pattern = u64::from(half) << 32 | u64::from(half);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ pattern).to_ne_bytes();
    }
    let (halves, rest) = rest.as_chunks_mut::<4>();
    for word in halves {
        *word = (u32::from_ne_bytes(*word) ^ half).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key) {
        *byte ^= key;
    }
}

/// The key for the payload bytes that follow the first `consumed` ones.
pub(super) fn advance(mut key: [u8; 4], consumed: usize) -> [u8; 4] {
    key.rotate_left(consumed % 4);
    key
}
