//! Which web pages may connect.
//!
//! A browser sends the page's origin with every WebSocket and WebTransport handshake, and would attach
//! cookies for any page; so a page of a stranger must be refused before its token is looked at. Programs that
//! are not browsers send no origin and are not concerned.

/// Whether a handshake with this `Origin` (and `Host` or `:authority`) may go on. `allowed` is the
/// configuration's list; if it is empty, `dev` admits all pages and otherwise only those of the same host.
pub fn allowed(origin: Option<&str>, host: Option<&str>, allowed: &[String], dev: bool) -> bool {
    let Some(origin) = origin else { return true };
    match allowed {
        [] => dev || same_host(origin, host),
        list => list.iter().any(|it| it == "*" || it.trim_end_matches('/').eq_ignore_ascii_case(origin)),
    }
}

/// The origin's host and port are those the client asked for. The scheme is not compared, since a proxy in
/// front may have taken TLS off.
fn same_host(origin: &str, host: Option<&str>) -> bool {
    let Some((scheme, page)) = origin.split_once("://") else { return false };
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return false,
    };
    let bare = |text: &str| text.strip_suffix(default_port).unwrap_or(text).to_ascii_lowercase();
    host.is_some_and(|host| !page.is_empty() && bare(page) == bare(host))
}
