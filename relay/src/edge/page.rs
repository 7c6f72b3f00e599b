//! What the public port serves beside sessions: the demo page, where it is switched on.

use std::net::SocketAddr;

use base64::Engine as _;

/// The files of the demo, as built into the binary.
pub struct Page {
    /// False: every path is unknown.
    pub demo: bool,
    config: String,
}

struct File {
    path: &'static str,
    content_type: &'static str,
    body: &'static [u8],
}

macro_rules! files {
    ($($path:literal, $type:literal, $file:literal;)*) => {
        &[$(File { path: $path, content_type: $type, body: include_bytes!(concat!("../../../clients/web/", $file)) },)*]
    };
}

const FILES: &[File] = files! {
    "/", "text/html; charset=utf-8", "index.html";
    "/style.css", "text/css; charset=utf-8", "style.css";
    "/app.js", "text/javascript; charset=utf-8", "app.js";
    "/chasqui.js", "text/javascript; charset=utf-8", "chasqui.js";
    "/codes.js", "text/javascript; charset=utf-8", "codes.js";
};

impl Page {
    pub fn off() -> Self {
        Self { demo: false, config: String::new() }
    }

    /// The demo of a server at `public`, whose WebTransport certificate has that SHA-256.
    pub fn demo(public: SocketAddr, cert_sha256: Option<[u8; 32]>) -> Self {
        let hash = cert_sha256.map(|hash| base64::engine::general_purpose::STANDARD.encode(hash));
        let config = serde_json::json!({
            "wtUrl": hash.as_ref().map(|_| format!("https://{public}/wt")),
            "wsUrl": format!("ws://{public}/ws"),
            "certHash": hash,
        });
        Self { demo: true, config: config.to_string() }
    }

    /// Content type and body of a path.
    pub fn get(&self, path: &str) -> Option<(&'static str, &[u8])> {
        if !self.demo {
            return None;
        }
        if path == "/demo/config.json" {
            return Some(("application/json", self.config.as_bytes()));
        }
        let path = if path == "/index.html" { "/" } else { path };
        FILES.iter().find(|file| file.path == path).map(|file| (file.content_type, file.body))
    }
}
