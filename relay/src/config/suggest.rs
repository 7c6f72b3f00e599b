//! The nearest known name for a mistyped one.

/// More edits than this and the two names have nothing to do with each other.
const EDITS_MAX: usize = 3;

/// The best candidate: the same last part in another section, else the fewest edits away.
pub(super) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
    let moved = known.clone().find(|key| last(key) == last(typed));
    moved.or_else(|| {
        let (edits, key) = known.map(|key| (edits(typed, key), key)).min()?;
        (edits <= EDITS_MAX && edits < key.len() / 2).then_some(key)
    })
}

/// Levenshtein distance in bytes, one row at a time.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, expected) in [("", "abc", 3), ("kitten", "sitting", 3), ("same", "same", 0), ("ab", "ba", 2)] {
            assert_eq!(edits(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn nearest_prefers_the_same_name_elsewhere_and_gives_up_in_time() {
        let known = ["server.listen", "limits.frame_size"].into_iter();
        assert_eq!(nearest("listen", known.clone()), Some("server.listen"));
        assert_eq!(nearest("limits.framesize", known.clone()), Some("limits.frame_size"));
        assert_eq!(nearest("colour", known), None);
    }
}
