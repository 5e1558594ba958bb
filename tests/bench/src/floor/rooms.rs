//! Rooms and their members.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpStream;

use crate::wire::server_frame;

/// The rooms of the server and the frames that it sends.
pub(crate) struct Rooms {
    rooms: Mutex<HashMap<Vec<u8>, Vec<Arc<Member>>>>,
    message: Vec<u8>,
    signal: Vec<u8>,
}

impl Rooms {
    /// No rooms. The frames are as long as those of the product for the same events.
    pub(crate) fn new() -> Arc<Self> {
        let message = format!("42[\"message:new\",{{\"content\":\"{}\"}}]", "x".repeat(260));
        let signal = format!("42[\"webrtc-signal\",{{\"signal\":\"{}\"}}]", "x".repeat(170));
        Arc::new(Self {
            rooms: Mutex::default(),
            message: server_frame(message.as_bytes()),
            signal: server_frame(signal.as_bytes()),
        })
    }

    pub(super) fn join(&self, room: &[u8], member: &Arc<Member>) {
        let mut rooms = unpoisoned(self.rooms.lock());
        rooms.entry(room.to_vec()).or_default().push(Arc::clone(member));
    }

    pub(super) fn leave(&self, room: &[u8], member: &Arc<Member>) {
        let mut rooms = unpoisoned(self.rooms.lock());
        if let Some(members) = rooms.get_mut(room) {
            members.retain(|other| !Arc::ptr_eq(other, member));
            if members.is_empty() {
                rooms.remove(room);
            }
        }
    }

    /// Sends the message to every member of the room.
    pub(super) fn message(&self, room: &[u8]) {
        let rooms = unpoisoned(self.rooms.lock());
        for member in rooms.get(room).into_iter().flatten() {
            member.send(&self.message);
        }
    }

    /// Sends the signal to the other members of the room.
    pub(super) fn signal(&self, room: &[u8], sender: &Arc<Member>) {
        let rooms = unpoisoned(self.rooms.lock());
        for member in rooms.get(room).into_iter().flatten() {
            if !Arc::ptr_eq(member, sender) {
                member.send(&self.signal);
            }
        }
    }
}

/// One connection, as those who send to it see it.
pub(super) struct Member {
    pub(super) stream: TcpStream,
    waiting: Mutex<Vec<u8>>,
}

impl Member {
    pub(super) fn new(stream: TcpStream) -> Arc<Self> {
        Arc::new(Self { stream, waiting: Mutex::default() })
    }

    /// Writes a frame with one write; what the socket does not take waits for a task that is made for it.
    pub(super) fn send(self: &Arc<Self>, frame: &[u8]) {
        let mut waiting = unpoisoned(self.waiting.lock());
        if !waiting.is_empty() {
            waiting.extend_from_slice(frame);
            return;
        }
        let written = match self.stream.try_write(frame) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            // The reading side meets the same error and ends the connection.
            Err(_) => return,
        };
        if written < frame.len() {
            waiting.extend_from_slice(&frame[written..]);
            tokio::spawn(Arc::clone(self).drain());
        }
    }

    async fn drain(self: Arc<Self>) {
        while self.stream.writable().await.is_ok() {
            let mut waiting = unpoisoned(self.waiting.lock());
            match self.stream.try_write(&waiting) {
                Ok(written) => drop(waiting.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(_) => return,
            }
            if waiting.is_empty() {
                *waiting = Vec::new();
                return;
            }
        }
    }
}

/// No code of this module panics while it holds a lock, so a poisoned one holds good data.
fn unpoisoned<'a, T>(result: Result<MutexGuard<'a, T>, PoisonError<MutexGuard<'a, T>>>) -> MutexGuard<'a, T> {
    result.unwrap_or_else(PoisonError::into_inner)
}
