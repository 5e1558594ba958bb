//! The reading end of a WebSocket.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use heliograph_websocket::{Decoder, Message, Role, decoder};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::stream::Reader;

/// Bytes read at once. One buffer serves all connections of a thread.
const READ: usize = 64 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// Bytes to messages. It holds memory of its own only while a message is incomplete or was not asked for.
#[derive(Debug)]
pub(crate) struct Wire {
    reader: Reader,
    decoder: Decoder,
    /// What was read and not decoded; mostly nothing.
    unread: Option<Box<Unread>>,
}

#[derive(Debug, Default)]
struct Unread {
    bytes: Vec<u8>,
    /// How many of them were decoded.
    position: usize,
}

/// Why there will be no more messages.
#[derive(Debug)]
pub(crate) enum End {
    /// The TCP stream ended, without a close frame.
    Eof,
    /// Reading failed.
    Failed,
    /// The client broke a rule of the protocol.
    Invalid(decoder::Error),
}

impl Wire {
    /// `leftover` are bytes that came together with the handshake.
    pub(crate) fn new(reader: Reader, max_message: usize, leftover: &[u8]) -> Self {
        let mut wire = Self { reader, decoder: Decoder::new(Role::Server, max_message), unread: None };
        wire.keep(leftover);
        wire
    }

    fn keep(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.unread.get_or_insert_default().bytes.extend_from_slice(bytes);
        }
    }

    /// The next message.
    pub(crate) fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Result<Message, End>> {
        if let Some(message) = self.decode_unread().map_err(End::Invalid)? {
            return Poll::Ready(Ok(message));
        }
        BUFFER.with_borrow_mut(|buffer| {
            loop {
                let bytes = match ready!(read(&mut self.reader, context, buffer)) {
                    Ok([]) => return Poll::Ready(Err(End::Eof)),
                    Ok(bytes) => bytes,
                    Err(_) => return Poll::Ready(Err(End::Failed)),
                };
                let decoded = self.decoder.decode(bytes).map_err(End::Invalid)?;
                if let Some(message) = decoded.message {
                    self.keep(bytes.get(decoded.consumed..).unwrap_or_default());
                    return Poll::Ready(Ok(message));
                }
            }
        })
    }

    fn decode_unread(&mut self) -> Result<Option<Message>, decoder::Error> {
        let Some(unread) = &mut self.unread else {
            return Ok(None);
        };
        let rest = unread.bytes.get_mut(unread.position..).unwrap_or_default();
        let decoded = self.decoder.decode(rest)?;
        unread.position += decoded.consumed;
        if unread.position == unread.bytes.len() {
            self.unread = None;
        }
        Ok(decoded.message)
    }

    /// Waits until the client has closed its side too, so that what was written last is not lost to a reset.
    pub(crate) async fn linger(self, limit: Duration) {
        linger(self.reader, limit).await;
    }
}

/// Reads what is there; nothing at the end of the stream. No memory is held while there is nothing to read.
pub(crate) async fn chunk(reader: &mut Reader) -> io::Result<Bytes> {
    poll_fn(|context| {
        BUFFER.with_borrow_mut(|buffer| {
            let bytes = ready!(read(reader, context, buffer))?;
            Poll::Ready(Ok(Bytes::copy_from_slice(bytes)))
        })
    })
    .await
}

/// Reads and forgets until the end of the stream, at most for `limit`.
pub(crate) async fn linger(mut reader: impl AsyncRead + Unpin, limit: Duration) {
    let mut sink = [0; 1024];
    let end = async { while matches!(reader.read(&mut sink).await, Ok(1..)) {} };
    // Both outcomes are the end of the connection.
    let _ = tokio::time::timeout(limit, end).await;
}

fn read<'a>(reader: &mut Reader, context: &mut Context<'_>, buffer: &'a mut [u8]) -> Poll<io::Result<&'a mut [u8]>> {
    let mut target = ReadBuf::new(buffer);
    ready!(Pin::new(reader).poll_read(context, &mut target))?;
    let length = target.filled().len();
    Poll::Ready(Ok(buffer.get_mut(..length).unwrap_or_default()))
}
