//! Golden bytes of every layout, and proof that nothing else decodes.

use super::*;

const CONV: ConvId = ConvId([0xc0; 16]);

fn bob() -> UserId {
    UserId::new("bob").unwrap()
}

fn hello(retracted: bool) -> Message {
    Message {
        conv: CONV,
        msg_id: MsgId(3),
        seq: 2,
        epoch: 0x0102,
        sender: bob(),
        client_id: ClientId([9; 16]),
        content: if retracted { "".into() } else { "hé".into() },
        at: 0x0304_0506,
        retracted,
    }
}

fn talk() -> ConversationRow {
    ConversationRow { conv: CONV, kind: ConvKind::Group, title: "tea".into(), created_by: bob(), created_at: 5 }
}

fn joined() -> MemberRow {
    MemberRow { conv: CONV, user: bob(), role: Role::Admin, joined_seq: 0x0201 }
}

fn seen() -> ReceiptRow {
    ReceiptRow { conv: CONV, user: bob(), kind: ReceiptKind::Read, seq: 6, at: 7 }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn golden_values() {
    let client = "09".repeat(16);
    let golden = [
        (message(&hello(false)), format!("01 00 0201000000000000 {client} 0605040300000000 03626f62 03000000 68c3a9")),
        (message(&hello(true)), format!("01 01 0201000000000000 {client} 0605040300000000 03626f62 00000000")),
        (dedupe(2, MsgId(3), 4), "01 0200000000000000 0300000000000000 0400000000000000".into()),
        (conversation(&talk()), "01 01 0500000000000000 03626f62 03000000 746561".into()),
        (member(&joined()), "01 01 0102000000000000".into()),
        (user_conv(), "01".into()),
        (receipt(&seen()), "01 0600000000000000 0700000000000000".into()),
    ];
    for (value, expected) in golden {
        assert_eq!(hex(&value), expected.replace(' ', ""));
    }
}

/// Decodes as the table says and gives the same bytes back.
fn again(table: &str, value: &[u8]) -> Result<Vec<u8>, DecodeError> {
    Ok(match table {
        "message" => message(&parse_message((CONV, 2, MsgId(3)), value)?),
        "dedupe" => parse_dedupe(value).map(|(seq, id, at)| dedupe(seq, id, at))?,
        "conversation" => conversation(&parse_conversation(CONV, value)?),
        "member" => member(&parse_member((CONV, bob()), value)?),
        "receipt" => receipt(&parse_receipt((CONV, bob(), ReceiptKind::Read), value)?),
        _ => unreachable!("{table}"),
    })
}

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("message", message(&hello(false))),
        ("message", message(&hello(true))),
        ("dedupe", dedupe(2, MsgId(3), 4)),
        ("conversation", conversation(&talk())),
        ("member", member(&joined())),
        ("receipt", receipt(&seen())),
    ]
}

#[test]
fn values_come_back_as_they_were() {
    for (table, value) in samples() {
        assert_eq!(again(table, &value), Ok(value), "{table}");
    }
    assert_eq!(parse_message((CONV, 2, MsgId(3)), &message(&hello(false))), Ok(hello(false)));
    assert_eq!(parse_conversation(CONV, &conversation(&talk())), Ok(talk()));
}

#[test]
fn every_other_length_is_refused_and_says_why() {
    for (table, value) in samples() {
        for len in 0..value.len() {
            let error = again(table, &value[..len]).expect_err("a cut value");
            assert_eq!(error, DecodeError { table: error.table, wrong: "it is too short" });
        }
        let error = again(table, &[&value[..], &[0]].concat()).expect_err("a long value");
        assert_eq!(error.to_string(), format!("a {table} row is damaged: it has trailing bytes"));
    }
}

#[test]
fn every_other_version_is_refused() {
    for (table, mut value) in samples() {
        value[0] = 2;
        let error = again(table, &value).expect_err("a later version");
        assert_eq!(error.to_string(), format!("a {table} row is damaged: its version is unknown to this program"));
    }
}

#[test]
fn unknown_flags_kinds_and_roles_are_refused() {
    for (table, mut value) in samples() {
        if matches!(table, "message" | "conversation" | "member") {
            value[1] = 0x80;
            assert!(again(table, &value).is_err(), "{table}");
        }
    }
}
