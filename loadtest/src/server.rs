//! A server started for a run, on a port of its own, and ended with it.
//!
//! Promise: the process that is measured is the one that was named: the shell that reads the command becomes it. Its
//! first line on stdout tells the address.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::rival::Rival;

/// A store may have to recover before its server listens.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Of what a server said that did not start.
const COMPLAINT_BYTES_MAX: usize = 2_000;

pub struct Server {
    process: Child,
    pub address: SocketAddr,
    /// Which protocol it speaks; None: chat.
    pub rival: Option<Rival>,
}

impl Server {
    /// A rival from this tool's own binary.
    pub fn rival(rival: Rival, pin: Option<usize>) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", rival.name(), "--listen", "127.0.0.1:0"]);
        Self::spawn(command, pin)
    }

    /// A command as a shell reads it.
    pub fn command(line: &str, pin: Option<usize>) -> anyhow::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("exec {line}")]);
        Self::spawn(command, pin).with_context(|| format!("the server did not start: {line}"))
    }

    fn spawn(mut command: Command, pin: Option<usize>) -> anyhow::Result<Self> {
        let said = tempfile::tempfile()?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(said.try_clone()?);
        let mut process = pinned(pin, move || Ok(command.spawn()?))?;
        let stdout = process.stdout.take().context("stdout is piped")?;
        // From here on dropping it ends the process.
        let mut server = Self { process, address: ([0, 0, 0, 0], 0).into(), rival: None };
        let line = first_line(stdout).map_err(|error| error.context(complaint(said)))?;
        (server.address, server.rival) = announced(&line)?;
        Ok(server)
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killed, not drained: nothing of it is used again.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Works on a thread that is kept on one CPU, which a process started there inherits.
fn pinned<T: Send + 'static>(
    cpu: Option<usize>,
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let on_cpu = move || {
        if let Some(cpu) = cpu {
            if cpu >= CpuSet::MAX_CPU {
                bail!("there is no CPU {cpu}");
            }
            let mut set = CpuSet::new();
            set.set(cpu);
            sched_setaffinity(None, &set).with_context(|| format!("the server cannot be kept on CPU {cpu}"))?;
        }
        work()
    };
    thread::spawn(on_cpu).join().map_err(|_| anyhow!("starting the server panicked"))?
}

/// Later lines are read and forgotten, so that the server never waits for a reader.
fn first_line(stdout: ChildStdout) -> anyhow::Result<String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // Only the first has a listener.
            let _ = tell.send(line);
        }
    });
    told.recv_timeout(START_TIMEOUT).context("it told no address")
}

/// `NAME listens on ADDR`, and whatever follows.
fn announced(line: &str) -> anyhow::Result<(SocketAddr, Option<Rival>)> {
    let (name, rest) = line.split_once(" listens on ").with_context(|| format!("no address in {line:?}"))?;
    let address = rest.split([' ', ',']).next().unwrap_or_default();
    Ok((address.parse().with_context(|| format!("no address in {line:?}"))?, Rival::from_name(name)))
}

/// The end of what it said on stderr.
fn complaint(mut said: File) -> String {
    let mut text = String::new();
    let read = said.rewind().and_then(|()| said.read_to_string(&mut text));
    let from = text.floor_char_boundary(text.len().saturating_sub(COMPLAINT_BYTES_MAX));
    match read {
        Ok(_) => text[from..].trim().to_owned(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_address_and_protocol() {
        let relay = announced("chasqui listens on 127.0.0.1:81 (TCP and UDP), internal on 127.0.0.1:9").unwrap();
        assert_eq!(relay, ("127.0.0.1:81".parse().unwrap(), None));
        let epoll = announced("epoll listens on [::1]:9").unwrap();
        assert_eq!(epoll, ("[::1]:9".parse().unwrap(), Some(Rival::Epoll)));
        assert!(announced("hello").is_err() && announced("x listens on nowhere").is_err());
    }

    #[test]
    fn what_a_server_says_that_does_not_start_is_told() {
        let error = Server::command("sh -c 'echo no such luck >&2'", None).err().unwrap();
        assert!(format!("{error:#}").contains("no such luck"), "{error:#}");
    }
}
