//! Lays the layers over each other: defaults, file, environment, flags.
//!
//! Promise: every usable value is taken, every unusable one is reported with its place, and nothing is
//! reported twice. Unknown keys in the file and the environment are warnings; an unknown `--set` is an error,
//! since somebody has just typed it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::problem::{Origin, Problem};
use super::table::{FIELDS, Field, env_name, find};
use super::value::Raw;
use super::{CONFIG_FILE_ENV, Config, check, file, suggest};

/// What a configuration is made from. Nothing is read from the process but through this.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    pub dev: bool,
    pub file: Option<PathBuf>,
    /// `CHASQUI_...` variables.
    pub env: Vec<(String, String)>,
    /// (flag as typed, key, value), in order; later ones win.
    pub flags: Vec<(String, String, String)>,
}

impl Sources {
    /// This process's `CHASQUI_...` variables, sorted so that messages come in a stable order.
    pub fn process_env() -> Vec<(String, String)> {
        let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
        let mut env: Vec<_> = std::env::vars_os()
            .map(|(name, value)| (text(name), text(value)))
            .filter(|(name, _)| name.starts_with("CHASQUI_"))
            .collect();
        env.sort();
        env
    }
}

#[derive(Debug, Clone)]
pub struct Loaded {
    pub config: Config,
    pub warnings: Vec<Problem>,
}

/// Everything that is wrong, one problem a line.
#[derive(Debug, Clone)]
pub struct ConfigError {
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.problems.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// Loads and checks. Referenced files (keys, certificates) are not opened here.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut layers = Layers::new(if sources.dev { Config::for_dev() } else { Config::default() });
    let env_file = sources.env.iter().find(|(name, value)| name == CONFIG_FILE_ENV && !value.is_empty());
    if let Some(path) = sources.file.clone().or_else(|| env_file.map(|(_, path)| path.into())) {
        layers.file(&path);
    }
    layers.env(&sources.env);
    layers.flags(&sources.flags);
    layers.finish()
}

struct Layers {
    config: Config,
    origins: BTreeMap<&'static str, Origin>,
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Layers {
    fn new(config: Config) -> Self {
        Self { config, origins: BTreeMap::new(), errors: Vec::new(), warnings: Vec::new() }
    }

    fn file(&mut self, path: &Path) {
        let entries = match file::read(path) {
            Ok(entries) => entries,
            Err(problem) => return self.errors.push(problem),
        };
        for entry in entries {
            let origin = Origin::File { path: path.to_owned(), line: Some(entry.line) };
            match find(&entry.key) {
                Some(field) => self.put(field, &entry.raw, origin),
                None if is_section(&entry.key) => {
                    let message = format!("{0} is a section: write [{0}] and its keys below", entry.key);
                    self.errors.push(Problem::new(&origin, message));
                }
                None => self.warnings.push(Problem::new(&origin, unknown("key", &entry.key, keys()))),
            }
        }
    }

    fn env(&mut self, env: &[(String, String)]) {
        for (name, value) in env {
            let origin = Origin::Env(name.clone());
            match FIELDS.iter().find(|field| env_name(field.key) == *name) {
                Some(field) => self.put(field, &Raw::Text(value.clone()), origin),
                None if name == CONFIG_FILE_ENV => {}
                None => {
                    let names: Vec<String> = keys().map(env_name).collect();
                    let message = unknown("variable", name, names.iter().map(String::as_str));
                    self.warnings.push(Problem::new(&origin, message));
                }
            }
        }
    }

    fn flags(&mut self, flags: &[(String, String, String)]) {
        for (flag, key, value) in flags {
            let origin = Origin::Flag(flag.clone());
            match find(key) {
                Some(field) => self.put(field, &Raw::Text(value.clone()), origin),
                None => self.errors.push(Problem::new(&origin, unknown("key", key, keys()))),
            }
        }
    }

    fn put(&mut self, field: &'static Field, raw: &Raw, origin: Origin) {
        match (field.set)(&mut self.config, raw, field.range) {
            Ok(()) => {
                self.origins.insert(field.key, origin);
            }
            Err(reason) => {
                let shown = if field.is_secret() { "(hidden)".into() } else { shown(raw) };
                let message = format!("{} = {shown} {reason}; allowed: {}", field.key, field.allowed());
                self.errors.push(Problem::new(&origin, message));
            }
        }
    }

    fn finish(mut self) -> Result<Loaded, ConfigError> {
        let findings = check::check(&self.config, &self.origins);
        self.warnings.extend(findings.warnings);
        self.errors.extend(findings.errors);
        if self.errors.is_empty() {
            return Ok(Loaded { config: self.config, warnings: self.warnings });
        }
        Err(ConfigError { problems: self.errors, warnings: self.warnings })
    }
}

fn keys() -> impl Iterator<Item = &'static str> + Clone {
    FIELDS.iter().map(|field| field.key)
}

fn is_section(key: &str) -> bool {
    FIELDS.iter().any(|field| field.section() == Some(key))
}

fn unknown<'a>(what: &str, typed: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match suggest::nearest(typed, known) {
        Some(near) => format!("unknown {what} {typed}; did you mean {near}?"),
        None => format!("unknown {what} {typed}"),
    }
}

fn shown(raw: &Raw) -> String {
    match raw {
        Raw::Text(text) => format!("{text:?}"),
        Raw::Integer(number) => number.to_string(),
        Raw::List(items) => format!("{items:?}"),
        Raw::Other(name) => format!("({name})"),
    }
}
