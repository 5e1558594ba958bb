//! What the session decides, done.

use heliograph_engineio::{CloseReason, Input, Message, Output, Packet, Source, Transport};
use heliograph_websocket::{CloseCode, encode};

use super::{Driver, Protocol};
use crate::frame::Frame;
use crate::transport::timer::now;

impl Driver {
    /// Hands something that happened to the session, and does what it says.
    pub(super) fn handle(&mut self, input: Input<'_>) {
        for output in self.session.handle(input, now()) {
            self.perform(output);
        }
    }

    /// Hands a packet to the session, which may let its message through.
    pub(super) fn packet(&mut self, source: Source, packet: Packet<'_>) {
        let outputs = self.session.handle(Input::Packet(source, &packet), now());
        let mut message = match packet {
            Packet::Message(message) => Some(message),
            _ => None,
        };
        for output in outputs {
            match output {
                Output::Deliver => {
                    if let Some(message) = message.take() {
                        self.deliver(message);
                    }
                }
                other => self.perform(other),
            }
        }
    }

    /// Ends the session in good order: what waits still goes out.
    pub(super) fn close(&mut self, reason: CloseReason) {
        match (self.session.transport(), reason) {
            // Polls take what waits; nothing may be added to it.
            (Some(Transport::Polling), _) => self.connection.outlet.finish(None),
            (_, CloseReason::ServerShuttingDown) => self.close_code = CloseCode::SERVICE_RESTART,
            _ => {}
        }
        self.handle(Input::Close(reason));
    }

    fn deliver(&mut self, message: Message<'_>) {
        match &self.endpoint.protocol {
            Protocol::SocketIo(_) => self.socket_io_message(message),
            Protocol::Messages(application) => {
                let work = match message {
                    Message::Text(text) => application.text(&self.connection, text),
                    Message::Binary(content) => application.binary(&self.connection, content),
                };
                self.wait_for(work);
            }
        }
    }

    pub(super) fn perform(&mut self, output: Output) {
        match output {
            // They are answers to one request or packet, and its handler takes them.
            Output::Accept | Output::Refuse(_) | Output::Deliver => {}
            Output::AnswerPoll(answer) => self.answer_poll(answer),
            Output::Send(control) => self.send_control(control),
            Output::Upgraded => self.upgraded(),
            Output::Drain => {
                self.draining = true;
                self.connection.outlet.finish(Some(&Frame::from(encode::close(self.close_code, ""))));
                self.connection.outlet.wake();
            }
            Output::CloseWebSocket => self.close_link(),
            Output::Closed(reason) => self.ended = Some(reason),
        }
    }
}
