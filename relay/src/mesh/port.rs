//! One shard's end of the mesh.

use std::io;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

use chasqui_doorbell::{Doorbell, Flag};

use super::bell::PortBell;
use super::ring::{Inlet, Outlet};
use super::{CLASSES, Class};
use crate::rt::turn;

/// Messages taken in one go: a fraction of a millisecond's work, after which sockets have their turn.
pub const DRAIN_MAX: usize = 256;

/// Messages taken from one ring before the next has its chance.
const QUANTUM: usize = 32;

/// A shard's port before it is on its shard's thread.
pub struct Link<T> {
    me: usize,
    bells: Vec<Doorbell>,
    outlets: Vec<Vec<Outlet<T>>>,
    inlets: Vec<NamedInlet<T>>,
}

struct NamedInlet<T> {
    from: usize,
    class: Class,
    inlet: Inlet<T>,
    /// Something was taken in the current drain.
    taken: bool,
}

/// Sends to and receives from every other shard, on one thread.
///
/// The contract of a turn: push what there is to say, then [`Port::ring_dirty`] once. The contract of
/// the loop: [`Port::drain`]; then try again what full rings refused, all of it or what
/// [`Port::take_released`] names; if anything was done, yield and go round again; else wait.
pub struct Port<T> {
    link: Link<T>,
    dirty: Vec<bool>,
    /// Where the next drain starts, so that no ring is always last.
    next: usize,
    ring_depth_max: usize,
    bell: Rc<PortBell>,
}

/// The gauge of one inbound ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingDepth {
    pub from: usize,
    pub class: Class,
    pub depth: usize,
    pub capacity: usize,
}

impl<T> Link<T> {
    pub(super) fn new(me: usize, bells: Vec<Doorbell>) -> Self {
        let outlets = bells.iter().map(|_| Vec::new()).collect();
        Self { me, bells, outlets, inlets: Vec::new() }
    }

    /// Outlets are added per class, in the order of [`super::CLASSES`].
    pub(super) fn add_outlet(&mut self, to: usize, outlet: Outlet<T>) {
        self.outlets[to].push(outlet);
    }

    pub(super) fn add_inlet(&mut self, from: usize, class: Class, inlet: Inlet<T>) {
        self.inlets.push(NamedInlet { from, class, inlet, taken: false });
    }

    /// This shard's doorbell, for the service threads that answer it ([`super::inbox`]).
    pub fn doorbell(&self) -> Doorbell {
        self.bells[self.me].clone()
    }

    /// Opens the port on the thread that runs its shard.
    pub fn open(self) -> io::Result<Port<T>> {
        let bell = Rc::new(PortBell::open(self.doorbell())?);
        Ok(Port { dirty: vec![false; self.bells.len()], next: self.me, ring_depth_max: 0, bell, link: self })
    }
}

impl<T> Port<T> {
    pub fn shard(&self) -> usize {
        self.link.me
    }

    pub fn shards(&self) -> usize {
        self.link.bells.len()
    }

    pub fn doorbell(&self) -> Doorbell {
        self.link.doorbell()
    }

    /// Queues a message for another shard; rings nobody. A full ring gives it back, and from then on
    /// room in that ring ends this shard's sleep ([`Port::take_released`]).
    ///
    /// # Panics
    ///
    /// If the message is for this shard: what stays here needs no mesh.
    pub fn push(&mut self, to: usize, class: Class, message: T) -> Result<(), T> {
        assert_ne!(to, self.link.me, "a shard does not send to itself over the mesh");
        self.link.outlets[to][class as usize].push(message)?;
        self.dirty[to] = true;
        Ok(())
    }

    /// Rings each shard pushed to since the last call, once. Costs a system call per shard that sleeps.
    pub fn ring_dirty(&mut self) {
        for (dirty, bell) in self.dirty.iter_mut().zip(&self.link.bells) {
            if std::mem::take(dirty) {
                bell.ring();
            }
        }
    }

    /// Takes up to `max` (and at most [`DRAIN_MAX`]) messages, a few from each ring in turn, and hands
    /// them to `each` with the shard they came from. Returns how many; begins a turn, and notices room
    /// made in full rings.
    pub fn drain(&mut self, max: usize, each: &mut dyn FnMut(usize, T)) -> usize {
        turn::tick();
        self.link.outlets.iter_mut().flatten().for_each(Outlet::notice);
        let max = max.min(DRAIN_MAX);
        let (mut taken, mut empty_in_a_row) = (0, 0);
        let rings = self.link.inlets.len();
        while taken < max && empty_in_a_row < rings {
            let named = &mut self.link.inlets[self.next];
            self.next = (self.next + 1) % rings;
            self.ring_depth_max = self.ring_depth_max.max(named.inlet.depth());
            let count = named.inlet.take(QUANTUM.min(max - taken), |message| each(named.from, message));
            named.taken |= count > 0;
            taken += count;
            empty_in_a_row = if count == 0 { empty_in_a_row + 1 } else { 0 };
        }
        if taken > 0 {
            self.ring_back();
        }
        taken
    }

    /// Tells the producers that wait for the room just made. One fence serves all rings.
    fn ring_back(&mut self) {
        AtomicBool::fence();
        for named in &mut self.link.inlets {
            if std::mem::take(&mut named.taken) {
                named.inlet.release();
            }
        }
    }

    /// Names each ring that refused a push and has had room made since, once per such episode.
    pub fn take_released(&mut self, each: &mut dyn FnMut(usize, Class)) {
        for (to, outlets) in self.link.outlets.iter_mut().enumerate() {
            for (class, outlet) in CLASSES.into_iter().zip(outlets) {
                if outlet.take_released() {
                    each(to, class);
                }
            }
        }
    }

    /// Whether there is something to drain, or news of room in a full ring.
    pub fn is_pending(&self) -> bool {
        self.link.inlets.iter().any(|named| !named.inlet.is_empty())
            || self.link.outlets.iter().flatten().any(Outlet::has_news)
    }

    /// Sleeps until [`Port::is_pending`], or for nothing now and then. Rings what is still dirty first.
    ///
    /// Cancel-safe: messages stay in their rings.
    pub async fn wait(&mut self) {
        self.ring_dirty();
        let bell = self.bell();
        bell.wait(|| self.is_pending()).await;
    }

    /// The bell by itself, to wait for while others borrow the port. The turn's end must then ring the
    /// dirty, as a port that waits does.
    pub fn bell(&self) -> Rc<PortBell> {
        self.bell.clone()
    }

    /// The most messages that a drain has found in one ring.
    pub fn ring_depth_max(&self) -> usize {
        self.ring_depth_max
    }

    /// How full each inbound ring is.
    pub fn depths(&self) -> impl Iterator<Item = RingDepth> {
        self.link.inlets.iter().map(|NamedInlet { from, class, inlet, .. }| RingDepth {
            from: *from,
            class: *class,
            depth: inlet.depth(),
            capacity: inlet.capacity(),
        })
    }
}
