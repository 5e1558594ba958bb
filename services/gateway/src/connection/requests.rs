//! What HTTP requests ask of a connection, each answered by its task.

use std::sync::Arc;

use heliograph_engineio::ProtocolError;
use tokio::sync::oneshot;

use super::Connection;
use super::link::Upgraded;
use super::orders::{Order, PollAnswered, PostBody, Reply, Unreadable};

impl Connection {
    /// Waits until there is something to say. To drop the future is to give the poll up, which ends the session.
    pub(crate) async fn poll(&self) -> Result<PollAnswered, ProtocolError> {
        self.ask(Order::Poll).await
    }

    /// The answer of this number did not reach the client; without a number, a poll was given up.
    pub(crate) fn lose_poll(&self, number: Option<u32>) {
        self.order(Order::PollLost(number));
    }

    /// Announces a POST whose body is still to come.
    pub(crate) async fn begin_post(self: Arc<Self>) -> Result<Posting, ProtocolError> {
        self.ask(Order::PostStarted).await?;
        Ok(Posting(Some(self)))
    }

    /// Asks for a place for a WebSocket beside long-polling.
    pub(crate) async fn open_websocket(self: Arc<Self>) -> Result<Candidate, ProtocolError> {
        self.ask(Order::WebSocketOpened).await?;
        Ok(Candidate(Some(self)))
    }

    /// Gives an order and waits for the answer, of which there is none once the session is over.
    async fn ask<T>(&self, order: impl FnOnce(Reply<T>) -> Order) -> Result<T, ProtocolError> {
        let (reply, answer) = oneshot::channel();
        self.order(order(reply));
        answer.await.unwrap_or(Err(ProtocolError::UnknownSession))
    }
}

/// A POST that was begun. The session waits for its body, and hears if it never comes.
#[derive(Debug)]
pub(crate) struct Posting(Option<Arc<Connection>>);

impl Posting {
    /// Hands the body over, and waits until all its packets were handled.
    pub(crate) async fn finish(mut self, text: Result<String, Unreadable>) -> Result<(), ProtocolError> {
        let Some(connection) = self.0.take() else { return Ok(()) };
        connection.ask(|done| Order::Post(PostBody { text, done })).await
    }
}

impl Drop for Posting {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            connection.order(Order::PostGone);
        }
    }
}

/// A place that a session has kept for a WebSocket. It is told if none comes.
#[derive(Debug)]
pub(crate) struct Candidate(Option<Arc<Connection>>);

impl Candidate {
    /// Hands the WebSocket over.
    pub(crate) fn complete(mut self, upgraded: Upgraded) {
        if let Some(connection) = self.0.take() {
            connection.order(Order::WebSocketReady(Box::new(upgraded)));
        }
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            connection.order(Order::WebSocketLost);
        }
    }
}
