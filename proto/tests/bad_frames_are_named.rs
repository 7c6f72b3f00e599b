//! A frame that is refused is refused for the right reason, with its request id where that can be read.

mod dialect_common;

use chasqui_proto::codes::ErrorCode::{self, InvalidField, Malformed, TooLarge, UnknownType};
use chasqui_proto::command::{AckLevel, Command, Target};
use chasqui_proto::dialect::{DecodeError, Dialect, Scratch, decode_command, decode_event, encode_command};
use chasqui_proto::event::Event;
use chasqui_proto::ids::ConvId;
use chasqui_proto::limits::{
    CONTENT_BYTES_MAX, GROUP_MEMBERS_MAX, REQUEST_ID_BYTES_MAX, SYNC_CURSORS_MAX, SYNC_NEXT_BYTES_MAX, TITLE_BYTES_MAX,
    TOKEN_BYTES_MAX, USER_ID_BYTES_MAX,
};
use dialect_common::samples;

const CONV: &str = "09365e93-df47-8b1f-b72c-8fb282fc075e";
const CLIENT: &str = "0192f0c1-2d3e-7f40-8a5b-6c7d8e9fa0b1";

fn json(text: &str) -> Result<(), DecodeError> {
    let mut scratch = Scratch::default();
    decode_command(Dialect::Json, text.as_bytes(), &mut scratch).map(drop)
}

