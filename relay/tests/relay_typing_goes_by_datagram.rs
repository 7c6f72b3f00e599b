//! Typing goes and comes as datagrams where the client asked for them and the path carries them, and nothing else does.
mod relay_common;

use std::time::Duration;

use chasqui_client::{Connection, ConvId};
use chasqui_proto::command::Command;
use chasqui_proto::dialect::Dialect;
use chasqui_proto::event::Event;
use chasqui_relay::wt::cert;
use relay_common::datagrams::{Raw, connect, datagrams, greet, next, on_tokio, send};
use relay_common::{PATIENCE, Server};

/// A datagram may be lost by right, so typing that has not come is told again after this long.
const AGAIN: Duration = Duration::from_millis(500);

/// Types until it is seen.
async fn typing_comes(from: &Connection, to: &mut Connection, conv: ConvId, is: bool) {
    let seen = async {
        loop {
            match to.receiver.next().await.unwrap() {
                Event::Typing { conv: of, on, .. } if (of, on) == (conv, is) => return,
                _ => {}
            }
        }
    };
    let told = async {
        loop {
            from.sender.send(&Command::Typing { id: "", conv, on: is }).await.unwrap();
            tokio::time::sleep(AGAIN).await;
        }
    };
    let either = async {
        tokio::select! { () = seen => (), () = told => () }
    };
    tokio::time::timeout(PATIENCE, either).await.expect("in time");
}

#[test]
fn both_ways_and_in_both_dialects() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--shards", "2"]);
    on_tokio(async {
        let mut alice = connect(&server, data.path(), "alice", Dialect::Native, true).await;
        let mut bob = connect(&server, data.path(), "bob", Dialect::Json, true).await;
        let conv = greet(&mut alice, "bob").await;
        assert_eq!(datagrams(&server), (0, 0), "a message is no matter for datagrams");
        for (least, is) in [(2, true), (4, false)] {
            typing_comes(&alice, &mut bob, conv, is).await;
            typing_comes(&bob, &mut alice, conv, is).await;
            let (came, went) = datagrams(&server);
            assert!(came >= least && went >= least, "{came} came and {went} went as datagrams");
        }
        // The rest of the session is where it was.
        bob.sender.send(&send("2", "alice")).await.unwrap();
        while !matches!(next(&mut alice).await, Event::Message { .. }) {}
    });
}

#[test]
fn who_did_not_ask_types_on_the_stream() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    on_tokio(async {
        let mut alice = connect(&server, data.path(), "alice", Dialect::Native, true).await;
        let mut bob = connect(&server, data.path(), "bob", Dialect::Native, false).await;
        let conv = greet(&mut alice, "bob").await;
        typing_comes(&alice, &mut bob, conv, true).await;
        let (came, went) = datagrams(&server);
        assert!(came > 0 && went == 0, "{came} came and {went} went");
        typing_comes(&bob, &mut alice, conv, true).await;
        assert_eq!(datagrams(&server).0, came);
        // A datagram to a session that has none is no frame of it.
        let mut carol = Raw::open(&server, data.path(), "carol", "", None).await;
        carol.session.send_datagram("junk".into()).unwrap();
        carol.says_nothing().await;
        assert_eq!(datagrams(&server).0, came);
    });
}

#[test]
fn what_the_path_does_not_carry_goes_on_the_stream() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    on_tokio(async {
        let mut alice = connect(&server, data.path(), "alice", Dialect::Native, true).await;
        // Room for a head and little more.
        let mut bob = Raw::open(&server, data.path(), "bob", "&datagrams=1", Some(40)).await;
        let conv = greet(&mut alice, "bob").await;
        alice.sender.send(&Command::Typing { id: "", conv, on: true }).await.unwrap();
        let heard = async { while bob.hear().await["type"] != "TYPING_START" {} };
        tokio::time::timeout(PATIENCE, heard).await.expect("in time");
        assert_eq!(datagrams(&server).1, 0);
    });
}

#[test]
fn it_is_asked_for_in_so_many_words() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    on_tokio(async {
        let hash = cert::load_or_renew(data.path()).unwrap().sha256();
        let client =
            web_transport_quinn::ClientBuilder::new().with_server_certificate_hashes(vec![hash.to_vec()]).unwrap();
        for (query, fine) in [("datagrams=0", true), ("datagrams=1", true), ("datagrams=yes", false)] {
            let url = format!("https://{}/wt?{query}", server.public);
            let answer = client.connect(url::Url::parse(&url).unwrap()).await;
            assert_eq!(answer.is_ok(), fine, "{query}");
        }
    });
}
