//! A cluster of processes: NATS, Redis and etcd, the roles of Heliograph as a process each, and a balancer
//! in front that sends every single request to the next gateway.
//!
//! Everything listens on free ports of the loopback address and ends with its owner.

mod balancer;
mod cluster;
mod link;
mod node;

pub use balancer::Balancer;
pub use cluster::{Addresses, Cluster, ClusterOptions, Roles, Servers};
pub use link::{Condition, Link};
pub use node::{Links, Node, NodeOptions, Role};
