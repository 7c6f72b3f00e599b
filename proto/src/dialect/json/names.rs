//! The values of `type` and `level`, in one place for both directions.

use crate::command::AckLevel;

pub const CONNECT: &str = "CONNECT";
pub const SEND_MESSAGE: &str = "SEND_MESSAGE";
pub const MARK_AS_DELIVERED: &str = "MARK_AS_DELIVERED";
pub const MARK_AS_READ: &str = "MARK_AS_READ";
pub const CREATE_CONVERSATION: &str = "CREATE_CONVERSATION";
pub const ADD_MEMBER: &str = "ADD_MEMBER";
/// A command without, an event with `userId`.
pub const TYPING_START: &str = "TYPING_START";
pub const TYPING_STOP: &str = "TYPING_STOP";
pub const SYNC: &str = "SYNC";

pub const CONNECT_SUCCESS: &str = "CONNECT_SUCCESS";
pub const MESSAGE_ACK: &str = "MESSAGE_ACK";
pub const MESSAGE_RECEIVED: &str = "MESSAGE_RECEIVED";
pub const MESSAGE_DELIVERED: &str = "MESSAGE_DELIVERED";
pub const MESSAGE_READ: &str = "MESSAGE_READ";
pub const CONVERSATION_CREATED: &str = "CONVERSATION_CREATED";
pub const MEMBER_ADDED: &str = "MEMBER_ADDED";
pub const USER_ONLINE: &str = "USER_ONLINE";
pub const USER_OFFLINE: &str = "USER_OFFLINE";
pub const SYNC_RESULT: &str = "SYNC_RESULT";
pub const MESSAGE_RETRACTED: &str = "MESSAGE_RETRACTED";
pub const DRAINING: &str = "DRAINING";
pub const ERROR: &str = "ERROR";

const LEVELS: [(AckLevel, &str); 4] = [
    (AckLevel::Accepted, "accepted"),
    (AckLevel::Durable, "durable"),
    (AckLevel::Delivered, "delivered"),
    (AckLevel::Read, "read"),
];

pub fn level_name(level: AckLevel) -> &'static str {
    LEVELS[level as usize].1
}

pub fn level(name: &str) -> Option<AckLevel> {
    LEVELS.iter().find(|(_, it)| *it == name).map(|(level, _)| *level)
}
