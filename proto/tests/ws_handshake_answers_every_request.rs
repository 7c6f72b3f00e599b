//! A right upgrade gets its 101, everything else a status that says what is wrong.

use chasqui_proto::ws::handshake::{self, RequestHead, Response, Status, UpgradeError, Version, check_upgrade};

/// RFC 6455's own example.
fn upgrade_request() -> RequestHead {
    RequestHead {
        method: "GET".into(),
        path: "/ws".into(),
        host: Some("example.org".into()),
        upgrade: Some("websocket".into()),
        connection: Some("Upgrade".into()),
        websocket_key: Some("dGhlIHNhbXBsZSBub25jZQ==".into()),
        websocket_version: Some("13".into()),
        websocket_protocol: Some("chat, chasqui.v1.json , chasqui.v1".into()),
        ..RequestHead::default()
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).expect("ASCII")
}

#[test]
fn the_rfc_example_is_switched() {
    let head = upgrade_request();
    let upgrade = check_upgrade(&head).unwrap();
    let protocol = head.choose_protocol(&["chasqui.v1", "chasqui.v1.json"]);
    let answer = written(|out| handshake::write_switching(out, &upgrade, protocol));
    assert_eq!(
        answer,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         Sec-WebSocket-Protocol: chasqui.v1.json\r\n\r\n"
    );
    let bare = written(|out| handshake::write_switching(out, &upgrade, None));
    assert!(!bare.contains("Protocol:"));
}

#[test]
fn tokens_are_found_whatever_their_case_and_company() {
    let table = [("WebSocket", "keep-alive, Upgrade"), ("h2c, WEBSOCKET", "UPGRADE"), ("websocket", ",upgrade ,x")];
    for (upgrade, connection) in table {
        let head =
            RequestHead { upgrade: Some(upgrade.into()), connection: Some(connection.into()), ..upgrade_request() };
        assert!(check_upgrade(&head).is_ok(), "{upgrade} / {connection}");
    }
}

#[test]
fn each_missing_part_is_named() {
    type Change = fn(&mut RequestHead);
    let table: &[(Change, UpgradeError, u16)] = &[
        (|head| head.method = "POST".into(), UpgradeError::NotGet, 405),
        (|head| head.method = "get".into(), UpgradeError::NotGet, 405),
        (|head| head.version = Version::Http10, UpgradeError::NotHttp11, 400),
        (|head| head.upgrade = None, UpgradeError::NotWebSocket, 426),
        (|head| head.upgrade = Some("websockets".into()), UpgradeError::NotWebSocket, 426),
        (|head| head.connection = None, UpgradeError::NoConnectionUpgrade, 400),
        (|head| head.connection = Some("keep-alive".into()), UpgradeError::NoConnectionUpgrade, 400),
        (|head| head.websocket_version = None, UpgradeError::UnsupportedVersion, 426),
        (|head| head.websocket_version = Some("8".into()), UpgradeError::UnsupportedVersion, 426),
        (|head| head.websocket_version = Some("13, 8".into()), UpgradeError::UnsupportedVersion, 426),
        (|head| head.websocket_key = None, UpgradeError::BadKey, 400),
        (|head| head.websocket_key = Some("".into()), UpgradeError::BadKey, 400),
        (|head| head.websocket_key = Some("c2hvcnQ=".into()), UpgradeError::BadKey, 400),
        (|head| head.websocket_key = Some("dGhlIHNhbXBsZSBub25jZQ".into()), UpgradeError::BadKey, 400),
        (|head| head.websocket_key = Some("dGhlIHNhbXBsZSBub25jZSE=".into()), UpgradeError::BadKey, 400),
        (|head| head.websocket_key = Some("!GhlIHNhbXBsZSBub25jZQ==".into()), UpgradeError::BadKey, 400),
    ];
    for (at, (change, expected, status)) in table.iter().enumerate() {
        let mut head = upgrade_request();
        change(&mut head);
        let error = check_upgrade(&head).expect_err("refused");
        assert_eq!((error, error.status().code()), (*expected, *status), "row {at}");
    }
}

#[test]
fn error_answers_close_and_carry_a_json_body() {
    let statuses = [
        (Status::BadRequest, "400 Bad Request", ""),
        (Status::Unauthorized, "401 Unauthorized", "WWW-Authenticate: Bearer\r\n"),
        (Status::Forbidden, "403 Forbidden", ""),
        (Status::NotFound, "404 Not Found", ""),
        (Status::MethodNotAllowed, "405 Method Not Allowed", "Allow: GET, HEAD\r\n"),
        (Status::UpgradeRequired, "426 Upgrade Required", "Sec-WebSocket-Version: 13\r\n"),
        (Status::HeaderFieldsTooLarge, "431 Request Header Fields Too Large", ""),
        (Status::ServiceUnavailable, "503 Service Unavailable", "Retry-After: 1\r\n"),
    ];
    for (status, line, header) in statuses {
        let answer = written(|out| handshake::write_error(out, status, "some_name", "A \"sentence\"."));
        let (head, body) = answer.split_once("\r\n\r\n").expect("an empty line");
        assert!(head.starts_with(&format!("HTTP/1.1 {line}\r\n")), "{head}");
        assert!(head.contains(header) && head.ends_with("Connection: close"), "{head}");
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        let expected = serde_json::json!({"code": status.code(), "name": "some_name", "message": "A \"sentence\"."});
        assert_eq!(body, expected);
    }
}

#[test]
fn pages_are_served_and_head_requests_get_no_body() {
    let page = Response {
        status: Status::Ok,
        content_type: "text/html; charset=utf-8",
        headers: &[("Cache-Control", "no-cache")],
        body: b"<p>hi</p>",
        keep_alive: true,
        head_only: false,
    };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 9\r\n\
        Cache-Control: no-cache\r\nConnection: keep-alive\r\n\r\n";
    assert_eq!(written(|out| page.write(out)), format!("{head}<p>hi</p>"));
    let head_only = Response { head_only: true, ..page };
    assert_eq!(written(|out| head_only.write(out)), head);
}
