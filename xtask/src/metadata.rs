//! What `cargo metadata` says of the workspace and its dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::run;

#[derive(Deserialize, Debug)]
pub struct Metadata {
    pub packages: Vec<Package>,
    pub workspace_members: Vec<String>,
    pub resolve: Resolve,
    pub target_directory: PathBuf,
}

#[derive(Deserialize, Debug)]
pub struct Package {
    pub id: String,
    pub name: String,
    pub version: String,
    pub license: Option<String>,
    pub dependencies: Vec<Dependency>,
}

/// A dependency as its manifest names it.
#[derive(Deserialize, Debug)]
pub struct Dependency {
    pub name: String,
    /// `None`: a normal one.
    pub kind: Option<String>,
}

#[derive(Deserialize, Debug)]
pub struct Resolve {
    pub nodes: Vec<Node>,
}

#[derive(Deserialize, Debug)]
pub struct Node {
    pub id: String,
    pub deps: Vec<Edge>,
}

#[derive(Deserialize, Debug)]
pub struct Edge {
    pub pkg: String,
    pub dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize, Debug)]
pub struct EdgeKind {
    pub kind: Option<String>,
}

/// The workspace as resolved for the machine this runs on.
pub fn load() -> Result<Metadata> {
    let host = host()?;
    let text = run::cargo(["metadata", "--format-version", "1", "--filter-platform", &host]).output()?;
    Ok(serde_json::from_str(&text)?)
}

/// Where cargo builds, `CARGO_TARGET_DIR` included.
pub fn target_folder() -> Result<PathBuf> {
    let text = run::cargo(["metadata", "--format-version", "1", "--no-deps"]).output()?;
    let value: serde_json::Value = serde_json::from_str(&text)?;
    value["target_directory"].as_str().map(PathBuf::from).context("cargo metadata names no target folder")
}

fn host() -> Result<String> {
    let text = run::program("rustc").args(["-vV"]).output()?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("rustc names no host")
}

impl Metadata {
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Names of everything `package` is built from, itself left out; what only tests need is not counted.
    pub fn closure(&self, package: &Package) -> BTreeSet<&str> {
        let nodes: BTreeMap<&str, &Node> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let names: BTreeMap<&str, &str> = self.packages.iter().map(|it| (it.id.as_str(), it.name.as_str())).collect();
        let mut found = BTreeSet::new();
        let mut open = vec![package.id.as_str()];
        while let Some(id) = open.pop() {
            let edges = nodes[id].deps.iter().filter(|edge| edge.dep_kinds.iter().any(|it| it.kind.is_none()));
            for edge in edges {
                if found.insert(edge.pkg.as_str()) {
                    open.push(&edge.pkg);
                }
            }
        }
        found.into_iter().map(|id| names[id]).collect()
    }
}
