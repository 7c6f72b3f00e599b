//! What the app shows, kept from notices alone.

use std::collections::{BTreeMap, BTreeSet};

use chasqui_client_rules::Notice;
use chasqui_proto::ids::{ClientId, ConvId, MsgId};

use super::server::Server;
use super::{CONVS, conv_id};

#[derive(Default)]
pub struct App {
    shown: BTreeMap<MsgId, (ConvId, ClientId)>,
    /// Own sends the app shows by itself, and those that were ticked.
    own: BTreeSet<ClientId>,
    ticked: BTreeMap<ClientId, MsgId>,
}

impl App {
    pub fn own(&mut self, client_id: ClientId) {
        self.own.insert(client_id);
    }

    pub fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::NewMessage { message, .. } => {
                assert!(!self.own.contains(&message.client_id), "an own send is shown twice");
                let place = (message.conv, message.client_id);
                assert!(!self.shown.values().any(|p| *p == place), "shown twice: {message:?}");
                self.shown.insert(message.msg_id, place);
            }
            Notice::Ticked { client_id, msg_id, .. } => {
                assert!(self.ticked.insert(client_id, msg_id).is_none(), "ticked twice");
            }
            Notice::Withdrawn { client_id, msg_id, .. } => {
                let known = self.shown.remove(&msg_id).is_some() || self.own.remove(&client_id);
                assert!(known, "withdrawn without having been shown");
            }
            Notice::Moved { conv, client_id, msg_id, .. } => {
                if self.own.contains(&client_id) {
                    self.ticked.entry(client_id).and_modify(|known| *known = msg_id);
                } else {
                    self.shown.retain(|_, place| *place != (conv, client_id));
                    self.shown.insert(msg_id, (conv, client_id));
                }
            }
            // An own send that was retracted before its answer is refused as well, and sent again.
            Notice::Retracted { msg_id, .. } => {
                self.shown.remove(&msg_id);
                self.own.retain(|client_id| self.ticked.get(client_id) != Some(&msg_id));
            }
            Notice::SendFailed { .. } | Notice::Reset { .. } | Notice::AskFailed { .. } => panic!("{notice:?}"),
            Notice::Synced | Notice::Told(_) => {}
        }
    }

    /// Everything the server has is shown, and nothing else.
    pub fn check_against(&self, server: &Server) {
        let mut expected = BTreeMap::new();
        let mut own = BTreeSet::new();
        for conv in 0..CONVS {
            for row in server.logs[conv].rows.iter().filter(|row| !row.retracted) {
                if self.own.contains(&row.client_id) {
                    assert!(own.insert(row.client_id), "an own send is stored twice");
                } else {
                    expected.insert(row.msg_id, (conv_id(conv), row.client_id));
                }
            }
        }
        assert_eq!(self.shown, expected);
        assert!(own.iter().all(|id| self.ticked.contains_key(id)), "an own send was never answered");
        assert_eq!(self.own, own, "an own send is shown and not stored");
    }
}
