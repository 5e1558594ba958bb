//! socketioxide with the same four operations as the load client uses: CONNECT with a token, joining a room, a
//! message to everybody in it with an acknowledgement, a signal to one user.
//!
//! usage: heliograph-bench-peer PORT SECRET

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{DecodingKey, Validation, decode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, Extension, SocketRef};
use socketioxide::handler::ConnectHandler;

#[derive(Deserialize)]
struct Auth {
    token: String,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    name: String,
}

#[derive(Clone, Serialize)]
struct User {
    id: String,
    name: String,
    image: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Join {
    room_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Send {
    room_id: String,
    content: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    id: &'a str,
    content: &'a str,
    user_id: &'a str,
    room_id: &'a str,
    created_at: u64,
    user: &'a User,
    attachments: [(); 0],
    seq: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signal {
    to: String,
    call_id: String,
    signal: Value,
}

static MESSAGES: AtomicU64 = AtomicU64::new(0);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(secret)) = (arguments.next(), arguments.next()) else {
        return Err("usage: heliograph-bench-peer PORT SECRET".into());
    };
    let key = Arc::new(DecodingKey::from_secret(secret.as_bytes()));
    let (layer, io) = SocketIo::new_layer();
    let verify = move |socket: SocketRef, Data(auth): Data<Auth>| {
        let key = Arc::clone(&key);
        async move {
            let claims = decode::<Claims>(&auth.token, &key, &Validation::default())?.claims;
            socket.join(format!("user:{}", claims.sub));
            listen(&socket);
            socket.extensions.insert(User { id: claims.sub, name: claims.name, image: None });
            Ok::<(), jsonwebtoken::errors::Error>(())
        }
    };
    io.ns("/", connected.with(verify));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    axum::serve(listener, axum::Router::new().layer(layer)).await?;
    Ok(())
}

async fn connected(_: SocketRef) {}

/// The library lets events be sent before the connect handler has run, and drops those without a listener; so
/// listeners are set up before the client learns that it is connected.
fn listen(socket: &SocketRef) {
    socket.on("room:join", async |socket: SocketRef, Data(join): Data<Join>, ack: AckSender| {
        socket.join(join.room_id);
        ack.send(&json!({ "success": true })).ok();
    });
    socket.on("message:send", message);
    socket.on("webrtc-signal", signal);
}

async fn message(socket: SocketRef, Extension(user): Extension<User>, Data(send): Data<Send>, ack: AckSender) {
    let seq = MESSAGES.fetch_add(1, Ordering::Relaxed);
    let id = format!("msg_{seq}");
    let created_at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let message = Message {
        id: &id,
        content: &send.content,
        user_id: &user.id,
        room_id: &send.room_id,
        created_at,
        user: &user,
        attachments: [],
        seq,
    };
    if let Err(error) = socket.within(send.room_id.clone()).emit("message:new", &message).await {
        eprintln!("a message is lost: {error}");
    }
    ack.send(&json!({ "success": true, "messageId": id, "createdAt": created_at, "seq": seq })).ok();
}

async fn signal(socket: SocketRef, Extension(user): Extension<User>, Data(signal): Data<Signal>, ack: AckSender) {
    let event = json!({ "from": user.id, "callId": signal.call_id, "signal": signal.signal });
    if let Err(error) = socket.to(format!("user:{}", signal.to)).emit("webrtc-signal", &event).await {
        eprintln!("a signal is lost: {error}");
    }
    ack.send(&json!({ "success": true })).ok();
}
