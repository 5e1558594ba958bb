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
fn a_claim_that_nobody_has_signed_makes_no_administrator() {
    let server = Server::start(&Configuration::new(""));
    // {"alg":"none"} . {"sub":"a","admin":true} .
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwiYWRtaW4iOnRydWV9.";
    assert_eq!(ask(server.operations, "GET", "/admin/nodes", Some(unsigned)).0, 403);
    let (status, body) = ask(server.operations, "GET", "/admin/nodes", Some(&token(&["--user", "root", "--admin"])));
    assert_eq!(status, 403);
    assert!(body.contains("auth.secret"), "{body}");
}
