//! The floor: the least that a server of this kind can do.
//!
//! Accept, answer the WebSocket handshake, keep rooms in a map behind a mutex, and send a ready-made frame to each
//! member of a room with one write. It reads no JSON, verifies no token, stores nothing and keeps no order
//! beyond TCP's. It speaks as much Socket.IO as the load client needs: the open packet, the answer to
//! CONNECT, acknowledgements. A frame that a socket does not take at once waits in that socket's queue.

mod connection;
mod rooms;

use tokio::net::TcpListener;

use crate::Failure;

/// Serves on a loopback port until the process is killed.
pub(crate) async fn serve(port: u16) -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| Failure::new(format!("cannot listen on port {port}: {error}")))?;
    let rooms = rooms::Rooms::new();
    loop {
        let (stream, _) = listener.accept().await.map_err(|error| Failure::new(format!("cannot accept: {error}")))?;
        tokio::spawn(connection::run(stream, rooms.clone()));
    }
}
