//! Every crate we are built from has a licence that `deny.toml` allows.
//!
//! `cargo deny` reads the same file and checks more; this check needs nothing but cargo.

use anyhow::{Context, Result};

use crate::metadata::Metadata;
use crate::run;

/// The licences allowed by `deny.toml`.
pub fn allowed() -> Result<Vec<String>> {
    let path = run::root().join("deny.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let table: toml::Table = toml::from_str(&text)?;
    let list = table.get("licenses").and_then(|it| it.get("allow")).and_then(toml::Value::as_array);
    let list = list.context("deny.toml has no licenses.allow")?;
    Ok(list.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect())
}

/// Crates whose licence is not allowed, as sentences; empty if all is well.
pub fn violations(metadata: &Metadata, allowed: &[String]) -> Vec<String> {
    let outer = metadata.packages.iter().filter(|it| !metadata.workspace_members.contains(&it.id));
    let bad = outer.filter(|package| !package.license.as_deref().is_some_and(|it| is_allowed(it, allowed)));
    bad.map(|it| format!("{} {}: {}", it.name, it.version, it.license.as_deref().unwrap_or("no licence"))).collect()
}

/// Whether an SPDX expression can be met with `allowed` licences alone.
pub fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    // Crates of old wrote `MIT/Apache-2.0`.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut tokens = spaced.split_whitespace().peekable();
    let met = any(&mut tokens, allowed);
    met == Some(true) && tokens.next().is_none()
}

type Tokens<'a, 'b> = &'b mut std::iter::Peekable<std::str::SplitWhitespace<'a>>;

/// SPDX 3 allows operators in lower case too, but not mixed.
fn operator(token: &str, name: &str) -> bool {
    token == name || token == name.to_lowercase()
}

/// `a OR b`. None: not an expression.
fn any(tokens: Tokens<'_, '_>, allowed: &[String]) -> Option<bool> {
    let mut met = all(tokens, allowed)?;
    while tokens.next_if(|it| operator(it, "OR")).is_some() {
        met |= all(tokens, allowed)?;
    }
    Some(met)
}

/// `a AND b`, which binds closer.
fn all(tokens: Tokens<'_, '_>, allowed: &[String]) -> Option<bool> {
    let mut met = one(tokens, allowed)?;
    while tokens.next_if(|it| operator(it, "AND")).is_some() {
        met &= one(tokens, allowed)?;
    }
    Some(met)
}

/// A licence, with its exception if it has one, or a parenthesis.
fn one(tokens: Tokens<'_, '_>, allowed: &[String]) -> Option<bool> {
    let token = tokens.next()?;
    if token == "(" {
        let met = any(tokens, allowed)?;
        return tokens.next_if_eq(&")").map(|_| met);
    }
    let name = match tokens.next_if(|it| operator(it, "WITH")) {
        Some(_) => format!("{token} WITH {}", tokens.next()?),
        None => token.to_owned(),
    };
    Some(allowed.contains(&name))
}
