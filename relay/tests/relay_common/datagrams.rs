//! WebTransport sessions with datagrams: of the real client, and of one that says whatever a test wants.

use std::path::Path;
use std::sync::Arc;

use chasqui_client::{ConnectOptions, Connection, Connector, ConvId, TokenIn, Trust};
use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::{AckLevel, Command, Target};
use chasqui_proto::dialect::{Dialect, encode_command};
use chasqui_proto::event::Event;
use chasqui_proto::ids::ClientId;
use chasqui_relay::wt::cert;
use rustls::RootCertStore;
use web_transport_quinn::proto::ConnectRequest;
use web_transport_quinn::quinn::crypto::rustls::QuicClientConfig;
use web_transport_quinn::quinn::{self, ClientConfig, Endpoint, TransportConfig};
use web_transport_quinn::{RecvStream, SendStream, Session, SessionError, WebTransportError};

use super::{PATIENCE, Server, http, token};

pub fn on_tokio<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(future)
}

/// Datagrams that came and went.
pub fn datagrams(server: &Server) -> (u64, u64) {
    let page = http(server.internal, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    let sum = |name: &str| -> u64 {
        let lines = page.lines().filter(|line| line.starts_with(name));
        lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
    };
    (sum("chasqui_datagrams_in_total{"), sum("chasqui_datagrams_out_total{"))
}

pub async fn connect(server: &Server, data: &Path, user: &str, dialect: Dialect, datagrams: bool) -> Connection {
    let hash = cert::load_or_renew(data).unwrap().sha256();
    let options = ConnectOptions::new(&format!("https://{}", server.public)).unwrap();
    let options = options.token(token(data, user, "1h")).token_in(TokenIn::FirstFrame);
    let options = options.trust(Trust::CertHashes(vec![hash])).dialect(dialect).datagrams(datagrams);
    let mut connection = Connector::new(options).unwrap().connect().await.unwrap();
    assert!(matches!(next(&mut connection).await, Event::Welcome { .. }));
    connection
}

pub async fn next(of: &mut Connection) -> Event {
    tokio::time::timeout(PATIENCE, of.receiver.next()).await.expect("in time").unwrap()
}

pub fn send<'a>(id: &'a str, to: &'a str) -> Command<'a> {
    let (target, client_id) = (Target::User(to), ClientId([7; 16]));
    Command::Send { id, target, client_id, content: "hi", ack: AckLevel::Durable, resend: false }
}

/// Begins a conversation.
pub async fn greet(from: &mut Connection, to: &str) -> ConvId {
    from.sender.send(&send("1", to)).await.unwrap();
    loop {
        if let Event::Ack { conv, .. } = next(from).await {
            return conv;
        }
    }
}

/// A connection without a word of HTTP/3.
pub async fn dial(server: &Server, data: &Path, receives: Option<usize>) -> (Endpoint, quinn::Connection) {
    let mut roots = RootCertStore::empty();
    roots.add(cert::load_or_renew(data).unwrap().chain[0].clone()).unwrap();
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
    let mut transport = TransportConfig::default();
    transport.datagram_receive_buffer_size(receives.or(Some(64 * 1024)));
    config.transport_config(Arc::new(transport));
    let endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    let conn = endpoint.connect_with(config, server.public, "localhost").unwrap().await.unwrap();
    (endpoint, conn)
}

/// A session that says whatever a test wants, in JSON.
pub struct Raw {
    pub session: Session,
    pub conn: quinn::Connection,
    send: SendStream,
    recv: RecvStream,
    held: Vec<u8>,
    _endpoint: Endpoint,
}

impl Raw {
    /// Welcomed. `receives`: the longest datagram it says it takes.
    pub async fn open(server: &Server, data: &Path, user: &str, query: &str, receives: Option<usize>) -> Self {
        let mut raw = Self::enter(server, data, query, receives).await;
        raw.authenticate(data, user).await;
        raw
    }

    pub async fn enter(server: &Server, data: &Path, query: &str, receives: Option<usize>) -> Self {
        let (endpoint, conn) = dial(server, data, receives).await;
        let url = format!("https://{}/wt?dialect=json{query}", server.public);
        let request = ConnectRequest::new(url.parse::<url::Url>().unwrap());
        let session = Session::connect(conn.clone(), request).await.unwrap();
        let (send, recv) = session.open_bi().await.unwrap();
        Self { session, conn, send, recv, held: Vec::new(), _endpoint: endpoint }
    }

    pub async fn authenticate(&mut self, data: &Path, user: &str) {
        let token = token(data, user, "1h");
        self.say(&Command::Authenticate { id: "", token: &token }).await;
        assert_eq!(self.hear().await["type"], "CONNECT_SUCCESS");
    }

    pub async fn say(&mut self, command: &Command<'_>) {
        self.send.write_all(&[&*json(command), b"\n"].concat()).await.unwrap();
    }

    /// The next line.
    pub async fn hear(&mut self) -> serde_json::Value {
        let line = async {
            loop {
                if let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
                    return self.held.drain(..=end).collect::<Vec<u8>>();
                }
                let chunk = self.recv.read_chunk(65_536, true).await.unwrap();
                self.held.extend_from_slice(&chunk.expect("the stream goes on").bytes);
            }
        };
        serde_json::from_slice(&tokio::time::timeout(PATIENCE, line).await.expect("in time")).unwrap()
    }

    pub async fn hear_error(&mut self, code: ErrorCode) -> serde_json::Value {
        let error = self.hear().await;
        assert_eq!((&error["type"], error["name"].as_str()), (&"ERROR".into(), Some(code.name())), "{error}");
        error
    }

    /// The answer to a SYNC comes next: nothing was said before it.
    pub async fn says_nothing(&mut self) {
        self.send.write_all(b"{\"type\":\"SYNC\",\"id\":\"s\",\"conversations\":{}}\n").await.unwrap();
        assert_eq!(self.hear().await["type"], "SYNC_RESULT");
    }

    pub async fn closed(&self) -> u32 {
        match tokio::time::timeout(PATIENCE, self.session.closed()).await.expect("in time") {
            SessionError::WebTransportError(WebTransportError::Closed(code, _)) => code,
            error => panic!("{error}"),
        }
    }
}

pub fn json(command: &Command<'_>) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_command(Dialect::Json, command, &mut frame);
    frame
}
