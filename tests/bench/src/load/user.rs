//! One user: a connection that gets in and then listens.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::net::{TcpSocket, TcpStream};

use super::heard::{Heard, Kind};
use crate::wire::{Frames, client_frame};
use crate::{Failure, token};

/// One read takes at most this much; the buffer is on the stack of whoever reads.
const READ: usize = 16 * 1024;

/// Loopback addresses from which users connect in turn, so that closed connections in TIME_WAIT never use up
/// the ports of one.
const SOURCES: u32 = 200;

static CONNECTIONS: AtomicU32 = AtomicU32::new(0);

/// A user who has got in.
pub(crate) struct User {
    /// The user's id.
    pub(crate) id: String,
    /// The room that the user has joined.
    pub(crate) room: String,
    stream: TcpStream,
}

impl User {
    /// Sends one packet. The kernel always has room for it at the rates of the load; if not, the load is too high.
    pub(crate) fn send(&self, packet: &str) -> Result<(), Failure> {
        let frame = client_frame(packet.as_bytes());
        match self.stream.try_write(&frame) {
            Ok(written) if written == frame.len() => Ok(()),
            Ok(_) => Err(Failure::new("the server does not read fast enough")),
            Err(error) => Err(Failure::new(format!("cannot send: {error}"))),
        }
    }

    /// Connects, signs in and joins a room. `frames` keeps what has come of the next frame.
    pub(super) async fn enter(
        server: SocketAddr,
        id: String,
        room: String,
        frames: &mut Frames,
    ) -> Result<Self, Failure> {
        let stream = connect(server).await.map_err(|error| Failure::new(format!("cannot connect: {error}")))?;
        let user = Self { id, room, stream };
        user.upgrade(server, frames).await?;
        let token = token::sign(&user.id)?;
        user.send(&format!(r#"40{{"token":"{token}"}}"#))?;
        user.expect(Kind::Connected, frames).await?;
        user.send(&format!(r#"420["room:join",{{"roomId":"{}"}}]"#, user.room))?;
        user.expect(Kind::Acknowledged, frames).await?;
        Ok(user)
    }

    async fn upgrade(&self, server: SocketAddr, frames: &mut Frames) -> Result<(), Failure> {
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {server}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        self.stream.try_write(request.as_bytes()).map_err(|error| Failure::new(format!("cannot send: {error}")))?;
        let mut response = Vec::new();
        let end = loop {
            let mut buffer = [0; READ];
            let read = self.read(&mut buffer).await?;
            response.extend_from_slice(&buffer[..read]);
            let blank = response.windows(4).position(|window| window == b"\r\n\r\n");
            if let Some(blank) = blank {
                break blank + 4;
            }
        };
        if !response.starts_with(b"HTTP/1.1 101") {
            let line = response.split(|byte| *byte == b'\r').next();
            let line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
            return Err(Failure::new(format!("no WebSocket: {line}")));
        }
        if self.look_for(Kind::Open, &mut response[end..], frames)? {
            return Ok(());
        }
        self.expect(Kind::Open, frames).await
    }

    /// Reads until a packet of the kind has come.
    async fn expect(&self, wanted: Kind, frames: &mut Frames) -> Result<(), Failure> {
        loop {
            let mut buffer = [0; READ];
            let read = self.read(&mut buffer).await?;
            if self.look_for(wanted, &mut buffer[..read], frames)? {
                return Ok(());
            }
        }
    }

    /// Whether a packet of the kind is in these bytes. A ping is answered, whenever it comes; others are of no
    /// interest yet.
    fn look_for(&self, wanted: Kind, bytes: &mut [u8], frames: &mut Frames) -> Result<bool, Failure> {
        let mut found = false;
        let mut pinged = false;
        let mut refusal = None;
        frames.feed(bytes, |_, packet| {
            let kind = Kind::of(packet);
            found |= kind == wanted;
            pinged |= kind == Kind::Ping;
            if kind == Kind::Refused {
                refusal = Some(String::from_utf8_lossy(packet).into_owned());
            }
        });
        if pinged {
            self.send("3")?;
        }
        refusal.map_or(Ok(found), |refusal| Err(Failure::new(format!("refused: {refusal}"))))
    }

    /// Counts what comes until the connection ends.
    pub(super) async fn listen(&self, frames: &mut Frames, heard: &Heard) {
        while self.stream.readable().await.is_ok() {
            match self.hear(frames, heard) {
                Ok(0) => return,
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
                _ => {}
            }
        }
    }

    fn hear(&self, frames: &mut Frames, heard: &Heard) -> io::Result<usize> {
        let mut buffer = [0; READ];
        let read = self.stream.try_read(&mut buffer)?;
        let mut pinged = false;
        frames.feed(&mut buffer[..read], |_, packet| {
            let kind = Kind::of(packet);
            pinged |= kind == Kind::Ping;
            heard.add(kind, packet);
        });
        if pinged && self.send("3").is_err() {
            return Ok(0);
        }
        Ok(read)
    }

    async fn read(&self, buffer: &mut [u8]) -> Result<usize, Failure> {
        loop {
            let result = match self.stream.readable().await {
                Ok(()) => self.stream.try_read(buffer),
                Err(error) => Err(error),
            };
            match result {
                Ok(0) => return Err(Failure::new("the server closed the connection")),
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(Failure::new(format!("cannot read: {error}"))),
            }
        }
    }
}

async fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let number = CONNECTIONS.fetch_add(1, Ordering::Relaxed) % SOURCES;
    let source = Ipv4Addr::new(127, 0, 1, 1 + number as u8);
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((source, 0)))?;
    socket.set_nodelay(true)?;
    socket.connect(server).await
}
