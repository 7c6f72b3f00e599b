//! SIGTERM and SIGINT, waited for by the main thread alone.

use std::io;

/// The signals that end the server; blocked in this thread and all it starts.
pub struct Signals(libc::sigset_t);

/// Must be called before any thread is started.
pub fn block() -> io::Result<Signals> {
    // SAFETY: the set is a plain structure that sigemptyset initialises before anything reads it, and all
    // pointers are to locals that outlive the calls.
    unsafe {
        let mut set = core::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGTERM);
        libc::sigaddset(&mut set, libc::SIGINT);
        match libc::pthread_sigmask(libc::SIG_BLOCK, &set, core::ptr::null_mut()) {
            0 => Ok(Signals(set)),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }
}

impl Signals {
    pub fn wait(&self) {
        let mut signal = 0;
        // SAFETY: both pointers are to initialised values that outlive the call.
        unsafe { libc::sigwait(&self.0, &mut signal) };
        tracing::info!(signal, "stopping");
    }
}
