//! The real relay over WebTransport, with an independent client: both dialects, bad input, and closes.
mod relay_common;

use std::path::Path;

use chasqui_proto::command::{AckLevel, Command, Target};
use chasqui_proto::dialect::stream::{Cut, FrameCutter};
use chasqui_proto::dialect::{Dialect, decode_event, encode_command};
use chasqui_proto::event::Event;
use chasqui_proto::ids::ClientId;
use relay_common::{PATIENCE, Server, http, token};
use serde_json::Value;
use web_transport_quinn::{ClientBuilder, RecvStream, SendStream, Session, SessionError, WebTransportError};

struct Wt {
    session: Session,
    send: SendStream,
    recv: RecvStream,
    dialect: Dialect,
    cutter: FrameCutter,
    pending: Vec<u8>,
}

async fn connect(server: &Server, data: &Path, user: &str, dialect: Dialect) -> Wt {
    let config = http(server.public, "GET /demo/config.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let config: Value = serde_json::from_str(config.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    use base64::Engine as _;
    let hash = base64::engine::general_purpose::STANDARD.decode(config["certHash"].as_str().unwrap()).unwrap();
    let client = ClientBuilder::new().with_server_certificate_hashes(vec![hash]).unwrap();
    let token = token(data, user, "1h");
    let url = format!("https://{}/wt?dialect={}&token={token}", server.public, dialect.name());
    let session = client.connect(url::Url::parse(&url).unwrap()).await.unwrap();
    let (send, recv) = session.open_bi().await.unwrap();
    let cutter = FrameCutter::new(dialect, 1 << 20);
    Wt { session, send, recv, dialect, cutter, pending: Vec::new() }
}

impl Wt {
    async fn command(&mut self, command: &Command<'_>) {
        let mut frame = Vec::new();
        encode_command(self.dialect, command, &mut frame);
        frame.extend_from_slice(self.dialect.stream_terminator());
        self.send.write_all(&frame).await.unwrap();
    }

    async fn next(&mut self) -> Event {
        loop {
            let bytes = std::mem::take(&mut self.pending);
            let mut input = bytes.as_slice();
            if let Some(cut) = self.cutter.cut(&mut input) {
                let Cut::Frame(payload) = cut else { panic!("{cut:?}") };
                let event = decode_event(self.dialect, payload).unwrap();
                self.pending = input.to_vec();
                return event;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.recv.read_chunk(65_536, true)).await.expect("in time");
            self.pending = chunk.unwrap().expect("the stream goes on").bytes.to_vec();
        }
    }

    async fn closed(&self) -> (u32, String) {
        match tokio::time::timeout(PATIENCE, self.session.closed()).await.expect("in time") {
            SessionError::WebTransportError(WebTransportError::Closed(code, reason)) => (code, reason),
            error => panic!("{error}"),
        }
    }
}

fn on_tokio<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(future)
}

fn send(text: &str, n: u8) -> Command<'_> {
    let client_id = ClientId([n; 16]);
    let target = Target::User("bob");
    Command::Send { id: "1", target, client_id, content: text, ack: AckLevel::Durable, resend: false }
}

#[test]
fn both_dialects_and_both_transports_share_a_conversation() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--shards", "2"]);
    let mut bob_ws = server.connect(data.path(), "bob");
    on_tokio(async {
        let mut alice = connect(&server, data.path(), "alice", Dialect::Native).await;
        let mut bob = connect(&server, data.path(), "bob", Dialect::Json).await;
        assert!(matches!(alice.next().await, Event::Welcome { user, .. } if user.as_str() == "alice"));
        assert!(matches!(bob.next().await, Event::Welcome { .. }));
        alice.command(&send("over QUIC", 1)).await;
        loop {
            if let Event::Ack { level, seq, durable_seq, .. } = alice.next().await {
                assert_eq!((level, seq, durable_seq), (AckLevel::Durable, 1, 1));
                break;
            }
        }
        loop {
            if let Event::Message { message, .. } = bob.next().await {
                assert_eq!(&*message.content, "over QUIC");
                break;
            }
        }
        assert_eq!(bob_ws.expect("MESSAGE_RECEIVED")["content"], "over QUIC");
    });
}

#[test]
fn broken_framing_is_closed_with_4102_and_an_oversize_frame_is_skipped() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    on_tokio(async {
        let mut json = connect(&server, data.path(), "alice", Dialect::Json).await;
        json.next().await;
        let long = format!("{}\n", "x".repeat(100_000));
        json.send.write_all(long.as_bytes()).await.unwrap();
        assert!(matches!(json.next().await, Event::Error { code, .. } if code.code() == 413));
        json.command(&send("still here", 2)).await;
        while !matches!(json.next().await, Event::Ack { .. }) {}
        for _ in 0..10 {
            json.send.write_all(b"junk\n").await.unwrap();
        }
        assert_eq!(json.closed().await, (4102, "malformed".into()));

        let mut native = connect(&server, data.path(), "alice", Dialect::Native).await;
        native.next().await;
        native.send.write_all(&[0xff; 64]).await.unwrap();
        assert_eq!(native.closed().await.0, 4102);
    });
}

#[test]
fn a_client_that_leaves_is_offline_and_a_drain_says_goodbye() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), &["--set", "quic.idle_timeout=4s", "--set", "quic.keep_alive=1s"]);
    let mut bob = server.connect(data.path(), "bob");
    on_tokio(async {
        let mut alice = connect(&server, data.path(), "alice", Dialect::Json).await;
        alice.next().await;
        alice.command(&send("hi", 3)).await;
        bob.expect("MESSAGE_RECEIVED");
        alice.session.close(7, b"bye");
        assert_eq!(bob.expect("USER_OFFLINE")["userId"], "alice");

        let mut again = connect(&server, data.path(), "alice", Dialect::Json).await;
        again.next().await;
        assert_eq!(bob.expect("USER_ONLINE")["userId"], "alice");
        let stopping = std::thread::spawn(move || server.terminate());
        assert_eq!(again.closed().await.0, 4000);
        assert_eq!(stopping.join().unwrap().code(), Some(0));
    });
}
