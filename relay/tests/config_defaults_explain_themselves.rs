//! `default-config` is complete, parses back to the defaults, and every key, variable and page comes from one table.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use chasqui_relay::config::{
    Config, DataSize, FIELDS, SessionsPerNode, Shards, Sources, default_toml, env_name, load, reference_markdown,
};

#[test]
fn the_printed_defaults_parse_back_to_the_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("default.toml");
    std::fs::write(&file, default_toml()).unwrap();
    let loaded = load(&Sources { file: Some(file), ..Sources::default() }).unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.warnings, []);
}

#[test]
fn every_setting_survives_a_round_trip_through_every_layer() {
    let defaults = Config::default();
    for field in FIELDS {
        let value = (field.get)(&defaults);
        let plain = value.trim_matches(['"', '[', ']']).to_owned();
        let env = Sources { env: vec![(env_name(field.key), plain.clone())], ..Sources::default() };
        assert_eq!(load(&env).unwrap().config, defaults, "{} from the environment", field.key);
        let flags = vec![("--set".to_owned(), field.key.to_owned(), plain)];
        let set = Sources { flags, ..Sources::default() };
        assert_eq!(load(&set).unwrap().config, defaults, "{} from a flag", field.key);
    }
}

#[test]
fn names_are_unique_and_documented() {
    let keys: BTreeSet<&str> = FIELDS.iter().map(|field| field.key).collect();
    let variables: BTreeSet<String> = keys.iter().map(|key| env_name(key)).collect();
    assert_eq!((keys.len(), variables.len()), (FIELDS.len(), FIELDS.len()));
    assert!(!variables.contains("CHASQUI_CONFIG"));
    let (toml, page) = (default_toml(), reference_markdown());
    for field in FIELDS {
        assert!(field.doc.len() > 20 && field.doc.ends_with('.'), "{}", field.key);
        assert!(toml.contains(&format!("Environment: {}", env_name(field.key))), "{}", field.key);
        assert!(page.contains(&format!("| `{}` |", field.key)), "{}", field.key);
    }
    assert!(toml.lines().all(|line| line.len() <= 110));
}

#[test]
fn the_defaults_are_the_promised_ones() {
    let config = Config::default();
    assert_eq!(config.data, PathBuf::from("./chasqui-data"));
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.internal_listen.to_string(), "127.0.0.1:9180");
    assert_eq!(config.limits.frame_size.as_bytes(), 64 * 1024);
    assert_eq!(config.limits.outbox_size, DataSize::mib(1));
    assert_eq!(config.limits.sessions_per_user, 10);
    assert_eq!(config.limits.sessions_per_node.resolve(20_000), 18_000);
    assert_eq!((config.limits.sends_per_second, config.limits.send_burst), (10, 20));
    assert_eq!(config.limits.authenticate_within, Duration::from_secs(10));
    assert_eq!(config.websocket.ping_every, Duration::from_secs(25));
    assert_eq!(config.websocket.pong_within, Duration::from_secs(8));
    assert_eq!(config.quic.idle_timeout, Duration::from_secs(10));
    assert_eq!(config.server.drain_within, Duration::from_secs(30));
}

#[test]
fn dev_changes_three_things_that_a_layer_can_change_back() {
    let dev = load(&Sources { dev: true, ..Sources::default() }).unwrap().config;
    let mut expected = Config { dev: true, ..Config::default() };
    expected.server.internal_listen.set_port(0);
    expected.auth.leeway = Duration::ZERO;
    assert_eq!(dev, expected);
    let flags = vec![("--internal-listen".into(), "server.internal_listen".into(), "127.0.0.1:9999".into())];
    let changed = load(&Sources { dev: true, flags, ..Sources::default() }).unwrap().config;
    assert_eq!(changed.server.internal_listen.port(), 9999);
}

#[test]
fn resolved_numbers_stay_sensible() {
    assert_eq!(Shards::Auto.resolve(0), 1);
    assert_eq!(Shards::Auto.resolve(4), 4);
    assert_eq!(Shards::Auto.resolve(4096), 256);
    assert_eq!(Shards::Count(3).resolve(64), 3);
    assert_eq!(SessionsPerNode::PercentOfNofile(50).resolve(u64::MAX), u64::MAX / 2);
    assert_eq!(SessionsPerNode::PercentOfNofile(1).resolve(10), 1);
    assert_eq!(SessionsPerNode::Count(7).resolve(20_000), 7);
}
