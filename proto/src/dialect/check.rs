//! The limits of a command's fields, the same for every wire. Lists are bounded by the decoders, before they grow.

use super::DecodeError;
use crate::command::{Command, Target};
use crate::ids::{ConvId, UserId};
use crate::limits::{CONTENT_BYTES_MAX, REQUEST_ID_BYTES_MAX, SYNC_NEXT_BYTES_MAX, TITLE_BYTES_MAX, TOKEN_BYTES_MAX};

type Checked = Result<(), DecodeError>;

pub fn command(command: &Command<'_>) -> Checked {
    at_most(command.id(), REQUEST_ID_BYTES_MAX, "id")?;
    match command {
        Command::Authenticate { token, .. } => at_most(token, TOKEN_BYTES_MAX, "token"),
        Command::Send { target, content, .. } => {
            target_user(target)?;
            if content.len() > CONTENT_BYTES_MAX {
                return Err(DecodeError::too_large("content"));
            }
            Ok(())
        }
        Command::CreateConversation { title, members, .. } => {
            at_most(title, TITLE_BYTES_MAX, "title")?;
            members.iter().try_for_each(|member| user(member, "members"))
        }
        Command::AddMember { user: added, .. } => user(added, "userId"),
        Command::Sync { cursors, next, .. } => {
            at_most(next, SYNC_NEXT_BYTES_MAX, "next")?;
            distinct(cursors.iter().map(|(conv, _)| *conv))
        }
        Command::Mark { .. } | Command::Typing { .. } => Ok(()),
    }
}

fn at_most(text: &str, bytes_max: usize, field: &'static str) -> Checked {
    if text.len() <= bytes_max { Ok(()) } else { Err(DecodeError::invalid(field)) }
}

fn user(id: &str, field: &'static str) -> Checked {
    if UserId::fits(id) { Ok(()) } else { Err(DecodeError::invalid(field)) }
}

fn target_user(target: &Target<'_>) -> Checked {
    match target {
        Target::User(id) => user(id, "to"),
        Target::Conversation(_) => Ok(()),
    }
}

/// Each conversation at most once: two entries for one have no meaning.
pub fn distinct(ids: impl Iterator<Item = ConvId> + Clone) -> Checked {
    if ids.clone().is_sorted_by(|a, b| a < b) {
        return Ok(());
    }
    let mut ids: Vec<ConvId> = ids.collect();
    ids.sort_unstable();
    if ids.is_sorted_by(|a, b| a < b) { Ok(()) } else { Err(DecodeError::invalid("conversations")) }
}