/// `CONV` and `CLIENT` stand for their values; code, request id, field (or any reason).
const BAD: &[(&str, ErrorCode, &str, &str)] = &[
    // Not one JSON object.
    ("", Malformed, "", ""),
    ("   ", Malformed, "", ""),
    ("null", Malformed, "", ""),
    ("[]", Malformed, "", ""),
    ("\"CONNECT\"", Malformed, "", ""),
    ("{", Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"t"} x"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"t"}{}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"t",}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT" "token":"t"}"#, Malformed, "", ""),
    (r#"{type:"CONNECT","token":"t"}"#, Malformed, "", ""),
    (r#"{'type':'CONNECT'}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"t","x":nul}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"t","x":01}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"t","x":1.}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"t","x":+1}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"t","x":[1,]}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"\x"}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"\ud800"}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"\udc00\ud800"}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","x":{"y":"\ud800"}}"#, Malformed, "", ""),
    ("{\"type\":\"CONNECT\",\"token\":\"a\nb\"}", Malformed, "", ""),
    // Duplicates, also where one is escaped, unknown or null.
    (r#"{"type":"CONNECT","token":"t","token":"t"}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"t","t\u006fken":"t"}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":"t","x":1,"x":1}"#, Malformed, "", ""),
    (r#"{"type":"CONNECT","token":null,"token":"t"}"#, Malformed, "", ""),
    (r#"{"type":"SYNC","id":"4","conversations":{"CONV":1,"CONV":2}}"#, InvalidField, "4", "conversations"),
    // The type.
    ("{}", Malformed, "", ""),
    (r#"{"id":"7","token":"t"}"#, Malformed, "7", ""),
    (r#"{"type":null,"id":"7"}"#, Malformed, "7", ""),
    (r#"{"type":1,"id":"7"}"#, InvalidField, "7", "type"),
    (r#"{"type":"NOPE","id":"7"}"#, UnknownType, "7", ""),
    (r#"{"id":"7","type":"connect","token":"t"}"#, UnknownType, "7", ""),
    (r#"{"type":"MESSAGE_ACK","id":"7"}"#, UnknownType, "7", ""),
    // Fields.
    (r#"{"type":"CONNECT","id":7,"token":"t"}"#, InvalidField, "", "id"),
    (r#"{"type":"CONNECT","id":"7"}"#, InvalidField, "7", "token"),
    (r#"{"type":"CONNECT","id":"7","token":null}"#, InvalidField, "7", "token"),
    (r#"{"type":"CONNECT","id":"7","token":["t"]}"#, InvalidField, "7", "token"),
    (r#"{"type":"SEND_MESSAGE","clientId":"CLIENT","content":"c","id":"7"}"#, InvalidField, "7", "conversationId"),
    (r#"{"type":"SEND_MESSAGE","to":"","clientId":"CLIENT","content":"c"}"#, InvalidField, "", "to"),
    (r#"{"type":"SEND_MESSAGE","to":"a\nb","clientId":"CLIENT","content":"c"}"#, InvalidField, "", "to"),
    (r#"{"type":"SEND_MESSAGE","to":1,"clientId":"CLIENT","content":"c"}"#, InvalidField, "", "to"),
    (
        r#"{"type":"SEND_MESSAGE","to":"b","conversationId":"CONV","clientId":"CLIENT","content":"c"}"#,
        InvalidField,
        "",
        "to",
    ),
    (
        r#"{"type":"SEND_MESSAGE","conversationId":"x","clientId":"CLIENT","content":"c"}"#,
        InvalidField,
        "",
        "conversationId",
    ),
    (r#"{"type":"SEND_MESSAGE","to":"b","content":"c"}"#, InvalidField, "", "clientId"),
    (r#"{"type":"SEND_MESSAGE","to":"b","clientId":"1","content":"c"}"#, InvalidField, "", "clientId"),
    (r#"{"type":"SEND_MESSAGE","to":"b","clientId":"CLIENT"}"#, InvalidField, "", "content"),
    (r#"{"type":"SEND_MESSAGE","to":"b","clientId":"CLIENT","content":{}}"#, InvalidField, "", "content"),
    (r#"{"type":"SEND_MESSAGE","to":"b","clientId":"CLIENT","content":"c","ack":"soon"}"#, InvalidField, "", "ack"),
    (
        r#"{"type":"SEND_MESSAGE","to":"b","clientId":"CLIENT","content":"c","resend":"true"}"#,
        InvalidField,
        "",
        "resend",
    ),
    (r#"{"type":"MARK_AS_READ","conversationId":"CONV"}"#, InvalidField, "", "seq"),
    (r#"{"type":"MARK_AS_READ","conversationId":"CONV","seq":-1}"#, InvalidField, "", "seq"),
    (r#"{"type":"MARK_AS_READ","conversationId":"CONV","seq":-0}"#, InvalidField, "", "seq"),
    (r#"{"type":"MARK_AS_READ","conversationId":"CONV","seq":1.0}"#, InvalidField, "", "seq"),
    (r#"{"type":"MARK_AS_READ","conversationId":"CONV","seq":1e3}"#, InvalidField, "", "seq"),
    (r#"{"type":"MARK_AS_READ","conversationId":"CONV","seq":"1"}"#, InvalidField, "", "seq"),
    (r#"{"type":"MARK_AS_READ","conversationId":"CONV","seq":18446744073709551616}"#, InvalidField, "", "seq"),
    (r#"{"type":"CREATE_CONVERSATION","clientId":"CLIENT"}"#, InvalidField, "", "members"),
    (r#"{"type":"CREATE_CONVERSATION","clientId":"CLIENT","members":"bob"}"#, InvalidField, "", "members"),
    (r#"{"type":"CREATE_CONVERSATION","clientId":"CLIENT","members":[1]}"#, InvalidField, "", "members"),
    (r#"{"type":"CREATE_CONVERSATION","clientId":"CLIENT","members":["bob",""]}"#, InvalidField, "", "members"),
    (r#"{"type":"CREATE_CONVERSATION","members":["bob"]}"#, InvalidField, "", "clientId"),
    (r#"{"type":"ADD_MEMBER","conversationId":"CONV"}"#, InvalidField, "", "userId"),
    (r#"{"type":"TYPING_START"}"#, InvalidField, "", "conversationId"),
    (r#"{"type":"SYNC","id":"4","conversations":{"x":1}}"#, InvalidField, "4", "conversations"),
    (r#"{"type":"SYNC","id":"4","conversations":{"CONV":"1"}}"#, InvalidField, "4", "conversations"),
    (r#"{"type":"SYNC","id":"4","conversations":["CONV"]}"#, InvalidField, "4", "conversations"),
    (r#"{"type":"SYNC","id":"4","next":1}"#, InvalidField, "4", "next"),
];

#[test]
fn each_bad_object_gets_its_code_id_and_field() {
    for (text, code, id, field) in BAD {
        let error = json(&text.replace("CONV\"", &format!("{CONV}\"")).replace("CLIENT", CLIENT)).expect_err(text);
        assert_eq!((error.code, error.id.as_str()), (*code, *id), "{text}");
        if *code == InvalidField {
            assert_eq!(error.what, *field, "{text}");
            assert!(error.message().contains(field), "{text}");
        }
    }
}

#[test]
fn what_is_unusual_but_right_is_accepted() {
    for text in [
        " {\t\"type\" :\r\n\"CONNECT\" , \"token\":\"t\" } \r\n",
        r#"{"token":"t","x":[{"y":[1,-2.5e+7,true,false,null,"\ud83d\ude00"]}],"type":"CONNECT"}"#,
        r#"{"\u0074ype":"CONN\u0045CT","token":"t","id":null}"#,
        r#"{"type":"SYNC"}"#,
        r#"{"type":"SYNC","conversations":{},"next":null}"#,
        r#"{"type":"CREATE_CONVERSATION","clientId":"0192F0C1-2D3E-7F40-8A5B-6C7D8E9FA0B1","members":[]}"#,
    ] {
        assert_eq!(json(text), Ok(()), "{text}");
    }
}

#[test]
fn ack_and_resend_may_be_left_out() {
    let text = format!(r#"{{"type":"SEND_MESSAGE","to":"bob","clientId":"{CLIENT}","content":"hi"}}"#);
    let mut scratch = Scratch::default();
    let command = decode_command(Dialect::Json, text.as_bytes(), &mut scratch);
    assert!(matches!(command, Ok(Command::Send { id: "", ack: AckLevel::Durable, resend: false, .. })), "{command:?}");
}

#[test]
fn depth_and_number_of_fields_are_bounded() {
    let nested = |depth: usize| format!(r#"{{"type":"SYNC","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert_eq!(json(&nested(31)), Ok(()));
    assert_eq!(json(&nested(32)).expect_err("too deep").code, Malformed);
    assert_eq!(json(&nested(30_000)).expect_err("too deep").code, Malformed);
    let wide = |fields: usize| {
        let more: String = (0..fields).map(|i| format!(",\"x{i}\":0")).collect();
        format!(r#"{{"type":"SYNC"{more}}}"#)
    };
    assert_eq!(json(&wide(31)), Ok(()));
    assert_eq!(json(&wide(32)).expect_err("too wide").code, Malformed);
}

/// Encodes a command that breaks a limit; both dialects must say so.
#[track_caller]
fn over_limit(command: &Command<'_>, code: ErrorCode, field: &str) {
    for dialect in Dialect::ALL {
        let mut bytes = Vec::new();
        encode_command(dialect, command, &mut bytes);
        let mut scratch = Scratch::default();
        let error = decode_command(dialect, &bytes, &mut scratch).expect_err(field);
        assert_eq!((error.code, error.what), (code, field), "{dialect:?}");
        let echoed = if command.id().len() > REQUEST_ID_BYTES_MAX { "" } else { command.id() };
        assert_eq!(error.id, echoed, "{dialect:?} {field}");
    }
}

#[test]
fn each_limit_holds_in_both_dialects() {
    let client_id = samples::client_id();
    let long = |bytes: usize| "x".repeat(bytes + 1);
    let (id, token, title) = (long(REQUEST_ID_BYTES_MAX), long(TOKEN_BYTES_MAX), long(TITLE_BYTES_MAX));
    let (user, next, content) = (long(USER_ID_BYTES_MAX), long(SYNC_NEXT_BYTES_MAX), long(CONTENT_BYTES_MAX));
    let conv = samples::direct();
    let send =
        |target, content| Command::Send { id: "9", target, client_id, content, ack: AckLevel::Durable, resend: false };
    let create = |title, members| Command::CreateConversation { id: "9", client_id, title, members };
    over_limit(&Command::Authenticate { id: &id, token: "t" }, InvalidField, "id");
    over_limit(&Command::Authenticate { id: "9", token: &token }, InvalidField, "token");
    over_limit(&send(Target::User(&user), ""), InvalidField, "to");
    over_limit(&send(Target::User(""), ""), InvalidField, "to");
    over_limit(&send(Target::Conversation(conv), &content), TooLarge, "content");
    over_limit(&create(&title, vec![]), InvalidField, "title");
    over_limit(&create("", vec!["bob", "a\u{85}b"]), InvalidField, "members");
    over_limit(&create("", vec!["b"; GROUP_MEMBERS_MAX + 1]), InvalidField, "members");
    over_limit(&Command::AddMember { id: "9", conv, user: &user }, InvalidField, "userId");
    over_limit(&Command::Sync { id: "9", cursors: vec![], next: &next }, InvalidField, "next");
}

#[test]
fn cursors_are_bounded_and_distinct() {
    let conv = |i: usize| ConvId([(i >> 8) as u8, i as u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let many = (0..=SYNC_CURSORS_MAX).map(|i| (conv(i), 0)).collect();
    over_limit(&Command::Sync { id: "9", cursors: many, next: "" }, InvalidField, "conversations");
    for twice in [vec![(conv(1), 0), (conv(1), 1)], vec![(conv(2), 0), (conv(1), 1), (conv(2), 3)]] {
        over_limit(&Command::Sync { id: "9", cursors: twice, next: "" }, InvalidField, "conversations");
    }
}

#[test]
fn a_refusal_becomes_an_answer_with_the_same_id() {
    let error = json(r#"{"type":"CONNECT","id":"7"}"#).expect_err("no token");
    let Event::Error { id, code, message, retry_after_ms: 0 } = error.into_event() else { panic!("not an error") };
    assert_eq!((id.as_str(), code), ("7", InvalidField));
    assert!(message.contains("\"token\""));
}

#[test]
fn an_event_of_a_later_server_is_read_as_far_as_known() {
    let text = r#"{"type":"ERROR","id":"1","code":403,"name":"brand_new","message":"No.","retry":false,"hint":{}}"#;
    let event = decode_event(Dialect::Json, text.as_bytes()).expect("an error");
    let expected =
        Event::Error { id: "1".into(), code: ErrorCode::NotAParticipant, message: "No.".into(), retry_after_ms: 0 };
    assert_eq!(event, expected);
}

#[test]
fn every_json_frame_cut_short_or_followed_by_junk_is_refused() {
    for (name, frame) in dialect_common::sample_frames(Dialect::Json) {
        let outcome = |bytes: &[u8]| {
            let mut scratch = Scratch::default();
            match decode_command(Dialect::Json, bytes, &mut scratch).map(drop) {
                Err(e) if e.code == UnknownType => decode_event(Dialect::Json, bytes).map(drop),
                other => other,
            }
        };
        assert_eq!(outcome(&frame), Ok(()), "{name}");
        for len in 0..frame.len() {
            assert_eq!(outcome(&frame[..len]).expect_err(name).code, Malformed, "{name} cut at {len}");
        }
        for junk in ["x", "}", "{}", ",", "\0", "\u{feff}"] {
            let bytes = [&frame[..], junk.as_bytes()].concat();
            assert_eq!(outcome(&bytes).expect_err(name).code, Malformed, "{name} + {junk:?}");
            let bytes = [junk.as_bytes(), &frame[..]].concat();
            assert_eq!(outcome(&bytes).expect_err(name).code, Malformed, "{junk:?} + {name}");
        }
    }
}
