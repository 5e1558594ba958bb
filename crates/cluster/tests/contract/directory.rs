//! What every directory has to do.

use std::sync::Arc;

use heliograph_cluster::directory::{Directory, Node, Nodes, Role};
use heliograph_domain::id::{HomeId, NodeId};
use tokio::sync::watch;

use crate::{
    case::{Case, cases},
    scene::now,
};

pub(crate) const CASES: &[Case<Arc<dyn Directory>>] = cases![
    a_registered_node_is_seen,
    who_registers_sees_itself_at_once,
    whoever_watches_later_sees_who_is_there,
    a_node_can_say_that_it_is_draining,
    a_deregistered_node_is_gone,
    a_node_that_is_not_there_can_be_deregistered,
    nodes_of_all_roles_live_side_by_side,
];

/// A node that nobody knows yet.
pub(crate) fn node(role: Role) -> Node {
    Node {
        id: NodeId::generate(role.name()),
        role,
        grpc: "127.0.0.1:50051".to_owned(),
        home: (role == Role::Gateway).then(HomeId::random),
        version: "1.2.3".to_owned(),
        started: now(),
        draining: false,
    }
}

async fn until(watch: &mut watch::Receiver<Nodes>, condition: impl Fn(&Nodes) -> bool) {
    watch.wait_for(condition).await.expect("the directory is there");
}

async fn a_registered_node_is_seen(directory: Arc<dyn Directory>) {
    let mut watch = directory.watch();
    let node = node(Role::Gateway);
    directory.register(node.clone()).await.unwrap();
    until(&mut watch, |nodes| nodes.get(&node.id) == Some(&node)).await;
}

async fn who_registers_sees_itself_at_once(directory: Arc<dyn Directory>) {
    let watch = directory.watch();
    let node = node(Role::RoomRouter);
    directory.register(node.clone()).await.unwrap();
    assert_eq!(watch.borrow().get(&node.id), Some(&node));
    let draining = Node { draining: true, ..node };
    directory.register(draining.clone()).await.unwrap();
    assert_eq!(watch.borrow().get(&draining.id), Some(&draining));
}

async fn whoever_watches_later_sees_who_is_there(directory: Arc<dyn Directory>) {
    let node = node(Role::RoomRouter);
    directory.register(node.clone()).await.unwrap();
    until(&mut directory.watch(), |nodes| nodes.contains_key(&node.id)).await;
}

async fn a_node_can_say_that_it_is_draining(directory: Arc<dyn Directory>) {
    let mut watch = directory.watch();
    let node = node(Role::Gateway);
    directory.register(node.clone()).await.unwrap();
    let draining = Node { draining: true, ..node };
    directory.register(draining.clone()).await.unwrap();
    until(&mut watch, |nodes| nodes.get(&draining.id) == Some(&draining)).await;
}

async fn a_deregistered_node_is_gone(directory: Arc<dyn Directory>) {
    let mut watch = directory.watch();
    let node = node(Role::Presence);
    directory.register(node.clone()).await.unwrap();
    until(&mut watch, |nodes| nodes.contains_key(&node.id)).await;
    directory.deregister(&node.id).await.unwrap();
    until(&mut watch, |nodes| !nodes.contains_key(&node.id)).await;
}

async fn a_node_that_is_not_there_can_be_deregistered(directory: Arc<dyn Directory>) {
    directory.deregister(&node(Role::Presence).id).await.unwrap();
}

async fn nodes_of_all_roles_live_side_by_side(directory: Arc<dyn Directory>) {
    let nodes = [Role::Gateway, Role::RoomRouter, Role::Presence].map(node);
    for node in &nodes {
        directory.register(node.clone()).await.unwrap();
    }
    let mut watch = directory.watch();
    until(&mut watch, |seen| nodes.iter().all(|node| seen.get(&node.id) == Some(node))).await;
}
