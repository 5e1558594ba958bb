//! Real servers for tests and chores: Redis, NATS and etcd, started from the programs that are
//! installed.
//!
//! Each server listens on free ports of the loopback address, keeps its data in a temporary
//! directory, and is ready when its `start` returns. It ends, and its directory with it, when it is
//! dropped; also when the test panics, and when the process that started it is killed or leaves it in
//! a static. What was running on this machine is never touched.
//!
//! Everything here blocks: in asynchronous tests that need their runtime meanwhile, restart a server
//! from a blocking task.

mod certificates;
mod etcd;
mod http;
mod nats;
mod port;
mod process;
mod redis;
mod watchdog;

pub use certificates::{Certificates, Encryption};
pub use etcd::{Etcd, EtcdOptions};
pub use nats::{Nats, NatsOptions};
pub use process::{Launch, Process, Program, ServerError};
pub use redis::{Redis, RedisCluster, RedisOptions, RedisSentinel};
