//! A receiver that drops its connection when told, stays away, comes back and catches up with SYNC.
//!
//! Promise: what it books is what an application would show that keeps the client rules, so a message sent while it
//! was away counts as lost, duplicated or out of order exactly where such an application would see it so.
//!
//! Limits: it only receives.

use std::rc::Rc;
use std::time::Duration;

use chasqui_client::raw::{Closed, Connection, Receiver, Sender};
use chasqui_client::{Connector, Event, Notice as Told, RulesConfig};
use chasqui_client_rules::{Input, Output, Rules};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, sleep, sleep_until};

use super::booking::Books;
use super::{Hub, Notice, Order};
use crate::account::record;
use crate::clock::{self, Nanos};

/// After an attempt to come back has failed.
const RETRY_PAUSE: Duration = Duration::from_millis(250);
/// Events read ahead; beyond, the connection is not read.
const EVENTS_AHEAD_MAX: usize = 256;
/// When nothing is due.
const FAR: Duration = Duration::from_secs(3600);

pub(super) struct Resuming {
    connector: Connector,
    token: String,
    books: Books,
    rules: Rules,
    /// None while away.
    link: Option<Link>,
    /// The time base of the rules.
    began: Instant,
    /// When the connection of the day was asked for; none once it has caught up.
    catching_up_since: Option<Nanos>,
}

/// One connection; dropped, it ends without a goodbye.
struct Link {
    sender: Sender,
    events: mpsc::Receiver<Result<Event, Closed>>,
    reader: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Link {
    fn up(connection: Connection) -> Self {
        let (tell, events) = mpsc::channel(EVENTS_AHEAD_MAX);
        Self { sender: connection.sender, events, reader: spawn_local(read(connection.receiver, tell)) }
    }
}

/// Reading a frame is not to be cancelled, so it has a task of its own.
async fn read(mut receiver: Receiver, tell: mpsc::Sender<Result<Event, Closed>>) {
    loop {
        let event = receiver.next().await;
        let over = event.is_err();
        if tell.send(event).await.is_err() || over {
            return;
        }
    }
}

async fn next(link: &mut Option<Link>) -> Result<Event, Closed> {
    let Some(link) = link else { return std::future::pending().await };
    link.events.recv().await.unwrap_or_else(|| Err(Closed::Lost("the reader ended".into())))
}

impl Resuming {
    pub fn new(connection: Connection, connector: Connector, token: String, books: Books) -> Self {
        let rules = Rules::new(RulesConfig::default());
        let link = Some(Link::up(connection));
        Self { connector, token, books, rules, link, began: Instant::now(), catching_up_since: None }
    }

    /// Ends when told to close, or when the server ends the connection.
    pub async fn run(mut self, mut orders: UnboundedReceiver<Order>) {
        loop {
            let deadline = self.deadline();
            tokio::select! {
                // Coming back is timed to its end, so the next drop waits for it.
                order = orders.recv(), if self.catching_up_since.is_none() || self.hub().closing.get() => match order {
                    Some(Order::Drop) => self.drop_and_resume().await,
                    Some(Order::Close) | None => return self.close(),
                },
                event = next(&mut self.link) => match event {
                    Ok(event) => self.handle(Input::Event(&event)),
                    Err(closed) => return self.books.ended(&closed),
                },
                () = sleep_until(deadline) => self.handle(Input::Tick),
            }
            self.carry_out().await;
        }
    }

    async fn drop_and_resume(&mut self) {
        self.hub().tally.borrow_mut().counts.dropped += 1;
        // Events that were read and not yet handled are lost with the connection, as in a client that is killed.
        self.link = None;
        self.handle(Input::Disconnected);
        sleep(self.hub().away).await;
        self.catching_up_since = Some(clock::now());
        while self.link.is_none() && !self.hub().closing.get() {
            match self.connector.connect_as(&self.token).await {
                Ok(connection) => self.link = Some(Link::up(connection)),
                Err(error) => {
                    self.failed(&error.to_string());
                    sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    fn close(&self) {
        if let Some(link) = &self.link {
            link.sender.close(super::connect::CLOSE_NORMAL, "");
        }
    }

    fn failed(&self, why: &str) {
        let tally = &mut *self.hub().tally.borrow_mut();
        tally.counts.connect_failed += 1;
        tally.trouble(|| format!("coming back failed: {why}"));
    }

    fn hub(&self) -> &Rc<Hub> {
        &self.books.hub
    }

    fn handle(&mut self, input: Input<'_>) {
        let now = self.began.elapsed().as_millis() as u64;
        self.rules.handle(now, input);
    }

    fn deadline(&self) -> Instant {
        match self.rules.next_deadline() {
            // A millisecond more: the clock given to the rules is rounded down.
            Some(due) => self.began + Duration::from_millis(due + 1),
            None => Instant::now() + FAR,
        }
    }

    async fn carry_out(&mut self) {
        while let Some(output) = self.rules.poll() {
            match output {
                // A broken connection drops the command; its reader tells.
                Output::Command(command) => {
                    if let Some(link) = &self.link {
                        let _ = link.sender.send(&command.borrow()).await;
                    }
                }
                Output::Notice(notice) => self.notice(notice),
            }
        }
    }

    fn notice(&mut self, notice: Told) {
        match notice {
            Told::NewMessage { message, .. } => self.books.message(&message),
            Told::Told(Event::Welcome { .. }) => self.books.notify(Notice::Welcome),
            Told::Told(Event::ConversationCreated { conv, .. }) => self.books.notify(Notice::Joined(conv)),
            Told::Synced => self.caught_up(),
            _ => {}
        }
    }

    fn caught_up(&mut self) {
        let Some(since) = self.catching_up_since.take() else { return };
        let tally = &mut *self.hub().tally.borrow_mut();
        tally.counts.connected += 1;
        record(&mut tally.connect, since, clock::now());
        self.hub().progress.resumed();
    }
}
