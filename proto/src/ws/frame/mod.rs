//! From received bytes to messages.
//!
//! Place in the flow: a transport puts each chunk it receives into an [`Input`] and asks the connection's
//! [`Decoder`] for events until there are none. `head` reads frame heads, `partial` keeps what spans chunks
//! or fragments, `decoder` holds the rules of their sequence.

mod decoder;
mod event;
mod head;
mod input;
mod partial;

pub use decoder::Decoder;
pub use event::Event;
pub use head::Opcode;
pub use input::Input;
