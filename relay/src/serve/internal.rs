//! The internal port: liveness, readiness and metrics, for the machinery that runs the server.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use chasqui_proto::ws::handshake::{Response, Status, write_error};

use super::metrics;
use crate::race::within;
use crate::rt::{self, tcp::TcpListener};
use crate::shard::{Phase, stats::AllStats};
use crate::tcp::{pipe::Pipe, read_head};

/// A probe that takes longer is cut.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

pub async fn serve(listener: std::net::TcpListener, phase: Arc<Phase>, stats: AllStats) {
    let listener = TcpListener::from_std(listener).expect("a bound listener can be watched");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (phase, stats) = (phase.clone(), stats.clone());
                rt::spawn(async move {
                    let _ = within(ANSWER_WITHIN, answer(Rc::new(Pipe::plain(stream)), &phase, &stats)).await;
                });
            }
            Err(_) => rt::timer::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn answer(pipe: Rc<Pipe>, phase: &Phase, stats: &AllStats) -> std::io::Result<()> {
    let mut bytes = BytesMut::new();
    let Some(head) = read_head(&pipe, &mut bytes).await? else { return Ok(()) };
    let mut out = BytesMut::new();
    let serving = phase.get() == Phase::SERVING;
    match head.path.as_str() {
        "/readyz" if !serving => {
            write_error(&mut out, Status::ServiceUnavailable, "draining", "The server is shutting down.");
        }
        "/healthz" | "/readyz" => {
            ok(&mut out, &head.method, "text/plain; charset=utf-8", b"ok\n");
        }
        "/metrics" => ok(&mut out, &head.method, metrics::CONTENT_TYPE, metrics::page(stats).as_bytes()),
        _ => write_error(&mut out, Status::NotFound, "not_found", "Try /healthz, /readyz or /metrics."),
    }
    pipe.send_all(&out).await?;
    pipe.finish();
    Ok(())
}

fn ok(out: &mut BytesMut, method: &str, content_type: &str, body: &[u8]) {
    let head_only = method == "HEAD";
    Response { status: Status::Ok, content_type, headers: &[], body, keep_alive: false, head_only }.write(out);
}
