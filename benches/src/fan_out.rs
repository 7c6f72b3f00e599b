//! One event to many connections, as the relay's shell does it: encoded once per dialect, then shared from the turn's log,
//! or for one receiver encoded into its outbox.

use chasqui_proto::dialect::Dialect;
use chasqui_proto::event::Event;

use crate::encode::{self, Encoder, Wire};
use crate::outbox::Outbox;
use crate::turn_log;

/// The receivers' outboxes.
pub struct FanOut {
    encoder: Encoder,
    outboxes: Vec<(Wire, Outbox)>,
}

impl FanOut {
    /// The receivers take turns in the dialects.
    pub fn new(dialects: &[Dialect], receivers: usize) -> Self {
        let wires = dialects.iter().map(|dialect| Wire::web_socket(*dialect)).cycle();
        let outboxes = wires.take(receivers).map(|wire| (wire, Outbox::default()));
        Self { encoder: Encoder::default(), outboxes: outboxes.collect() }
    }

    pub fn send(&mut self, event: &Event) {
        if let [(wire, outbox)] = &mut self.outboxes[..] {
            return outbox.push_with(|out| encode::append(*wire, event, out));
        }
        let mut encoding = self.encoder.begin(event);
        for (wire, outbox) in &mut self.outboxes {
            outbox.share(encoding.shared(*wire).expect("the log has room for one message"));
        }
    }

    /// All is written.
    pub fn drain(&mut self) {
        self.outboxes.iter_mut().for_each(|(_, outbox)| outbox.advance(outbox.with_unwritten(<[u8]>::len)));
        turn_log::clear();
    }
}
