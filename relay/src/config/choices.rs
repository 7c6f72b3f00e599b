//! Settings that are one of a few words, and the two that are a word or a number.

use std::fmt;

use tracing_subscriber::EnvFilter;

use super::value::{Raw, Setting, quoted, text};

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident: $allowed:literal { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($variant),* }

        impl $name {
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl Setting for $name {
            const ALLOWED: &'static str = $allowed;
            fn parse(raw: &Raw) -> Result<Self, String> {
                match text(raw)? {
                    $($word => Ok(Self::$variant),)*
                    _ => Err("is not one of the choices".into()),
                }
            }
            fn render(&self) -> String {
                quoted(self.name())
            }
        }
    };
}

choice!(
    /// The kernel interface of the shards.
    Driver: "\"auto\", \"io_uring\" or \"epoll\"" { Auto = "auto", IoUring = "io_uring", Epoll = "epoll" }
);
choice!(
    StorageEngine: "\"embedded\" or \"memory\"" { Embedded = "embedded", Memory = "memory" }
);
choice!(
    /// Whether recipients wait for the commit.
    DeliveryOrder: "\"relay-first\" or \"durable-first\"" {
        RelayFirst = "relay-first",
        DurableFirst = "durable-first",
    }
);
choice!(
    LogFormat: "\"text\" or \"json\"" { Text = "text", Json = "json" }
);

/// One shard thread per core and a few to spare: ring pairs grow with the square.
pub const SHARDS_MAX: u32 = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shards {
    Auto,
    Count(u32),
}

impl Shards {
    /// The number of shard threads on a machine with `cores` usable cores.
    pub fn resolve(self, cores: usize) -> usize {
        match self {
            Self::Auto => cores.clamp(1, SHARDS_MAX as usize),
            Self::Count(count) => count as usize,
        }
    }
}

impl Setting for Shards {
    const ALLOWED: &'static str = "\"auto\" or a number from 1 to 256";
    fn parse(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) if text.trim() == "auto" => Ok(Self::Auto),
            _ => match u32::parse(raw)? {
                count @ 1..=SHARDS_MAX => Ok(Self::Count(count)),
                _ => Err("is out of range".into()),
            },
        }
    }
    fn render(&self) -> String {
        match self {
            Self::Auto => quoted("auto"),
            Self::Count(count) => count.to_string(),
        }
    }
}

/// How many connections the process accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionsPerNode {
    PercentOfNofile(u8),
    Count(u32),
}

impl SessionsPerNode {
    /// The cap under an open-files limit of `nofile`; what a share leaves free is for files, listeners and rings.
    pub fn resolve(self, nofile: u64) -> u64 {
        match self {
            Self::PercentOfNofile(percent) => ((u128::from(nofile) * u128::from(percent) / 100) as u64).max(1),
            Self::Count(count) => u64::from(count),
        }
    }
}

impl Setting for SessionsPerNode {
    const ALLOWED: &'static str = "a number from 1, or a share such as \"90%\" (1% to 95%)";
    fn parse(raw: &Raw) -> Result<Self, String> {
        if let Raw::Text(text) = raw
            && let Some(percent) = text.trim().strip_suffix('%')
        {
            return match percent.trim().parse() {
                Ok(percent @ 1..=95) => Ok(Self::PercentOfNofile(percent)),
                _ => Err("is not a share from 1% to 95%".into()),
            };
        }
        match u32::parse(raw)? {
            0 => Err("is too small".into()),
            count => Ok(Self::Count(count)),
        }
    }
    fn render(&self) -> String {
        match self {
            Self::PercentOfNofile(percent) => quoted(&format!("{percent}%")),
            Self::Count(count) => count.to_string(),
        }
    }
}

/// A level or tracing directives, checked when parsed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogLevel(String);

impl LogLevel {
    pub fn info() -> Self {
        Self("info".into())
    }
    /// The store's library tells much at level info that no operator asked for; directives that name it still win.
    pub fn filter(&self) -> EnvFilter {
        let directives = format!("fjall=warn,lsm_tree=warn,{}", self.0);
        EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"))
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl Setting for LogLevel {
    const ALLOWED: &'static str = "\"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\", or directives such as \"info,chasqui_relay=debug\"";
    fn parse(raw: &Raw) -> Result<Self, String> {
        let text = text(raw)?;
        // A lone unknown word would be taken for the name of a module and silence everything else.
        let plausible = text.contains('=') || LEVELS.contains(&text);
        if !plausible || EnvFilter::try_new(text).is_err() {
            return Err("is not a level".into());
        }
        Ok(Self(text.to_owned()))
    }
    fn render(&self) -> String {
        quoted(&self.0)
    }
}
