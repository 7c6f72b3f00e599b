//! TLS for both kinds of port, with one crypto provider named on purpose.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, ServerConfig, SupportedProtocolVersion, version};

/// For QUIC: TLS 1.3, HTTP/3. Early data stays off, since it can be replayed.
pub fn quic(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Arc<ServerConfig>, Error> {
    config(chain, key, &[&version::TLS13], b"h3")
}

/// For TCP: HTTP/1.1, which WebSocket grows out of.
pub fn tcp(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Arc<ServerConfig>, Error> {
    config(chain, key, &[&version::TLS13, &version::TLS12], b"http/1.1")
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[u8],
) -> Result<Arc<ServerConfig>, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![alpn.to_vec()];
    // Tickets keep resumption's state with the client, so an idle server holds none of it.
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(Arc::new(config))
}
