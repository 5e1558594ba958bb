//! Sends back what it gets.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use heliograph_gateway::application::{
    Class, Connection, EngineApplication, Frame, PlainApplication, PlainClosed, PlainSocket,
};

/// Every message comes back unchanged.
pub(crate) struct Echo;

impl EngineApplication for Echo {
    fn text(&self, connection: &Arc<Connection>, text: &str) -> Option<BoxFuture<'static, ()>> {
        connection.outlet().send(&Frame::message(text), Class::Message);
        None
    }

    fn binary(&self, connection: &Arc<Connection>, data: Bytes) -> Option<BoxFuture<'static, ()>> {
        connection.outlet().send(&Frame::binary(&data), Class::Message);
        None
    }
}

impl PlainApplication for Echo {
    fn open(&self, _socket: &Arc<PlainSocket>) -> Option<BoxFuture<'static, ()>> {
        None
    }

    fn text(&self, socket: &Arc<PlainSocket>, text: String) -> Option<BoxFuture<'static, ()>> {
        socket.send(&Frame::text(&text), Class::Message);
        None
    }

    fn binary(&self, socket: &Arc<PlainSocket>, data: Bytes) -> Option<BoxFuture<'static, ()>> {
        socket.send(&Frame::binary(&data), Class::Message);
        None
    }

    fn closed(&self, _socket: &Arc<PlainSocket>, _closed: PlainClosed) {}
}
