//! Licence expressions are read as SPDX means them, and a licence outside the list is noticed.

use xtask::licences::{allowed, is_allowed, violations};
use xtask::metadata;

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let few = list(&["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"]);
    for (expression, expected) in [
        ("MIT", true),
        ("MIT OR GPL-3.0-only", true),
        ("GPL-3.0-only OR MIT", true),
        ("MIT/Apache-2.0", true),
        ("MIT AND GPL-3.0-only", false),
        ("GPL-3.0-only or MIT", true),
        ("MIT and GPL-3.0-only", false),
        ("MIT Or GPL-3.0-only", false),
        ("ISC AND (GPL-3.0-only OR MIT)", true),
        ("(ISC OR GPL-3.0-only) AND Unicode-3.0", false),
        // AND binds closer than OR.
        ("MIT OR ISC AND GPL-3.0-only", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("(MIT", false),
        ("MIT ISC", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &few), expected, "{expression}");
    }
}

#[test]
fn all_of_the_workspace_is_allowed_and_a_shorter_list_is_noticed() {
    let metadata = metadata::load().expect("cargo metadata");
    assert_eq!(violations(&metadata, &allowed().expect("deny.toml")), Vec::<String>::new());
    assert!(!violations(&metadata, &list(&["ISC"])).is_empty());
}
