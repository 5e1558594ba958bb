//! The port for operators.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::program::{Configuration, SECRET, Server, ask, get, heliograph, run};

fn token(arguments: &[&str]) -> String {
    let mut command = heliograph(&["token"]);
    command.args(arguments).env("HELIOGRAPH_AUTH__MODE", "jwt").env("HELIOGRAPH_AUTH__SECRET", SECRET);
    run(&mut command).stdout.trim().to_owned()
}

#[test]
fn health_readiness_and_metrics_are_told() {
    let server = Server::start(&Configuration::jwt(""));
    assert_eq!(get(server.operations, "/healthz").0, 200);
    assert_eq!(get(server.operations, "/readyz").0, 200);
    let (status, metrics) = get(server.operations, "/metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("application/openmetrics-text"), "{metrics}");
    assert!(metrics.contains("# TYPE heliograph_") && metrics.contains("# EOF"), "{metrics}");
    assert_eq!(get(server.public, "/metrics").0, 404);
}

#[test]
fn administration_takes_an_administrators_token() {
    let server = Server::start(&Configuration::jwt(""));
    let user = token(&["--user", "alice"]);
    let admin = token(&["--user", "root", "--admin"]);
    let nodes = |token: Option<&str>| ask(server.operations, "GET", "/admin/nodes", token);
    assert_eq!(nodes(None).0, 401);
    assert_eq!(nodes(Some("wrong")).0, 401);
    assert_eq!(nodes(Some(&user)).0, 403);
    let (status, body) = nodes(Some(&admin));
    assert_eq!(status, 200);
    for role in ["gateway", "room-router", "presence"] {
        assert!(body.contains(&format!("\"role\":\"{role}\"")), "{body}");
    }
    assert_eq!(ask(server.operations, "DELETE", "/admin/rooms/standup", Some(&admin)).0, 204);
    assert_eq!(ask(server.operations, "POST", "/admin/users/alice/disconnect", Some(&admin)).0, 204);
    assert_eq!(ask(server.operations, "DELETE", "/admin/rooms/standup", Some(&user)).0, 403);
}

#[test]
fn operators_see_the_nodes_and_sockets_of_the_cluster() {
    let server = Server::start(&Configuration::jwt(""));
    let admin = token(&["--user", "root", "--admin"]);
    let ask = |method: &str, path: &str| ask(server.operations, method, path, Some(&admin));
    let nodes = json(&ask("GET", "/admin/nodes").1);
    let nodes = nodes["nodes"].as_array().unwrap();
    let node = |role: &str| nodes.iter().find(|node| node["role"] == role).unwrap();
    // Alone, each service owns everything.
    assert_eq!((&node("room-router")["partitions"], &node("presence")["partitions"]), (&256.into(), &256.into()));
    let gateway = node("gateway");
    assert_eq!((&gateway["sockets"], &gateway["waitingFor"]), (&0.into(), &serde_json::json!([])), "{gateway}");

    let id = gateway["id"].as_str().unwrap();
    let (status, sockets) = ask("GET", &format!("/admin/sockets?node={id}"));
    assert_eq!((status, json(&sockets)), (200, serde_json::json!({"sockets": [], "more": false})));
    assert_eq!(ask("GET", "/admin/sockets?node=gateway-nobody").0, 404);
    assert_eq!(ask("GET", "/admin/sockets").0, 400);
    let router = node("room-router")["id"].as_str().unwrap();
    assert_eq!(ask("GET", &format!("/admin/sockets?node={router}")).0, 400);
    assert_eq!(ask("POST", "/admin/sockets/nobody/disconnect").0, 204);
    assert_eq!(ask("POST", "/admin/nodes/gateway-nobody/drain").0, 404);
}

/// A guest in a mesh room, on a plain WebSocket.
fn join(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.public).unwrap();
    let request = "GET /ws/standup HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let message = br#"{"type":"join","username":"Ann"}"#;
    // A text frame with a mask of zeros (RFC 6455, section 5.2).
    stream.write_all(&[0x81, 0x80 | u8::try_from(message.len()).unwrap(), 0, 0, 0, 0]).unwrap();
    stream.write_all(message).unwrap();
    let mut heard = Vec::new();
    let peers = br#""type":"peers""#;
    while !heard.windows(peers.len()).any(|part| part == peers) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        heard.extend(byte);
    }
    stream
}

