//! Every rule of the core as a text table: see `scripts/` and, for the language, `script/mod.rs`.
mod script;
mod world;

use std::collections::BTreeSet;

use chasqui_proto::codes::ErrorCode;

macro_rules! scripts {
    ($($name:ident)*) => {
        const ALL: &[(&str, &str)] = &[$((stringify!($name), include_str!(concat!("scripts/", stringify!($name), ".txt"))),)*];
        $(#[test] fn $name() { run(include_str!(concat!("scripts/", stringify!($name), ".txt"))); })*
    };
}

scripts! {
    probe
}

fn run(text: &str) -> Vec<String> {
    script::run(text).unwrap_or_else(|failures| panic!("\n{failures}\n"))
}
