//! The binary's stable surface: what each command prints, where, and with which exit code.

use std::path::Path;
use std::process::{Command, Output};

fn chasqui(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chasqui"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CHASQUI_") {
            command.env_remove(name);
        }
    }
    command.current_dir(dir).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn token_prints_a_token_alone() {
    let dir = tempfile::tempdir().unwrap();
    let signer = chasqui_relay::auth::Signer::load_or_create(dir.path()).unwrap();
    let output = chasqui(dir.path(), &["token", "--data", ".", "--user", "alice", "--ttl", "1h"]);
    let text = stdout(&output);
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
    assert_eq!(text.lines().count(), 1);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    let verifier = chasqui_relay::auth::Verifier::new(vec![signer.key()], 0);
    let claims = verifier.verify(text.trim_end(), now).unwrap();
    assert_eq!(claims.user, "alice");
    let left_ms = claims.expires_at_ms - now;
    assert!((3_500_000..=3_600_000).contains(&left_ms), "{left_ms}");
    let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["dev-signing.key"], "token touches nothing else");
}

#[test]
fn token_without_a_key_advises_and_makes_none() {
    let dir = tempfile::tempdir().unwrap();
    let output = chasqui(dir.path(), &["token", "--user", "alice"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (1, ""));
    let advice = stderr(&output);
    assert!(advice.contains("chasqui serve --dev --data ./chasqui-data"), "{advice}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn token_refuses_what_makes_no_sense() {
    let dir = tempfile::tempdir().unwrap();
    chasqui_relay::auth::Signer::load_or_create(dir.path()).unwrap();
    for args in [["--user", "", "--ttl", "1h"], ["--user", "a", "--ttl", "0s"], ["--user", "a", "--ttl", "1"]] {
        let output = chasqui(dir.path(), &[&["token", "--data", "."], args.as_slice()].concat());
        assert_eq!((code(&output), stdout(&output).as_str()), (1, ""), "{args:?}");
    }
}

#[test]
fn default_config_passes_check_config() {
    let dir = tempfile::tempdir().unwrap();
    let printed = chasqui(dir.path(), &["default-config"]);
    assert_eq!(code(&printed), 0);
    std::fs::write(dir.path().join("relay.toml"), &printed.stdout).unwrap();
    let checked = chasqui(dir.path(), &["check-config", "relay.toml"]);
    assert_eq!((code(&checked), stdout(&checked).as_str()), (0, "relay.toml: ok\n"), "{}", stderr(&checked));
}

#[test]
fn check_config_fails_on_errors_and_on_unusable_key_files() {
    let dir = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        std::fs::write(dir.path().join("relay.toml"), text).unwrap();
        chasqui(dir.path(), &["check-config", "relay.toml"])
    };
    let cases = [
        ("[limits]\nsend_burst = 0\n", "relay.toml:2: limits.send_burst = 0 is too small"),
        ("auth.jwks_file = \"absent.json\"\n", "absent.json cannot be opened"),
        ("[tls]\ncertificate_file = \"c.pem\"\nkey_file = \"k.pem\"\n", "c.pem cannot be opened"),
    ];
    for (text, expected) in cases {
        let output = check(text);
        assert_eq!(code(&output), 1, "{text}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    let unknown = check("[limits]\nsend_bursts = 5\n");
    assert_eq!(code(&unknown), 0);
    assert!(stderr(&unknown).contains("did you mean limits.send_burst?"), "{}", stderr(&unknown));
}

#[test]
fn version_says_what_a_bug_report_needs() {
    let dir = tempfile::tempdir().unwrap();
    let output = chasqui(dir.path(), &["version"]);
    let text = stdout(&output);
    for line in ["chasqui 0.", "commit ", "rustc 1.", "target ", "features "] {
        assert!(text.lines().any(|it| it.starts_with(line)), "{line} in {text}");
    }
}

#[test]
fn doctor_reports_in_lines_and_in_json() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["doctor", "--dev", "--data", "data", "--listen", "127.0.0.1:0"];
    let lines = stdout(&chasqui(dir.path(), &args));
    let json = chasqui(dir.path(), &[args.as_slice(), &["--json"]].concat());
    assert_eq!(code(&json), 0, "{}", stdout(&json));
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let checks = [
        "kernel",
        "io_uring",
        "seccomp",
        "cores",
        "open files",
        "locked memory",
        "data folder",
        "file system",
        "free space",
        "public port",
        "internal port",
        "UDP buffers",
        "token keys",
    ];
    let findings = report["findings"].as_array().unwrap();
    let named: Vec<&str> = findings.iter().map(|it| it["check"].as_str().unwrap()).collect();
    assert_eq!(named, checks);
    for finding in findings {
        let status = finding["status"].as_str().unwrap();
        assert!(["ok", "warn"].contains(&status), "{finding}");
        assert_eq!(finding["advice"].is_string(), status != "ok", "{finding}");
        assert!(lines.contains(finding["check"].as_str().unwrap()));
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "doctor changes nothing");
}

#[test]
fn doctor_fails_where_the_relay_would() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let busy = chasqui(dir.path(), &["doctor", "--dev", "--listen", &address]);
    assert_eq!(code(&busy), 1);
    assert!(stdout(&busy).contains("FAIL  public port"), "{}", stdout(&busy));
    std::fs::write(dir.path().join("file"), "").unwrap();
    let blocked = chasqui(dir.path(), &["doctor", "--dev", "--listen", "127.0.0.1:0", "--data", "file/data"]);
    assert_eq!(code(&blocked), 1);
    assert!(stdout(&blocked).contains("FAIL  data folder"), "{}", stdout(&blocked));
    let wrong = chasqui(dir.path(), &["doctor", "--set", "limits.send_burst=0"]);
    assert_eq!(code(&wrong), 1);
    assert!(stdout(&wrong).contains("FAIL  configuration"), "{}", stdout(&wrong));
}

#[test]
fn serve_with_a_bad_configuration_exits_1_and_a_bad_command_line_2() {
    let dir = tempfile::tempdir().unwrap();
    let cases: [(&[&str], i32, &str); 6] = [
        (&["serve", "--listen", "nowhere"], 1, "flag --listen: server.listen = \"nowhere\" is not an IP address"),
        (&["serve", "--shards", "0"], 1, "flag --shards"),
        (&["serve", "--set", "limits.send_burst=0"], 1, "flag --set limits.send_burst"),
        (&["serve", "--set", "novalue"], 2, "expected KEY=VALUE"),
        (&["serve", "--unknown"], 2, "unexpected argument"),
        (&[], 2, "Usage"),
    ];
    for (args, expected, message) in cases {
        let output = chasqui(dir.path(), args);
        assert_eq!(code(&output), expected, "{args:?}");
        assert!(stderr(&output).contains(message), "{args:?}: {}", stderr(&output));
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
