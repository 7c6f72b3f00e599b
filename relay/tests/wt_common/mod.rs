//! A WebTransport server on shards of its own, and clients of foreign make to try it with.
#![allow(dead_code, reason = "each test uses its part")]

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chasqui_relay::rt::quic::steering::Steering;
use chasqui_relay::rt::quic::{EndpointLimits, Group, group};
use chasqui_relay::rt::timer::Sleep;
use chasqui_relay::rt::{self, Driver, ShardSpec};
use chasqui_relay::wt::{
    self, CloseInfo, Config, Handler, HttpRequest, HttpResponse, RecvStream, Request, SendStream, Session,
};
use http::StatusCode;
use web_transport_quinn as client;
use web_transport_quinn::quinn;

/// What the server's handler saw.
#[derive(Debug)]
pub enum Seen {
    Opened {
        shard: u16,
        path: String,
        query: Option<String>,
        origin: Option<String>,
        remote: SocketAddr,
    },
    Closed {
        shard: u16,
        info: CloseInfo,
        at: Instant,
    },
    /// How reading a `/watch` session's stream ended.
    StreamEnded(wt::StreamError),
}

pub struct TestServer {
    pub addr: SocketAddr,
    pub hash: [u8; 32],
    pub steered: bool,
    seen: Receiver<Seen>,
    stop: Vec<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl TestServer {
    pub fn start(shards: u16) -> Self {
        Self::start_with(shards, EndpointLimits::default(), group::bind)
    }

    pub fn start_on(driver: Driver) -> Self {
        Self::launch(1, driver, EndpointLimits::default(), group::bind)
    }

    pub fn start_with(
        shards: u16,
        limits: EndpointLimits,
        bind: impl FnOnce(SocketAddr, &Steering) -> std::io::Result<Group>,
    ) -> Self {
        Self::launch(shards, Driver::IoUring, limits, bind)
    }

    fn launch(
        shards: u16,
        driver: Driver,
        limits: EndpointLimits,
        bind: impl FnOnce(SocketAddr, &Steering) -> std::io::Result<Group>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let identity = wt::cert::load_or_renew(folder.path()).unwrap();
        let hash = identity.sha256();
        let tls = wt::tls::quic(identity.chain, identity.key).unwrap();
        let steering = Steering::new(shards, &[7; 32]);
        let group = bind((Ipv4Addr::LOCALHOST, 0).into(), &steering).unwrap();
        let (addr, steered) = (group.local_addr, group.unsteered.is_none());
        let (sender, seen) = channel();
        let mut server = Self { addr, hash, steered, seen, stop: Vec::new(), threads: Vec::new() };
        for (index, member) in group.members.into_iter().enumerate() {
            let (stop, stopped) = channel();
            let (tls, seen) = (tls.clone(), sender.clone());
            let config = Config { member, tls, limits, connections_max: 10_000 };
            server.stop.push(stop);
            let spec = ShardSpec { index, driver, pinned: false };
            let thread = rt::run_shard(spec, move || run_server(config, seen, stopped));
            server.threads.push(thread.unwrap());
        }
        server
    }

    /// The next thing the handler saw, for which it gets ten seconds.
    pub fn next(&self) -> Seen {
        self.seen.recv_timeout(Duration::from_secs(10)).expect("the server saw something")
    }

    pub fn next_opened(&self) -> (u16, String) {
        loop {
            if let Seen::Opened { shard, path, .. } = self.next() {
                return (shard, path);
            }
        }
    }

    pub fn next_closed(&self) -> (CloseInfo, Instant) {
        loop {
            if let Seen::Closed { info, at, .. } = self.next() {
                return (info, at);
            }
        }
    }

    pub fn request(&self, path: &str) -> client::proto::ConnectRequest {
        let url = format!("https://127.0.0.1:{}{path}", self.addr.port());
        client::proto::ConnectRequest::new(url.parse::<url::Url>().unwrap())
    }

    pub fn client(&self) -> client::Client {
        client::ClientBuilder::new().with_server_certificate_hashes(vec![self.hash.to_vec()]).unwrap()
    }

    pub async fn connect(&self, path: &str) -> client::Session {
        self.client().connect(self.request(path)).await.unwrap()
    }

    /// A bare QUIC connection that says it speaks HTTP/3.
    pub async fn raw(&self) -> (quinn::Endpoint, quinn::Connection) {
        let endpoint = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let conn = endpoint.connect_with(self.raw_config(), self.addr, "localhost").unwrap();
        (endpoint, conn.await.unwrap())
    }

    pub fn raw_config(&self) -> quinn::ClientConfig {
        let provider = client::crypto::default_provider();
        let trust = std::sync::Arc::new(Trusting(provider.clone()));
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(trust)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h3".to_vec()];
        let crypto = quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap();
        quinn::ClientConfig::new(std::sync::Arc::new(crypto))
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop.clear();
        for thread in self.threads.drain(..) {
            let outcome = thread.join();
            if !std::thread::panicking() {
                outcome.expect("the shard did not panic");
            }
        }
    }
}

async fn run_server(config: Config, seen: Sender<Seen>, stopped: Receiver<()>) {
    let shard = config.member.shard();
    let server = wt::serve(config, Rc::new(Echo { shard, seen })).unwrap();
    while let Err(TryRecvError::Empty) = stopped.try_recv() {
        sleep(Duration::from_millis(5)).await;
    }
    server.close(Duration::from_millis(200)).await;
}

pub async fn sleep(time: Duration) {
    Sleep::until(Instant::now() + time).await;
}

/// The server's side of every test; the path says which behaviour is wanted.
struct Echo {
    shard: u16,
    seen: Sender<Seen>,
}

impl Handler for Echo {
    async fn session(self: Rc<Self>, request: Request) {
        let Request { path, query, origin, remote, .. } = &request;
        let (path, shard) = (path.clone(), self.shard);
        let opened =
            Seen::Opened { shard, path: path.clone(), query: query.clone(), origin: origin.clone(), remote: *remote };
        let _ = self.seen.send(opened);
        match path.as_str() {
            "/refuse" => return request.reject(403).await,
            "/silent" => return,
            "/late" => sleep(Duration::from_millis(300)).await,
            _ => {}
        }
        let protocol = request.available_protocols.first().cloned();
        let Ok(session) = request.accept(protocol.as_deref()).await else { return };
        match path.as_str() {
            "/close" => close_as_told(&session).await,
            "/watch" => self.watch(&session).await,
            _ => echo(session.clone()),
        }
        let info = session.closed().await;
        let _ = self.seen.send(Seen::Closed { shard, info, at: Instant::now() });
    }

