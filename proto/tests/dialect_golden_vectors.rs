//! The bytes of every frame are those in `tests/vectors`, in both directions.
//!
//! `CHASQUI_BLESS=1 cargo test -p chasqui-proto` rewrites them. A native vector that changes without a new type id
//! breaks every client in the field.

mod dialect_common;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use chasqui_proto::dialect::{Dialect, Scratch, decode_command, decode_event};
use dialect_common::{aligned, sample_frames, samples};

fn folder(dialect: Dialect) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(dialect.name())
}

fn file_name(dialect: Dialect, name: &str) -> String {
    format!("{name}.{}", if dialect.is_text() { "json" } else { "hex" })
}

/// The file's text: a JSON frame as it is, a native one as lines of sixteen bytes.
fn to_file(dialect: Dialect, frame: &[u8]) -> String {
    if dialect.is_text() {
        return format!("{}\n", std::str::from_utf8(frame).expect("JSON is UTF-8"));
    }
    let line = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ") + "\n";
    frame.chunks(16).map(line).collect()
}

fn from_file(dialect: Dialect, text: &str) -> Vec<u8> {
    if dialect.is_text() {
        return text.strip_suffix('\n').expect("a final newline").into();
    }
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect()
}

fn vector(dialect: Dialect, name: &str) -> Vec<u8> {
    let path = folder(dialect).join(file_name(dialect, name));
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    from_file(dialect, &text)
}

fn bless() {
    for dialect in Dialect::ALL {
        fs::create_dir_all(folder(dialect)).expect("the folder of vectors");
        for (name, frame) in sample_frames(dialect) {
            fs::write(folder(dialect).join(file_name(dialect, name)), to_file(dialect, &frame)).expect("a vector");
        }
    }
}

#[test]
fn every_frame_has_exactly_the_golden_bytes() {
    if std::env::var_os("CHASQUI_BLESS").is_some() {
        bless();
    }
    for dialect in Dialect::ALL {
        for (name, frame) in sample_frames(dialect) {
            assert_eq!(to_file(dialect, &vector(dialect, name)), to_file(dialect, &frame), "{dialect:?} {name}");
        }
    }
}

#[test]
fn the_golden_bytes_decode_to_the_frame() {
    for dialect in Dialect::ALL {
        for (name, command) in samples::commands() {
            let frame = aligned(&vector(dialect, name));
            let mut scratch = Scratch::default();
            assert_eq!(decode_command(dialect, &frame, &mut scratch).as_ref(), Ok(&command), "{dialect:?} {name}");
        }
        for (name, event) in samples::events() {
            let frame = aligned(&vector(dialect, name));
            assert_eq!(decode_event(dialect, &frame).as_ref(), Ok(&event), "{dialect:?} {name}");
        }
    }
}

#[test]
fn every_vector_belongs_to_a_frame() {
    for dialect in Dialect::ALL {
        let expected: BTreeSet<String> =
            sample_frames(dialect).iter().map(|(name, _)| file_name(dialect, name)).collect();
        let found: BTreeSet<String> = fs::read_dir(folder(dialect))
            .expect("the folder of vectors")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
            .collect();
        assert_eq!(found, expected);
    }
}
