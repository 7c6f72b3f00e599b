//! The same plan on a server that knows rooms and nothing else.

use super::Scenario;
use crate::peer::{Opening, PeerPlan};

impl Scenario {
    /// Every conversation becomes a room that its members enter by name.
    pub fn on_floor(mut self, run: u64) -> Self {
        for peer in self.groups.iter_mut().flatten() {
            peer.opening = Opening::Enter(room(run, peer));
        }
        self
    }
}

fn room(run: u64, peer: &PeerPlan) -> String {
    match peer.opening {
        Opening::Greet(_) | Opening::BeGreeted => {
            let pair = peer.sender.unwrap_or(peer.hears.start);
            format!("{run:012x}-{pair}")
        }
        _ => format!("{run:012x}"),
    }
}
