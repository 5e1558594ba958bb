//! The WebSocket of a connection: the transport, or one that wants to become it.

use std::task::{Context, Poll, ready};

use heliograph_engineio::{Control, Input, Packet, Source, Transport};
use heliograph_websocket::{CloseCode, Message, Opcode, encode};
use tokio::net::{TcpStream, UnixStream};

use super::Driver;
use crate::frame::Frame;
use crate::transport::permit::Permit;
use crate::transport::stream::{Reader, Writer};
use crate::transport::wire::{End, Wire};

/// A WebSocket just after its handshake.
#[derive(Debug)]
pub(crate) struct Upgraded {
    /// What the client sends.
    pub(crate) wire: Wire,
    /// What the server sends.
    pub(crate) writer: Writer,
    /// The TCP connection's place among those that the listener admits; `None` if another gateway's listener did.
    pub(crate) permit: Option<Permit>,
}

impl Upgraded {
    /// The WebSocket on a client's own stream. `leftover` are bytes that came together with the handshake.
    pub(crate) fn new(stream: TcpStream, max_message: usize, leftover: &[u8], permit: Permit) -> Self {
        let (reader, writer) = stream.into_split();
        let wire = Wire::new(Reader::Client(reader), max_message, leftover);
        Self { wire, writer: Writer::Client(writer), permit: Some(permit) }
    }

    /// The same at the far end of a tunnel.
    pub(crate) fn tunnelled(stream: UnixStream, max_message: usize) -> Self {
        let (reader, writer) = stream.into_split();
        let wire = Wire::new(Reader::Tunnel(reader), max_message, &[]);
        Self { wire, writer: Writer::Tunnel(writer), permit: None }
    }
}

/// The WebSocket that a connection has.
#[derive(Debug)]
pub(super) enum Link {
    None,
    /// It is being tried beside long-polling.
    Trial(Box<Upgraded>),
    /// It is the transport; the writing half is the outlet's.
    Main(Wire, Option<Permit>),
}

impl Driver {
    /// The WebSocket that the session gave a place is there.
    pub(super) fn begin_trial(&mut self, upgraded: Upgraded) {
        self.link = Link::Trial(Box::new(upgraded));
    }

    /// True if the WebSocket carries only its trial, in which nothing reaches the application.
    pub(super) fn is_on_trial(&self) -> bool {
        matches!(self.link, Link::Trial(_))
    }

    /// Handles one message of the WebSocket, or its end.
    pub(super) fn poll_link(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let wire = match &mut self.link {
            Link::None => return Poll::Pending,
            Link::Trial(upgraded) => &mut upgraded.wire,
            Link::Main(wire, _) => wire,
        };
        match ready!(wire.poll_message(context)) {
            Ok(message) => self.websocket_message(message),
            Err(end) => self.websocket_end(end),
        }
        Poll::Ready(())
    }

    fn websocket_message(&mut self, message: Message) {
        match message {
            Message::Text(text) => match Packet::decode(&text) {
                Ok(packet) => self.packet(Source::WebSocket, packet),
                Err(error) => {
                    tracing::debug!(%error, "a frame is no packet");
                    self.endpoint.count_invalid("engine");
                    self.handle(Input::Malformed(Source::WebSocket));
                }
            },
            Message::Binary(content) => self.packet(Source::WebSocket, Packet::binary(content)),
            Message::Ping(data) => self.write_control(&encode::frame(Opcode::Pong, &data).into()),
            Message::Pong(_) => {}
            Message::Close(close) => {
                self.close_code = close.map_or(CloseCode::NORMAL, |close| close.code);
                self.handle(Input::WebSocketClosed);
            }
        }
    }

    fn websocket_end(&mut self, end: End) {
        match end {
            End::Eof | End::Failed => {
                self.gone = true;
                self.handle(Input::WebSocketFailed);
            }
            End::Invalid(error) => {
                tracing::debug!(%error, "a WebSocket frame cannot be read");
                self.endpoint.count_invalid("websocket");
                self.close_code = error.close_code();
                self.handle(Input::Malformed(Source::WebSocket));
            }
        }
    }

    pub(super) fn send_control(&mut self, control: Control) {
        self.write_control(&self.endpoint.control(control));
    }

    fn write_control(&mut self, frame: &Frame) {
        match &self.link {
            Link::None => {}
            // A socket that has just been opened takes a few bytes, or it is broken and the reader will see that.
            Link::Trial(upgraded) => {
                for part in frame.parts() {
                    let _ = upgraded.writer.try_write(part);
                }
            }
            Link::Main(..) => {
                self.connection.outlet.control(frame);
            }
        }
    }

    /// The WebSocket is the transport from now on.
    pub(super) fn upgraded(&mut self) {
        match std::mem::replace(&mut self.link, Link::None) {
            Link::Trial(upgraded) => {
                let Upgraded { wire, writer, permit } = *upgraded;
                self.link = Link::Main(wire, permit);
                self.connection.outlet.attach(writer);
                // What waited is written when the task flushes next, which it does before it sleeps.
                self.connection.outlet.wake();
                self.polls = None;
                self.count_as(Transport::WebSocket);
            }
            other => self.link = other,
        }
    }

    /// Says good-bye on the WebSocket and lets go of it.
    pub(super) fn close_link(&mut self) {
        let farewell = Frame::from(encode::close(std::mem::replace(&mut self.close_code, CloseCode::NORMAL), ""));
        let (wire, permit) = match std::mem::replace(&mut self.link, Link::None) {
            Link::None => return,
            Link::Trial(upgraded) => {
                for part in farewell.parts() {
                    let _ = upgraded.writer.try_write(part);
                }
                (upgraded.wire, upgraded.permit)
            }
            Link::Main(wire, permit) => {
                self.connection.outlet.close(Some(&farewell));
                (wire, permit)
            }
        };
        if !std::mem::take(&mut self.gone) {
            let limit = self.endpoint.options.linger;
            self.endpoint.tasks.spawn(async move {
                wire.linger(limit).await;
                drop(permit);
            });
        }
    }
}
