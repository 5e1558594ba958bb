//! A way between two processes that can fall silent.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
};

/// Passes bytes on until it is told to swallow them. Connections stay open then.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    passing: watch::Sender<bool>,
}

impl Proxy {
    pub(crate) async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (passing, open) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let open = open.clone();
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(server).await else { return };
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    tokio::join!(pass(from_client, to_server, open.clone()), pass(from_server, to_client, open));
                });
            }
        });
        Self { address, passing }
    }

    /// From now on nothing arrives, in either direction.
    pub(crate) fn fall_silent(&self) {
        self.passing.send_replace(false);
    }
}

async fn pass(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, open: watch::Receiver<bool>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if *open.borrow() && to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
