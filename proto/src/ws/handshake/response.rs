//! Plain HTTP/1.1 answers: errors with a small JSON body, and whatever page the relay serves.

use bytes::BufMut;

/// The statuses the relay answers with on its public port.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u16)]
pub enum Status {
    Ok = 200,
    BadRequest = 400,
    Unauthorized = 401,
    Forbidden = 403,
    NotFound = 404,
    MethodNotAllowed = 405,
    RequestTimeout = 408,
    UpgradeRequired = 426,
    TooManyRequests = 429,
    HeaderFieldsTooLarge = 431,
    InternalServerError = 500,
    ServiceUnavailable = 503,
}

impl Status {
    pub fn code(self) -> u16 {
        self as u16
    }

    pub fn phrase(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::BadRequest => "Bad Request",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed => "Method Not Allowed",
            Self::RequestTimeout => "Request Timeout",
            Self::UpgradeRequired => "Upgrade Required",
            Self::TooManyRequests => "Too Many Requests",
            Self::HeaderFieldsTooLarge => "Request Header Fields Too Large",
            Self::InternalServerError => "Internal Server Error",
            Self::ServiceUnavailable => "Service Unavailable",
        }
    }

    /// The headers that HTTP asks for beside an error of this status.
    fn error_headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Unauthorized => &[("WWW-Authenticate", "Bearer")],
            Self::MethodNotAllowed => &[("Allow", "GET, HEAD")],
            Self::UpgradeRequired => {
                &[("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
            }
            Self::TooManyRequests | Self::ServiceUnavailable => &[("Retry-After", "1")],
            _ => &[],
        }
    }
}

/// An answer with a body.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    pub status: Status,
    pub content_type: &'a str,
    /// Names and values of our own making; nothing a client sent belongs here.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
    pub keep_alive: bool,
    /// The request was HEAD: the body's length is told, the body is not sent.
    pub head_only: bool,
}

impl Response<'_> {
    pub fn write(&self, out: &mut impl BufMut) {
        let (code, phrase) = (self.status.code(), self.status.phrase());
        out.put_slice(format!("HTTP/1.1 {code} {phrase}\r\n").as_bytes());
        let len = self.body.len().to_string();
        let own = [("Content-Type", self.content_type), ("Content-Length", &len)];
        for (name, value) in own.iter().chain(self.headers) {
            out.put_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let connection = if self.keep_alive { "keep-alive" } else { "close" };
        out.put_slice(format!("Connection: {connection}\r\n\r\n").as_bytes());
        if !self.head_only {
            out.put_slice(self.body);
        }
    }
}

/// Appends an error as `{"code","name","message"}`; the connection ends with it.
pub fn write_error(out: &mut impl BufMut, status: Status, name: &str, message: &str) {
    let body = serde_json::json!({ "code": status.code(), "name": name, "message": message }).to_string();
    let response = Response {
        status,
        content_type: "application/json",
        headers: status.error_headers(),
        body: body.as_bytes(),
        keep_alive: false,
        head_only: false,
    };
    response.write(out);
}
