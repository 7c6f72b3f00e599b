//! Each carrier is read as browsers and libraries write it, and the order between them is fixed.

use chasqui_relay::auth::carrier::{self, Carriers};
use chasqui_relay::auth::origin;

#[test]
fn authorization_bearer() {
    let cases = [
        ("Bearer a.b.c", Some("a.b.c")),
        ("bearer a.b.c", Some("a.b.c")),
        (" BEARER   a.b.c ", Some("a.b.c")),
        ("Bearer", None),
        ("Bearer ", None),
        ("Basic YTpi", None),
        ("a.b.c", None),
        ("", None),
    ];
    for (value, expected) in cases {
        assert_eq!(carrier::from_authorization(value), expected, "{value:?}");
    }
}

#[test]
fn subprotocols() {
    let cases = [
        ("chasqui.v1.json, bearer.a.b.c", Some("a.b.c")),
        ("bearer.a.b.c,chasqui.v1", Some("a.b.c")),
        ("chasqui.v1", None),
        ("bearer.", None),
        ("xbearer.a.b.c", None),
        ("", None),
    ];
    for (value, expected) in cases {
        assert_eq!(carrier::from_subprotocols(value), expected, "{value:?}");
    }
}

#[test]
fn query_with_percent_escapes() {
    let cases = [
        ("token=a.b.c", Some("a.b.c")),
        ("dialect=json&token=a.b.c&x=1", Some("a.b.c")),
        ("token=a%2Eb%2ec", Some("a.b.c")),
        ("token=a%C3%A9", Some("aé")),
        ("token=a+b", Some("a+b")),
        ("token=first&token=second", Some("first")),
        ("token=", None),
        ("token", None),
        ("mytoken=a", None),
        ("", None),
        // Undecodable: handed on as it came, to be refused as malformed and not taken for missing.
        ("token=a%2", Some("a%2")),
        ("token=%zz", Some("%zz")),
        ("token=%ff", Some("%ff")),
    ];
    for (value, expected) in cases {
        assert_eq!(carrier::from_query(value).as_deref(), expected, "{value:?}");
    }
}

#[test]
fn cookies() {
    let cases = [
        ("session=a.b.c", Some("a.b.c")),
        ("theme=dark; session=a.b.c; x=y=z", Some("a.b.c")),
        ("session=\"a.b.c\"", Some("a.b.c")),
        ("xsession=a.b.c", None),
        ("session=", None),
        ("session", None),
    ];
    for (value, expected) in cases {
        assert_eq!(carrier::from_cookies(value, "session"), expected, "{value:?}");
    }
}

#[test]
fn the_first_carrier_decides_and_cookies_need_a_name() {
    let mut carriers = Carriers {
        authorization: Some("Bearer header"),
        subprotocols: Some("bearer.subprotocol"),
        query: Some("token=query"),
        cookie: Some("session=cookie"),
        cookie_name: Some("session"),
    };
    assert_eq!(carrier::find(&carriers).as_deref(), Some("header"));
    carriers.authorization = Some("Basic x");
    assert_eq!(carrier::find(&carriers).as_deref(), Some("subprotocol"));
    carriers.subprotocols = None;
    assert_eq!(carrier::find(&carriers).as_deref(), Some("query"));
    carriers.query = None;
    assert_eq!(carrier::find(&carriers).as_deref(), Some("cookie"));
    carriers.cookie_name = None;
    assert_eq!(carrier::find(&carriers), None);
}

#[test]
fn origins() {
    let list = |items: &[&str]| items.iter().map(|it| it.to_string()).collect::<Vec<_>>();
    let (none, some, all) = (list(&[]), list(&["https://app.example"]), list(&["*"]));
    let page = Some("https://app.example");
    assert!(origin::allowed(None, None, &some, false), "programs send no origin");
    assert!(origin::allowed(page, None, &some, false));
    assert!(origin::allowed(Some("HTTPS://App.Example"), None, &some, false));
    assert!(origin::allowed(Some("null"), None, &all, false));
    for stranger in ["https://app.example.evil", "http://app.example", "https://app.example:8443", "null", ""] {
        assert!(!origin::allowed(Some(stranger), Some("app.example"), &some, true), "{stranger}");
    }
    assert!(origin::allowed(Some("https://any.example"), None, &none, true), "dev admits all");
    let same_host = [
        ("http://localhost:8080", "localhost:8080", true),
        ("https://app.example", "app.example:443", true),
        ("https://app.example:443", "app.example", true),
        ("http://app.example", "App.Example", true),
        ("https://app.example", "app.example:8443", false),
        ("https://evil.example", "app.example", false),
        ("null", "app.example", false),
        ("https://", "", false),
        ("file://app.example", "app.example", false),
    ];
    for (origin, host, expected) in same_host {
        assert_eq!(origin::allowed(Some(origin), Some(host), &none, false), expected, "{origin} at {host}");
    }
    assert!(!origin::allowed(page, None, &none, false), "no host to compare with");
}
