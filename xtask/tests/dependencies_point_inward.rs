//! The table of allowed dependencies holds for the real workspace, and would notice if it did not.

use xtask::direction::violations;
use xtask::metadata::{self, Dependency, Metadata};

fn workspace() -> Metadata {
    metadata::load().expect("cargo metadata")
}

fn with_dependency(of: &str, on: &str, kind: Option<&str>) -> Metadata {
    let mut metadata = workspace();
    let package = metadata.packages.iter_mut().find(|it| it.name == of).expect("a member");
    package.dependencies.push(Dependency { name: on.into(), kind: kind.map(Into::into) });
    metadata
}

#[test]
fn the_workspace_keeps_the_direction() {
    assert_eq!(violations(&workspace()), Vec::<String>::new());
}

#[test]
fn a_core_that_knows_its_shell_is_noticed() {
    for (of, on) in [
        ("chasqui-chat", "chasqui-storage"),
        ("chasqui-storage", "chasqui-chat"),
        ("chasqui-proto", "chasqui-chat"),
        ("chasqui-chat", "chasqui-relay"),
        ("chasqui-client", "chasqui-chat"),
    ] {
        assert_eq!(violations(&with_dependency(of, on, None)), [format!("{of} must not depend on {on}")]);
    }
}

#[test]
fn tests_may_look_further_but_not_everywhere() {
    assert_eq!(violations(&with_dependency("chasqui-relay", "chasqui-client", Some("dev"))), Vec::<String>::new());
    assert_eq!(
        violations(&with_dependency("chasqui-storage", "chasqui-chat", Some("dev"))),
        ["chasqui-storage must not depend on chasqui-chat"]
    );
}

#[test]
fn a_member_without_a_row_is_noticed() {
    let mut metadata = workspace();
    let package = metadata.packages.iter_mut().find(|it| it.name == "chasqui-chat").expect("a member");
    package.name = "chasqui-new".into();
    assert!(violations(&metadata).contains(&"chasqui-new is not in the table of allowed dependencies".into()));
}

#[test]
fn a_runtime_in_the_closure_of_the_core_is_noticed() {
    let mut metadata = workspace();
    let tokio = metadata.packages.iter().find(|it| it.name == "tokio").expect("the client uses it").id.clone();
    let chat = metadata.packages.iter().find(|it| it.name == "chasqui-chat").expect("a member").id.clone();
    let node = metadata.resolve.nodes.iter_mut().find(|it| it.id == chat).expect("a node");
    let kind = xtask::metadata::EdgeKind { kind: None };
    node.deps.push(xtask::metadata::Edge { pkg: tokio, dep_kinds: vec![kind] });
    let found = violations(&metadata);
    assert!(found.contains(&"chasqui-chat is pure and must not be built from tokio".into()), "{found:?}");
}
