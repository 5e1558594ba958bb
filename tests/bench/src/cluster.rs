//! Two gateways against two processes of socket.io with its Redis adapter.
//!
//! Users connect to the two processes in turn, so that every second delivery crosses from one to the other. CPU is
//! summed over all server processes; the brokers that they share are listed apart. Both sides get the same load
//! in the same run, at a rate that both can bear.

mod site;

use std::time::Duration;

use crate::Failure;
use crate::load::{Crowd, Plan};
use crate::measure::{delivery, microseconds_each, signals};
use crate::options::Options;
use crate::table::Table;
use site::Kind;

const USERS: usize = 1_000;

/// Signals a second.
const SIGNALS: f64 = 2_000.0;

/// Deliveries in rooms a second.
const DELIVERIES: f64 = 8_000.0;

const WARM_UP: Duration = Duration::from_secs(1);

/// What is sent.
#[derive(Clone, Copy)]
enum Load {
    Signals,
    Rooms(usize),
}

const LOADS: [Load; 3] = [Load::Signals, Load::Rooms(10), Load::Rooms(100)];

/// Measures and prints the table.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let kinds = Kind::all(options);
    let mut table = Table::new(kinds.iter().map(|kind| kind.name().to_owned()).collect());
    for round in 1..=options.rounds {
        println!("round {round} of {}", options.rounds);
        for load in LOADS {
            for turn in 0..kinds.len() {
                let kind = &kinds[(turn + round) % kinds.len()];
                let taken = take(kind, load, options.load).await;
                for (of, value) in taken.map_err(|failure| Failure::new(format!("{}: {failure}", kind.name())))? {
                    println!("  {of:<44} {:<12} {value:>9.2}", kind.name());
                    table.add(&of, kind.name(), value);
                }
            }
        }
    }
    println!("\n{table}");
    Ok(())
}

/// Figures with their names.
async fn take(kind: &Kind, load: Load, duration: Duration) -> Result<Vec<(String, f64)>, Failure> {
    let site = kind.start().await?;
    let (what, room_size) = match load {
        Load::Signals => ("signals".to_owned(), 2),
        Load::Rooms(size) => (format!("rooms of {size}"), size),
    };
    let crowd = Crowd::gather(site.addresses(), Plan { users: USERS, room_size }).await?;
    site.rest().await?;
    let warm = send(&crowd, load, WARM_UP, 0).await?;
    crowd.heard().take_latencies();
    let before = (site.servers_cpu()?, site.brokers_cpu()?);
    let deliveries = send(&crowd, load, duration, warm).await? - warm;
    let servers = site.servers_cpu()?.saturating_sub(before.0);
    let brokers = site.brokers_cpu()?.saturating_sub(before.1);
    let mut latencies = crowd.heard().take_latencies();
    latencies.sort_unstable();
    let percentile = |part: f64| latencies.get((latencies.len() as f64 * part) as usize).map_or(0.0, |us| *us as f64);
    Ok(vec![
        (format!("CPU \u{b5}s per delivery, {what}: servers"), microseconds_each(servers, deliveries)),
        (format!("CPU \u{b5}s per delivery, {what}: brokers"), microseconds_each(brokers, deliveries)),
        (format!("CPU \u{b5}s per delivery, {what}: all"), microseconds_each(servers + brokers, deliveries)),
        (format!("latency \u{b5}s, {what}: p50"), percentile(0.5)),
        (format!("latency \u{b5}s, {what}: p99"), percentile(0.99)),
    ])
}

async fn send(crowd: &Crowd, load: Load, duration: Duration, heard: u64) -> Result<u64, Failure> {
    match load {
        Load::Signals => {
            signals::exchange(crowd, SIGNALS, duration, heard, || format!(" {}", crowd.heard().stamp())).await
        }
        Load::Rooms(size) => {
            let text = || format!("{} {}", crowd.heard().stamp(), "x".repeat(82));
            delivery::talk(crowd, DELIVERIES / size as f64, duration, heard, text).await
        }
    }
}
