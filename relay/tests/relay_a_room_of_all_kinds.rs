//! One room, whose members come by both transports and speak both dialects: each gets every message once, in the room's
//! order, whole, however many were sent together and however long they are.

mod relay_common;

use std::path::Path;

use chasqui_client::{
    AckLevel, ClientId, Command, ConnectOptions, Connection, Connector, ConvId, Event, TokenIn, Trust,
};
use chasqui_proto::command::Target;
use chasqui_proto::dialect::Dialect;
use chasqui_relay::wt::cert;
use relay_common::datagrams::next;
use relay_common::{Server, token};

const LIFTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/bench.toml");
/// Of each kind; enough that a message is written to them from one copy.
const MEMBERS: usize = 8;
const KINDS: [(&str, Dialect); 4] =
    [("ws", Dialect::Native), ("ws", Dialect::Json), ("https", Dialect::Native), ("https", Dialect::Json)];
/// Sent by one of each kind without waiting, so that a turn has many of them; together they fit into an outbox.
const MESSAGES: usize = 30;
/// Around those at which a frame's head grows.
const LENGTHS: [usize; 6] = [0, 20, 90, 126, 3_000, 20_000];

async fn connect(server: &Server, data: &Path, user: &str, (scheme, dialect): (&str, Dialect)) -> Connection {
    let options = ConnectOptions::new(&format!("{scheme}://{}", server.public)).unwrap().dialect(dialect);
    let trust = Trust::CertHashes(vec![cert::load_or_renew(data).unwrap().sha256()]);
    let options = options.trust(trust).token(token(data, user, "1h")).token_in(TokenIn::FirstFrame);
    let mut connection = Connector::new(options).unwrap().connect().await.unwrap();
    assert!(matches!(next(&mut connection).await, Event::Welcome { .. }));
    connection
}

async fn created(of: &mut Connection) -> ConvId {
    loop {
        if let Event::ConversationCreated { conv, .. } = next(of).await {
            return conv;
        }
    }
}

fn content(sender: usize, number: usize) -> String {
    format!("{sender} {number}: {}", "\u{f1}\"\n".repeat(LENGTHS[(sender + number) % LENGTHS.len()] / 4))
}

async fn say_all(of: Connection, conv: ConvId, sender: usize) -> Connection {
    for number in 0..MESSAGES {
        let (id, content) = (number.to_string(), content(sender, number));
        let client_id = ClientId([sender as u8 + 1, number as u8].repeat(8).try_into().unwrap());
        let (target, ack) = (Target::Conversation(conv), AckLevel::Accepted);
        let send = Command::Send { id: &id, target, client_id, content: &content, ack, resend: false };
        of.sender.send(&send).await.unwrap();
    }
    of
}

/// The messages that come until there are `count` of them, and `acks` besides.
async fn hear_all(mut of: Connection, count: usize, acks: usize) -> Vec<(u64, String)> {
    let (mut heard, mut acked) = (Vec::new(), 0);
    while heard.len() < count || acked < acks {
        match next(&mut of).await {
            Event::Message { message, .. } => heard.push((message.seq, message.content.clone())),
            Event::Ack { .. } => acked += 1,
            Event::Error { code, .. } => panic!("{}", code.name()),
            _ => {}
        }
    }
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_member_gets_every_message_whole_and_in_order() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--shards", "1", "--config", LIFTED]);
    let users: Vec<String> = (0..MEMBERS * KINDS.len()).map(|number| format!("u{number}")).collect();
    let mut members = Vec::new();
    for (number, user) in users.iter().enumerate() {
        members.push(connect(&server, data.path(), user, KINDS[number % KINDS.len()]).await);
    }
    let others = users[1..].iter().map(String::as_str).collect();
    let create = Command::CreateConversation { id: "c", client_id: ClientId([9; 16]), title: "room", members: others };
    members[0].sender.send(&create).await.unwrap();
    let mut conv = ConvId::default();
    for member in &mut members {
        conv = created(member).await;
    }
    let readers: Vec<_> = members
        .into_iter()
        .enumerate()
        .map(|(number, member)| {
            tokio::spawn(async move {
                if number >= KINDS.len() {
                    return hear_all(member, KINDS.len() * MESSAGES, 0).await;
                }
                hear_all(say_all(member, conv, number).await, (KINDS.len() - 1) * MESSAGES, MESSAGES).await
            })
        })
        .collect();
    let mut heard = Vec::new();
    for reader in readers {
        heard.push(reader.await.unwrap());
    }
    let all = heard[KINDS.len()].clone();
    assert!(all.is_sorted_by(|a, b| a.0 < b.0), "in the room's order, each once");
    let mut contents: Vec<&str> = all.iter().map(|(_, content)| &**content).collect();
    let mut sent: Vec<String> = (0..KINDS.len()).flat_map(|who| (0..MESSAGES).map(move |n| content(who, n))).collect();
    contents.sort_unstable();
    sent.sort_unstable();
    assert!(contents == sent, "whole");
    for (number, heard) in heard.into_iter().enumerate() {
        let own = format!("{number} ");
        let expected = all.iter().filter(|(_, content)| number >= KINDS.len() || !content.starts_with(&own));
        assert!(heard.iter().eq(expected), "{} heard otherwise", users[number]);
    }
}
