//! The kernel: its version, io_uring, and whether a filter sits in between.

use std::fs;

use super::Finding;
use crate::config::{Config, Driver};
use crate::rt;

/// monoio's io_uring driver needs this much.
const IO_URING_KERNEL_MIN: (u32, u32) = (5, 6);

pub(super) fn version(_: &Config) -> Finding {
    const CHECK: &str = "kernel";
    let Ok(release) = fs::read_to_string("/proc/sys/kernel/osrelease") else {
        return Finding::warn(CHECK, "unknown", "mount /proc");
    };
    let release = release.trim().to_owned();
    match major_minor(&release) {
        Some(version) if version < IO_URING_KERNEL_MIN => {
            Finding::warn(CHECK, release, "5.6 or newer is needed for io_uring; the epoll driver is used")
        }
        _ => Finding::ok(CHECK, release),
    }
}

fn major_minor(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

pub(super) fn io_uring(config: &Config) -> Finding {
    const CHECK: &str = "io_uring";
    let report = rt::probe();
    if report.driver == rt::Driver::IoUring {
        return Finding::ok(CHECK, report.reason);
    }
    let found = format!("{}{}", report.reason, disabled_by_sysctl());
    match config.server.driver {
        Driver::IoUring => Finding::fail(CHECK, found, "allow it, or set server.driver = \"auto\""),
        Driver::Epoll => Finding::ok(CHECK, format!("{found}; not needed by server.driver = \"epoll\"")),
        Driver::Auto => Finding::warn(
            CHECK,
            format!("{found}; the epoll driver is used"),
            "allow io_uring_setup, io_uring_enter and io_uring_register in the container's seccomp profile",
        ),
    }
}

fn disabled_by_sysctl() -> String {
    match fs::read_to_string("/proc/sys/kernel/io_uring_disabled").as_deref().map(str::trim) {
        Ok("0") | Err(_) => String::new(),
        Ok(value) => format!(" (kernel.io_uring_disabled = {value})"),
    }
}

pub(super) fn seccomp(_: &Config) -> Finding {
    const CHECK: &str = "seccomp";
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mode = status.lines().find_map(|line| line.strip_prefix("Seccomp:")).map(str::trim);
    // A filter alone is no fault; the io_uring check tells whether it is in the way.
    match mode {
        Some("0") => Finding::ok(CHECK, "no filter"),
        Some("2") => Finding::ok(CHECK, "a filter is active"),
        Some(other) => Finding::ok(CHECK, format!("mode {other}")),
        None => Finding::ok(CHECK, "not reported by the kernel"),
    }
}

#[cfg(test)]
mod tests {
    use super::major_minor;

    #[test]
    fn versions_are_read_from_releases() {
        let cases = [("6.18.44-x", Some((6, 18))), ("5.4.0-1", Some((5, 4))), ("4.19", Some((4, 19))), ("odd", None)];
        for (release, expected) in cases {
            assert_eq!(major_minor(release), expected, "{release}");
        }
    }
}
