//! Our reader accepts a text exactly if an independent one does, and unescapes to the same strings.

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::Command;
use chasqui_proto::dialect::{Dialect, Scratch, decode_command};
use proptest::prelude::*;
use serde_json::Value;

/// Any JSON value, written with varied white space and escapes by the printers below.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no infinities", |f| f.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Whether our reader takes `text` as one object. A missing type or an odd `id` comes after the syntax.
fn ours(text: &[u8]) -> bool {
    let mut scratch = Scratch::default();
    match decode_command(Dialect::Json, text, &mut scratch) {
        Err(e) => e.code != ErrorCode::Malformed || e.what == "it has no type",
        Ok(_) => true,
    }
}

fn theirs(text: &[u8]) -> bool {
    matches!(serde_json::from_slice::<Value>(text), Ok(Value::Object(_)))
}

/// Escapes every UTF-16 unit that `mask` says.
fn escaped(text: &str, mask: u64) -> String {
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        let must = c < ' ' || c == '"' || c == '\\';
        if must || mask >> (i % 64) & 1 == 1 {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out += &format!("\\u{unit:04X}"));
        } else {
            out.push(c);
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_is_skipped(value in value(), pretty in any::<bool>()) {
        let inner = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }
            .expect("a value has a text");
        let text = format!("{{\"type\":\"SYNC\",\"zz\":{inner}}}");
        let mut scratch = Scratch::default();
        prop_assert!(decode_command(Dialect::Json, text.as_bytes(), &mut scratch).is_ok(), "{}", text);
    }

    #[test]
    fn one_changed_character_is_judged_alike(
        value in value(),
        at in any::<prop::sample::Index>(),
        new in prop::sample::select(b" {}[]:,\"\\0123e.-+truefalsn/\x00\x1f\x7f".to_vec()),
    ) {
        let mut text = format!("{{\"zz\":{value}}}").into_bytes();
        let at = at.index(text.len());
        text[at] = new;
        // Out of an f64's range is no flaw of syntax; two equal keys are none to serde_json.
        let verdict = serde_json::from_slice::<Value>(&text);
        prop_assume!(!matches!(&verdict, Err(e) if e.to_string().contains("out of range")));
        prop_assert_eq!(ours(&text), theirs(&text), "{}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn escapes_mean_the_same(token in any::<String>(), mask in any::<u64>()) {
        let text = format!("{{\"type\":\"CONNECT\",\"token\":\"{}\"}}", escaped(&token, mask));
        let parsed: Value = serde_json::from_str(&text).expect("valid JSON");
        prop_assert_eq!(parsed["token"].as_str(), Some(token.as_str()));
        let mut scratch = Scratch::default();
        let command = decode_command(Dialect::Json, text.as_bytes(), &mut scratch);
        prop_assert_eq!(command, Ok(Command::Authenticate { id: "", token: &token }));
    }
}
