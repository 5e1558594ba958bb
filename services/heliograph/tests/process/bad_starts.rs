//! What keeps the program from starting is said in one line that names it.

use std::net::TcpListener;

use crate::program::{Configuration, SECRET, heliograph, run};

/// Starts with a configuration that must be refused with a line that holds all of `parts`.
fn refused(configuration: &Configuration, parts: &[&str]) {
    let ended = run(&mut heliograph(&["--config", configuration.path()]));
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.starts_with("heliograph: "), "{}", ended.stderr);
    for part in parts {
        assert!(ended.stderr.contains(part), "{} lacks {part:?}", ended.stderr);
    }
    assert_eq!(ended.stdout, "");
}

#[test]
fn a_taken_public_port_is_named_with_the_ways_to_choose_another() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let text = format!("public.host = \"127.0.0.1\"\npublic.port = {port}\noperations.port = 0\n");
    refused(&Configuration::verbatim(&text), &[&port.to_string(), "--port", "SOCKET_PORT", "public.port"]);
}

#[test]
fn a_taken_operations_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let text = format!("public.host = \"127.0.0.1\"\npublic.port = 0\noperations.port = {port}\n");
    refused(&Configuration::verbatim(&text), &[&port.to_string(), "operations.port"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let ended = run(&mut heliograph(&["--config", "no/such/file.toml"]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("no/such/file.toml"), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1);
}

#[test]
fn unknown_keys_and_bad_values_are_named() {
    refused(&Configuration::new("public.prot = 1\n"), &["prot", "unknown field"]);
    refused(&Configuration::new("engine.ping_interval = \"soon\"\n"), &["engine.ping_interval"]);
    refused(&Configuration::new("auth.mode = \"jwt\"\n"), &["auth.secret"]);
    refused(&Configuration::new("log.filter = \"a=b=c\"\n"), &["log filter", "a=b=c"]);
}

#[test]
fn keys_that_are_none_are_named() {
    refused(&Configuration::new("auth.mode = \"jwt\"\nauth.secret = \"short\"\n"), &["auth.secret", "bytes long"]);
    let missing = "auth.mode = \"jwt\"\nauth.public_key_file = \"no/such/key.pem\"\n";
    refused(&Configuration::new(missing), &["auth.public_key_file", "no/such/key.pem"]);
    let no_key = Configuration::verbatim("this is no key");
    let text = format!("auth.mode = \"jwt\"\nauth.public_key_file = {:?}\n", no_key.path());
    refused(&Configuration::new(&text), &["auth.public_key_file", "PEM"]);
}

#[test]
fn a_bad_value_in_the_environment_is_named() {
    let mut command = heliograph(&[]);
    command.env("HELIOGRAPH_AUTH__SECRET", SECRET).env("HELIOGRAPH_ENGINE__MAX_PAYLOAD", "plenty");
    let ended = run(&mut command);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("engine.max_payload") && ended.stderr.contains("plenty"), "{}", ended.stderr);
    assert!(!ended.stderr.contains(SECRET));
}
