//! What one side encodes, the other decodes to the same value; any alignment of the payload will do.

mod dialect_common;

use chasqui_proto::dialect::{Dialect, Scratch, decode_command, decode_event, encode_command, encode_event};
use dialect_common::any;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn commands_survive(owned in any::command(), shift in 0..8usize) {
        for dialect in Dialect::ALL {
            let mut frame = dialect_common::aligned(&vec![0; shift]);
            let mut bytes = Vec::new();
            encode_command(dialect, &owned.get(), &mut bytes);
            frame.extend_from_slice(&bytes);
            let mut scratch = Scratch::default();
            let decoded = decode_command(dialect, &frame[shift..], &mut scratch);
            prop_assert_eq!(decoded, Ok(owned.get()));
        }
    }

    #[test]
    fn events_survive(event in any::event(), shift in 0..8usize) {
        for dialect in Dialect::ALL {
            let mut frame = dialect_common::aligned(&vec![0; shift]);
            let mut bytes = Vec::new();
            encode_event(dialect, &event, &mut bytes);
            frame.extend_from_slice(&bytes);
            let decoded = decode_event(dialect, &frame[shift..]);
            prop_assert_eq!(decoded.as_ref(), Ok(&event));
        }
    }

    /// One scratch serves many frames, whatever was in it.
    #[test]
    fn a_scratch_is_reusable(commands in proptest::collection::vec(any::command(), 1..8)) {
        let mut scratch = Scratch::default();
        for (i, owned) in commands.iter().enumerate() {
            let dialect = Dialect::ALL[i % 2];
            let mut bytes = vec![0; 1];
            encode_command(dialect, &owned.get(), &mut bytes);
            prop_assert_eq!(decode_command(dialect, &bytes[1..], &mut scratch), Ok(owned.get()));
        }
    }
}

#[test]
fn frames_are_appended() {
    for dialect in Dialect::ALL {
        for (_, event) in dialect_common::samples::events() {
            let (mut alone, mut after) = (Vec::new(), b"before!".to_vec());
            encode_event(dialect, &event, &mut alone);
            encode_event(dialect, &event, &mut after);
            assert_eq!(&after[7..], alone);
        }
    }
}
