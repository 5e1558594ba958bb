//! A balancer that looks at every request.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy, copy_buf};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Listens until it is dropped.
pub(crate) struct Balancer {
    pub(crate) address: SocketAddr,
    _stop: DropGuard,
}

impl Balancer {
    /// Sends each request to the server that `choose` names for its head.
    pub(crate) async fn start(choose: impl Fn(&str) -> SocketAddr + Clone + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let choose = choose.clone();
                connections.spawn(async move { forward(client, choose).await });
            }
        }));
        Self { address, _stop: stop.drop_guard() }
    }
}

/// The connections to servers that one client's connection stands for.
struct Servers {
    writers: HashMap<SocketAddr, OwnedWriteHalf>,
    to_client: Arc<Mutex<OwnedWriteHalf>>,
    /// What servers send. Ends with the client's connection.
    answers: JoinSet<()>,
}

impl Servers {
    async fn writer(&mut self, address: SocketAddr) -> io::Result<&mut OwnedWriteHalf> {
        match self.writers.entry(address) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let server = TcpStream::connect(address).await?;
                server.set_nodelay(true)?;
                let (reader, writer) = server.into_split();
                self.answers.spawn(answers(reader, Arc::clone(&self.to_client)));
                Ok(place.insert(writer))
            }
        }
    }
}

/// Answers come one after the other, as requests do, so that only one server at a time writes.
async fn answers(mut server: OwnedReadHalf, client: Arc<Mutex<OwnedWriteHalf>>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = server.read(&mut buffer).await {
        if client.lock().await.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    let _ = client.lock().await.shutdown().await;
}

/// Only heads are looked at, so that a body may be broken off.
async fn forward(client: TcpStream, choose: impl Fn(&str) -> SocketAddr) -> Option<()> {
    client.set_nodelay(true).ok()?;
    let (reader, writer) = client.into_split();
    let mut reader = BufReader::new(reader);
    let to_client = Arc::new(Mutex::new(writer));
    let mut servers = Servers { writers: HashMap::new(), to_client, answers: JoinSet::new() };
    loop {
        let Ok(head) = head(&mut reader).await else {
            // A connection that broke is passed on as one, without a good-bye before.
            for (_, server) in servers.writers.drain() {
                server.as_ref().set_zero_linger().ok()?;
                server.forget();
            }
            return None;
        };
        let head = head?;
        let writer = servers.writer(choose(&head)).await.ok()?;
        writer.write_all(head.as_bytes()).await.ok()?;
        let lower = head.to_ascii_lowercase();
        if lower.contains("\r\nupgrade:") || lower.contains("\r\ntransfer-encoding:") {
            // The rest belongs to the same server.
            copy_buf(&mut reader, writer).await.ok()?;
            return None;
        }
        let length = lower.split("\r\ncontent-length: ").nth(1).and_then(|rest| rest.split('\r').next());
        let length = length.map_or(0, |length| length.parse().expect("a length"));
        copy(&mut (&mut reader).take(length), writer).await.ok()?;
    }
}

/// A request up to the empty line; `None` at the end of the connection.
async fn head(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(head))
}
