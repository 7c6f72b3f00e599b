//! The one table of settings. Adding a setting means a field in `Config`, its default, and a line here.

use super::Config;
use super::value::{Raw, Setting, allowed_of, parse_in_range};

/// Least and greatest value, written as in the file.
pub type Range = (&'static str, &'static str);
/// Puts a value into its place, or says what is wrong with it.
type Set = fn(&mut Config, &Raw, Option<Range>) -> Result<(), String>;

/// One setting, as the loader, the printers and the suggestions see it.
#[derive(Debug)]
pub struct Field {
    /// Dotted path in the TOML file and name for `--set`.
    pub key: &'static str,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    pub range: Option<Range>,
    pub(super) kind: fn(&Config) -> &'static str,
    /// The value as TOML.
    pub get: fn(&Config) -> String,
    pub(super) set: Set,
}

impl Field {
    /// What may stand there, as a phrase: "a duration such as ...".
    pub fn allowed(&self) -> String {
        let kind = (self.kind)(&Config::default());
        match self.range {
            Some((least, most)) => format!("{kind}, from {least} to {most}"),
            None => kind.to_owned(),
        }
    }

    /// Values of such settings are never repeated in a message.
    pub fn is_secret(&self) -> bool {
        self.key == "auth.secrets"
    }

    pub fn section(&self) -> Option<&'static str> {
        self.key.rsplit_once('.').map(|(section, _)| section)
    }

    pub fn name(&self) -> &'static str {
        self.key.rsplit('.').next().unwrap_or(self.key)
    }
}

/// The rule for environment variables: `CHASQUI_`, then the key in capitals with `_` for every dot.
pub fn env_name(key: &str) -> String {
    format!("CHASQUI_{}", key.replace('.', "_").to_uppercase())
}

pub(super) fn find(key: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.key == key)
}

macro_rules! fields {
    ($( $($path:ident).+ $([$least:literal .. $most:literal])? $doc:literal; )*) => {
        pub static FIELDS: &[Field] = &[ $( Field {
            key: fields!(@key $($path).+),
            doc: $doc,
            range: fields!(@range $($least $most)?),
            kind: |config| allowed_of(&config.$($path).+),
            get: |config| config.$($path).+.render(),
            set: |config, raw, range| {
                config.$($path).+ = parse_in_range(raw, range)?;
                Ok(())
            },
        } ),* ];
    };
    (@key $first:ident) => { stringify!($first) };
    (@key $first:ident . $second:ident) => { concat!(stringify!($first), ".", stringify!($second)) };
    (@range) => { None };
    (@range $least:literal $most:literal) => { Some(($least, $most)) };
}

fields! {
    data
        "Folder of everything the relay keeps. One relay at a time may use it.";
    server.listen
        "Public address: WebSocket over TCP, WebTransport over UDP on the same number. Port 0 lets the system choose; the chosen port is printed.";
    server.internal_listen
        "Address of /healthz and /readyz. Keep it on a private interface. With --dev the default port is 0.";
    server.shards
        "Shard threads; auto is one for each core the process may use.";
    server.driver
        "How shards talk to the kernel. auto takes io_uring where it works and epoll elsewhere; `chasqui doctor` says which and why.";
    server.drain_within ["1s" .. "10m"]
        "After SIGTERM, how long the relay may take to finish, commit and say goodbye before it exits non-zero.";
    server.allowed_origins
        "Web origins (scheme://host[:port]) whose pages may connect; \"*\" admits all. If empty: with --dev all, else only pages of the same host. Clients that are not browsers send no origin and are not concerned.";
    tls.certificate_file
        "PEM file with the certificate chain. WebTransport needs TLS; with --dev a short-lived certificate is generated.";
    tls.key_file
        "PEM file with the certificate's private key.";
    auth.secrets
        "HMAC secrets in base64, at least 32 bytes each once decoded (48 to admit HS384, 64 for HS512). Several allow rotation.";
    auth.secret_files
        "Files whose whole content, less one final line break, is an HMAC secret.";
    auth.public_key_files
        "PEM files with one public key each: RSA (2048 bits or more), P-256, P-384 or Ed25519.";
    auth.jwks_file
        "JSON Web Key Set; a token's `kid` selects the key.";
    auth.algorithms
        "Admits only these of the algorithms that the keys allow. If empty: all of them. Never `none`.";
    auth.issuers
        "A token's `iss` must be one of these. If empty: not checked.";
    auth.audiences
        "A token's `aud` must name one of these. If empty: not checked, so tokens made for other services of the same issuer are admitted.";
    auth.leeway ["0s" .. "5m"]
        "How far the issuer's clock may be off when `exp` and `nbf` are checked. With --dev the default is 0s.";
    auth.cookie
        "Name of a cookie that may carry the token. If empty: cookies are not looked at.";
    limits.frame_size ["1KiB" .. "16MiB"]
        "Largest frame a client may send.";
    limits.outbox_size ["16KiB" .. "256MiB"]
        "Bytes that may wait for one slow reader before its session is closed with 4001; it reconnects and syncs.";
    limits.sessions_per_user ["1" .. "100000"]
        "Live sessions one user may have at a time.";
    limits.sessions_per_node
        "Connections this process accepts: a number, or a share of the open-files limit (NOFILE).";
    limits.sends_per_second ["1" .. "1000000"]
        "Messages one user may send per second, over all sessions.";
    limits.send_burst ["1" .. "10000000"]
        "Messages one user may send at once after a quiet time.";
    limits.authenticate_within ["1s" .. "5m"]
        "A connection without a valid token is closed after this long.";
    websocket.ping_every ["1s" .. "1h"]
        "A quiet connection is pinged this often.";
    websocket.pong_within ["1s" .. "10m"]
        "An unanswered ping closes the connection with 4002 after this long.";
    quic.idle_timeout ["1s" .. "10m"]
        "A QUIC connection from which nothing comes for this long is gone; so a killed client is offline after it.";
    quic.keep_alive ["200ms" .. "5m"]
        "A quiet QUIC connection is kept open by a packet this often.";
    storage.engine
        "embedded keeps everything in the data folder and survives kill -9; memory keeps the newest 60 messages of each conversation and forgets all at exit.";
    storage.gather ["0s" .. "50ms"]
        "How long the embedded store, when busy, lets writes gather for one fsync; when idle it commits at once. More makes durable acks wait and saves CPU.";
    delivery.order
        "relay-first hands messages to recipients at memory speed and acknowledges after the commit; durable-first makes recipients wait for the commit too.";
    delivery.ack_delay ["0s" .. "100ms"]
        "How long an ack may wait for other frames to the same client, so that one write carries them. 0s: no ack waits; 10ms saves a busy relay many writes.";
    log.format
        "Lines for people, or one JSON object a line.";
    log.level
        "How much to log; directives as in \"info,chasqui_relay::auth=debug\" work too.";
}
