//! Which kernel interface drives the shards: io_uring, or epoll where io_uring is refused.
//!
//! Promise: [`probe`] says what a shard would get on this machine and why, without starting one, and
//! [`choose`] never picks a driver that the same probe has not just seen working.

use std::future::Future;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use io_uring::IoUring;
use monoio::{IoUringDriver, LegacyDriver, RuntimeBuilder};

/// Entries in a shard's submission ring. A shard has a handful of operations in flight, since sockets
/// wait in the nested epoll instance (module `reactor`); small rings keep many shards within an
/// unprivileged user's locked-memory limit.
pub const RING_ENTRIES: u32 = 256;

/// `IORING_SETUP_COOP_TASKRUN` and `IORING_SETUP_SINGLE_ISSUER`: completions wait for the shard's next system call
/// instead of interrupting it, and the kernel need not expect other threads. Known to Linux from 6.0 on.
/// `DEFER_TASKRUN` is left out: a shard whose run queue never empties would not see completions.
const SETUP_FLAGS: u32 = 1 << 8 | 1 << 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    IoUring,
    Epoll,
}

impl Driver {
    pub fn name(self) -> &'static str {
        match self {
            Driver::IoUring => "io_uring",
            Driver::Epoll => "epoll",
        }
    }
}

impl std::fmt::Display for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What the operator asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DriverChoice {
    /// io_uring where it works, else epoll.
    #[default]
    Auto,
    /// io_uring or an error.
    IoUring,
    Epoll,
}

/// The driver and the sentence that goes with it in the start-up log and in `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverReport {
    pub driver: Driver,
    pub reason: String,
}

/// What [`DriverChoice::Auto`] gets here.
pub fn probe() -> DriverReport {
    match try_io_uring() {
        Ok(()) => {
            let reason = format!("io_uring works with {RING_ENTRIES} entries");
            DriverReport { driver: Driver::IoUring, reason }
        }
        Err(error) => {
            DriverReport { driver: Driver::Epoll, reason: format!("io_uring is unavailable: {}", explain(&error)) }
        }
    }
}

/// Resolves the operator's choice; fails only where io_uring was demanded and does not work.
pub fn choose(choice: DriverChoice) -> io::Result<DriverReport> {
    match choice {
        DriverChoice::Auto => Ok(probe()),
        DriverChoice::Epoll => Ok(DriverReport { driver: Driver::Epoll, reason: "epoll was asked for".into() }),
        DriverChoice::IoUring => match probe() {
            report if report.driver == Driver::IoUring => Ok(report),
            report => Err(io::Error::new(io::ErrorKind::Unsupported, report.reason)),
        },
    }
}

/// Sets a ring up, enters it once and asks for the operations: a filter may allow one and refuse another.
fn try_io_uring() -> io::Result<()> {
    let ring = setup_ring(0)?;
    // SAFETY: `ring` is an open ring descriptor; nothing is submitted or waited for, and the signal
    // mask pointer may be null.
    let entered =
        unsafe { libc::syscall(libc::SYS_io_uring_enter, ring.as_raw_fd(), 0, 0, 0, std::ptr::null::<()>(), 0) };
    if entered < 0 {
        return Err(io::Error::last_os_error());
    }
    if !monoio::utils::detect_uring() {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "the kernel's io_uring lacks operations we need"));
    }
    Ok(())
}

/// What the kernel knows of [`SETUP_FLAGS`]: all or nothing.
fn ring_builder() -> io_uring::Builder {
    let mut builder = IoUring::builder();
    if setup_ring(SETUP_FLAGS).is_ok() {
        builder.setup_coop_taskrun().setup_single_issuer();
    }
    builder
}

fn setup_ring(flags: u32) -> io::Result<OwnedFd> {
    /// Size of the kernel's `struct io_uring_params`, which is all `u32` fields and zero by default.
    const PARAMS_WORDS: usize = 30;
    const FLAGS_WORD: usize = 2;
    let mut params = [0_u32; PARAMS_WORDS];
    params[FLAGS_WORD] = flags;
    // SAFETY: the kernel reads and writes exactly one `io_uring_params`, which `params` holds.
    let ring = unsafe { libc::syscall(libc::SYS_io_uring_setup, RING_ENTRIES, params.as_mut_ptr()) };
    if ring < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a non-negative result is a fresh descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(ring as i32) })
}

fn explain(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => {
            "refused (a container's seccomp profile, or sysctl kernel.io_uring_disabled)".into()
        }
        Some(libc::ENOSYS) => "unknown to this kernel or hidden by a sandbox".into(),
        Some(libc::ENOMEM) => "the locked-memory limit is too low (ulimit -l)".into(),
        _ => error.to_string(),
    }
}

/// Builds the driver on this thread and runs `future` on it. `built` hears how the building went, before
/// anything runs.
pub(super) fn block_on<F: Future>(
    driver: Driver,
    built: impl FnOnce(io::Result<()>),
    future: impl FnOnce() -> F,
) -> Option<F::Output> {
    match driver {
        Driver::IoUring => {
            let runtime =
                RuntimeBuilder::<IoUringDriver>::new().with_entries(RING_ENTRIES).uring_builder(ring_builder());
            let runtime = runtime.enable_timer().build();
            Some(report(runtime, built)?.block_on(future()))
        }
        Driver::Epoll => {
            let runtime = RuntimeBuilder::<LegacyDriver>::new().enable_timer().build();
            Some(report(runtime, built)?.block_on(future()))
        }
    }
}

fn report<R>(runtime: io::Result<R>, built: impl FnOnce(io::Result<()>)) -> Option<R> {
    match runtime {
        Ok(runtime) => {
            built(Ok(()));
            Some(runtime)
        }
        Err(error) => {
            built(Err(error));
            None
        }
    }
}
