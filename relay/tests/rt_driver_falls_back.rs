//! Where io_uring is refused, the same binary says why and runs on epoll.

mod rt_common;

use std::thread;

use chasqui_relay::rt::{Driver, DriverChoice, choose, probe, timer};
use rt_common::{finish, start};

/// What a container's seccomp profile does to io_uring: from here on, `io_uring_setup` fails with EPERM
/// for this thread and the threads it starts.
fn refuse_io_uring() {
    let op = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let number_of_call = op(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0);
    let is_setup = op(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, libc::SYS_io_uring_setup as u32);
    let refuse = op(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32);
    let allow = op(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW);
    let mut filter = [number_of_call, is_setup, refuse, allow];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: both calls take plain numbers but for `program`, which outlives the second and names a
    // filter of the length given.
    let installed = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    };
    assert!(installed, "{}", std::io::Error::last_os_error());
}

#[test]
fn a_refused_io_uring_is_named_and_epoll_takes_over() {
    let refused = thread::spawn(|| {
        refuse_io_uring();
        let report = probe();
        assert_eq!(report.driver, Driver::Epoll);
        assert!(report.reason.contains("seccomp"), "{}", report.reason);
        assert_eq!(choose(DriverChoice::Auto).unwrap(), report);
        assert!(choose(DriverChoice::IoUring).is_err(), "a demanded driver is not replaced silently");
        finish(start(report.driver, 0, || timer::sleep(std::time::Duration::from_millis(1))));
    });
    refused.join().unwrap();
}

#[test]
fn epoll_can_be_asked_for() {
    let report = choose(DriverChoice::Epoll).unwrap();
    assert_eq!(report.driver, Driver::Epoll);
    finish(start(report.driver, 0, || async {}));
}

#[test]
fn what_the_probe_promises_starts() {
    let report = probe();
    assert!(!report.reason.is_empty());
    finish(start(report.driver, 0, || async {}));
}