/// Whether the connection is closed with code 4403.
fn was_removed(mut client: TcpStream) -> bool {
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    heard.windows(4).any(|frame| frame[0] == 0x88 && frame[2..4] == 4403_u16.to_be_bytes())
}

#[test]
fn sockets_are_listed_in_pages_and_disconnected() {
    let server = Server::start(&Configuration::new(&format!("auth.secret = \"{SECRET}\"\n")));
    let admin = token(&["--user", "root", "--admin"]);
    let ask = |method: &str, path: &str| ask(server.operations, method, path, Some(&admin));
    let clients = [join(&server), join(&server), join(&server)];
    let nodes = json(&ask("GET", "/admin/nodes").1);
    let gateway = nodes["nodes"].as_array().unwrap().iter().find(|node| node["role"] == "gateway").unwrap();
    assert_eq!(gateway["sockets"], 3);
    let node = gateway["id"].as_str().unwrap();

    let first = json(&ask("GET", &format!("/admin/sockets?node={node}&limit=2")).1);
    assert_eq!((first["sockets"].as_array().unwrap().len(), &first["more"]), (2, &true.into()), "{first}");
    let last = first["sockets"][1]["id"].as_str().unwrap();
    let second = json(&ask("GET", &format!("/admin/sockets?node={node}&after={last}")).1);
    assert_eq!((second["sockets"].as_array().unwrap().len(), &second["more"]), (1, &false.into()), "{second}");
    let sockets: Vec<_> = [&first, &second].into_iter().flat_map(|page| page["sockets"].as_array().unwrap()).collect();
    assert!(sockets.windows(2).all(|pair| pair[0]["id"].as_str() < pair[1]["id"].as_str()));
    let mut addresses: Vec<_> = clients.iter().map(|client| client.local_addr().unwrap().to_string()).collect();
    let mut listed: Vec<_> = sockets.iter().map(|socket| socket["address"].as_str().unwrap().to_owned()).collect();
    addresses.sort();
    listed.sort();
    assert_eq!(addresses, listed);
    assert_eq!(sockets[0]["vocabulary"], "mesh");

    let found = |client: &TcpStream| {
        let address = client.local_addr().unwrap().to_string();
        sockets.iter().find(|socket| socket["address"] == *address).unwrap()
    };
    let [one, two, three] = clients;
    let socket = found(&one)["id"].as_str().unwrap();
    assert_eq!(ask("POST", &format!("/admin/sockets/{socket}/disconnect")).0, 204);
    assert!(was_removed(one));
    let user = found(&two)["user"].as_str().unwrap();
    assert_eq!(ask("POST", &format!("/admin/users/{user}/disconnect")).0, 204);
    assert!(was_removed(two));
    let left = || json(&ask("GET", &format!("/admin/sockets?node={node}")).1)["sockets"].as_array().unwrap().len();
    while left() > 1 {}
    drop(three);
    while left() > 0 {}
}

#[test]
fn an_operator_drains_a_node() {
    let mut server = Server::start(&Configuration::jwt(""));
    let admin = token(&["--user", "root", "--admin"]);
    let nodes = json(&ask(server.operations, "GET", "/admin/nodes", Some(&admin)).1);
    let node = nodes["nodes"][0]["id"].as_str().unwrap().to_owned();
    let drain = format!("/admin/nodes/{node}/drain");
    assert_eq!(ask(server.operations, "POST", &drain, Some(&token(&["--user", "alice"]))).0, 403);
    assert_eq!(ask(server.operations, "POST", &drain, Some(&admin)).0, 202);
    assert!(server.wait().success());
}

/// The body of an answer.
fn json(answer: &str) -> serde_json::Value {
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_claim_that_nobody_has_signed_makes_no_administrator() {
    let server = Server::start(&Configuration::new(""));
    // {"alg":"none"} . {"sub":"a","admin":true} .
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwiYWRtaW4iOnRydWV9.";
    assert_eq!(ask(server.operations, "GET", "/admin/nodes", Some(unsigned)).0, 403);
    let (status, body) = ask(server.operations, "GET", "/admin/nodes", Some(&token(&["--user", "root", "--admin"])));
    assert_eq!(status, 403);
    assert!(body.contains("auth.secret"), "{body}");
}
