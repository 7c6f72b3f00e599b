//! The connection as the driver sees it: down until some time, connecting, or up. Every wait here is cancel safe.

use std::time::Duration;

use chasqui_proto::command::Command;
use chasqui_proto::event::Event;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::raw::{Closed, ConnectError, Connection, Connector, Receiver, Sender};

/// Events read ahead of the driver; beyond, the socket is not read, and the server sees a slow reader.
const EVENTS_AHEAD_MAX: usize = 256;

pub enum Link {
    Down { until: Instant },
    Connecting(Task<Result<Connection, ConnectError>>),
    Up { sender: Sender, events: mpsc::Receiver<Result<Event, Closed>>, _reader: Task<()> },
}

pub enum LinkEvent {
    Connected,
    Failed(ConnectError),
    Event(Event),
    Closed(Closed),
}

impl Link {
    pub fn up(connection: Connection) -> Self {
        let (tell, events) = mpsc::channel(EVENTS_AHEAD_MAX);
        let reader = Task(tokio::spawn(read(connection.receiver, tell)));
        Self::Up { sender: connection.sender, events, _reader: reader }
    }

    pub fn down_for(wait: Duration) -> Self {
        Self::Down { until: Instant::now() + wait }
    }

    pub async fn next(&mut self, connector: &Connector) -> LinkEvent {
        loop {
            match self {
                Self::Down { until } => {
                    sleep_until(*until).await;
                    let connector = connector.clone();
                    *self = Self::Connecting(Task(tokio::spawn(async move { connector.connect().await })));
                }
                Self::Connecting(task) => match (&mut task.0).await {
                    Ok(Ok(connection)) => {
                        *self = Self::up(connection);
                        return LinkEvent::Connected;
                    }
                    Ok(Err(error)) => return LinkEvent::Failed(error),
                    Err(error) => return LinkEvent::Failed(ConnectError::Lost(error.to_string())),
                },
                Self::Up { events, .. } => {
                    return match events.recv().await {
                        Some(Ok(event)) => LinkEvent::Event(event),
                        Some(Err(closed)) => LinkEvent::Closed(closed),
                        None => LinkEvent::Closed(Closed::Lost("the reader ended".to_owned())),
                    };
                }
            }
        }
    }

    /// A broken connection drops the command: the receiver tells, and the rules send again what must be.
    pub async fn send(&self, command: &Command<'_>) {
        if let Self::Up { sender, .. } = self {
            let _ = sender.send(command).await;
        }
    }

    pub fn close(&self, code: u16, reason: &str) {
        if let Self::Up { sender, .. } = self {
            sender.close(code, reason);
        }
    }
}

/// A task that ends with its owner.
pub struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn read(mut receiver: Receiver, tell: mpsc::Sender<Result<Event, Closed>>) {
    loop {
        let event = receiver.next().await;
        let over = event.is_err();
        if tell.send(event).await.is_err() || over {
            return;
        }
    }
}
