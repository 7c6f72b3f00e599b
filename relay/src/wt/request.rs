//! A request to begin a session, and the one answer it gets.
//!
//! Promises: streams and datagrams that come before the answer are kept for the session, within the
//! registry's limits. A request dropped without an answer is reset.

use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use h3::error::Code;
use h3::server::RequestStream;
use http::{HeaderMap, Response, StatusCode};

use super::h3io::Bidi;
use super::keeper::{Connect, keep};
use super::registry::Registry;
use super::session::Session;
use crate::race::within;
use crate::rt;

/// A peer that takes no answer for this long is not waited for.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// What a page offers; more are not looked at.
const PROTOCOLS_MAX: usize = 16;

/// Why there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    #[error("the connection has too many sessions")]
    TooManySessions,
    #[error("the peer left before it was answered")]
    Gone,
}

/// A client's wish to begin a session.
pub struct Request {
    pub path: String,
    pub query: Option<String>,
    /// Where the page that asks comes from; check it before trusting a cookie-like credential.
    pub origin: Option<String>,
    /// The host and port the client asked for.
    pub authority: Option<String>,
    pub authorization: Option<String>,
    /// The subprotocols the client offers, most wanted first.
    pub available_protocols: Vec<String>,
    pub remote: SocketAddr,
    answer: Answer,
}

struct Answer {
    id: u64,
    registry: Rc<Registry>,
    /// Boxed, as a request is moved about on its way to a decision.
    stream: Option<Box<RequestStream<Bidi, Bytes>>>,
}

impl Request {
    pub(super) fn new(
        head: http::Request<()>,
        stream: RequestStream<Bidi, Bytes>,
        remote: SocketAddr,
        registry: Rc<Registry>,
    ) -> Self {
        let headers = head.headers();
        let answer = Answer { id: stream.send_id().into_inner(), registry, stream: Some(Box::new(stream)) };
        Self {
            path: head.uri().path().to_owned(),
            query: head.uri().query().map(str::to_owned),
            origin: text(headers, "origin"),
            authority: head.uri().authority().map(|authority| authority.to_string()),
            authorization: text(headers, "authorization"),
            available_protocols: text(headers, "wt-available-protocols")
                .map_or_else(Vec::new, |list| parse_list(&list)),
            remote,
            answer,
        }
    }

    /// Begins the session, speaking `protocol`, which should be one of those offered.
    ///
    /// The answer's future is boxed, so that a caller that goes on to serve the session in the same task
    /// does not keep room for it.
    pub fn accept(self, protocol: Option<&str>) -> impl Future<Output = Result<Session, AcceptError>> + use<> {
        let acceptance = acceptance(protocol);
        let answer = self.answer;
        Box::pin(async move { answer.accept(acceptance).await })
    }

    /// Refuses the session with an HTTP status, which a browser does not show to the page.
    pub fn reject(mut self, status: u16) -> impl Future<Output = ()> + use<> {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut stream = self.answer.stream.take().expect("a request is answered once");
        Box::pin(async move { answer(&mut stream, status).await })
    }
}

impl Answer {
    async fn accept(mut self, acceptance: Response<()>) -> Result<Session, AcceptError> {
        let mut stream = self.stream.take().expect("a request is answered once");
        let Some(shared) = self.registry.admit(self.id) else {
            answer(&mut stream, StatusCode::TOO_MANY_REQUESTS).await;
            return Err(AcceptError::TooManySessions);
        };
        let session = Session::new(shared.clone());
        if !matches!(within(ANSWER_TIMEOUT, stream.send_response(acceptance)).await, Some(Ok(()))) {
            self.registry.session_over(self.id);
            return Err(AcceptError::Gone);
        }
        rt::spawn(keep(Connect::new(*stream), shared, self.registry.clone()));
        Ok(session)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.stop_stream(Code::H3_INTERNAL_ERROR);
        }
    }
}

fn acceptance(protocol: Option<&str>) -> Response<()> {
    let mut response = Response::builder().status(StatusCode::OK).header("sec-webtransport-http3-draft", "draft02");
    if let Some(protocol) = protocol {
        let quoted = format!("\"{}\"", protocol.replace('\\', "\\\\").replace('"', "\\\""));
        response = response.header("wt-protocol", quoted);
    }
    // Only a protocol with bytes no header may have fails here; the client then sees none chosen.
    response.body(()).unwrap_or_default()
}

async fn answer(stream: &mut RequestStream<Bidi, Bytes>, status: StatusCode) {
    let mut response = Response::new(());
    *response.status_mut() = status;
    let sending = async {
        stream.send_response(response).await?;
        stream.finish().await
    };
    // A peer that has gone meanwhile misses nothing.
    let _ = within(ANSWER_TIMEOUT, sending).await;
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// The strings of a structured field's list (RFC 9651), without their parameters. Stops at what is
/// neither string nor token.
fn parse_list(list: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut rest = list.trim_start();
    while items.len() < PROTOCOLS_MAX && !rest.is_empty() {
        let Some((item, after)) = parse_item(rest) else { break };
        items.push(item);
        match after.split_once(',') {
            Some((_, next)) => rest = next.trim_start(),
            None => break,
        }
    }
    items
}

fn parse_item(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ';', ' ', '\t']).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut item = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((item, &quoted[at + 1..])),
            '\\' => item.push(chars.next()?.1),
            _ => item.push(char),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offered_protocols_are_read_in_order() {
        assert_eq!(parse_list(r#""chasqui.v1", "other";q=1 , plain"#), ["chasqui.v1", "other", "plain"]);
        assert_eq!(parse_list(r#""a\"b\\c""#), [r#"a"b\c"#]);
        assert_eq!(parse_list(r#""good", "unfinished"#), ["good"]);
        assert!(parse_list("").is_empty());
        assert_eq!(parse_list(&"x,".repeat(100)).len(), PROTOCOLS_MAX);
    }
}
