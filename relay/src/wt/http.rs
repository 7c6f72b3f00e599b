//! Ordinary HTTP/3 requests on the same connections.
//!
//! Limits: a request's body is not read; an answer is one block of bytes, and a peer that takes longer
//! than the answer's timeout to receive it is cut.

use bytes::Bytes;
use h3::server::RequestStream;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use super::h3io::Bidi;
use super::request::ANSWER_TIMEOUT;
use crate::race::within;

/// A request that is not one for a session.
pub struct HttpRequest {
    pub method: Method,
    pub path: String,
    pub query: Option<String>,
    pub headers: HeaderMap,
}

impl HttpRequest {
    pub(super) fn new(head: http::Request<()>) -> Self {
        let (parts, ()) = head.into_parts();
        Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
        }
    }
}

/// The answer to an [`HttpRequest`].
#[derive(Debug)]
pub struct HttpResponse {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub body: Bytes,
}

impl HttpResponse {
    pub fn ok(content_type: &'static str, body: &[u8]) -> Self {
        Self { status: StatusCode::OK, content_type, body: Bytes::copy_from_slice(body) }
    }

    pub fn not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, content_type: "text/plain", body: Bytes::from_static(b"not found\n") }
    }
}

pub(super) async fn respond(mut stream: RequestStream<Bidi, Bytes>, answer: HttpResponse, with_body: bool) {
    let mut head = Response::new(());
    *head.status_mut() = answer.status;
    head.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    head.headers_mut().insert(header::CONTENT_LENGTH, answer.body.len().into());
    let sending = async {
        stream.send_response(head).await?;
        if with_body && !answer.body.is_empty() {
            stream.send_data(answer.body).await?;
        }
        stream.finish().await
    };
    // A peer that has gone meanwhile misses nothing.
    let _ = within(ANSWER_TIMEOUT, sending).await;
}
