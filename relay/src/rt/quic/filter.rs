//! The kernel's part of the steering: a classic BPF program on a reuseport group.
//!
//! Promises: a packet with a short header goes to the socket whose place in bind order its connection
//! id names; one with a long header goes by the kernel's address hash, so a handshake stays with one
//! socket. No privilege is needed. The program sees the UDP payload from its first byte.

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use super::steering::Steering;

const LOAD_BYTE: u16 = (libc::BPF_LD | libc::BPF_B | libc::BPF_ABS) as u16;
const JUMP_IF_SET: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
const XOR: u16 = (libc::BPF_ALU | libc::BPF_XOR | libc::BPF_K) as u16;
const MODULO: u16 = (libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K) as u16;
const RETURN_A: u16 = (libc::BPF_RET | BPF_A) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
const BPF_A: u32 = 0x10;
/// An index beyond the group makes the kernel fall back to its hash.
const NO_CHOICE: u32 = u32::MAX;

fn step(code: u16, k: u32) -> libc::sock_filter {
    libc::sock_filter { code, jt: 0, jf: 0, k }
}

fn program(steering: &Steering) -> [libc::sock_filter; 7] {
    const SKIP_TO_NO_CHOICE: u8 = 4;
    [
        step(LOAD_BYTE, 0),
        libc::sock_filter { code: JUMP_IF_SET, jt: SKIP_TO_NO_CHOICE, jf: 0, k: 0x80 },
        step(LOAD_BYTE, 1),
        step(XOR, u32::from(steering.mask())),
        step(MODULO, u32::from(steering.shards())),
        step(RETURN_A, 0),
        step(RETURN, NO_CHOICE),
    ]
}

/// Installs the program for the whole group that `member` belongs to.
pub(super) fn attach(member: &UdpSocket, steering: &Steering) -> io::Result<()> {
    let mut steps = program(steering);
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: the descriptor is open for the life of `member`; `program` points at `steps`, both of which
    // outlive the call, and the length given is that of `sock_fprog`. The kernel copies the program.
    let outcome = unsafe {
        libc::setsockopt(
            member.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_REUSEPORT_CBPF,
            (&raw const program).cast(),
            size_of::<libc::sock_fprog>() as libc::socklen_t,
        )
    };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
