//! The bytes of a WebSocket between the gateway that its client is connected to and the home of its session.
//!
//! Both ends move bytes between a socket and a gRPC call: at the one end the client's, at the other one of a
//! connected pair whose far end the session takes for its client's. Neither end looks into the bytes. What is on its
//! way is bounded by the buffers of the sockets, the window of the call, and one read of each end: a client that
//! reads slowly is noticed by the outlet of its session, as it would be if it were connected there.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use heliograph_domain::wire::proto::{self, TunnelDown, TunnelUp, tunnel_up};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::{Status, Streaming};

use super::away::{Place, Relays};
use crate::transport::permit::Permit;
use crate::transport::stream::Reader;
use crate::transport::wire;

/// The end at the gateway that the client is connected to, whose home has kept a place for it. Dropped, it ends.
pub(crate) struct Tunnel {
    relays: Arc<Relays>,
    up: mpsc::Sender<TunnelUp>,
    down: Streaming<TunnelDown>,
    place: Place,
}

impl Tunnel {
    pub(super) fn new(
        relays: Arc<Relays>,
        up: mpsc::Sender<TunnelUp>,
        down: Streaming<TunnelDown>,
        place: Place,
    ) -> Self {
        Self { relays, up, down, place }
    }

    /// Connects the client. `leftover` came right behind its handshake.
    pub(super) fn connect(self, stream: TcpStream, leftover: &[u8], permit: Permit) {
        let Self { relays, up, down, place } = self;
        if !leftover.is_empty() {
            // There is room: nothing was sent since the first part left.
            let _ = up.try_send(data(Bytes::copy_from_slice(leftover)));
        }
        let tasks = relays.tasks.clone();
        tasks.spawn(async move {
            relays.tunnels().inc();
            let (reader, writer) = stream.into_split();
            let stopping = say_stopping(&relays, up.downgrade());
            let up = send(Reader::Client(reader), up, data);
            let down = receive(down, writer, relays.patience(), |part| Some(part.data));
            tokio::select! {
                () = join(up, down, relays.linger()) => {}
                () = stopping => {}
            }
            relays.tunnels().dec();
            drop((place, permit));
        });
    }
}

fn data(data: Bytes) -> TunnelUp {
    TunnelUp { part: Some(tunnel_up::Part::Data(data)) }
}

/// Lets the session end in good order when this gateway drains. Never ready.
async fn say_stopping(relays: &Relays, up: mpsc::WeakSender<TunnelUp>) {
    relays.farewell().await;
    if let Some(up) = up.upgrade() {
        // A tunnel that has ended need not be told.
        let _ = up.send(TunnelUp { part: Some(tunnel_up::Part::Stopping(proto::Stopping {})) }).await;
    }
    std::future::pending().await
}

/// The end at home: moves bytes between the pair's near end and the call. `stopping` is called when the client's
/// gateway is about to stop.
pub(super) async fn serve(
    near: UnixStream,
    up: Streaming<TunnelUp>,
    down: mpsc::Sender<Result<TunnelDown, Status>>,
    linger: Duration,
    stopping: impl Fn(),
) {
    let (reader, writer) = near.into_split();
    let sending = send(Reader::Tunnel(reader), down, |data| Ok(TunnelDown { data }));
    let receiving = receive(up, writer, Duration::MAX, |part| match part.part {
        Some(tunnel_up::Part::Data(data)) => Some(data),
        Some(tunnel_up::Part::Stopping(_)) => {
            stopping();
            None
        }
        Some(tunnel_up::Part::Session(_)) | None => None,
    });
    join(sending, receiving, linger).await;
}

/// Whichever direction ends first, the other one has a moment to end too: so a last message still arrives.
async fn join(one: impl Future<Output = ()>, other: impl Future<Output = ()>, linger: Duration) {
    tokio::pin!(one, other);
    // An end that does not come in time is made by dropping both.
    let _ = tokio::select! {
        () = &mut one => timeout(linger, other).await,
        () = &mut other => timeout(linger, one).await,
    };
}

/// From a socket to a call, until the socket ends. What the call takes no more is read and forgotten, because a
/// socket that is closed with unread bytes is reset.
async fn send<T>(mut reader: Reader, parts: mpsc::Sender<T>, part: impl Fn(Bytes) -> T) {
    let mut parts = Some(parts);
    while let Ok(data) = wire::chunk(&mut reader).await
        && !data.is_empty()
    {
        if let Some(sender) = &parts
            && sender.send(part(data)).await.is_err()
        {
            parts = None;
        }
    }
}

/// From a call to a socket, until the call ends or the socket takes nothing for as long as `patience`.
async fn receive<T>(
    mut parts: Streaming<T>,
    mut writer: impl AsyncWrite + Unpin,
    patience: Duration,
    data: impl Fn(T) -> Option<Bytes>,
) {
    while let Ok(Some(part)) = parts.message().await {
        if let Some(data) = data(part)
            && write(&mut writer, data, patience).await.is_err()
        {
            return;
        }
    }
    // The socket may be gone already.
    let _ = writer.shutdown().await;
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), mut data: Bytes, patience: Duration) -> io::Result<()> {
    while !data.is_empty() {
        match timeout(patience, writer.write_buf(&mut data)).await? {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(_) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
