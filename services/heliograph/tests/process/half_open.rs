//! Connections that never speak.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use crate::program::{Configuration, Server, get};

/// How many there are at once.
const CONNECTIONS: usize = 10_000;

/// Threads that open them.
const OPENERS: usize = 8;

/// What the process may keep after the first storm: tables that grew, and pages of the allocator that are in use in part.
/// The connections themselves take several times as much.
const KEPT_KIB: u64 = 3 * 1024;

/// What it may keep more after each further one.
const KEPT_AGAIN_KIB: u64 = 1024;

#[test]
fn ten_thousand_are_closed_by_their_deadline_and_give_their_memory_back() {
    let descriptors = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    assert!(descriptors > CONNECTIONS as u64 + 500, "{descriptors} descriptors are too few: raise `ulimit -Hn`");
    // The deadline has to be longer than it takes to open them all, on a busy machine too.
    let configuration = Configuration::new("public.connections_per_address = 0\npublic.request_timeout = \"15s\"\n");
    let server = Server::start(&configuration);
    let closed = || metric(&server, "heliograph_transport_half_open_closed_total");

    let before = memory_kib(&server);
    let mut kept = Vec::new();
    for storm in 1..=2 {
        let silent = open(server.public);
        wait_until(|| metric(&server, "heliograph_transport_tcp_connections") == CONNECTIONS as u64);
        assert_eq!(closed(), (storm - 1) * CONNECTIONS as u64, "none is closed before its deadline");
        let open = memory_kib(&server);
        wait_until(|| closed() == storm * CONNECTIONS as u64);
        wait_until(|| metric(&server, "heliograph_transport_tcp_connections") == 0);
        drop(silent);
        let after = memory_kib(&server);
        println!("storm {storm}: {before} KiB before all, {open} with the connections, {after} after");
        kept.push(after.saturating_sub(before));
    }
    assert!(kept[0] <= KEPT_KIB, "{kept:?} KiB are kept");
    assert!(kept[1] <= kept[0] + KEPT_AGAIN_KIB, "{kept:?} KiB are kept: it grows");
}

fn open(address: SocketAddr) -> Vec<TcpStream> {
    let openers: Vec<_> = (0..OPENERS)
        .map(|_| {
            let some = move || (0..CONNECTIONS / OPENERS).map(|_| TcpStream::connect(address).unwrap()).collect();
            thread::spawn::<_, Vec<TcpStream>>(some)
        })
        .collect();
    openers.into_iter().flat_map(|opener| opener.join().unwrap()).collect()
}

/// The memory that the process has for itself.
fn memory_kib(server: &Server) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", server.pid())).unwrap();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// A metric without labels.
fn metric(server: &Server, name: &str) -> u64 {
    let (_, text) = get(server.operations, "/metrics");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}")).trim().parse().unwrap()
}

fn wait_until(mut reached: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(120);
    while !reached() {
        assert!(Instant::now() < limit, "waited for in vain");
        thread::sleep(Duration::from_millis(50));
    }
}
