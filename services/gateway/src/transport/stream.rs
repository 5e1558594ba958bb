//! What the bytes of a WebSocket travel on.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::{tcp, unix};

/// Where bytes come from.
#[derive(Debug)]
pub(crate) enum Reader {
    /// The client itself.
    Client(tcp::OwnedReadHalf),
    /// A tunnel to the gateway that the client is connected to.
    Tunnel(unix::OwnedReadHalf),
}

/// Where bytes go. Dropped, it ends the stream.
#[derive(Debug)]
pub(crate) enum Writer {
    /// The client itself.
    Client(tcp::OwnedWriteHalf),
    /// A tunnel to the gateway that the client is connected to.
    Tunnel(unix::OwnedWriteHalf),
}

impl AsyncRead for Reader {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Client(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tunnel(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl Writer {
    /// Writes what the stream takes now.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Client(stream) => stream.try_write(bytes),
            Self::Tunnel(stream) => stream.try_write(bytes),
        }
    }

    /// The same for bytes in several places.
    pub(crate) fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Client(stream) => stream.try_write_vectored(slices),
            Self::Tunnel(stream) => stream.try_write_vectored(slices),
        }
    }

    /// Ready when the stream may take something again.
    pub(crate) fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Client(stream) => stream.as_ref().poll_write_ready(context),
            Self::Tunnel(stream) => stream.as_ref().poll_write_ready(context),
        }
    }
}
