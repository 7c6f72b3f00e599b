//! Where to connect, how to show the token, what to trust.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chasqui_client_rules::Config;
use chasqui_proto::dialect::Dialect;
use rustls::RootCertStore;
use url::Url;

/// Name look-up, handshakes and the upgrade together.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// The server pings every 25 s and expects its pong within 8; a connection silent for longer than this is dead.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// Where the token is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TokenIn {
    /// `Authorization: Bearer`.
    #[default]
    Header,
    /// `bearer.<token>` among the offered subprotocols: all that a browser's WebSocket can do.
    Subprotocol,
    /// `?token=`.
    Query,
    /// The first frame.
    FirstFrame,
}

/// Whose certificates are accepted by `wss` and WebTransport.
#[derive(Clone, Default)]
pub enum Trust {
    /// The machine's own roots.
    #[default]
    Native,
    Roots(Arc<RootCertStore>),
    /// Exactly the certificates with these SHA-256 hashes, whatever name they carry: for development.
    CertHashes(Vec<[u8; 32]>),
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "Native",
            Self::Roots(_) => "Roots",
            Self::CertHashes(_) => "CertHashes",
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    WebSocket,
    WebTransport,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OptionsError {
    #[error("not a URL: {0}")]
    Url(#[from] url::ParseError),
    #[error("the scheme must be ws, wss or https, not {0}")]
    Scheme(String),
    #[error("the URL names no host")]
    NoHost,
}

type TokenSource = Arc<dyn Fn() -> String + Send + Sync>;

/// Options of a connection, and of the client that keeps it up.
#[derive(Clone)]
pub struct ConnectOptions {
    pub(crate) url: Url,
    pub(crate) transport: Transport,
    pub(crate) token: TokenSource,
    pub(crate) token_in: TokenIn,
    pub(crate) dialect: Dialect,
    pub(crate) datagrams: bool,
    pub(crate) trust: Trust,
    pub(crate) connect_wait: Duration,
    pub(crate) silence_max: Option<Duration>,
    pub(crate) local_ip: Option<IpAddr>,
    pub(crate) receive_buffer_bytes: Option<u32>,
    pub(crate) rules: Config,
}

impl ConnectOptions {
    /// `ws://` and `wss://` mean WebSocket (path `/ws` unless given), `https://` WebTransport (path `/wt`).
    pub fn new(url: &str) -> Result<Self, OptionsError> {
        let mut url = Url::parse(url)?;
        let transport = match url.scheme() {
            "ws" | "wss" => Transport::WebSocket,
            "https" => Transport::WebTransport,
            other => return Err(OptionsError::Scheme(other.to_owned())),
        };
        if url.host().is_none() {
            return Err(OptionsError::NoHost);
        }
        if url.path() == "/" {
            url.set_path(if transport == Transport::WebSocket { "/ws" } else { "/wt" });
        }
        Ok(Self {
            url,
            transport,
            token: Arc::new(String::new),
            token_in: TokenIn::default(),
            dialect: Dialect::Native,
            datagrams: false,
            trust: Trust::default(),
            connect_wait: CONNECT_WAIT,
            silence_max: Some(SILENCE_MAX),
            local_ip: None,
            receive_buffer_bytes: None,
            rules: Config { mark_delivered_after: Some(0), ..Config::default() },
        })
    }

    pub fn token(self, token: impl Into<String>) -> Self {
        let token = token.into();
        self.token_from(move || token.clone())
    }
    /// Asked for a token before each connection, so that an expired one can be replaced.
    pub fn token_from(mut self, source: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.token = Arc::new(source);
        self
    }
    pub fn token_in(mut self, place: TokenIn) -> Self {
        self.token_in = place;
        self
    }
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }
    /// Typing goes and comes as datagrams, which may be lost or overtake one another. Only on WebTransport.
    pub fn datagrams(mut self, datagrams: bool) -> Self {
        self.datagrams = datagrams;
        self
    }
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }
    pub fn connect_wait(mut self, wait: Duration) -> Self {
        self.connect_wait = wait;
        self
    }
    /// `None`: the connection is never given up for being silent. Only for WebSocket; QUIC has its own idle timeout.
    pub fn silence_max(mut self, silence: Option<Duration>) -> Self {
        self.silence_max = silence;
        self
    }
    /// The own address to connect from; otherwise the system chooses.
    pub fn local_ip(mut self, ip: IpAddr) -> Self {
        self.local_ip = Some(ip);
        self
    }
    /// What the system may hold for a WebSocket that is not read; otherwise the system chooses.
    pub fn receive_buffer_bytes(mut self, bytes: u32) -> Self {
        self.receive_buffer_bytes = Some(bytes);
        self
    }
    /// Options of the client rules; by default everything received is marked as delivered at once.
    pub fn rules(mut self, rules: Config) -> Self {
        self.rules = rules;
        self
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.url.scheme() != "ws"
    }

    pub(crate) fn uses_datagrams(&self) -> bool {
        self.datagrams && self.transport == Transport::WebTransport
    }

    /// The URL with what this connection carries in its query.
    pub(crate) fn full_url(&self, token: &str) -> Url {
        let mut url = self.url.clone();
        if self.transport == Transport::WebTransport && self.dialect == Dialect::Json {
            url.query_pairs_mut().append_pair("dialect", self.dialect.name());
        }
        if self.uses_datagrams() {
            url.query_pairs_mut().append_pair("datagrams", "1");
        }
        if self.token_in == TokenIn::Query {
            url.query_pairs_mut().append_pair("token", token);
        }
        url
    }
}

/// Never shows the token.
impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, dialect, token_in, trust, .. } = self;
        write!(f, "ConnectOptions({url}, {dialect:?}, token in {token_in:?}, {trust:?})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_chooses_the_transport_and_its_path() {
        for (given, transport, full) in [
            ("ws://h:1", Transport::WebSocket, "ws://h:1/ws"),
            ("wss://h/api/chat/ws", Transport::WebSocket, "wss://h/api/chat/ws"),
            ("https://h:1/", Transport::WebTransport, "https://h:1/wt"),
        ] {
            let options = ConnectOptions::new(given).unwrap();
            assert_eq!(options.transport, transport, "{given}");
            assert_eq!(options.full_url("t").as_str(), full);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert_eq!(ConnectOptions::new("http://h").unwrap_err(), OptionsError::Scheme("http".into()));
        assert!(matches!(ConnectOptions::new("nothing").unwrap_err(), OptionsError::Url(_)));
    }

    #[test]
    fn the_query_carries_dialect_and_token() {
        let options = ConnectOptions::new("https://h/wt?x=1").unwrap();
        let options = options.dialect(Dialect::Json).token_in(TokenIn::Query);
        assert_eq!(options.full_url("a&b").as_str(), "https://h/wt?x=1&dialect=json&token=a%26b");
    }

    #[test]
    fn datagrams_are_asked_for_where_there_are_any() {
        for (given, full) in [("ws://h", "ws://h/ws"), ("https://h", "https://h/wt?datagrams=1")] {
            assert_eq!(ConnectOptions::new(given).unwrap().datagrams(true).full_url("t").as_str(), full);
        }
    }

    #[test]
    fn debug_output_has_no_token() {
        let options = ConnectOptions::new("ws://h").unwrap().token("secret").token_in(TokenIn::Query);
        assert!(!format!("{options:?}").contains("secret"));
    }
}
