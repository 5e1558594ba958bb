//! A WebSocket client.

use std::net::SocketAddr;

use heliograph_websocket::encode::masked_frame;
use heliograph_websocket::{Close, Decoder, Message, Opcode, Role};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::JoinHandle;

use super::{Answer, Http};
use crate::running::soon;

/// Masks need not be secret here.
const KEY: [u8; 4] = [1, 2, 3, 4];

pub(crate) struct WebSocket {
    reader: OwnedReadHalf,
    writer: Option<OwnedWriteHalf>,
    decoder: Decoder,
    unread: Vec<u8>,
}

/// After the server has switched protocols.
impl From<Http> for WebSocket {
    fn from(http: Http) -> Self {
        let (stream, unread) = http.into_parts();
        stream.set_nodelay(true).expect("a connection");
        let (reader, writer) = stream.into_split();
        Self { reader, writer: Some(writer), decoder: Decoder::new(Role::Client, 64 * 1024 * 1024), unread }
    }
}

impl WebSocket {
    pub(crate) async fn connect(address: SocketAddr, path: &str) -> Self {
        Self::try_connect(address, path, &[]).await.expect("a WebSocket")
    }

    /// The refusal if the server does not switch protocols.
    pub(crate) async fn try_connect(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Self, Answer> {
        let mut http = Http::connect(address).await;
        let mut all = vec![
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        all.extend_from_slice(headers);
        let answer = http.request("GET", path, &all, b"").await;
        if answer.status != 101 {
            return Err(answer);
        }
        assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        Ok(Self::from(http))
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.frame(true, Opcode::Text, text.as_bytes()).await;
    }

    pub(crate) async fn send_binary(&mut self, data: &[u8]) {
        self.frame(true, Opcode::Binary, data).await;
    }

    pub(crate) async fn frame(&mut self, fin: bool, opcode: Opcode, payload: &[u8]) {
        self.raw(&masked_frame(fin, opcode, payload, KEY)).await;
    }

    /// Sends a binary message again and again while the caller reads. Nothing else may be sent in the meantime, and
    /// the connection is half closed when the handle is dropped.
    pub(crate) fn send_on_the_side(&mut self, data: &[u8], count: usize) -> JoinHandle<OwnedWriteHalf> {
        let frame = masked_frame(true, Opcode::Binary, data, KEY);
        let mut writer = self.writer.take().expect("nobody else sends");
        tokio::spawn(async move {
            for _ in 0..count {
                writer.write_all(&frame).await.expect("the server takes it");
            }
            writer
        })
    }

    /// Bytes as they are. A server that has closed its side already is no concern of this.
    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        let _ = self.writer.as_mut().expect("nobody else sends").write_all(bytes).await;
    }

    /// The next message of any kind; `None` at the end of the stream.
    pub(crate) async fn message(&mut self) -> Option<Message> {
        soon(self.read()).await
    }

    async fn read(&mut self) -> Option<Message> {
        loop {
            let decoded = self.decoder.decode(&mut self.unread).expect("frames of the server are valid");
            self.unread.drain(..decoded.consumed);
            if let Some(message) = decoded.message {
                return Some(message);
            }
            let mut buffer = [0; 16 * 1024];
            let length = self.reader.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
            self.unread.extend_from_slice(&buffer[..length]);
        }
    }

    /// The next message, which is text.
    pub(crate) async fn text(&mut self) -> String {
        match self.message().await {
            Some(Message::Text(text)) => text,
            other => panic!("expected text, got {other:?}"),
        }
    }

    /// The next message, which is binary.
    pub(crate) async fn binary(&mut self) -> Vec<u8> {
        match self.message().await {
            Some(Message::Binary(data)) => data.to_vec(),
            other => panic!("expected bytes, got {other:?}"),
        }
    }

    /// The close frame and then the end of the stream, after any number of other messages.
    pub(crate) async fn closed(&mut self) -> Option<Close> {
        let mut close = None;
        while let Some(message) = self.message().await {
            if let Message::Close(frame) = message {
                close = frame;
            }
        }
        close
    }

    /// The code of the close frame.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        self.closed().await.map(|close| close.code.get())
    }
}
