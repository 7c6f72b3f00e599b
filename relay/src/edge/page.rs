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
    body: &'static [u8],
}

macro_rules! files {
    ($($file:literal)*) => {
        &[$(File { path: concat!("/", $file), body: include_bytes!(concat!("../../../clients/web/", $file)) },)*]
    };
}

const FILES: &[File] = files! {
    "index.html" "style.css" "app.js" "chasqui.js" "codes.js"
    "sdk/backoff.js" "sdk/conversation.js" "sdk/ids.js" "sdk/marks.js" "sdk/memory.js" "sdk/outbox.js" "sdk/people.js"
    "sdk/race.js" "sdk/session.js" "sdk/sync.js" "sdk/timeline.js" "sdk/transport.js"
    "ui/composer.js" "ui/connection.js" "ui/dom.js" "ui/hood.js" "ui/people.js" "ui/thread.js"
};

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "text/javascript; charset=utf-8",
    }
}

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
        let path = if path == "/" { "/index.html" } else { path };
        FILES.iter().find(|file| file.path == path).map(|file| (content_type(path), file.body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Every module of the page, so that a new one is not forgotten.
    #[test]
    fn every_file_of_the_demo_is_in_the_binary() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../clients/web"));
        let mut missing = Vec::new();
        for folder in ["", "sdk", "ui"] {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let served = path.extension().is_some_and(|e| ["js", "css", "html"].iter().any(|x| e == *x));
                let name = format!("/{}", path.strip_prefix(root).unwrap().display());
                if served && !FILES.iter().any(|file| file.path == name) {
                    missing.push(name);
                }
            }
        }
        assert!(missing.is_empty(), "not embedded: {missing:?}");
    }
}
