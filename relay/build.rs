//! Tells `chasqui version` where the binary comes from. Outside a checkout, or without git, it stays silent.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    tell("CHASQUI_RUSTC", rustc());
    tell("CHASQUI_TARGET", std::env::var("TARGET").ok());
    tell("CHASQUI_PROFILE", std::env::var("PROFILE").ok());
    tell("CHASQUI_COMMIT", commit());
}

fn tell(name: &str, value: Option<String>) {
    if let Some(value) = value {
        println!("cargo:rustc-env={name}={value}");
    }
}

fn rustc() -> Option<String> {
    let rustc = std::env::var_os("RUSTC")?;
    output(Command::new(rustc).arg("--version"))
}

/// Only if the workspace itself is the checkout: unpacked inside another repository, that one's commit would
/// say nothing.
fn commit() -> Option<String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let git = |args: &[&str]| output(Command::new("git").arg("-C").arg(workspace).args(args));
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != workspace.canonicalize().ok()? {
        return None;
    }
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name])
            && workspace.join(&path).exists()
        {
            println!("cargo:rerun-if-changed={}", workspace.join(path).display());
        }
    }
    git(&["rev-parse", "--short=12", "--verify", "HEAD"])
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
