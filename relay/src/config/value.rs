//! What a setting's type must do: parse from any layer, render as TOML, say what it allows.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::table::Range;

/// A value as a layer delivers it. The environment and flags know only text; a list is comma-separated there.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    Text(String),
    Integer(i64),
    List(Vec<String>),
    /// A TOML type that no setting has (float, boolean, date, table); its name.
    Other(&'static str),
}

/// A type that a setting can have.
pub trait Setting: Sized + PartialOrd {
    /// Phrase that completes "allowed: ...".
    const ALLOWED: &'static str;
    /// The message says what is wrong; the caller adds what is allowed.
    fn parse(raw: &Raw) -> Result<Self, String>;
    /// As TOML, such that `parse` gives the same value back.
    fn render(&self) -> String;
}

pub(super) fn allowed_of<T: Setting>(_: &T) -> &'static str {
    T::ALLOWED
}

pub(super) fn parse_in_range<T: Setting>(raw: &Raw, range: Option<Range>) -> Result<T, String> {
    let value = T::parse(raw)?;
    if let Some((least, most)) = range {
        let bound = |text: &str| T::parse(&Raw::Text(text.to_owned()));
        if value < bound(least)? {
            return Err("is too small".into());
        }
        if value > bound(most)? {
            return Err("is too large".into());
        }
    }
    Ok(value)
}

/// The text of a setting that is written as a string.
pub(super) fn text(raw: &Raw) -> Result<&str, String> {
    match raw {
        Raw::Text(text) => Ok(text.trim()),
        Raw::Integer(_) => Err("must be written as a string, in quotes".into()),
        Raw::List(_) => Err("must be one string, not a list".into()),
        Raw::Other(name) => Err(format!("must be a string, not a {name}")),
    }
}

pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn quoted_list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", items.map(quoted).collect::<Vec<_>>().join(", "))
}

impl Setting for u32 {
    const ALLOWED: &'static str = "a whole number";
    fn parse(raw: &Raw) -> Result<Self, String> {
        let out_of_range = |_| "is out of range".to_owned();
        match raw {
            Raw::Integer(number) => u32::try_from(*number).map_err(out_of_range),
            Raw::Text(text) => text.trim().replace('_', "").parse().map_err(|_| "is not a whole number".into()),
            Raw::List(_) | Raw::Other(_) => Err("is not a whole number".into()),
        }
    }
    fn render(&self) -> String {
        self.to_string()
    }
}

impl Setting for String {
    const ALLOWED: &'static str = "a string";
    fn parse(raw: &Raw) -> Result<Self, String> {
        text(raw).map(str::to_owned)
    }
    fn render(&self) -> String {
        quoted(self)
    }
}

impl Setting for PathBuf {
    const ALLOWED: &'static str = "a path, relative to the working folder unless absolute";
    fn parse(raw: &Raw) -> Result<Self, String> {
        match text(raw)? {
            "" => Err("must not be empty".into()),
            path if path.contains('\0') => Err("must not contain a NUL character".into()),
            path => Ok(PathBuf::from(path)),
        }
    }
    fn render(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Setting for SocketAddr {
    const ALLOWED: &'static str = "an IP address and a port, such as \"0.0.0.0:8080\" or \"[::]:8080\"";
    fn parse(raw: &Raw) -> Result<Self, String> {
        text(raw)?.parse().map_err(|_| "is not an IP address with a port".into())
    }
    fn render(&self) -> String {
        quoted(&self.to_string())
    }
}

/// Empty text stands for "none", so that a later layer can take an earlier one's value away.
impl<T: Setting> Setting for Option<T> {
    const ALLOWED: &'static str = "a string; \"\" for none";
    fn parse(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) if text.trim().is_empty() => Ok(None),
            _ => T::parse(raw).map(Some),
        }
    }
    fn render(&self) -> String {
        self.as_ref().map_or_else(|| quoted(""), T::render)
    }
}

fn items(raw: &Raw) -> Result<Vec<&str>, String> {
    match raw {
        Raw::List(items) => Ok(items.iter().map(String::as_str).collect()),
        Raw::Text(text) => Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()),
        Raw::Integer(_) | Raw::Other(_) => Err("must be a list of strings".into()),
    }
}

macro_rules! list_setting {
    ($item:ty, $allowed:literal, $render:expr) => {
        impl Setting for Vec<$item> {
            const ALLOWED: &'static str = $allowed;
            fn parse(raw: &Raw) -> Result<Self, String> {
                items(raw)?.into_iter().map(|item| <$item>::parse(&Raw::Text(item.to_owned()))).collect()
            }
            fn render(&self) -> String {
                let owned: Vec<String> = self.iter().map($render).collect();
                quoted_list(owned.iter().map(String::as_str))
            }
        }
    };
}

list_setting!(String, "a list of strings", String::clone);
list_setting!(PathBuf, "a list of paths", |path| path.to_string_lossy().into_owned());
list_setting!(Secret, "a list of base64 strings", |secret| secret.0.clone());

/// Text that must not reach a log: its `Debug` hides it.
#[derive(Clone, PartialEq, PartialOrd)]
pub struct Secret(String);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Setting for Secret {
    const ALLOWED: &'static str = "a base64 string";
    fn parse(raw: &Raw) -> Result<Self, String> {
        text(raw).map(|text| Self(text.to_owned()))
    }
    fn render(&self) -> String {
        quoted(&self.0)
    }
}
