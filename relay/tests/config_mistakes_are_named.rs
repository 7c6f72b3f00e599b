//! A mistake is told with its place, its key and what is allowed; all of them at once; secrets never.

use chasqui_relay::config::{ConfigError, Loaded, Sources, load};

fn file(text: &str) -> Result<Loaded, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("relay.toml");
    std::fs::write(&path, text).unwrap();
    load(&Sources { file: Some(path), ..Sources::default() })
}

fn errors(text: &str) -> String {
    file(text).unwrap_err().to_string()
}

fn warnings(text: &str) -> String {
    file(text).unwrap().warnings.iter().map(|it| format!("{it}\n")).collect()
}

#[test]
fn bad_values_name_file_line_key_and_choices() {
    let cases = [
        (
            "[limits]\n\nframe_size = \"64KB\"\n",
            "relay.toml:3: limits.frame_size = \"64KB\" has an unknown unit \"KB\"; allowed: a size such as",
        ),
        ("limits.frame_size = 65536", "relay.toml:1: limits.frame_size = 65536 lacks a unit"),
        (
            "limits.frame_size = \"17MiB\"",
            "is too large; allowed: a size such as \"512B\", \"64KiB\", \"1MiB\", \"1GiB\", from 1KiB to 16MiB",
        ),
        ("limits.send_burst = 0", "is too small"),
        ("limits.send_burst = -1", "is out of range"),
        ("limits.send_burst = 1.5", "is not a whole number"),
        ("limits.send_burst = true", "is not a whole number"),
        ("websocket.ping_every = 25", "lacks a unit"),
        ("websocket.ping_every = \"25 sec\"", "has an unknown unit"),
        ("websocket.ping_every = \"s\"", "is not a duration"),
        ("websocket.ping_every = \"99999999999999999999s\"", "is not a duration"),
        ("websocket.ping_every = \"99999999999999999d\"", "is longer than ten years"),
        ("server.listen = \"localhost\"", "is not an IP address with a port; allowed: an IP address and a port"),
        ("server.driver = \"kqueue\"", "allowed: \"auto\", \"io_uring\" or \"epoll\""),
        ("server.shards = 0", "allowed: \"auto\" or a number from 1 to 256"),
        ("limits.sessions_per_node = \"100%\"", "is not a share from 1% to 95%"),
        ("storage.engine = \"sqlite\"", "allowed: \"embedded\" or \"memory\""),
        ("log.level = \"loud\"", "is not a level"),
        ("data = \"\"", "must not be empty"),
        ("data = { path = \"x\" }", "must be a string, not a table"),
        ("auth.issuers = [1, 2]", "must be a list of strings"),
        ("server = 8080", "server is a section"),
        ("[limits\n", "relay.toml:1: is not valid TOML"),
        ("a = 1\na = 2\n", "relay.toml:2: is not valid TOML"),
    ];
    for (text, expected) in cases {
        let found = errors(text);
        assert!(found.contains(expected), "{text}\nexpected {expected}\nfound    {found}");
    }
}

#[test]
fn all_errors_are_told_at_once() {
    let found = errors("[limits]\nsend_burst = 0\nframe_size = 1\n[log]\nformat = \"xml\"\n");
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines.len(), 3, "{found}");
    assert!(lines[0].contains(":2:") && lines[1].contains(":3:") && lines[2].contains(":5:"), "{found}");
}

#[test]
fn rules_between_settings_name_both() {
    let cases = [
        ("tls.certificate_file = \"cert.pem\"", "tls.certificate_file is set but tls.key_file is not"),
        ("tls.key_file = \"key.pem\"", "tls.key_file is set but tls.certificate_file is not"),
        ("server.internal_listen = \"127.0.0.1:8080\"", "is the same as server.listen"),
        ("limits.frame_size = \"4MiB\"", "is smaller than limits.frame_size"),
        ("quic.keep_alive = \"10s\"", "is not shorter than quic.idle_timeout"),
        ("auth.algorithms = [\"none\"]", "auth.algorithms has \"none\"; allowed: HS256"),
        ("auth.cookie = \"a b\"", "is no cookie name"),
        ("server.allowed_origins = [\"app.example\"]", "which is no origin"),
        ("server.allowed_origins = [\"https://app.example/path\"]", "which is no origin"),
    ];
    for (text, expected) in cases {
        let found = errors(text);
        assert!(found.contains(expected) && found.lines().count() == 1, "{text}\n{found}");
    }
}

#[test]
fn unknown_keys_are_warnings_with_a_suggestion() {
    let cases = [
        (
            "[limits]\nframe_sise = \"1KiB\"\n",
            "relay.toml:2: unknown key limits.frame_sise; did you mean limits.frame_size?",
        ),
        ("[limit]\nsend_burst = 5\n", "unknown key limit.send_burst; did you mean limits.send_burst?"),
        ("listen = \"0.0.0.0:1\"\n", "unknown key listen; did you mean server.listen?"),
        ("colour = \"red\"\n", "relay.toml:1: unknown key colour\n"),
        ("[[auth.keys]]\nx = 1\n", "unknown key auth.keys"),
        ("[scylla.nodes]\nfirst = \"a\"\n", "unknown key scylla.nodes.first"),
    ];
    for (text, expected) in cases {
        let found = warnings(text);
        assert!(found.contains(expected), "{text}\n{found}");
    }
}

#[test]
fn unknown_variables_warn_and_unknown_flags_fail() {
    let env = vec![("CHASQUI_LIMITS_SENDBURST".to_owned(), "5".to_owned())];
    let loaded = load(&Sources { env, ..Sources::default() }).unwrap();
    let warning = loaded.warnings[0].to_string();
    assert!(warning.contains("did you mean CHASQUI_LIMITS_SEND_BURST?"), "{warning}");
    let flags = vec![("--set".to_owned(), "limits.burst".to_owned(), "5".to_owned())];
    let error = load(&Sources { flags, ..Sources::default() }).unwrap_err().to_string();
    assert!(error.contains("flag --set: unknown key limits.burst"), "{error}");
}

#[test]
fn what_is_probably_not_meant_is_remarked() {
    assert!(warnings("storage.engine = \"memory\"").contains("is lost when the relay exits"));
    assert!(warnings("server.listen = \"0.0.0.0:8080\"").contains("plain text"));
    assert!(warnings("auth.jwks_file = \"x\"").contains("auth.audiences is empty"));
    assert!(warnings("limits.outbox_size = \"64KiB\"").contains("leaves little room"));
}

#[test]
fn secrets_are_hidden() {
    let error = errors("auth.secrets = [\"c2VjcmV0\", 5]");
    assert!(error.contains("auth.secrets = (hidden)") && !error.contains("c2Vj"), "{error}");
    let loaded = file("auth.secrets = [\"c2VjcmV0\"]").unwrap();
    assert!(!format!("{:?}", loaded.config).contains("c2Vj"));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let missing = load(&Sources { file: Some("/nowhere/relay.toml".into()), ..Sources::default() });
    assert!(missing.unwrap_err().to_string().contains("/nowhere/relay.toml: cannot be opened"));
    let huge = "#".repeat(1024 * 1024 + 1);
    assert!(errors(&huge).contains("is larger than"));
}
