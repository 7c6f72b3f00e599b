//! Several sessions live on one connection without meeting, up to a limit.

mod wt_common;

use chasqui_relay::wt::SESSIONS_PER_CONNECTION_MAX;
use web_transport_quinn::proto::{ConnectError, ConnectResponse};
use web_transport_quinn::quinn::{Connection, RecvStream, SendStream, VarInt};
use wt_common::bytes::{control_stream, varint};
use wt_common::{TestServer, on_tokio};

struct Client {
    connect: SendStream,
    _answer: RecvStream,
    status: u16,
}

impl Client {
    async fn open(server: &TestServer, conn: &Connection) -> Self {
        let (mut connect, mut answer) = conn.open_bi().await.unwrap();
        let mut request = Vec::new();
        server.request("/echo").encode(&mut request).unwrap();
        connect.write_all(&request).await.unwrap();
        let mut bytes = Vec::new();
        let status = loop {
            let chunk = answer.read_chunk(4096, true).await.unwrap().expect("an answer");
            bytes.extend_from_slice(&chunk.bytes);
            match ConnectResponse::decode(&mut bytes.as_slice()) {
                Ok(response) => break response.status.as_u16(),
                Err(ConnectError::WrongStatus(Some(status))) => break status.as_u16(),
                Err(_) => {}
            }
        };
        Self { connect, _answer: answer, status }
    }

    fn id(&self) -> u64 {
        VarInt::from(self.connect.id()).into_inner()
    }

    async fn echo(&self, conn: &Connection, text: &[u8]) {
        let (mut send, mut recv) = conn.open_bi().await.unwrap();
        send.write_all(&[varint(0x41), varint(self.id()), text.to_vec()].concat()).await.unwrap();
        send.finish().unwrap();
        assert_eq!(recv.read_to_end(100).await.unwrap(), text);
    }
}

#[test]
fn each_gets_its_own_until_there_are_too_many() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let mut control = conn.open_uni().await.unwrap();
        control.write_all(&control_stream()).await.unwrap();
        let mut clients = Vec::new();
        for _ in 0..SESSIONS_PER_CONNECTION_MAX {
            let client = Client::open(&server, &conn).await;
            assert_eq!(client.status, 200);
            clients.push(client);
        }
        for client in &clients {
            client.echo(&conn, format!("for {}", client.id()).as_bytes()).await;
            conn.send_datagram([varint(client.id() / 4), b"to me".to_vec()].concat().into()).unwrap();
            let back = conn.read_datagram().await.unwrap();
            assert_eq!(&back[..], [varint(client.id() / 4), b"to me".to_vec()].concat());
        }
        assert_eq!(Client::open(&server, &conn).await.status, 429);

        clients[0].connect.finish().unwrap();
        assert_eq!(server.next_closed().0.code, 0);
        clients[1].echo(&conn, b"still here").await;
        assert_eq!(Client::open(&server, &conn).await.status, 200);
    });
}
