//! The sources of the pure crates name no clock, socket, thread, file or async; the crate boundary cannot see `std`.

use std::path::{Path, PathBuf};

use xtask::run::root;

const PURE: &[&str] = &["chat/src", "clients/rules/src", "proto/src"];
const FORBIDDEN: &[&str] = &[
    "std::net",
    "std::time",
    "std::thread",
    "std::fs",
    "std::process",
    "std::env",
    "std::sync::Mutex",
    "std::sync::RwLock",
    "std::sync::mpsc",
    "Instant::now",
    "SystemTime",
    "async fn",
    "async move",
    ".await",
    "RandomState",
    "rand::",
    "getrandom",
];

#[test]
fn pure_sources_name_nothing_impure() {
    let files: Vec<PathBuf> = PURE.iter().flat_map(|folder| sources(&root().join(folder))).collect();
    assert!(files.len() > 30, "the folders have moved: {} files", files.len());
    let found: Vec<String> = files.iter().flat_map(|file| impurities(file)).collect();
    assert_eq!(found, Vec::<String>::new());
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

fn impurities(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).expect("a source file");
    let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.flat_map(|(i, line)| FORBIDDEN.iter().filter(|it| names(line, it)).map(move |it| (i + 1, it)))
        .map(|(line, it)| format!("{}:{line}: {it}", file.strip_prefix(root()).unwrap_or(file).display()))
        .collect()
}

/// Whether `line` has `word` as a whole: `.awaited` is no `.await`.
fn names(line: &str, word: &str) -> bool {
    let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| word.ends_with("::") || !goes_on(&line[at + word.len()..]))
}

#[test]
fn words_are_matched_whole() {
    assert!(names("x.await?", ".await") && names("use rand::Rng;", "rand::"));
    assert!(!names("x.awaited", ".await"));
}
