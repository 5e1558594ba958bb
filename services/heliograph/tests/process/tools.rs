//! The other commands.

use crate::program::{Configuration, SECRET, Server, ask, heliograph, run};

#[test]
fn a_token_is_accepted_by_a_server_with_the_same_secret() {
    let configuration = Configuration::jwt("");
    let ended = run(&mut heliograph(&["token", "--user", "alice", "--config", configuration.path()]));
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    let server = Server::start(&configuration);
    assert_eq!(ask(server.public, "GET", "/api/rooms", Some(ended.stdout.trim())).0, 200);
    assert_eq!(ask(server.public, "GET", "/api/rooms", None).0, 401);
}

#[test]
fn without_a_secret_there_is_no_token() {
    let ended = run(&mut heliograph(&["token", "--user", "alice"]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("auth.secret") && ended.stdout.is_empty(), "{}", ended.stderr);
}

#[test]
fn a_check_says_whether_the_configuration_is_in_order() {
    let ended = run(&mut heliograph(&["check", "--config", Configuration::jwt("").path()]));
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    assert!(!ended.stdout.contains(SECRET));
    for (text, named) in [
        ("auth.mode = \"jwt\"\nauth.secret_file = \"no/such/file\"\n", "auth.secret_file"),
        ("auth.secret_file = \"no/such/file\"\n", "auth.secret_file"),
        ("log.filter = \"a=b=c\"\n", "log filter"),
    ] {
        let ended = run(&mut heliograph(&["check", "--config", Configuration::new(text).path()]));
        assert_eq!(ended.status.code(), Some(1), "{text}");
        assert!(ended.stderr.contains(named), "{}", ended.stderr);
    }
}
