//! Engine.IO and Socket.IO clients.

use std::net::SocketAddr;

use super::{Answer, Http, WebSocket};

/// A session on long-polling: one connection for polls and one for posts.
pub(crate) struct Polling {
    pub(crate) path: String,
    pub(crate) sid: String,
    polls: Http,
    posts: Http,
}

/// Opens a session on long-polling at `/engine.io/` or `/socket.io/`.
pub(crate) async fn open_polling(address: SocketAddr, base: &str) -> Polling {
    let mut polls = Http::connect(address).await;
    let answer = polls.get(&format!("{base}?EIO=4&transport=polling")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let open: serde_json::Value = serde_json::from_str(&answer.body[1..]).expect("JSON");
    let sid = open["sid"].as_str().expect("a sid").to_owned();
    let path = format!("{base}?EIO=4&transport=polling&sid={sid}");
    Polling { path, sid, polls, posts: Http::connect(address).await }
}

impl Polling {
    pub(crate) async fn poll(&mut self) -> Answer {
        self.polls.get(&self.path).await
    }

    /// The packets of the next poll, which succeeds.
    pub(crate) async fn packets(&mut self) -> Vec<String> {
        let answer = self.poll().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body.split('\u{1e}').map(str::to_owned).collect()
    }

    /// Sends a poll and does not wait for its answer.
    pub(crate) async fn begin_poll(&mut self) {
        self.polls.send("GET", &self.path, &[], b"").await;
    }

    /// The answer to the poll that was begun.
    pub(crate) async fn end_poll(&mut self) -> Answer {
        self.polls.answer().await.expect("an answer")
    }

    /// Waits until an answer can be read, and does not read it.
    pub(crate) async fn answer_arrived(&self) {
        self.polls.readable().await;
    }

    pub(crate) async fn post(&mut self, body: &str) -> Answer {
        self.posts.post(&self.path, body).await
    }

    /// Posts what is accepted.
    pub(crate) async fn say(&mut self, body: &str) {
        let answer = self.post(body).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    }

    /// Closes the connection that polls, and whatever waits on it.
    pub(crate) async fn abandon_poll(&mut self, address: SocketAddr) {
        self.polls = Http::connect(address).await;
    }
}

/// A Socket.IO client on a WebSocket, which answers pings.
pub(crate) struct SocketIo {
    pub(crate) websocket: WebSocket,
}

impl SocketIo {
    /// A connection that has joined nothing.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, "").await
    }

    /// The same with more in the query, beginning with `&`.
    pub(crate) async fn open_with(address: SocketAddr, query: &str) -> Self {
        let path = format!("/socket.io/?EIO=4&transport=websocket{query}");
        let mut websocket = WebSocket::connect(address, &path).await;
        assert!(websocket.text().await.starts_with("0{"));
        Self { websocket }
    }

    /// A connection that has joined the main namespace.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let mut client = Self::open(address).await;
        client.join("40").await;
        client
    }

    /// Sends a CONNECT; the JSON of its answer, and the `auth` event that follows it.
    pub(crate) async fn join(&mut self, connect: &str) -> (serde_json::Value, String) {
        self.send(connect).await;
        let answer = self.packet().await;
        let json = answer.find('{').map(|at| &answer[at..]).expect("JSON");
        (serde_json::from_str(json).expect("JSON"), self.packet().await)
    }

    /// Sends an Engine.IO packet.
    pub(crate) async fn send(&mut self, packet: &str) {
        self.websocket.send(packet).await;
    }

    /// The next packet that is no ping.
    pub(crate) async fn packet(&mut self) -> String {
        loop {
            let packet = self.websocket.text().await;
            if packet != "2" {
                return packet;
            }
            self.send("3").await;
        }
    }
}
