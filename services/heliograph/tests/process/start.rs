//! A start: what is said, and what answers.

use crate::program::{Configuration, Server, get, heliograph};

#[test]
fn the_start_says_what_runs_and_where() {
    let server = Server::start(&Configuration::jwt(""));
    let said = &server.announcement;
    assert!(said.starts_with(&format!("Heliograph {}", env!("CARGO_PKG_VERSION"))), "{said}");
    assert!(said.lines().count() <= 6, "{said}");
    assert!(!said.contains("open"), "{said}");
    assert_eq!(get(server.public, "/health").0, 200);
    let (status, page) = get(server.public, "/");
    assert!(status == 200 && page.contains("<html"), "{page}");
}

#[test]
fn the_development_mode_is_announced_as_such() {
    let server = Server::start(&Configuration::new(""));
    assert!(server.announcement.contains("For development only"), "{}", server.announcement);
}

#[test]
fn the_environment_and_flags_set_what_people_set_often() {
    let configuration = Configuration::new("");
    let mut command = heliograph(&["--port", "0"]);
    command
        .env("HELIOGRAPH_CONFIG", configuration.path())
        .env("SOCKET_PORT", "1")
        .env("FRONTEND_URL", "https://app.example")
        .env("HELIOGRAPH_AUTH__MODE", "open");
    let server = Server::start_with(&mut command);
    assert_eq!(get(server.public, "/health").0, 200);
}

#[test]
fn what_a_container_platform_says_about_a_service_of_our_name_is_no_configuration() {
    let configuration = Configuration::new("");
    let mut command = heliograph(&["--config", configuration.path()]);
    command.env("HELIOGRAPH_PORT", "tcp://10.0.0.1:3001").env("HELIOGRAPH_SERVICE_HOST", "10.0.0.1");
    assert_eq!(get(Server::start_with(&mut command).public, "/health").0, 200);
}
