//! Every example of `docs/protocol/json.md` is read by the side it is meant for.

use std::fs;
use std::path::Path;

use chasqui_proto::dialect::{Dialect, Scratch, decode_command, decode_event};

/// The page's examples under a heading, with their placeholders filled in.
fn examples(page: &str, heading: &str) -> Vec<String> {
    let (_, section) = page.split_once(heading).expect("the heading");
    let section = section.split("\n## ").next().expect("a section");
    let code: String = section.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    let filled = code
        .replace("<id>", "09365e93-df47-8b1f-b72c-8fb282fc075e")
        .replace("<uuid>", "0192f0c1-2d3e-7f40-8a5b-6c7d8e9fa0b1")
        .replace("<ms>", "1790000000123")
        .replace("[...]", "[]")
        .replace("\"...\"", "\"42\"");
    filled.split("{\"type\"").skip(1).map(|rest| format!("{{\"type\"{rest}")).collect()
}

#[test]
fn each_example() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol/json.md");
    let page = fs::read_to_string(path).expect("the page");
    let (commands, events) = (examples(&page, "## Commands"), examples(&page, "## Events"));
    assert_eq!((commands.len(), events.len()), (10, 15));
    for text in commands {
        let mut scratch = Scratch::default();
        let outcome = decode_command(Dialect::Json, text.as_bytes(), &mut scratch).map(drop);
        assert_eq!(outcome, Ok(()), "{text}");
    }
    for text in events {
        assert_eq!(decode_event(Dialect::Json, text.as_bytes()).map(drop), Ok(()), "{text}");
    }
}
