//! A client whose session can be recovered.

use std::net::SocketAddr;

use serde_json::Value;

use super::SocketIo;

/// A client with what it needs to come back.
pub(crate) struct Recoverable {
    pub(crate) socket: SocketIo,
    pub(crate) sid: String,
    pub(crate) pid: String,
    pub(crate) offset: String,
}

impl Recoverable {
    /// A client that has joined the main namespace.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let mut socket = SocketIo::open(address).await;
        let (answer, greeting) = socket.join("40").await;
        let text = |key: &str| answer[key].as_str().expect("a text").to_owned();
        Self { socket, sid: text("sid"), pid: text("pid"), offset: offset(&greeting) }
    }

    /// The next event, without its offset, which is remembered.
    pub(crate) async fn event(&mut self) -> Value {
        let packet = self.socket.packet().await;
        self.offset = offset(&packet);
        let mut event = data(&packet);
        event.as_array_mut().expect("a list").pop();
        event
    }

    /// The CONNECT of a client that comes back.
    pub(crate) fn claim(&self) -> String {
        format!(r#"40{{"pid":"{}","offset":"{}"}}"#, self.pid, self.offset)
    }

    /// Comes back on a new connection; the packets up to and including `auth`.
    pub(crate) async fn come_back(&mut self, address: SocketAddr) -> Vec<String> {
        self.socket = SocketIo::open(address).await;
        self.socket.send(&self.claim()).await;
        let mut packets = vec![self.socket.packet().await];
        while !packets.iter().any(|packet| packet.starts_with(r#"42["auth""#)) {
            packets.push(self.socket.packet().await);
        }
        packets
    }

    /// Tells the CONNECT answer that gives this session back, or another one.
    pub(crate) fn answer(&self, recovered: bool) -> impl Fn(&String) -> bool {
        let whole = format!(r#"40{{"sid":"{}","pid":"{}"}}"#, self.sid, self.pid);
        move |packet| (*packet == whole) == recovered && packet.starts_with("40{")
    }
}

/// What an event says: its name, its arguments, and the offset if it has one.
pub(crate) fn data(packet: &str) -> Value {
    serde_json::from_str(&packet[packet.find('[').expect("data")..]).expect("JSON")
}

/// The last argument of an event.
pub(crate) fn offset(packet: &str) -> String {
    data(packet).as_array().and_then(|list| list.last()?.as_str().map(str::to_owned)).expect("an offset")
}
