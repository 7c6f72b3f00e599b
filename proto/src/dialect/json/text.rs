//! Strings and their escapes, both ways.

/// What a scan has found wrong, for the answer's message.
pub type Flaw = &'static str;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Length of the leading bytes that stand for themselves in a JSON string: no quote, backslash or control character.
/// Content dominates a frame, so this looks at eight bytes at a time.
pub fn plain_prefix(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = bytes[at..].first_chunk::<8>() {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + bytes[at..].iter().take_while(|byte| !is_special(**byte)).count()
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Sets the high bit of each special byte. Above the first such byte a borrow may set more; only the first counts.
fn special_bytes(word: u64) -> u64 {
    let zero_byte = |w: u64| w.wrapping_sub(ONES) & !w & HIGHS;
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
    control | zero_byte(word ^ (ONES * u64::from(b'"'))) | zero_byte(word ^ (ONES * u64::from(b'\\')))
}

/// Walks the string after its opening quote. Gives each plain run and each escaped character to `sink`, and returns
/// the position after the closing quote.
pub fn walk(text: &str, start: usize, mut sink: impl FnMut(&str) -> Result<(), Flaw>) -> Result<usize, Flaw> {
    let bytes = text.as_bytes();
    let mut at = start;
    loop {
        let run = plain_prefix(&bytes[at..]);
        sink(&text[at..at + run])?;
        at += run;
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => {
                let (c, end) = escape(bytes, at + 1)?;
                sink(c.encode_utf8(&mut [0; 4]))?;
                at = end;
            }
            Some(_) => return Err("a string holds a bare control character"),
            None => return Err("a string has no end"),
        }
    }
}

/// The character of the escape whose letter is at `at`, and the position after it.
fn escape(bytes: &[u8], at: usize) -> Result<(char, usize), Flaw> {
    let c = match bytes.get(at) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(bytes, at + 1),
        _ => return Err("a string holds an unknown escape"),
    };
    Ok((c, at + 1))
}

/// `\uXXXX`, or the pair of them that stands for a character beyond the basic plane.
fn unicode(bytes: &[u8], at: usize) -> Result<(char, usize), Flaw> {
    let high = hex4(bytes, at)?;
    if let Some(c) = char::from_u32(high) {
        return Ok((c, at + 4));
    }
    let low = match bytes.get(at + 4..at + 6) {
        Some(b"\\u") => hex4(bytes, at + 6)?,
        _ => return Err("a string holds half a surrogate pair"),
    };
    let pair = char::decode_utf16([high as u16, low as u16]).next();
    match pair {
        Some(Ok(c)) => Ok((c, at + 10)),
        _ => Err("a string holds half a surrogate pair"),
    }
}

fn hex4(bytes: &[u8], at: usize) -> Result<u32, Flaw> {
    let digits = bytes.get(at..at + 4).ok_or("a string has no end")?;
    digits.iter().try_fold(0, |value, digit| {
        let digit = char::from(*digit).to_digit(16).ok_or("a string holds an unknown escape")?;
        Ok(value << 4 | digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_prefix_ends_at_the_first_special_byte_at_any_offset() {
        for special in [0u8, 0x1f, b'"', b'\\'] {
            for at in 0..24 {
                for plain in [b' ', b'!', b'#', b'[', b']', b'a', 0x7f, 0x80, 0xff] {
                    let mut bytes = vec![plain; 32];
                    bytes[at] = special;
                    assert_eq!(plain_prefix(&bytes), at, "{special} among {plain}");
                }
            }
        }
        assert_eq!(plain_prefix("ein längerer Text ohne Sonderzeichen".as_bytes()), 37);
    }
}
