//! How the process starts, and how it refuses to.

use std::io;
use std::net::TcpListener;
use std::process::Output;

use heliograph_tests::http;
use heliograph_tests::server::{Launch, free_port};

/// A refusal to start: exit code 1, nothing on standard output, and one line that names the trouble.
fn refusal(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert_eq!(errors.trim_end().lines().count(), 1, "{errors}");
    errors
}

fn launch_with(configuration: &str) -> io::Result<(Launch, tempdir::Folder)> {
    let folder = tempdir::Folder::new()?;
    let path = folder.file("heliograph.toml", configuration)?;
    Ok((Launch::new()?.argument("--config").argument(&path), folder))
}

/// A folder that goes when it is dropped.
mod tempdir {
    use std::fs::{create_dir_all, remove_dir_all, write};
    use std::io;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};

    static COUNT: AtomicU32 = AtomicU32::new(0);

    pub(super) struct Folder(PathBuf);

    impl Folder {
        pub(super) fn new() -> io::Result<Self> {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("heliograph-starts-{}-{number}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            create_dir_all(&folder)?;
            Ok(Self(folder))
        }

        pub(super) fn file(&self, name: &str, text: &str) -> io::Result<String> {
            let path = self.0.join(name);
            write(&path, text)?;
            Ok(path.to_string_lossy().into_owned())
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = remove_dir_all(&self.0);
        }
    }
}

#[test]
fn with_nothing_set_it_serves_the_page_and_says_where() {
    let server = Launch::new().unwrap().server().unwrap();
    let page = http::get(server.public(), "/", &[]).unwrap();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<title>Heliograph</title>"));
    let port = server.public().port().to_string();
    let told = server.said().iter().any(|line| line.contains("http://") && line.contains(&port));
    assert!(told, "{:?}", server.said());
}

#[test]
fn it_is_quiet_while_clients_come_and_go() {
    let server = Launch::new().unwrap().server().unwrap();
    let before = server.said().len();
    for _ in 0..20 {
        drop(http::websocket(server.public(), "/ws").unwrap());
        http::get(server.public(), "/health", &[]).unwrap();
    }
    assert_eq!(server.said().len(), before, "{:?}", server.said());
}

#[test]
fn health_readiness_and_metrics_are_on_the_operations_port() {
    let server = Launch::new().unwrap().server().unwrap();
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(http::get(server.operations(), path, &[]).unwrap().status, 200);
    }
}

#[test]
fn a_taken_public_port_is_one_line_and_exit_code_one() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Launch::new()
        .unwrap()
        .variable("HELIOGRAPH_PUBLIC__HOST", "127.0.0.1")
        .variable("HELIOGRAPH_OPERATIONS__PORT", &free_port().unwrap().to_string())
        .variable("SOCKET_PORT", &port)
        .to_its_end()
        .unwrap();
    assert!(refusal(&output).contains(&port));
}

#[test]
fn a_taken_operations_port_is_one_line_and_exit_code_one() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Launch::new()
        .unwrap()
        .variable("HELIOGRAPH_PUBLIC__HOST", "127.0.0.1")
        .variable("HELIOGRAPH_OPERATIONS__PORT", &port)
        .variable("SOCKET_PORT", &free_port().unwrap().to_string())
        .to_its_end()
        .unwrap();
    assert!(refusal(&output).contains(&port));
}

#[test]
fn a_configuration_file_that_is_not_there_is_named() {
    let output = Launch::new().unwrap().argument("--config").argument("no/such/heliograph.toml").to_its_end().unwrap();
    assert!(refusal(&output).contains("no/such/heliograph.toml"));
}

#[test]
fn a_configuration_file_that_is_no_toml_is_named() {
    let (launch, _folder) = launch_with("public = = 3").unwrap();
    let line = refusal(&launch.to_its_end().unwrap());
    assert!(line.contains("heliograph.toml"), "{line}");
}

#[test]
fn an_unknown_key_is_named_with_those_that_exist() {
    let (launch, _folder) = launch_with("[public]\nprot = 3001\n").unwrap();
    let line = refusal(&launch.to_its_end().unwrap());
    assert!(line.contains("prot") && line.contains("port"), "{line}");
}

#[test]
fn an_unknown_key_in_the_environment_is_named() {
    let output = Launch::new().unwrap().variable("HELIOGRAPH_PUBLIC__PROT", "3001").to_its_end().unwrap();
    assert!(refusal(&output).contains("prot"));
}

#[test]
fn a_bad_value_is_named_with_its_key_and_what_was_expected() {
    let (launch, _folder) = launch_with("[auth]\nmode = \"maybe\"\n").unwrap();
    let line = refusal(&launch.to_its_end().unwrap());
    for part in ["auth.mode", "maybe", "jwt"] {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn a_port_that_is_no_port_is_named() {
    let output = Launch::new().unwrap().variable("SOCKET_PORT", "http").to_its_end().unwrap();
    let line = refusal(&output);
    assert!(line.contains("SOCKET_PORT") && line.contains("http"), "{line}");
}

#[test]
fn a_missing_key_file_is_named() {
    let (launch, _folder) = launch_with("[auth]\nmode = \"jwt\"\npublic_key_file = \"no/such/key.pem\"\n").unwrap();
    let line = refusal(&launch.to_its_end().unwrap());
    assert!(line.contains("no/such/key.pem"), "{line}");
}

#[test]
fn a_token_from_the_command_line_is_accepted_by_a_server_with_the_same_secret() {
    const SECRET: &str = "a secret of at least 32 characters";
    let token = Launch::new()
        .unwrap()
        .argument("token")
        .argument("--user")
        .argument("alice")
        .variable("HELIOGRAPH_AUTH__SECRET", SECRET)
        .to_its_end()
        .unwrap();
    assert!(token.status.success(), "{token:?}");
    let token = String::from_utf8(token.stdout).unwrap();
    let server = Launch::new()
        .unwrap()
        .variable("HELIOGRAPH_AUTH__MODE", "jwt")
        .variable("HELIOGRAPH_AUTH__SECRET", SECRET)
        .server()
        .unwrap();
    let bearer = format!("Authorization: Bearer {}", token.trim());
    let rooms = |headers: &[&str]| http::get(server.public(), "/api/rooms", headers).unwrap();
    assert_eq!(rooms(&[&bearer]).status, 200);
    assert_eq!(rooms(&[]).status, 401);
}

#[test]
fn check_says_that_a_good_configuration_is_good_and_a_bad_one_is_not() {
    let good = Launch::new().unwrap().argument("check").to_its_end().unwrap();
    assert!(good.status.success(), "{good:?}");
    let bad = Launch::new().unwrap().argument("check").variable("HELIOGRAPH_AUTH__MODE", "maybe").to_its_end().unwrap();
    assert!(refusal(&bad).contains("auth.mode"));
}
