//! A mesh client: JSON in text frames.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time,
};

/// Longer than anything in these tests takes.
const SOON: Duration = Duration::from_secs(30);

/// The key that masks what the client sends. It need not be secret here.
const KEY: [u8; 4] = [1, 2, 3, 4];

pub(crate) struct Client {
    stream: TcpStream,
    read: Vec<u8>,
    /// What was said by `peers`, the answer to the join.
    pub(crate) peers: Value,
}

/// What came from the server.
#[derive(Debug)]
pub(crate) enum Heard {
    Message(Value),
    /// The connection has ended, with a close code if there was one.
    End(Option<u16>),
}

impl Client {
    /// Connects as a user and joins a room.
    pub(crate) async fn join(address: SocketAddr, user: &str, room: &str) -> Self {
        Self::join_with(address, user, json!({"room": room})).await
    }

    /// The same with more to say.
    pub(crate) async fn join_with(address: SocketAddr, user: &str, more: Value) -> Self {
        let mut client = Self::connect(address, user).await;
        let mut join = json!({"type": "join", "username": user});
        if let (Some(join), Value::Object(more)) = (join.as_object_mut(), more) {
            join.extend(more);
        }
        client.send(join).await;
        client.peers = client.hear("peers").await;
        client
    }

    /// Connects and says nothing.
    pub(crate) async fn connect(address: SocketAddr, user: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /ws?userId={user} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut client = Self { stream, read: Vec::new(), peers: Value::Null };
        let end = loop {
            if let Some(end) = client.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(client.fill().await, "no handshake");
        };
        let head = String::from_utf8(client.read.drain(..end).collect()).unwrap();
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        client
    }

    pub(crate) fn peer_id(&self) -> String {
        self.peers["peerId"].as_str().unwrap().to_owned()
    }

    pub(crate) fn resume_token(&self) -> String {
        self.peers["resumeToken"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn send(&mut self, message: Value) {
        let text = message.to_string().into_bytes();
        let length = u16::try_from(text.len()).unwrap();
        let mut frame = vec![0x81, 0x80 | 126];
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&KEY);
        frame.extend(text.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
        self.stream.write_all(&frame).await.unwrap();
    }

    /// Posts to the room, and waits for the acknowledgement. Gives the number that the message got, or the
    /// refusal's code.
    pub(crate) async fn post(&mut self, text: &str) -> Result<u64, String> {
        self.send(json!({"type": "chat", "text": text, "id": text})).await;
        loop {
            match self.next().await {
                Heard::Message(message) if message["id"] == text && message["type"] == "ack" => {
                    return Ok(message["seq"].as_u64().unwrap());
                }
                Heard::Message(message) if message["ref"] == text && message["type"] == "error" => {
                    return Err(message["code"].as_str().unwrap().to_owned());
                }
                Heard::Message(_) => {}
                Heard::End(code) => return Err(format!("closed: {code:?}")),
            }
        }
    }

    /// The next message of a type; others are passed over.
    pub(crate) async fn hear(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Heard::Message(message) if message["type"] == kind => return message,
                Heard::Message(_) => {}
                Heard::End(code) => panic!("the connection has ended ({code:?}) before any {kind}"),
            }
        }
    }

    /// Waits for the end of the connection. Gives the close code.
    pub(crate) async fn ended(&mut self) -> Option<u16> {
        loop {
            if let Heard::End(code) = self.next().await {
                return code;
            }
        }
    }

    /// Whatever comes next, within a time in which anything comes.
    pub(crate) async fn next(&mut self) -> Heard {
        time::timeout(SOON, self.receive()).await.expect("something from the server")
    }

    async fn receive(&mut self) -> Heard {
        loop {
            if let Some((opcode, payload)) = self.frame() {
                match opcode {
                    1 => return Heard::Message(serde_json::from_slice(&payload).unwrap()),
                    8 => return Heard::End(payload.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]))),
                    _ => continue,
                }
            }
            if !self.fill().await {
                return Heard::End(None);
            }
        }
    }

    fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (head, length) = match *self.read.get(1)? {
            126 => (4, usize::from(u16::from_be_bytes([*self.read.get(2)?, *self.read.get(3)?]))),
            127 => panic!("a frame of more than 64 KiB"),
            short => (2, usize::from(short)),
        };
        if self.read.len() < head + length {
            return None;
        }
        let frame: Vec<u8> = self.read.drain(..head + length).collect();
        Some((frame[0] & 0xf, frame[head..].to_vec()))
    }

    /// False if the connection has ended.
    async fn fill(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.read).await, Ok(1..))
    }
}
