//! The links of `serve --dev`: two users, each with a token, ready to click.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::auth::Signer;

/// How long a demo link's token is valid.
const LINK_TTL: Duration = Duration::from_secs(24 * 60 * 60);

pub fn print_links(public: SocketAddr, signer: &Signer) -> anyhow::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
    println!("\nOpen both, each in a tab of its own, and chat:\n");
    for (user, peer) in [("alice", "bob"), ("bob", "alice")] {
        let token = signer.sign(user, LINK_TTL, now)?;
        println!("  http://{public}/#user={user}&peer={peer}&token={token}\n");
    }
    println!("Add ?transport=ws or ?transport=wt before the # to force a transport. Ctrl-C stops.");
    Ok(())
}
