//! A request head is found however it is cut, read for what matters, and refused when it is too large or unclear.

use chasqui_proto::ws::handshake::{HeadError, HeadReader, RequestHead, Version};
use chasqui_proto::ws::limits::{HEAD_BYTES_MAX, HEADERS_MAX};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<Option<(RequestHead, usize)>, HeadError> {
    HeadReader::new().read(bytes)
}

fn head_of(text: &str) -> RequestHead {
    read(text.as_bytes()).expect("right").expect("complete").0
}

/// What is left after showing the reader one byte more each time.
fn read_byte_by_byte(bytes: &[u8]) -> Result<Option<(RequestHead, usize)>, HeadError> {
    let mut reader = HeadReader::new();
    (1..=bytes.len()).map(|len| reader.read(&bytes[..len])).find(|read| *read != Ok(None)).unwrap_or(Ok(None))
}

const BROWSER: &str = "GET /ws?token=a.b-c_d&dialect=json HTTP/1.1\r\nHost: localhost:8080\r\n\
    Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://localhost:8080\r\n\
    User-Agent: a brøwser\r\nSec-WebSocket-Version: 13\r\nCookie: a=1; session=xyz\r\nCookie: b=2\r\n\
    Authorization: bearer  tok.en\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: chasqui.v1\r\nsec-websocket-protocol: bearer.x.y,chasqui.v1.json\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

#[test]
fn a_browsers_request_is_understood() {
    let head = head_of(BROWSER);
    assert_eq!((head.method.as_str(), head.path.as_str(), head.version), ("GET", "/ws", Version::Http11));
    assert_eq!(head.query.as_deref(), Some("token=a.b-c_d&dialect=json"));
    assert_eq!(head.host.as_deref(), Some("localhost:8080"));
    assert_eq!(head.origin.as_deref(), Some("http://localhost:8080"));
    assert_eq!(head.connection.as_deref(), Some("keep-alive, Upgrade"));
    assert_eq!(head.websocket_extensions.as_deref(), Some("permessage-deflate"));
    assert_eq!(head.bearer(), Some("tok.en"));
    assert_eq!(head.query_param("token").as_deref(), Some("a.b-c_d"));
    assert_eq!(head.cookie_value("session"), Some("xyz"));
    assert_eq!(head.cookie_value("b"), Some("2"));
    assert_eq!(head.offered_protocols().collect::<Vec<_>>(), ["chasqui.v1", "bearer.x.y", "chasqui.v1.json"]);
    assert_eq!(head.choose_protocol(&["chasqui.v1.json", "chasqui.v1"]), Some("chasqui.v1"));
    assert_eq!(head.choose_protocol(&["v12.stomp"]), None);
    assert!(head.wants_websocket() && !head.has_body);
}

#[test]
fn an_ordinary_get_is_understood() {
    let head = head_of("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(!head.wants_websocket() && head.keep_alive());
    assert_eq!((head.path.as_str(), head.query), ("/healthz", None));
    assert!(!head_of("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n").keep_alive());
    assert!(!head_of("GET / HTTP/1.0\r\n\r\n").keep_alive());
    assert!(head_of("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive());
    assert!(head_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n").has_body);
    assert!(head_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").has_body);
    assert!(!head_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").has_body);
}

#[test]
fn targets_are_reduced_to_path_and_query() {
    let table = [
        ("/a/b?c=d?e", "/a/b", Some("c=d?e")),
        ("/?", "/", Some("")),
        ("http://host:80/x?y", "/x", Some("y")),
        ("ws://host", "/", None),
        ("http://host?q", "/", Some("q")),
    ];
    for (target, path, query) in table {
        let head = head_of(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!((head.path.as_str(), head.query.as_deref()), (path, query), "{target}");
    }
}

#[test]
fn query_parameters_are_decoded() {
    let head = head_of("GET /?a=%41%2e+b&empty=&flag&bad=%zz&cut=%4&not8=%ff&a=2 HTTP/1.1\r\nHost: a\r\n\r\n");
    let table =
        [("a", Some("A. b")), ("empty", Some("")), ("flag", Some("")), ("bad", None), ("cut", None), ("not8", None)];
    for (name, value) in table {
        assert_eq!(head.query_param(name).as_deref(), value, "{name}");
    }
}

#[test]
fn unclear_heads_are_refused() {
    let table: &[&[u8]] = &[
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nAuthorization: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Key: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nCookie: \xff\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n",
        b"GET /\r\n\r\n",
        b"\x16\x03\x01\n\n",
    ];
    for bytes in table {
        assert_eq!(read(bytes), Err(HeadError::Malformed), "{}", bytes.escape_ascii());
        assert_eq!(read_byte_by_byte(bytes), Err(HeadError::Malformed), "{}", bytes.escape_ascii());
    }
    assert_eq!(HeadError::Malformed.status().code(), 400);
}

/// A head of that many bytes in all.
fn head_of_size(bytes: usize) -> Vec<u8> {
    let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    format!("{start}{}\r\n\r\n", "x".repeat(bytes - start.len() - 4)).into_bytes()
}

#[test]
fn heads_have_a_size_and_a_count() {
    assert!(matches!(read(&head_of_size(HEAD_BYTES_MAX)), Ok(Some((_, HEAD_BYTES_MAX)))));
    assert_eq!(read(&head_of_size(HEAD_BYTES_MAX + 1)), Err(HeadError::TooLarge));
    assert_eq!(read_byte_by_byte(&[b'x'; HEAD_BYTES_MAX + 9]), Err(HeadError::TooLarge));
    assert_eq!(read(&[b'x'; HEAD_BYTES_MAX - 1]), Ok(None));

    let with_headers = |count: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
    assert!(matches!(read(with_headers(HEADERS_MAX).as_bytes()), Ok(Some(_))));
    assert_eq!(read(with_headers(HEADERS_MAX + 1).as_bytes()), Err(HeadError::TooLarge));
    assert_eq!(HeadError::TooLarge.status().code(), 431);
}

#[test]
fn pieces_equal_the_whole_and_the_rest_is_left() {
    let whole = read(BROWSER.as_bytes());
    assert_eq!(read_byte_by_byte(BROWSER.as_bytes()), whole);
    let followed = [BROWSER.as_bytes(), b"\x81\x80\0\0\0\0"].concat();
    assert_eq!(read(&followed), whole);
    assert_eq!(whole.unwrap().unwrap().1, BROWSER.len());
    assert!(matches!(read_byte_by_byte(b"GET / HTTP/1.1\nHost: a\n\n"), Ok(Some((_, 24)))), "bare line feeds");
}

proptest! {
    #[test]
    fn random_heads_never_panic_and_pieces_equal_the_whole(
        lines in proptest::collection::vec("(GET /[a-z?%=]{0,9} HTTP/1.1|Host: [a-z]{0,3}|[a-zA-Z-]{1,9}:? ?[a-z]{0,5}|\\PC{0,6}|)\r?\n", 0..7),
        noise in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let bytes = [lines.concat().as_bytes(), &noise].concat();
        let whole = read(&bytes);
        prop_assert_eq!(read_byte_by_byte(&bytes), whole);
        let _ = read(&noise);
    }
}
