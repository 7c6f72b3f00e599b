//! Packets that reached the wrong shard, and how they reach the right one.
//!
//! Promises: a packet whose connection id names another shard is copied into that shard's inbox, in
//! arrival order per sender. It happens where the kernel does not steer, and now and then where it
//! does (packets of two connections coalesced into one buffer).
//!
//! Limits: [`STRAYS_MAX`] packets wait per pair of shards; what overflows is lost like any packet, and
//! QUIC sends it again.

use std::io::{self, ErrorKind, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixDatagram;

use quinn_udp::RecvMeta;
use rtrb::{Consumer, Producer, RingBuffer};

const STRAYS_MAX: usize = 256;

pub(super) struct Stray {
    bytes: Box<[u8]>,
    meta: RecvMeta,
}

/// One shard's ends of the mesh.
pub(super) struct Handoff {
    to: Vec<Option<Lane>>,
    from: Vec<Consumer<Stray>>,
    bell: UnixDatagram,
}

struct Lane {
    ring: Producer<Stray>,
    bell: UnixDatagram,
    rung: bool,
}

/// The ends for every shard: a ring per ordered pair, a bell per shard.
pub(super) fn mesh(shards: u16) -> io::Result<Vec<Handoff>> {
    let mut ends = Vec::new();
    let mut ringers = Vec::new();
    for _ in 0..shards {
        let (ringer, bell) = UnixDatagram::pair()?;
        ringer.set_nonblocking(true)?;
        bell.set_nonblocking(true)?;
        ringers.push(ringer);
        ends.push(Handoff { to: Vec::new(), from: Vec::new(), bell });
    }
    for from in 0..ends.len() {
        for to in 0..ends.len() {
            let lane = if from == to { None } else { Some(lane(&ringers[to], &mut ends[to])?) };
            ends[from].to.push(lane);
        }
    }
    Ok(ends)
}

fn lane(ringer: &UnixDatagram, target: &mut Handoff) -> io::Result<Lane> {
    let (ring, consumer) = RingBuffer::new(STRAYS_MAX);
    target.from.push(consumer);
    Ok(Lane { ring, bell: ringer.try_clone()?, rung: false })
}

impl Handoff {
    pub(super) fn is_alone(&self) -> bool {
        self.from.is_empty()
    }

    /// The descriptor that becomes readable when strays may have arrived.
    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    pub(super) fn silence_bell(&self) {
        let mut sink = [0; 8];
        while self.bell.recv(&mut sink).is_ok() {}
    }

    pub(super) fn give(&mut self, shard: u16, packet: &[u8], meta: &RecvMeta) {
        let Some(Some(lane)) = self.to.get_mut(usize::from(shard)) else { return };
        let meta = RecvMeta { len: packet.len(), stride: packet.len(), ..*meta };
        lane.rung |= lane.ring.push(Stray { bytes: packet.into(), meta }).is_ok();
    }

    /// Rings every shard given something since the last call, once each.
    pub(super) fn ring(&mut self) {
        for lane in self.to.iter_mut().flatten().filter(|lane| lane.rung) {
            match lane.bell.send(&[1]) {
                // A full bell is a bell that rings already.
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                _ => lane.rung = false,
            }
        }
    }

    /// Moves waiting strays into the receive buffers and says how many.
    pub(super) fn take(&mut self, bufs: &mut [IoSliceMut<'_>], meta: &mut [RecvMeta]) -> usize {
        let slots = bufs.len().min(meta.len());
        let mut taken = 0;
        for ring in &mut self.from {
            while taken < slots {
                let Ok(stray) = ring.pop() else { break };
                let Some(room) = bufs[taken].get_mut(..stray.bytes.len()) else { continue };
                room.copy_from_slice(&stray.bytes);
                meta[taken] = stray.meta;
                taken += 1;
            }
        }
        taken
    }
}
