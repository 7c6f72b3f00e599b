//! The TOML file as a flat list of dotted keys with their lines.

use std::io::Read;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::CONFIG_FILE_BYTES_MAX;
use super::problem::{Origin, Problem};
use super::table::{FIELDS, find};
use super::value::Raw;

pub(super) struct Entry {
    pub key: String,
    pub raw: Raw,
    pub line: usize,
}

/// All leaves of the file in its order, known or not.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, Problem> {
    let at = |line| Origin::File { path: path.to_owned(), line };
    let text = read_text(path).map_err(|message| Problem::new(&at(None), message))?;
    let table = DeTable::parse(&text).map_err(|error| {
        let line = error.span().map(|span| line_of(&text, span.start));
        Problem::new(&at(line), format!("is not valid TOML: {}", error.message()))
    })?;
    let mut entries = Vec::new();
    flatten(&text, "", table.get_ref(), &mut entries);
    entries.sort_by_key(|entry| entry.line);
    Ok(entries)
}

fn read_text(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("cannot be opened: {error}"))?;
    let mut text = String::new();
    let read = file.take(CONFIG_FILE_BYTES_MAX + 1).read_to_string(&mut text);
    read.map_err(|error| format!("cannot be read: {error}"))?;
    if text.len() as u64 > CONFIG_FILE_BYTES_MAX {
        return Err(format!("is larger than {CONFIG_FILE_BYTES_MAX} bytes"));
    }
    Ok(text)
}

fn flatten(text: &str, prefix: &str, table: &DeTable<'_>, out: &mut Vec<Entry>) {
    for (name, value) in table {
        let key = format!("{prefix}{}", name.get_ref());
        let nested = format!("{key}.");
        match value.get_ref() {
            DeValue::Table(inner) if FIELDS.iter().any(|field| field.key.starts_with(&nested)) => {
                flatten(text, &nested, inner, out);
            }
            DeValue::Table(inner) if find(&key).is_none() && !inner.is_empty() => {
                flatten(text, &nested, inner, out);
            }
            _ => out.push(Entry { key, raw: raw(value), line: line_of(text, name.span().start) }),
        }
    }
}

fn raw(value: &Spanned<DeValue<'_>>) -> Raw {
    match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Raw::Other("number that does not fit"), Raw::Integer),
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
            texts.map_or(Raw::Other("list of other things than strings"), Raw::List)
        }
        other => Raw::Other(other.type_str()),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}
