//! One connection of the floor server.

use std::io;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use tokio::net::TcpStream;

use super::rooms::{Member, Rooms};
use crate::wire::{Frames, server_frame};

const OPEN: &[u8] = br#"0{"sid":"floor","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
const CONNECTED: &[u8] = br#"40{"sid":"floor"}"#;
const KEY_HEADER: &str = "sec-websocket-key:";
const KEY_SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// One read takes at most this much; it is on the stack, so an idle connection has no buffer.
const READ: usize = 4096;

/// Serves a connection until it ends.
pub(super) async fn run(stream: TcpStream, rooms: Arc<Rooms>) {
    if stream.set_nodelay(true).is_err() || handshake(&stream).await.is_none() {
        return;
    }
    let member = Member::new(stream);
    member.send(&server_frame(OPEN));
    let mut session = Session { member, rooms, room: None };
    let mut frames = Frames::default();
    while session.member.stream.readable().await.is_ok() {
        match session.read(&mut frames) {
            Ok(0) => break,
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => break,
            _ => {}
        }
    }
    if let Some(room) = session.room.take() {
        session.rooms.leave(&room, &session.member);
    }
}

async fn handshake(stream: &TcpStream) -> Option<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        stream.readable().await.ok()?;
        let mut buffer = [0; READ];
        match stream.try_read(&mut buffer) {
            Ok(0) => return None,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
    let request = String::from_utf8(request).ok()?;
    let key = request.lines().find_map(|line| {
        let (name, value) = line.split_at_checked(KEY_HEADER.len())?;
        name.eq_ignore_ascii_case(KEY_HEADER).then(|| value.trim())
    })?;
    let digest = Sha1::new().chain_update(key).chain_update(KEY_SUFFIX).finalize();
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        STANDARD.encode(digest)
    );
    let written = stream.try_write(response.as_bytes()).ok()?;
    (written == response.len()).then_some(())
}

struct Session {
    member: Arc<Member>,
    rooms: Arc<Rooms>,
    room: Option<Vec<u8>>,
}

impl Session {
    fn read(&mut self, frames: &mut Frames) -> io::Result<usize> {
        let mut buffer = [0; READ];
        let read = self.member.stream.try_read(&mut buffer)?;
        frames.feed(&mut buffer[..read], |_, packet| self.packet(packet));
        Ok(read)
    }

    /// `40…` is CONNECT; `42<id>["<event>"…` is an event, told from others by its first letter.
    fn packet(&mut self, packet: &[u8]) {
        if packet.starts_with(b"40") {
            self.member.send(&server_frame(CONNECTED));
            return;
        }
        let Some(event) = packet.strip_prefix(b"42") else {
            return;
        };
        let digits = event.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (id, event) = event.split_at(digits);
        match event.get(2) {
            Some(b'r') => self.join(event),
            Some(b'm') => {
                if let Some(room) = &self.room {
                    self.rooms.message(room);
                }
            }
            Some(b'w') => {
                if let Some(room) = &self.room {
                    self.rooms.signal(room, &self.member);
                }
            }
            _ => {}
        }
        let acknowledgement = [b"43", id, br#"[{"success":true}]"#].concat();
        self.member.send(&server_frame(&acknowledgement));
    }

    /// The whole text of the event is the name of the room: those who join the same room send the same text.
    fn join(&mut self, event: &[u8]) {
        self.rooms.join(event, &self.member);
        self.room = Some(event.to_vec());
    }
}
