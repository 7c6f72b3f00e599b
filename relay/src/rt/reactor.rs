//! Readiness of all of a shard's sockets through one nested epoll instance.
//!
//! # Place in the flow
//!
//! The driver (io_uring or epoll) waits for a single descriptor, this one; [`Reactor::dispatch`] then
//! takes up to [`EVENTS_PER_TURN_MAX`] events and wakes the tasks concerned. Measured against one poll
//! entry in the ring per connection this halves the memory of an idle connection and costs less per
//! message in bursts, and both drivers share every line above it.
//!
//! # Invariants
//!
//! Events are edge-triggered. An event only ever sets a [`Source`]'s readiness; only the task that has
//! just seen "would block" (or a short read) clears it. Both happen on this thread, so no edge falls
//! between. A token carries a generation, so an event for a closed socket never reaches its successor.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::rc::Rc;

use chasqui_doorbell::{EventFd, Signal};

use super::source::Source;

/// Events taken per turn: enough to amortise the call, few enough that timers and the mesh get their
/// turn within a few milliseconds when every event means work.
pub const EVENTS_PER_TURN_MAX: usize = 256;

const READ: u32 = (libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLET) as u32;
const READ_WRITE: u32 = READ | libc::EPOLLOUT as u32;
/// The token of the descriptor that ends the reactor's own wait.
const CLOSING: u64 = u64::MAX;

pub(super) struct Reactor {
    epoll: OwnedFd,
    slots: RefCell<Slots>,
    events: RefCell<Vec<libc::epoll_event>>,
    closing: EventFd,
}

#[derive(Default)]
struct Slots {
    entries: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Default)]
struct Slot {
    generation: u32,
    source: Option<Rc<Source>>,
}

impl Reactor {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: takes no pointers; the result is checked before it is used.
        let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if epoll < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a fresh descriptor that nobody else owns.
        let epoll = unsafe { OwnedFd::from_raw_fd(epoll) };
        let reactor = Self {
            epoll,
            slots: RefCell::default(),
            events: RefCell::new(vec![libc::epoll_event { events: 0, u64: 0 }; EVENTS_PER_TURN_MAX]),
            closing: EventFd::new()?,
        };
        reactor.control(libc::EPOLL_CTL_ADD, reactor.closing.as_raw_fd(), READ, CLOSING)?;
        Ok(reactor)
    }

    pub(super) fn register(&self, fd: BorrowedFd<'_>) -> io::Result<Rc<Source>> {
        let source = self.slots.borrow_mut().insert();
        match self.control(libc::EPOLL_CTL_ADD, fd.as_raw_fd(), READ, source.token()) {
            Ok(()) => Ok(source),
            Err(error) => {
                self.slots.borrow_mut().remove(source.token());
                Err(error)
            }
        }
    }

    /// The descriptor must still be open, so that the kernel forgets this one and not a successor.
    pub(super) fn deregister(&self, fd: BorrowedFd<'_>, source: &Source) {
        // Fails only for a descriptor that is not registered, which is what is wanted.
        let _ = self.control(libc::EPOLL_CTL_DEL, fd.as_raw_fd(), 0, 0);
        let removed = self.slots.borrow_mut().remove(source.token());
        source.forget_waiters();
        drop(removed);
    }

    /// Asks for write events too, until one has come: a UDP socket would report every packet that leaves
    /// its send buffer. If there is room already, the kernel reports it at once.
    pub(super) fn arm_write(&self, fd: BorrowedFd<'_>, source: &Source) -> io::Result<()> {
        if source.arm_write(fd.as_raw_fd()) {
            self.control(libc::EPOLL_CTL_MOD, fd.as_raw_fd(), READ_WRITE, source.token())?;
        }
        Ok(())
    }

    /// Takes what is ready now and wakes its tasks. Never blocks.
    pub(super) fn dispatch(&self) -> usize {
        let mut events = self.events.borrow_mut();
        let count = self.poll(&mut events[..]);
        for event in &events[..count] {
            // Copied out because the kernel's struct is packed.
            let (bits, token) = (event.events, event.u64);
            let source = self.slots.borrow().get(token);
            if let Some(source) = source {
                self.deliver(&source, bits);
            }
        }
        count
    }

    fn poll(&self, events: &mut [libc::epoll_event]) -> usize {
        let room = events.len() as i32;
        // SAFETY: the buffer has room for the number of events named, and a zero timeout returns at once.
        let count = unsafe { libc::epoll_wait(self.epoll.as_raw_fd(), events.as_mut_ptr(), room, 0) };
        // An interrupted call comes again: the descriptor stays readable.
        usize::try_from(count).unwrap_or(0)
    }

    fn deliver(&self, source: &Source, bits: u32) {
        let writable = source.deliver(bits);
        if let Some(fd) = writable.then(|| source.armed_fd()).flatten() {
            source.disarm_write();
            // The descriptor is registered, or its source would be gone; a failure costs events only.
            let _ = self.control(libc::EPOLL_CTL_MOD, fd, READ, source.token());
        }
    }

    /// Drops every task that waits for a socket, and ends the wait of whoever watches this reactor.
    pub(super) fn close(&self) {
        let sources: Vec<_> = self.slots.borrow().entries.iter().filter_map(|slot| slot.source.clone()).collect();
        sources.iter().for_each(|source| source.forget_waiters());
        self.closing.raise();
    }

    pub(super) fn sources(&self) -> usize {
        let slots = self.slots.borrow();
        slots.entries.len() - slots.free.len()
    }

    fn control(&self, operation: i32, fd: RawFd, events: u32, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events, u64: token };
        // SAFETY: `event` is live for the call; the kernel checks both descriptors.
        let result = unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), operation, fd, &raw mut event) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

impl AsFd for Reactor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

impl Slots {
    fn insert(&mut self) -> Rc<Source> {
        let index = self.free.pop().unwrap_or_else(|| {
            self.entries.push(Slot::default());
            (self.entries.len() - 1) as u32
        });
        let slot = &mut self.entries[index as usize];
        let source = Rc::new(Source::new(u64::from(slot.generation) << 32 | u64::from(index)));
        slot.source = Some(source.clone());
        source
    }

    fn get(&self, token: u64) -> Option<Rc<Source>> {
        let slot = self.entries.get((token & u64::from(u32::MAX)) as usize)?;
        slot.source.as_ref().filter(|source| source.token() == token).cloned()
    }

    fn remove(&mut self, token: u64) -> Option<Rc<Source>> {
        let index = (token & u64::from(u32::MAX)) as u32;
        let slot = &mut self.entries[index as usize];
        // Stays below the token reserved for closing.
        slot.generation = (slot.generation + 1) % (u32::MAX / 2);
        self.free.push(index);
        slot.source.take()
    }
}
