//! What several tests need. Each uses a part of it.
#![allow(dead_code)]

use std::sync::Arc;

use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, ConvId, MsgId, UserId};

pub mod child;
pub mod load;
pub mod sink;
pub mod trace;

/// A folder whose fsyncs cost nothing where the system has one: for tests that are not about the disk.
pub fn quick_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder")
}

pub fn user(name: &str) -> UserId {
    UserId::new(name).expect("a valid name")
}

pub fn conv(n: u8) -> ConvId {
    ConvId([n; 16])
}

/// A message whose fields all follow from its place.
pub fn message(n: u8, seq: u64, id: u64, sender: &str) -> Arc<Message> {
    let mut client_id = [0; 16];
    client_id[..8].copy_from_slice(&seq.to_le_bytes());
    client_id[8..].copy_from_slice(&id.to_le_bytes());
    Arc::new(Message {
        conv: conv(n),
        msg_id: MsgId(id),
        seq,
        epoch: 1,
        sender: user(sender),
        client_id: ClientId(client_id),
        content: format!("message {seq} of {n}"),
        at: 1000 + (seq & 0xffff),
        retracted: false,
    })
}
