//! Sends without an answer, in the order they were made.

use std::collections::BTreeMap;
use std::sync::Arc;

use chasqui_proto::command::AckLevel;
use chasqui_proto::ids::{ClientId, ConvId, Millis, MsgId, Seq};

use crate::io::OwnedTarget;

#[derive(Debug)]
pub struct Outgoing {
    pub client_id: ClientId,
    pub target: OwnedTarget,
    pub content: Arc<str>,
    pub ack: AckLevel,
    /// Known from the first transmission on: only then is the user's own id known for certain.
    pub conv: Option<ConvId>,
    /// The message it became, known from a SYNC or another session's copy before the answer's place was judged.
    pub place: Option<MsgId>,
    /// The answer came and named this message, but its place waits behind an outstanding SYNC.
    pub answered: Option<(Seq, MsgId)>,
    /// That message was taken back: whatever else has this client id is another message.
    pub retracted: bool,
    pub refusals: u32,
    pub due: Option<Millis>,
}

#[derive(Default, Debug)]
pub struct Outbox {
    sends: BTreeMap<u64, Outgoing>,
    by_client_id: BTreeMap<ClientId, u64>,
    last_serial: u64,
}

impl Outbox {
    /// `None` if this client id waits already.
    pub fn push(&mut self, client_id: ClientId, target: OwnedTarget, content: Arc<str>, ack: AckLevel) -> Option<u64> {
        if self.by_client_id.contains_key(&client_id) {
            return None;
        }
        self.last_serial += 1;
        let outgoing = Outgoing {
            client_id,
            target,
            content,
            ack,
            conv: None,
            place: None,
            answered: None,
            retracted: false,
            refusals: 0,
            due: None,
        };
        self.by_client_id.insert(client_id, self.last_serial);
        self.sends.insert(self.last_serial, outgoing);
        Some(self.last_serial)
    }

    pub fn get_mut(&mut self, serial: u64) -> Option<&mut Outgoing> {
        self.sends.get_mut(&serial)
    }

    pub fn by_client_id(&mut self, client_id: &ClientId) -> Option<&mut Outgoing> {
        self.sends.get_mut(self.by_client_id.get(client_id)?)
    }

    pub fn remove(&mut self, serial: u64) -> Option<Outgoing> {
        let outgoing = self.sends.remove(&serial)?;
        self.by_client_id.remove(&outgoing.client_id);
        Some(outgoing)
    }

    pub fn unanswered(&self) -> impl Iterator<Item = (u64, &Outgoing)> {
        self.sends.iter().filter(|(_, o)| o.answered.is_none()).map(|(serial, o)| (*serial, o))
    }

    pub fn all(&self) -> impl Iterator<Item = &Outgoing> {
        self.sends.values()
    }

    pub fn len(&self) -> usize {
        self.sends.len()
    }
}
