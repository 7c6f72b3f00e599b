//! The task behind a [`crate::Client`]: feeds the rules, carries out what they ask, and keeps the link up.

use std::collections::BTreeMap;
use std::time::Duration;

use chasqui_client_rules::OwnedTarget;
use chasqui_client_rules::{Input, Notice, Output, OwnedCommand, Rules, Stats};
use chasqui_proto::command::{AckLevel, ReceiptKind};
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ClientId, ConvId, ReqId, Seq};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::backoff::Backoff;
use crate::client::{Ack, AskError, ClientEvent, SendError};
use crate::link::{Link, LinkEvent};
use crate::raw::{Closed, Connector};

/// After saying goodbye, how long the peer's own may take.
const GOODBYE_WAIT: Duration = Duration::from_secs(2);
/// When nothing is due.
const FAR: Duration = Duration::from_secs(3600);

type Reply<T, E> = oneshot::Sender<Result<T, E>>;

/// What the handle asks of the task.
pub enum Ask {
    Send {
        target: OwnedTarget,
        content: std::sync::Arc<str>,
        ack: AckLevel,
        client_id: ClientId,
        reply: Reply<Ack, SendError>,
    },
    Mark {
        conv: ConvId,
        seq: Seq,
        kind: ReceiptKind,
    },
    /// Answered by the event that carries the command's id.
    Command {
        command: OwnedCommand,
        reply: Reply<Event, AskError>,
    },
    /// Not answered at all.
    Tell(OwnedCommand),
    Stats(oneshot::Sender<Stats>),
    Close,
}

pub struct Driver {
    connector: Connector,
    rules: Rules,
    link: Link,
    backoff: Backoff,
    /// What the draining server said.
    hint: Option<Duration>,
    started: Instant,
    asks: mpsc::Receiver<Ask>,
    events: mpsc::Sender<ClientEvent>,
    sends: BTreeMap<ClientId, Reply<Ack, SendError>>,
    commands: BTreeMap<ReqId, Reply<Event, AskError>>,
}

impl Driver {
    pub fn new(connector: Connector, link: Link, asks: mpsc::Receiver<Ask>, events: mpsc::Sender<ClientEvent>) -> Self {
        let rules = Rules::new(connector.options().rules.clone());
        let (backoff, started) = (Backoff::default(), Instant::now());
        let (sends, commands) = (BTreeMap::new(), BTreeMap::new());
        Self { connector, rules, link, backoff, hint: None, started, asks, events, sends, commands }
    }

    /// Ends when the handle is gone or closes, or when the server says stop. Whoever still waits then learns it by
    /// its reply being dropped.
    pub async fn run(mut self) {
        loop {
            let deadline = self.deadline();
            let goes_on = tokio::select! {
                ask = self.asks.recv() => match ask {
                    Some(ask) => self.on_ask(ask),
                    None => false,
                },
                event = self.link.next(&self.connector) => self.on_link(event).await,
                () = sleep_until(deadline) => self.input(Input::Tick),
            };
            self.carry_out().await;
            if !goes_on {
                return self.say_goodbye().await;
            }
        }
    }

