//! A producer's note on a full ring: "ring me when there is room".

use crate::flag::Flag;

/// Set by the one producer of a ring, cleared by its one consumer.
///
/// The producer that goes to sleep with backlog must count a mark that is no longer raised as a reason
/// to stay awake ([`Stall::is_raised`] inside [`crate::Bell::before_sleep`]); otherwise a consumer that
/// made room just before the producer announced its sleep would ring in vain.
#[derive(Debug)]
pub struct Stall<F> {
    stalled: F,
}

impl<F: Flag> Default for Stall<F> {
    fn default() -> Self {
        Self { stalled: F::new(false) }
    }
}

impl<F: Flag> Stall<F> {
    /// Producer, after a push found the ring full. The push must be tried once more afterwards: room
    /// made before the mark was visible is announced to nobody.
    pub fn raise(&self) {
        self.stalled.store(true);
        F::fence();
    }

    /// Producer, after that second try succeeded.
    pub fn lower(&self) {
        self.stalled.store(false);
    }

    /// Producer: `false` after [`Stall::raise`] means the consumer has made room since.
    pub fn is_raised(&self) -> bool {
        self.stalled.load()
    }

    /// Consumer, after taking from the ring and then calling [`Flag::fence`] (one fence serves all rings
    /// drained together). `true`: the producer's bell must be rung.
    pub fn release(&self) -> bool {
        self.stalled.load() && self.stalled.take()
    }
}
