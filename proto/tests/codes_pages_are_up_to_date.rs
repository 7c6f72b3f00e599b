//! The committed page and constants are those that the table of codes makes.
//!
//! `CHASQUI_BLESS=1 cargo test -p chasqui-proto` rewrites them.

use std::fs;
use std::path::Path;

use chasqui_proto::codes_doc::{codes_page, codes_script};

#[track_caller]
fn is_up_to_date(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if std::env::var_os("CHASQUI_BLESS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        fs::write(&path, text).expect("the file");
    }
    let found = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(found, text, "{} is out of date; run with CHASQUI_BLESS=1", path.display());
}

#[test]
fn the_page() {
    is_up_to_date("docs/protocol/codes.md", &codes_page());
}

#[test]
fn the_web_clients_constants() {
    is_up_to_date("clients/web/codes.js", &codes_script());
}
