//! The open-files limit: every connection is a descriptor, so it is what bounds a node.

use std::io;

/// RLIMIT_NOFILE of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nofile {
    pub soft: u64,
    pub hard: u64,
}

/// Reads the limit.
pub fn nofile() -> io::Result<Nofile> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one `rlimit`, which `limit` is.
    match unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } {
        0 => Ok(Nofile { soft: limit.rlim_cur, hard: limit.rlim_max }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Raises the soft limit to the hard one and tells what holds now. Safe to call more than once.
pub fn raise_nofile() -> io::Result<Nofile> {
    let Nofile { hard, .. } = nofile()?;
    let limit = libc::rlimit { rlim_cur: hard, rlim_max: hard };
    // SAFETY: the kernel reads one `rlimit`, which `limit` is.
    match unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) } {
        0 => nofile(),
        _ => Err(io::Error::last_os_error()),
    }
}
