//! Dependencies point inward: shells know the core, the core knows `proto`, nobody knows a shell.
//!
//! The crate boundary is what keeps the core pure, so this is checked and not merely agreed on.

use crate::metadata::{Metadata, Package};

/// Who may be built from whom within the workspace.
const ALLOWED: &[(&str, &[&str])] = &[
    ("chasqui-proto", &[]),
    ("chasqui-doorbell", &[]),
    ("chasqui-chat", &["chasqui-proto"]),
    ("chasqui-storage", &["chasqui-proto"]),
    ("chasqui-client-rules", &["chasqui-proto"]),
    ("chasqui-client", &["chasqui-proto", "chasqui-client-rules"]),
    ("chasqui-relay", &["chasqui-proto", "chasqui-chat", "chasqui-storage", "chasqui-doorbell"]),
    ("chasqui-sim", &["chasqui-proto", "chasqui-chat", "chasqui-storage", "chasqui-client-rules"]),
    // The relay for its runtime and sockets, on which the floor stands.
    ("chasqui-loadtest", &["chasqui-proto", "chasqui-client-rules", "chasqui-client", "chasqui-relay"]),
    ("chasqui-benches", &["chasqui-proto", "chasqui-chat", "chasqui-storage", "chasqui-doorbell", "chasqui-relay"]),
    ("xtask", &[]),
];

/// Who may use whom in tests, beside the above: only the outermost crates look at one another.
const ALLOWED_IN_TESTS: &[(&str, &[&str])] = &[
    ("chasqui-chat", &["chasqui-client-rules"]),
    ("chasqui-client", &["chasqui-relay", "chasqui-storage"]),
    ("chasqui-relay", &["chasqui-client", "chasqui-client-rules"]),
];

/// Crates that must not know sockets, clocks, threads or async, and what would bring them in.
const PURE: &[&str] = &["chasqui-proto", "chasqui-chat", "chasqui-client-rules"];
const IMPURE: &[&str] = &[
    "tokio",
    "monoio",
    "mio",
    "polling",
    "async-io",
    "async-std",
    "smol",
    "futures",
    "futures-util",
    "quinn",
    "quinn-proto",
    "quinn-udp",
    "rustls",
    "socket2",
    "io-uring",
    "hyper",
    "rayon",
    "parking_lot",
];

/// Every edge that is not allowed, as a sentence; empty if all is well.
pub fn violations(metadata: &Metadata) -> Vec<String> {
    let members: Vec<&Package> = metadata.members().collect();
    let mut found = Vec::new();
    for package in &members {
        match row(ALLOWED, &package.name) {
            None => found.push(format!("{} is not in the table of allowed dependencies", package.name)),
            Some(allowed) => found.extend(bad_edges(package, &members, allowed)),
        }
        if PURE.contains(&package.name.as_str()) {
            found.extend(impurities(metadata, package));
        }
    }
    found
}

fn bad_edges(package: &Package, members: &[&Package], allowed: &[&str]) -> Vec<String> {
    let in_tests = row(ALLOWED_IN_TESTS, &package.name).unwrap_or_default();
    let inner = package.dependencies.iter().filter(|it| members.iter().any(|member| member.name == it.name));
    let bad = inner.filter(|it| {
        let name = it.name.as_str();
        let for_tests = it.kind.as_deref() == Some("dev");
        // A crate's tests may name the crate itself, with other features.
        let fits = allowed.contains(&name) || (for_tests && (in_tests.contains(&name) || name == package.name));
        !fits
    });
    bad.map(|it| format!("{} must not depend on {}", package.name, it.name)).collect()
}

fn impurities(metadata: &Metadata, package: &Package) -> Vec<String> {
    let closure = metadata.closure(package);
    let bad = IMPURE.iter().filter(|name| closure.contains(**name));
    bad.map(|name| format!("{} is pure and must not be built from {name}", package.name)).collect()
}

fn row<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(package, _)| *package == name).map(|(_, allowed)| *allowed)
}