    fn now(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    fn deadline(&self) -> Instant {
        match self.rules.next_deadline() {
            // A millisecond more: the clock given to the rules is rounded down.
            Some(due) => self.started + Duration::from_millis(due + 1),
            None => Instant::now() + FAR,
        }
    }

    fn input(&mut self, input: Input<'_>) -> bool {
        self.rules.handle(self.now(), input);
        true
    }

    fn on_ask(&mut self, ask: Ask) -> bool {
        match ask {
            Ask::Send { target, content, ack, client_id, reply } => {
                self.sends.insert(client_id, reply);
                self.input(Input::Send { client_id, target, content, ack })
            }
            Ask::Mark { conv, seq, kind } => self.input(Input::Mark { conv, seq, kind }),
            Ask::Command { command, reply } => {
                self.commands.insert(command.id().clone(), reply);
                self.input(Input::Ask(command))
            }
            Ask::Tell(command) => self.input(Input::Ask(command)),
            Ask::Stats(reply) => {
                let _ = reply.send(*self.rules.stats());
                true
            }
            Ask::Close => false,
        }
    }

    async fn on_link(&mut self, event: LinkEvent) -> bool {
        match event {
            // Nothing is known to work before the welcome.
            LinkEvent::Connected => true,
            LinkEvent::Event(event) => {
                match &event {
                    Event::Welcome { .. } => self.on_welcome().await,
                    Event::Draining { reconnect_after_ms } => {
                        self.hint = Some(Duration::from_millis((*reconnect_after_ms).into()));
                    }
                    _ => {}
                }
                self.input(Input::Event(&event))
            }
            LinkEvent::Closed(closed) => {
                let wait = self.backoff.after_close(&closed, self.hint.take(), jitter());
                self.go_down(closed, wait).await
            }
            LinkEvent::Failed(error) => {
                let wait = self.backoff.after_refusal(&error, jitter());
                self.go_down(Closed::Lost(error.to_string()), wait).await
            }
        }
    }

    async fn on_welcome(&mut self) {
        self.backoff.worked();
        self.hint = None;
        self.tell(ClientEvent::Connected).await;
    }

    async fn go_down(&mut self, closed: Closed, wait: Option<Duration>) -> bool {
        self.input(Input::Disconnected);
        self.commands.clear();
        self.link = Link::down_for(wait.unwrap_or(FAR));
        let event = match wait {
            Some(retry_in) => ClientEvent::Disconnected { closed, retry_in },
            None => ClientEvent::Stopped { closed },
        };
        self.tell(event).await;
        wait.is_some()
    }

    /// An app that does not take its events slows the connection down; one that dropped the receiver does not care.
    async fn tell(&mut self, event: ClientEvent) {
        let _ = self.events.send(event).await;
    }

    async fn carry_out(&mut self) {
        while let Some(output) = self.rules.poll() {
            match output {
                Output::Command(command) => self.link.send(&command.borrow()).await,
                Output::Notice(notice) => {
                    self.answer(&notice);
                    self.tell(ClientEvent::Notice(notice)).await;
                }
            }
        }
    }

    /// Whoever waits for this gets it.
    fn answer(&mut self, notice: &Notice) {
        match notice {
            Notice::Ticked { client_id, level, conv, msg_id, seq, at } => {
                let (client_id, level, conv, msg_id, seq, at) = (*client_id, *level, *conv, *msg_id, *seq, *at);
                reply(self.sends.remove(&client_id), Ok(Ack { client_id, level, conv, msg_id, seq, at }));
            }
            Notice::SendFailed { client_id, why } => {
                reply(self.sends.remove(client_id), Err(SendError::Failed(why.clone())));
            }
            Notice::Told(event @ (Event::ConversationCreated { id, .. } | Event::MemberAdded { id, .. })) => {
                reply(self.commands.remove(id), Ok(event.clone()));
            }
            Notice::AskFailed { id, code: Some(code), message, .. } => {
                reply(self.commands.remove(id), Err(AskError::Refused { code: *code, message: message.to_string() }));
            }
            Notice::AskFailed { id, code: None, .. } => {
                reply(self.commands.remove(id), Err(AskError::NotConnected));
            }
            _ => {}
        }
    }

    async fn say_goodbye(mut self) {
        self.link.close(1000, "");
        if !matches!(self.link, Link::Up { .. }) {
            return;
        }
        let over =
            async { while let LinkEvent::Event(_) | LinkEvent::Connected = self.link.next(&self.connector).await {} };
        let _ = tokio::time::timeout(GOODBYE_WAIT, over).await;
    }
}

fn reply<T, E>(waiting: Option<Reply<T, E>>, answer: Result<T, E>) {
    if let Some(waiting) = waiting {
        // Nobody listening any more is nobody's loss.
        let _ = waiting.send(answer);
    }
}

/// Between 0 and 1.
fn jitter() -> f64 {
    f64::from(getrandom::u32().unwrap_or(u32::MAX / 2)) / f64::from(u32::MAX)
}
