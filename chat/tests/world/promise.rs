//! What every session is promised, whatever a test looks at: that nothing it holds becomes definitive by an ack or a
//! message before its retraction has been told.

use std::collections::BTreeMap;

use chasqui_proto::event::Event;
use chasqui_proto::ids::{ConvId, MsgId, Seq};

/// What one session was told.
#[derive(Default)]
pub struct Told {
    durable: BTreeMap<ConvId, Seq>,
    shown: BTreeMap<MsgId, Seq>,
}

impl Told {
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::Message { message, durable_seq } => {
                self.shown.insert(message.msg_id, message.seq);
                self.raise(message.conv, *durable_seq);
            }
            Event::Ack { conv, durable_seq, .. } => self.raise(*conv, *durable_seq),
            Event::Retracted { conv, msg_id, seq } if self.shown.remove(msg_id).is_some() => {
                let durable = self.durable.get(conv).copied().unwrap_or(0);
                assert!(*seq > durable, "{durable} was called durable before seq {seq} was taken back");
            }
            _ => {}
        }
    }

    fn raise(&mut self, conv: ConvId, durable_seq: Seq) {
        let known = self.durable.entry(conv).or_default();
        *known = durable_seq.max(*known);
    }
}
