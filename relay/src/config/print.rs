//! Prints the table: as a commented TOML file, and as a reference page.

use super::Config;
use super::table::{FIELDS, Field, env_name};

const COLUMNS: usize = 100;

const HEADER: &str = "\
Chasqui configuration, all settings at their defaults.

Layers, later ones win: these defaults, the file given by --config (or CHASQUI_CONFIG), the environment, flags.
The environment variable of a setting is CHASQUI_ and its key in capitals, with _ for every dot; lists are separated by commas there. On the command line: --set key=value.
Durations are a number with ms, s, m, h or d; sizes a number with B, KiB, MiB or GiB.";

/// A file that explains itself and parses back to `Config::default()`.
pub fn default_toml() -> String {
    let config = Config::default();
    let mut out = comment(HEADER);
    let mut section = None;
    for field in FIELDS {
        if field.section() != section {
            section = field.section();
            out += &format!("\n[{}]\n", section.unwrap_or_default());
        }
        out += "\n";
        out += &comment(field.doc);
        out += &comment(&format!("Allowed: {}.", field.allowed()));
        out += &comment(&format!("Environment: {}", env_name(field.key)));
        out += &format!("{} = {}\n", field.name(), (field.get)(&config));
    }
    out
}

/// The reference table for the documentation.
pub fn reference_markdown() -> String {
    let config = Config::default();
    let mut out = String::from("| key | environment | default | allowed | meaning |\n|---|---|---|---|---|\n");
    for field in FIELDS {
        out += &row(field, &config);
    }
    out
}

fn row(field: &Field, config: &Config) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    format!(
        "| `{}` | `{}` | `{}` | {} | {} |\n",
        field.key,
        env_name(field.key),
        cell(&(field.get)(config)),
        cell(&field.allowed()),
        cell(field.doc)
    )
}

/// Wraps at words.
fn comment(text: &str) -> String {
    let mut out = String::new();
    for paragraph in text.lines() {
        let mut line = String::from("#");
        for word in paragraph.split_whitespace() {
            if line.len() + 1 + word.len() > COLUMNS {
                out += &line;
                out += "\n";
                line = String::from("#");
            }
            line += " ";
            line += word;
        }
        out += &line;
        out += "\n";
    }
    out
}
