//! The internal port: liveness and readiness, for the machinery that runs the server.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use chasqui_proto::ws::handshake::{Response, Status, write_error};

use crate::race::within;
use crate::rt::{self, tcp::TcpListener};
use crate::shard::Phase;
use crate::tcp::{pipe::Pipe, read_head};

/// A probe that takes longer is cut.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

pub async fn serve(listener: std::net::TcpListener, phase: Arc<Phase>) {
    let listener = TcpListener::from_std(listener).expect("a bound listener can be watched");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let phase = phase.clone();
                rt::spawn(async move {
                    let _ = within(ANSWER_WITHIN, answer(Rc::new(Pipe::plain(stream)), &phase)).await;
                });
            }
            Err(_) => rt::timer::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn answer(pipe: Rc<Pipe>, phase: &Phase) -> std::io::Result<()> {
    let mut bytes = BytesMut::new();
    let Some(head) = read_head(&pipe, &mut bytes).await? else { return Ok(()) };
    let mut out = BytesMut::new();
    let serving = phase.get() == Phase::SERVING;
    match head.path.as_str() {
        "/readyz" if !serving => {
            write_error(&mut out, Status::ServiceUnavailable, "draining", "The server is shutting down.");
        }
        "/healthz" | "/readyz" => {
            let (status, content_type, body) = (Status::Ok, "text/plain; charset=utf-8", b"ok\n".as_slice());
            let head_only = head.method == "HEAD";
            Response { status, content_type, headers: &[], body, keep_alive: false, head_only }.write(&mut out);
        }
        _ => write_error(&mut out, Status::NotFound, "not_found", "Try /healthz or /readyz."),
    }
    pipe.send_all(out.freeze()).await?;
    pipe.finish();
    Ok(())
}
