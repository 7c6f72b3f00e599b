//! A client's command: checked here, then asked of the conversation's home.

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::{Command, Target};
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ConvId, ReqId, SessionId, UserId};
use chasqui_proto::limits::{CONTENT_BYTES_MAX, GROUP_MEMBERS_MAX, TITLE_BYTES_MAX};
use smol_str::SmolStr;

use super::{Session, Sessions};
use crate::conversation::Convs;
use crate::msg::{Ask, Group, Msg, Origin};
use crate::shard::Cx;

/// A refusal: the code, and what it adds to the code's sentence.
struct Refusal {
    code: ErrorCode,
    message: &'static str,
    retry_after_ms: u32,
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self { code, message: "", retry_after_ms: 0 }
    }
}

fn invalid(message: &'static str) -> Refusal {
    Refusal { code: ErrorCode::InvalidField, message, retry_after_ms: 0 }
}

impl Sessions {
    /// `convs`: those whose home is this shard.
    pub(crate) fn command(&mut self, cx: &mut Cx, convs: &mut Convs, id: SessionId, command: &Command<'_>) {
        let Some(session) = self.map.get_mut(&id) else {
            return;
        };
        let result =
            if cx.draining { Err(ErrorCode::Draining.into()) } else { session.dispatch(cx, convs, id, command) };
        if let Err(refusal) = result {
            let Refusal { code, message, retry_after_ms } = refusal;
            let event =
                Event::Error { id: ReqId::new(command.id()), code, message: SmolStr::new(message), retry_after_ms };
            cx.out.send(id, event);
        }
    }
}

impl Session {
    fn dispatch(
        &mut self,
        cx: &mut Cx,
        convs: &mut Convs,
        id: SessionId,
        command: &Command<'_>,
    ) -> Result<(), Refusal> {
        match command {
            Command::Authenticate { .. } => Err(ErrorCode::AlreadyAuthenticated.into()),
            Command::Send { .. } => self.send(cx, convs, id, command),
            Command::CreateConversation { id: req, client_id, title, members } => {
                let conv = ConvId::group(&self.user, *client_id);
                let ask = self.create(title, members)?;
                ask_home(cx, convs, conv, self.origin(id, req), ask)
            }
            Command::AddMember { id: req, conv, user } => {
                let user =
                    UserId::new(user).ok_or(invalid("userId must be 1 to 64 bytes without control characters"))?;
                ask_home(cx, convs, *conv, self.origin(id, req), Ask::AddMember { user })
            }
            Command::Mark { id: req, conv, seq, kind } => {
                hint_home(cx, convs, *conv, self.origin(id, req), Ask::Mark { kind: *kind, seq: *seq })
            }
            Command::Typing { id: req, conv, on } => {
                match hint_home(cx, convs, *conv, self.origin(id, req), Ask::Typing { on: *on }) {
                    // Typing is worth nothing later: a busy home simply misses it.
                    Err(Refusal { code: ErrorCode::Overloaded, .. }) => Ok(()),
                    other => other,
                }
            }
            Command::Sync { id: req, cursors, next } => Ok(self.start_sync(cx, id, req, cursors, next)?),
        }
    }

    fn send(&mut self, cx: &mut Cx, convs: &mut Convs, id: SessionId, command: &Command<'_>) -> Result<(), Refusal> {
        let Command::Send { id: req, target, client_id, content, ack, resend } = command else {
            return Ok(());
        };
        if content.is_empty() {
            return Err(invalid("content must not be empty"));
        }
        if content.len() > CONTENT_BYTES_MAX {
            return Err(ErrorCode::TooLarge.into());
        }
        let (conv, to) = match target {
            Target::Conversation(conv) => (*conv, None),
            Target::User(user) => {
                let peer = UserId::new(user).ok_or(invalid("to must be 1 to 64 bytes without control characters"))?;
                (ConvId::direct(&self.user, &peer), Some(peer))
            }
        };
        if let Err(retry_after_ms) = self.bucket.take(cx.now.mono_ms) {
            return Err(Refusal { code: ErrorCode::RateLimited, message: "", retry_after_ms });
        }
        // Before the draft: a small copy behind a text written into cold memory would wait for all of it.
        let origin = self.origin(id, req);
        let draft = cx.spares.draft(conv, &self.user, *client_id, content);
        let ask = Ask::Send { to, draft, level: *ack, resend: *resend };
        ask_home(cx, convs, conv, origin, ask)
    }

    fn create(&self, title: &str, members: &[&str]) -> Result<Ask, Refusal> {
        if title.len() > TITLE_BYTES_MAX {
            return Err(invalid("title must be at most 256 bytes"));
        }
        let mut users = vec![self.user.clone()];
        for member in members {
            users.push(UserId::new(member).ok_or(invalid("members must be 1 to 64 bytes without control characters"))?);
        }
        users.sort();
        users.dedup();
        if users.len() > GROUP_MEMBERS_MAX {
            return Err(ErrorCode::GroupFull.into());
        }
        Ok(Ask::Create(Box::new(Group { title: SmolStr::new(title), members: users })))
    }
}

/// A command with an answer: at once where this shard is the conversation's home.
#[inline]
fn ask_home(cx: &mut Cx, convs: &mut Convs, conv: ConvId, origin: Origin, ask: Ask) -> Result<(), Refusal> {
    let home = cx.router.home(conv.vshard());
    if home == cx.cfg.shard && cx.router.take_permit(home) {
        convs.ask(cx, conv, origin, ask);
        return Ok(());
    }
    let sent = cx.router.ask(home, Msg::Ask { conv, origin, ask });
    sent.then_some(()).ok_or(ErrorCode::Overloaded.into())
}

/// A command without an answer, likewise.
fn hint_home(cx: &mut Cx, convs: &mut Convs, conv: ConvId, origin: Origin, ask: Ask) -> Result<(), Refusal> {
    let home = cx.router.home(conv.vshard());
    if home == cx.cfg.shard {
        convs.ask(cx, conv, origin, ask);
        return Ok(());
    }
    let sent = cx.router.hint(home, Msg::Ask { conv, origin, ask });
    sent.then_some(()).ok_or(ErrorCode::Overloaded.into())
}
