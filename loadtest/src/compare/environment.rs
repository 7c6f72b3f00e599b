//! What must be the same on both sides for a ratio to mean anything.

use std::collections::BTreeMap;

use anyhow::bail;
use serde_json::Value;

use crate::report::Report;

/// Of what was asked for: how the server is spoken to may be just what is compared.
const MAY_DIFFER: [&str; 4] = ["server", "transport", "dialect", "ack"];

/// An error that names everything that differs between any two of the runs.
pub fn check(a: &[Report], b: &[Report]) -> anyhow::Result<()> {
    let runs: Vec<_> = a.iter().chain(b).map(facts).collect::<Result<_, _>>()?;
    let Some((first, others)) = runs.split_first() else { return Ok(()) };
    let mut found = BTreeMap::new();
    for other in others {
        for name in first.keys().chain(other.keys()) {
            let (one, another) = (first.get(name), other.get(name));
            if one != another {
                found.entry(name).or_insert_with(|| format!("{name} is {} and {}", text(one), text(another)));
            }
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    bail!("the runs cannot be compared: {}", found.into_values().collect::<Vec<_>>().join("; "))
}

/// Everything about the machine, the build and the load.
fn facts(report: &Report) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut facts = BTreeMap::new();
    facts.insert("the tool's version".to_owned(), report.tool_version.as_str().into());
    facts.insert("the tool's build".to_owned(), report.tool_build.as_str().into());
    for (group, value) in
        [("machine", serde_json::to_value(&report.machine)?), ("run", serde_json::to_value(&report.run)?)]
    {
        for (name, value) in value.as_object().into_iter().flatten() {
            if !MAY_DIFFER.contains(&name.as_str()) {
                facts.insert(format!("{group}.{name}"), value.clone());
            }
        }
    }
    Ok(facts)
}

fn text(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), Value::to_string)
}
