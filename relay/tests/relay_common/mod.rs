//! A real `chasqui` process and plain blocking clients.
#![allow(dead_code)]

pub mod datagrams;
pub mod metrics;
pub mod party;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Server {
    child: Child,
    pub public: SocketAddr,
    pub internal: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Server {
    pub fn start(data: &Path, args: &[&str]) -> Self {
        Self::start_at(data, "127.0.0.1:0", args)
    }

    pub fn start_at(data: &Path, listen: &str, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chasqui"))
            .args(["serve", "--dev", "--data", data.to_str().unwrap(), "--listen", listen])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().unwrap();
        let sink = log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                sink.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().and_then(Result::ok);
        let first = first.unwrap_or_else(|| panic!("the server says where it listens: {}", log.lock().unwrap()));
        let ports: Vec<SocketAddr> = first.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, public: ports[0], internal: ports[1], log }
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }

    pub fn ws_url(&self) -> String {
        format!("ws://{}/ws", self.public)
    }

    pub fn connect(&self, data: &Path, user: &str) -> Client {
        let mut client = self.open(&token(data, user, "1h"));
        assert_eq!(client.expect("CONNECT_SUCCESS")["userId"], user);
        client
    }

    /// A JSON WebSocket whose token came with the handshake.
    pub fn open(&self, token: &str) -> Client {
        self.try_open(&format!("{}?token={token}", self.ws_url()), "chasqui.v1.json").expect("an upgrade")
    }

    pub fn try_open(&self, url: &str, protocol: &str) -> Result<Client, tungstenite::Error> {
        let mut request = url.into_client_request()?;
        if !protocol.is_empty() {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        let stream = TcpStream::connect(self.public).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Client { socket }),
            Err(tungstenite::HandshakeError::Failure(error)) => Err(error),
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn token(data: &Path, user: &str, ttl: &str) -> String {
    let args = ["token", "--data", data.to_str().unwrap(), "--user", user, "--ttl", ttl];
    let output = Command::new(env!("CARGO_BIN_EXE_chasqui")).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub struct Client {
    pub socket: WebSocket<TcpStream>,
}

impl Client {
    pub fn send(&mut self, value: Value) {
        self.socket.send(Message::text(value.to_string())).unwrap();
    }

    pub fn message(&mut self, id: &str, to: &str, content: &str) -> String {
        let client_id = uuid::Uuid::new_v4().to_string();
        self.send(json!({"type": "SEND_MESSAGE", "id": id, "to": to, "clientId": client_id, "content": content}));
        client_id
    }

    /// The next frame, or the code of the close.
    pub fn next(&mut self) -> Result<Value, u16> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(close)) => {
                    return Err(close.map_or(CloseCode::Status, |close| close.code).into());
                }
                Ok(_) => {}
                Err(error) => panic!("the connection broke: {error}"),
            }
        }
    }

    /// The next frame of this type, others passed over.
    pub fn expect(&mut self, kind: &str) -> Value {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let frame = self.next().unwrap_or_else(|code| panic!("closed with {code} before {kind}"));
            if frame["type"] == kind {
                return frame;
            }
        }
        panic!("no {kind} came");
    }

    /// The code the server closes with, frames before it passed over.
    pub fn close_code(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next() {
                return code;
            }
        }
    }

    /// All messages of all conversations, page by page, as (seq, content).
    pub fn history(&mut self, conv: &str) -> Vec<(u64, String)> {
        let mut all = Vec::new();
        loop {
            let cursor = all.last().map_or(0, |(seq, _)| *seq);
            self.send(json!({"type": "SYNC", "id": "h", "conversations": {conv: cursor}}));
            let result = self.expect("SYNC_RESULT");
            let part = &result["conversations"][conv];
            for message in part["messages"].as_array().unwrap() {
                all.push((message["seq"].as_u64().unwrap(), message["content"].as_str().unwrap().to_owned()));
            }
            if part["more"] == false {
                return all;
            }
        }
    }
}

/// A plain HTTP/1.1 exchange: status and body.
pub fn http(addr: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The answer up to and with `wanted`, of a server that keeps the connection open.
pub fn http_until(addr: SocketAddr, request: &str, wanted: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&answer).contains(wanted) {
        let got = stream.read(&mut byte).unwrap();
        assert!(got > 0, "no {wanted} in {}", String::from_utf8_lossy(&answer));
        answer.extend(byte);
    }
    String::from_utf8_lossy(&answer).into_owned()
}
