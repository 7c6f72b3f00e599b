//! File, then environment, then flags; each only for what it names.

use std::path::PathBuf;
use std::time::Duration;

use chasqui_relay::config::{Config, DataSize, Driver, LogFormat, SessionsPerNode, Shards, Sources, load};

struct Bench(tempfile::TempDir);

impl Bench {
    fn file(&self, text: &str) -> PathBuf {
        let path = self.0.path().join("relay.toml");
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn bench() -> Bench {
    Bench(tempfile::tempdir().unwrap())
}

fn pairs(items: &[(&str, &str)]) -> Vec<(String, String)> {
    items.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn flags(items: &[(&str, &str)]) -> Vec<(String, String, String)> {
    items.iter().map(|(key, value)| (format!("--set {key}"), key.to_string(), value.to_string())).collect()
}

#[test]
fn a_later_layer_wins_and_the_rest_stays() {
    let bench = bench();
    let file = bench.file(
        "data = \"/file\"\n[limits]\nsend_burst = 1\nframe_size = \"1KiB\"\nsessions_per_user = 1\n[log]\nformat = \"json\"\n",
    );
    let env = pairs(&[("CHASQUI_LIMITS_SEND_BURST", "2"), ("CHASQUI_LIMITS_FRAME_SIZE", "2KiB")]);
    let flags = flags(&[("limits.send_burst", "3"), ("limits.send_burst", "4")]);
    let loaded = load(&Sources { file: Some(file), env, flags, ..Sources::default() }).unwrap();
    let config = loaded.config;
    assert_eq!(config.data, PathBuf::from("/file"));
    assert_eq!(config.limits.sessions_per_user, 1);
    assert_eq!(config.limits.frame_size, DataSize::kib(2));
    assert_eq!(config.limits.send_burst, 4);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.websocket, Config::default().websocket);
    assert_eq!(loaded.warnings, []);
}

#[test]
fn the_environment_can_name_the_file_and_a_flag_another() {
    let bench = bench();
    let file = bench.file("[server]\nshards = 3\n");
    let env = pairs(&[("CHASQUI_CONFIG", file.to_str().unwrap())]);
    let config = load(&Sources { env: env.clone(), ..Sources::default() }).unwrap().config;
    assert_eq!(config.server.shards, Shards::Count(3));
    let other = bench.0.path().join("other.toml");
    std::fs::write(&other, "[server]\nshards = 5\n").unwrap();
    let config = load(&Sources { env, file: Some(other), ..Sources::default() }).unwrap().config;
    assert_eq!(config.server.shards, Shards::Count(5));
}

#[test]
fn every_kind_of_value_is_read() {
    let file = bench();
    let path = file.file(
        r#"
        server = { listen = "[::1]:0", shards = "auto", driver = "epoll" }
        auth.issuers = ["https://a.example", "https://b.example"]
        auth.secret_files = ["/run/secret"]
        auth.leeway = "0s"
        limits.sessions_per_node = "50%"
        limits.sends_per_second = 1_000
        websocket.ping_every = "1500ms"
        log.level = "warn,chasqui_relay::auth=debug"
        "#,
    );
    let config = load(&Sources { file: Some(path), ..Sources::default() }).unwrap().config;
    assert_eq!(config.server.listen.to_string(), "[::1]:0");
    assert_eq!(config.server.driver, Driver::Epoll);
    assert_eq!(config.auth.issuers, ["https://a.example", "https://b.example"]);
    assert_eq!(config.auth.secret_files, [PathBuf::from("/run/secret")]);
    assert_eq!(config.auth.leeway, Duration::ZERO);
    assert_eq!(config.limits.sessions_per_node, SessionsPerNode::PercentOfNofile(50));
    assert_eq!(config.limits.sends_per_second, 1000);
    assert_eq!(config.websocket.ping_every, Duration::from_millis(1500));
}

#[test]
fn lists_and_nothing_can_be_said_in_the_environment() {
    let bench = bench();
    let file = bench.file("[auth]\ncookie = \"session\"\naudiences = [\"x\"]\n");
    let env = pairs(&[
        ("CHASQUI_AUTH_COOKIE", ""),
        ("CHASQUI_AUTH_AUDIENCES", ""),
        ("CHASQUI_AUTH_ISSUERS", "https://a.example, https://b.example,"),
    ]);
    let config = load(&Sources { file: Some(file), env, ..Sources::default() }).unwrap().config;
    assert_eq!(config.auth.cookie, None);
    assert_eq!(config.auth.audiences, Vec::<String>::new());
    assert_eq!(config.auth.issuers, ["https://a.example", "https://b.example"]);
}
