//! The task that keeps a session's CONNECT stream from its answer to its end.
//!
//! Promises: the peer's close is read however it is cut into pieces; ours is sent at once and given
//! [`CLOSE_WAIT`] to be answered. Either way the session leaves the registry when its stream is done.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use h3::error::Code;
use h3::server::RequestStream;
use quinn::ConnectionError;

use super::capsule::{self, Reader};
use super::codes;
use super::h3io::{Bidi, Recv, Send};
use super::registry::Registry;
use super::session::{CloseInfo, ClosedBy, Shared};
use crate::race::within;

/// How long the peer may take to finish the stream after our close.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// A session's CONNECT stream after its answer.
pub(super) struct Connect {
    send: RequestStream<Send, Bytes>,
    recv: RequestStream<Recv, Bytes>,
    capsules: Reader,
    malformed: bool,
}

/// Runs until the session has ended and both sides have said so.
pub(super) async fn keep(mut connect: Box<Connect>, session: Rc<Shared>, registry: Rc<Registry>) {
    let info = poll_fn(|cx| {
        let ended = session.poll_ended(cx);
        if ended.is_ready() { ended } else { connect.poll_close(session.connection(), cx) }
    })
    .await;
    session.end(info.clone());
    Box::pin(connect.take_leave(&info)).await;
    registry.session_over(session.id());
}

impl Connect {
    pub(super) fn new(stream: RequestStream<Bidi, Bytes>) -> Box<Self> {
        let (send, recv) = stream.split();
        Box::new(Self { send, recv, capsules: Reader::new(), malformed: false })
    }

    /// Reads capsules until the peer ends the session.
    fn poll_close(&mut self, connection: &quinn::Connection, cx: &mut Context<'_>) -> Poll<CloseInfo> {
        loop {
            let data = match ready!(self.recv.poll_recv_data(cx)) {
                Ok(Some(data)) => data,
                Ok(None) => return Poll::Ready(CloseInfo { code: 0, reason: String::new(), by: ClosedBy::Peer }),
                Err(_) => return Poll::Ready(broken_off(connection)),
            };
            match feed(&mut self.capsules, data) {
                Ok(None) => {}
                Ok(Some(info)) => return Poll::Ready(info),
                Err(capsule::Malformed) => {
                    self.malformed = true;
                    return Poll::Ready(CloseInfo::lost());
                }
            }
        }
    }

    async fn take_leave(&mut self, info: &CloseInfo) {
        if self.malformed {
            return self.send.stop_stream(Code::H3_MESSAGE_ERROR);
        }
        let farewell = async {
            if info.by == ClosedBy::Us {
                self.send.send_data(capsule::close(info.code, &info.reason)).await?;
            }
            self.send.finish().await?;
            // The peer's own end, so that our side of the stream is not torn down under its answer.
            while self.recv.recv_data().await?.is_some() {}
            Ok::<_, h3::error::StreamError>(())
        };
        if within(CLOSE_WAIT, farewell).await.is_none() {
            self.send.stop_stream(Code::H3_NO_ERROR);
        }
    }
}

/// Some peers close the whole connection with a session's code; that is a close in due form too.
fn broken_off(connection: &quinn::Connection) -> CloseInfo {
    if let Some(ConnectionError::ApplicationClosed(close)) = connection.close_reason()
        && let Some(code) = codes::to_application(close.error_code)
    {
        let reason = String::from_utf8_lossy(&close.reason).into_owned();
        return CloseInfo { code, reason, by: ClosedBy::Peer };
    }
    CloseInfo::lost()
}

fn feed(capsules: &mut Reader, mut data: impl Buf) -> Result<Option<CloseInfo>, capsule::Malformed> {
    while data.has_remaining() {
        let piece = data.chunk();
        let len = piece.len();
        if let Some(close) = capsules.feed(piece)? {
            return Ok(Some(CloseInfo { code: close.code, reason: close.reason, by: ClosedBy::Peer }));
        }
        data.advance(len);
    }
    Ok(None)
}
