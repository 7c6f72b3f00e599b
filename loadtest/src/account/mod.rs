//! The books: what was sent, acknowledged and received, and how long it took.
//!
//! - [`Flow`]: one sender as one receiver hears it: new, late or twice
//! - [`Pending`]: a sender's messages without an answer
//! - [`Tally`]: one thread's counts and histograms; [`Timeline`]: latency over time
//! - [`Progress`]: the few counts that all threads share, to see when everything has arrived

mod flow;
mod pending;
mod progress;
mod tally;
mod timeline;

pub use flow::{Arrival, Flow};
pub use pending::Pending;
pub use progress::{Progress, Snapshot};
pub use tally::{Counts, LatencyUs, Tally};
pub(crate) use tally::{record, us};
pub use timeline::Timeline;
