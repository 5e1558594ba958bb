//! Servers that go away while processes use them.

use heliograph_harness::{Cluster, ClusterOptions, Condition, Link, Node, Role, Roles, Servers};
use serde_json::json;

use crate::{
    program::Running,
    settings::{SERVERS, Settings},
};

/// How many warnings of one process an outage of one server is worth.
const FEW: usize = 4;

fn warnings(node: &Node) -> Vec<String> {
    let log = node.process.log();
    log.lines().filter(|line| line.contains(" WARN ") || line.contains("ERROR")).map(str::to_owned).collect()
}

fn eventually(what: &str, nodes: &Cluster, condition: impl Fn(&Node) -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    for node in &nodes.nodes {
        while !condition(node) {
            assert!(std::time::Instant::now() < deadline, "{what}: {:?}:\n{}", node.role, node.process.log());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

#[test]
fn an_outage_is_a_few_lines_with_its_beginning_and_its_end() {
    let servers = Servers::start().unwrap();
    let options = ClusterOptions {
        binary: env!("CARGO_BIN_EXE_heliograph").into(),
        roles: Roles { gateways: 1, room_routers: 1, presences: 1 },
        // Room-routers and presence ask the store all the time.
        settings: Settings::over(&servers.addresses()).with("cluster.deadline_refresh", "1s").0,
        prefix: "outages".to_owned(),
        port: None,
        breakable: false,
    };
    let cluster = Cluster::start(&options, &servers.addresses()).unwrap();
    for (server, process) in
        [("bus", &servers.nats.process), ("store", &servers.redis.process), ("directory", &servers.etcd.process)]
    {
        let before: Vec<_> = cluster.nodes.iter().map(|node| warnings(node).len()).collect();
        let lines = |node: &Node, text: &str| {
            let log = node.process.log();
            log.lines().filter(|line| line.contains(text) && line.contains(server)).count()
        };
        process.kill();
        eventually("it is noticed", &cluster, |node| lines(node, "a backend does not answer") == 1);
        assert!(cluster.nodes.iter().all(|node| node.is_ready() == (server == "directory")));
        // Whoever works with it has tried again and again by then.
        eventually("steps fail", &cluster, |node| {
            let tried = |name| node.metric(name, "") >= 300.0;
            server != "store" || node.role == Role::Gateway || tried("heliograph_store_failures")
        });
        process.restart().unwrap();
        eventually("its return is noticed", &cluster, |node| lines(node, "the backend answers again") == 1);
        eventually("readiness", &cluster, Node::is_ready);
        for (node, before) in cluster.nodes.iter().zip(before) {
            let said = warnings(node).split_off(before);
            assert!((1..=FEW).contains(&said.len()), "{:?} without {server}:\n{}", node.role, said.join("\n"));
        }
    }
}

#[test]
fn what_etcd_has_forgotten_meanwhile_is_not_missed() {
    let etcd = &SERVERS.etcd;
    let link = Link::to(etcd.address().parse().unwrap()).unwrap();
    let settings = Settings::shared().with("etcd.lease", "60s");
    let partitions = |node: &Running| node.metric("heliograph_rooms_partitions", "");
    let cut_off = settings.clone().with("directory", format!("etcd://{}", link.address()));
    let first = Running::ready("room-router", &cut_off);
    first.until("all partitions", || partitions(&first) == 256.0);
    link.set(Condition::Cut);
    first.until_said(&["WARN", "the connection to etcd is lost"]);
    let second = Running::ready("room-router", &settings);
    let state = etcd.call("/v3/kv/range", &json!({ "key": "eA==" })).unwrap();
    etcd.call("/v3/kv/compaction", &json!({ "revision": state["header"]["revision"], "physical": true })).unwrap();
    assert_eq!(partitions(&first), 256.0);
    link.set(Condition::Sound);
    first.until("a share of the partitions", || partitions(&first) + partitions(&second) == 256.0);
    assert_eq!(first.said(&["ERROR"]), Vec::<String>::new());
}