    async fn http(self: Rc<Self>, request: HttpRequest) -> HttpResponse {
        match request.path.as_str() {
            "/hello" => HttpResponse { status: StatusCode::OK, content_type: "text/plain", body: "hello\n".into() },
            _ => HttpResponse::not_found(),
        }
    }
}

impl Echo {
    /// Greets on the first stream, reads it to its end and tells how it ended.
    async fn watch(&self, session: &Session) {
        let Some((mut send, mut recv)) = session.accept_bi().await else { return };
        send.write_all(b"hello").await.unwrap();
        let error = loop {
            match recv.read_chunk(usize::MAX).await {
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(error) => break error,
            }
        };
        let _ = self.seen.send(Seen::StreamEnded(error));
    }
}

/// The first stream carries `code reason`.
async fn close_as_told(session: &Session) {
    let Some((_send, mut recv)) = session.accept_bi().await else { return };
    let mut told = Vec::new();
    while let Ok(Some(bytes)) = recv.read_chunk(usize::MAX).await {
        told.extend_from_slice(&bytes);
    }
    let told = String::from_utf8(told).unwrap();
    let (code, reason) = told.split_once(' ').unwrap();
    session.close(code.parse().unwrap(), reason);
}

fn echo(session: Session) {
    rt::spawn(echo_bidi(session.clone()));
    rt::spawn(echo_uni(session.clone()));
    rt::spawn(echo_datagrams(session));
}

async fn echo_bidi(session: Session) {
    while let Some((send, recv)) = session.accept_bi().await {
        rt::spawn(echo_stream(send, recv));
    }
}

async fn echo_stream(mut send: SendStream, mut recv: RecvStream) {
    while let Ok(Some(bytes)) = recv.read_chunk(usize::MAX).await {
        if send.write_all_chunks(&mut [bytes]).await.is_err() {
            return;
        }
    }
    let _ = send.finish();
}

/// Each unidirectional stream is sent back on one of the server's, in the order of arrival.
async fn echo_uni(session: Session) {
    while let Some(mut recv) = session.accept_uni().await {
        let mut send = session.open_uni().await.unwrap();
        while let Ok(Some(bytes)) = recv.read_chunk(usize::MAX).await {
            send.write_all(&bytes).await.unwrap();
        }
        let _ = send.finish();
    }
}

async fn echo_datagrams(session: Session) {
    while let Some(datagram) = session.recv_datagram().await {
        let _ = session.send_datagram(&datagram);
    }
}

/// Runs a client's future on tokio, within a minute.
pub fn on_tokio<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), future).await.expect("the test ends") })
}

/// Accepts any certificate: the hostile clients do not care whom they attack.
#[derive(Debug)]
struct Trusting(std::sync::Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _end_entity: &rustls::pki_types::CertificateDer<'_>,
        _intermediates: &[rustls::pki_types::CertificateDer<'_>],
        _server_name: &rustls::pki_types::ServerName<'_>,
        _ocsp_response: &[u8],
        _now: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &rustls::pki_types::CertificateDer<'_>,
        _dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("QUIC has no TLS 1.2".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &rustls::pki_types::CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The bytes a hostile HTTP/3 client puts together by hand.
pub mod bytes {
    pub fn varint(value: u64) -> Vec<u8> {
        match value {
            0..0x40 => vec![value as u8],
            0x40..0x4000 => (0x4000 | value as u16).to_be_bytes().to_vec(),
            0x4000..0x4000_0000 => (0x8000_0000 | value as u32).to_be_bytes().to_vec(),
            _ => (0xc000_0000_0000_0000 | value).to_be_bytes().to_vec(),
        }
    }

    pub fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
        [varint(kind), varint(payload.len() as u64), payload.to_vec()].concat()
    }

    /// Stream type 0 and settings that ask for WebTransport.
    pub fn control_stream() -> Vec<u8> {
        let settings = [(0x08, 1), (0x33, 1), (0x2b60_3742, 1)];
        let payload: Vec<u8> = settings.iter().flat_map(|(id, value)| [varint(*id), varint(*value)].concat()).collect();
        [vec![0], frame(0x04, &payload)].concat()
    }
}
