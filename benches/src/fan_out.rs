//! One event to many connections, as the relay's shell does it: encoded once per dialect, the bytes shared.

use std::collections::VecDeque;

use bytes::Bytes;
use chasqui_proto::dialect::Dialect;
use chasqui_proto::event::Event;

use crate::encode::{Encoder, Wire};

/// The receivers' outboxes.
pub struct FanOut {
    encoder: Encoder,
    outboxes: Vec<(Wire, VecDeque<Bytes>)>,
}

impl FanOut {
    /// The receivers take turns in the dialects.
    pub fn new(dialects: &[Dialect], receivers: usize) -> Self {
        let wires = dialects.iter().map(|dialect| Wire::web_socket(*dialect)).cycle();
        let outboxes = wires.take(receivers).map(|wire| (wire, VecDeque::with_capacity(4)));
        Self { encoder: Encoder::default(), outboxes: outboxes.collect() }
    }

    pub fn send(&mut self, event: &Event) {
        let mut frames: [Option<Bytes>; Wire::COUNT] = Default::default();
        for (wire, outbox) in &mut self.outboxes {
            let frame = frames[*wire as usize].get_or_insert_with(|| self.encoder.encode(*wire, event));
            outbox.push_back(frame.clone());
        }
    }

    /// What was written is given back.
    pub fn drain(&mut self) {
        self.outboxes.iter_mut().for_each(|(_, outbox)| outbox.clear());
    }
}
