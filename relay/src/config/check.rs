//! Rules between settings, and settings that are allowed but probably not meant.

use std::collections::BTreeMap;

use chasqui_proto::limits::SYNC_PAGE_BYTES_MAX;

use super::choices::StorageEngine;
use super::problem::{Origin, Problem};
use super::{Config, duration::render_duration};

#[derive(Default)]
pub(super) struct Findings {
    pub errors: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

/// A rule returns what is wrong, as a sentence that starts with its key.
type Rule = (&'static str, fn(&Config) -> Option<String>);

const ERRORS: &[Rule] = &[
    ("tls.certificate_file", certificate_and_key),
    ("server.internal_listen", two_listeners),
    ("server.allowed_origins", origins_are_origins),
    ("auth.algorithms", algorithms_are_known),
    ("auth.cookie", cookie_is_a_name),
    ("limits.outbox_size", outbox_holds_a_frame),
    ("quic.keep_alive", keep_alive_is_in_time),
];

const WARNINGS: &[Rule] = &[
    ("auth.audiences", audience_unchecked),
    ("limits.outbox_size", outbox_holds_no_page),
    ("server.listen", plain_text_outside),
    ("storage.engine", memory_forgets),
];

pub(super) fn check(config: &Config, origins: &BTreeMap<&'static str, Origin>) -> Findings {
    let run = |rules: &[Rule]| {
        let found = rules.iter().filter_map(|(key, rule)| {
            let origin = origins.get(key).unwrap_or(&Origin::Default);
            rule(config).map(|message| Problem::new(origin, message))
        });
        found.collect()
    };
    Findings { errors: run(ERRORS), warnings: run(WARNINGS) }
}

fn certificate_and_key(config: &Config) -> Option<String> {
    let (set, missing) = match (&config.tls.certificate_file, &config.tls.key_file) {
        (Some(_), None) => ("tls.certificate_file", "tls.key_file"),
        (None, Some(_)) => ("tls.key_file", "tls.certificate_file"),
        _ => return None,
    };
    Some(format!("{set} is set but {missing} is not; allowed: both or neither"))
}

fn two_listeners(config: &Config) -> Option<String> {
    let (public, internal) = (config.server.listen, config.server.internal_listen);
    let same = public == internal && public.port() != 0;
    same.then(|| format!("server.internal_listen = \"{internal}\" is the same as server.listen"))
}

fn origins_are_origins(config: &Config) -> Option<String> {
    let wrong = config.server.allowed_origins.iter().find(|origin| !is_origin(origin))?;
    Some(format!(
        "server.allowed_origins has {wrong:?}, which is no origin; allowed: \"*\" or scheme://host[:port] without a path"
    ))
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    text == "*" || host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', ' ']))
}

fn algorithms_are_known(config: &Config) -> Option<String> {
    let known = crate::auth::ALGORITHMS;
    let wrong = config.auth.algorithms.iter().find(|name| !known.iter().any(|(it, _)| it == name))?;
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    Some(format!("auth.algorithms has {wrong:?}; allowed: {}", names.join(", ")))
}

fn cookie_is_a_name(config: &Config) -> Option<String> {
    let name = config.auth.cookie.as_ref()?;
    let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    (!fits).then(|| format!("auth.cookie = {name:?} is no cookie name; allowed: letters, digits and !#$%&'*+-.^_`|~"))
}

fn outbox_holds_a_frame(config: &Config) -> Option<String> {
    let limits = &config.limits;
    (limits.outbox_size < limits.frame_size).then(|| {
        format!(
            "limits.outbox_size = \"{}\" is smaller than limits.frame_size = \"{}\", so such a frame could never be delivered",
            limits.outbox_size, limits.frame_size
        )
    })
}

fn keep_alive_is_in_time(config: &Config) -> Option<String> {
    let (every, idle) = (config.quic.keep_alive, config.quic.idle_timeout);
    (every >= idle).then(|| {
        let (every, idle) = (render_duration(every), render_duration(idle));
        format!("quic.keep_alive = \"{every}\" is not shorter than quic.idle_timeout = \"{idle}\"")
    })
}

fn audience_unchecked(config: &Config) -> Option<String> {
    let auth = &config.auth;
    let asymmetric = !auth.public_key_files.is_empty() || auth.jwks_file.is_some();
    (asymmetric && auth.audiences.is_empty())
        .then(|| "auth.audiences is empty: tokens made for other services of the same issuer are admitted".into())
}

fn outbox_holds_no_page(config: &Config) -> Option<String> {
    let size = config.limits.outbox_size;
    (size.as_bytes() < 2 * SYNC_PAGE_BYTES_MAX).then(|| {
        format!(
            "limits.outbox_size = \"{size}\" leaves little room: a page of a sync has up to {SYNC_PAGE_BYTES_MAX} bytes"
        )
    })
}

fn plain_text_outside(config: &Config) -> Option<String> {
    let listen = config.server.listen;
    let plain = !config.dev && !listen.ip().is_loopback() && config.tls.certificate_file.is_none();
    plain.then(|| {
        format!("server.listen = \"{listen}\" without [tls]: tokens and messages travel in plain text unless a proxy adds TLS, and there is no WebTransport")
    })
}

fn memory_forgets(config: &Config) -> Option<String> {
    (config.storage.engine == StorageEngine::Memory)
        .then(|| "storage.engine = \"memory\": every message is lost when the relay exits".into())
}
