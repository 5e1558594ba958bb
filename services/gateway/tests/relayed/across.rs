//! The conformance example as several nodes, which share a bus, a store and a directory.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use crate::balancer::Balancer;
use crate::client::{Recoverable, SocketIo, data, open_polling};
use crate::cluster::{Backends, Node};
use crate::running::long_times;
use crate::settings::{self, Profile};

/// A node in a runtime of its own, which is killed when it is dropped.
struct Process {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Process {
    async fn start(backends: &Backends) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut options = settings::options(Profile::Clients);
        long_times(&mut options);
        let backends = backends.clone();
        let starting = runtime.spawn(async move {
            let node = Node::start(options, true, backends).await.unwrap();
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(node.run(listener, CancellationToken::new()));
            address
        });
        Self { address: starting.await.unwrap(), runtime: Some(runtime) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn two() -> (Process, Process) {
    let backends = Backends::memory();
    (Process::start(&backends).await, Process::start(&backends).await)
}

/// A client in room `r` that has heard something there, and one elsewhere who speaks to it.
async fn room(member_at: &Process, speaker_at: &Process) -> (Recoverable, Recoverable) {
    let mut member = Recoverable::connect(member_at.address).await;
    member.socket.send(r#"421["x-join","r"]"#).await;
    assert_eq!(member.socket.packet().await, "431[true]");
    let mut speaker = Recoverable::connect(speaker_at.address).await;
    speaker.socket.send(r#"42["x-to","r",1]"#).await;
    assert_eq!(member.event().await, json!(["x-to", "r", 1]));
    (member, speaker)
}

/// Says things that the member is to hear, and waits until all of them are said.
async fn speak(speaker: &mut Recoverable) {
    for event in [r#"42["x-to","r",2]"#, r#"42["x-broadcast",3]"#, r#"42["x-to","r",4]"#, r#"42["message"]"#] {
        speaker.socket.send(event).await;
    }
    assert_eq!(speaker.event().await, json!(["x-broadcast", 3]));
    assert_eq!(speaker.event().await, json!(["message-back"]));
}

/// The events among the packets of a return which are not its own `auth`.
fn missed(packets: &[String]) -> Vec<serde_json::Value> {
    packets.iter().filter(|packet| packet.starts_with(r#"42["x-"#)).map(|packet| data(packet)).collect()
}

#[tokio::test]
async fn a_broadcast_is_heard_once_at_every_node() {
    let (here, there) = two().await;
    let mut near = Recoverable::connect(here.address).await;
    let mut far = Recoverable::connect(there.address).await;
    for number in 0..20 {
        near.socket.send(&format!(r#"42["x-broadcast",{number}]"#)).await;
    }
    for client in [&mut near, &mut far] {
        for number in 0..20 {
            assert_eq!(client.event().await, json!(["x-broadcast", number]));
        }
    }
    assert_eq!(near.offset, far.offset);
}

#[tokio::test]
async fn rooms_have_members_at_every_node() {
    let (here, there) = two().await;
    let (mut member, mut speaker) = room(&here, &there).await;
    speaker.socket.send(r#"421["x-join","r"]"#).await;
    assert_eq!(speaker.socket.packet().await, "431[true]");
    member.socket.send(r#"451-["x-to","r",{"_placeholder":true,"num":0}]"#).await;
    member.socket.websocket.send_binary(&[1, 2, 3]).await;
    assert!(speaker.socket.packet().await.starts_with(r#"451-["x-to","r",{"_placeholder":true,"num":0},"#));
    assert_eq!(speaker.socket.websocket.binary().await, [1, 2, 3]);
    member.socket.send(r#"421["x-leave","r"]"#).await;
    assert_eq!(member.socket.packet().await, "431[true]");
    speaker.socket.send(r#"42["x-to","r","nobody"]"#).await;
    speaker.socket.send(r#"42["x-broadcast","all"]"#).await;
    assert_eq!(member.event().await, json!(["x-broadcast", "all"]));
}

#[tokio::test]
async fn a_lost_session_is_recovered_at_another_node() {
    let (here, there) = two().await;
    let (mut member, mut speaker) = room(&here, &there).await;
    // The connection is dropped without a word.
    member.socket = SocketIo::open(there.address).await;
    speak(&mut speaker).await;
    let packets = member.come_back(there.address).await;
    assert!(packets.iter().any(member.answer(true)), "{packets:?}");
    let events = missed(&packets);
    let contents: Vec<_> = events.iter().map(|event| event[event.as_array().unwrap().len() - 2].clone()).collect();
    assert_eq!(contents, [2, 3, 4]);
    // The offset is the one that others were given for the same event.
    assert_eq!(packets.last().map(|packet| packet.starts_with(r#"42["auth""#)), Some(true));
    speaker.socket.send(r#"42["x-to","r",5]"#).await;
    assert_eq!(member.event().await, json!(["x-to", "r", 5]));
}

#[tokio::test]
async fn a_session_outlives_its_node() {
    let (here, there) = two().await;
    let (mut member, mut speaker) = room(&here, &there).await;
    drop(here);
    speak(&mut speaker).await;
    for round in 0..3 {
        let packets = member.come_back(there.address).await;
        assert!(packets.iter().any(member.answer(true)), "{packets:?}");
        // As long as the client's offset is the same, it is sent the same with the same offsets.
        let offsets: Vec<_> = missed(&packets).iter().map(|event| event.as_array().unwrap().last().cloned()).collect();
        assert_eq!(offsets.len(), 3, "round {round}: {packets:?}");
        assert!(offsets.is_sorted_by_key(|offset| offset.as_ref().map(ToString::to_string)), "{offsets:?}");
    }
    speaker.socket.send(r#"42["x-to","r",5]"#).await;
    assert_eq!(member.event().await, json!(["x-to", "r", 5]));
}

#[tokio::test]
async fn a_client_that_comes_back_elsewhere_ends_its_old_connection() {
    let (here, there) = two().await;
    let (mut member, _speaker) = room(&here, &there).await;
    let mut old = std::mem::replace(&mut member.socket, SocketIo::open(there.address).await);
    let packets = member.come_back(there.address).await;
    assert!(packets.iter().any(member.answer(true)), "{packets:?}");
    old.websocket.closed().await;
    // And back again, to where it was before.
    let mut old = std::mem::replace(&mut member.socket, SocketIo::open(here.address).await);
    let packets = member.come_back(here.address).await;
    assert!(packets.iter().any(member.answer(true)), "{packets:?}");
    old.websocket.closed().await;
    member.socket.send(r#"421["message-with-ack",1]"#).await;
    assert_eq!(member.socket.packet().await, "431[1]");
}

#[tokio::test]
async fn what_cannot_be_recovered_becomes_a_fresh_session() {
    let (here, there) = two().await;
    let mut ended = Recoverable::connect(here.address).await;
    ended.socket.send("41").await;
    ended.socket.send(&ended.claim()).await;
    let answer = ended.socket.packet().await;
    assert!(ended.answer(false)(&answer), "{answer}");
    let other = Recoverable::connect(here.address).await;
    let mut unknown = Recoverable::connect(here.address).await;
    unknown.pid = format!("{}.00", unknown.sid);
    let mut ahead = Recoverable::connect(here.address).await;
    ahead.offset = "e999999".to_owned();
    // Its own pid, and the offset of an event that was another's.
    let mut foreign = Recoverable::connect(here.address).await;
    foreign.offset = other.offset;
    for mut client in [unknown, ahead, foreign] {
        let packets = client.come_back(there.address).await;
        assert!(packets.iter().any(client.answer(false)), "{packets:?}");
    }
}

#[tokio::test]
async fn a_polling_client_may_send_every_request_to_another_node() {
    let backends = Backends::memory();
    let nodes = [Process::start(&backends).await, Process::start(&backends).await, Process::start(&backends).await];
    let addresses = nodes.each_ref().map(|node| node.address);
    let turn = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let balancer =
        Balancer::start(move |_| addresses[turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % addresses.len()])
            .await;
    let mut far = Recoverable::connect(nodes[2].address).await;
    let mut client = open_polling(balancer.address, "/socket.io/").await;
    client.say("40").await;
    let mut heard = Vec::new();
    while heard.len() < 12 {
        if heard.len() >= 2 {
            client.say(&format!(r#"42["x-broadcast",{}]"#, heard.len() - 2)).await;
            far.event().await;
        }
        heard.extend(client.packets().await);
    }
    assert!(heard[0].starts_with("40{") && heard[1].starts_with(r#"42["auth",{}"#), "{heard:?}");
    for (number, packet) in heard[2..].iter().enumerate() {
        assert!(packet.starts_with(&format!(r#"42["x-broadcast",{number},"#)), "{packet}");
    }
}
