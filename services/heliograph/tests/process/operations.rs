//! The port for operators.

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
