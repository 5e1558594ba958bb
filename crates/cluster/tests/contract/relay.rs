//! A way to a server that can be cut.

use std::net::SocketAddr;

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

/// Passes connections on to a server until it is cut. Ends when dropped.
pub(crate) struct Relay {
    address: SocketAddr,
    open: watch::Sender<bool>,
    _task: AbortOnDropHandle<()>,
}

impl Relay {
    /// A way to the server at `target`, on a port of its own.
    pub(crate) async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (open, opened) = watch::channel(true);
        let task = tokio::spawn(pass(listener, target, opened));
        Self { address, open, _task: AbortOnDropHandle::new(task) }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Ends all connections, and every new one at once.
    pub(crate) fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Passes new connections on again.
    pub(crate) fn heal(&self) {
        self.open.send_replace(true);
    }
}

async fn pass(listener: TcpListener, target: String, opened: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let (target, mut opened) = (target.clone(), opened.clone());
        connections.spawn(async move {
            let passing = async {
                if let Ok(mut server) = TcpStream::connect(&target).await {
                    // Ends with either side.
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                }
            };
            tokio::select! {
                () = passing => {}
                _ = opened.wait_for(|open| !open) => {}
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
