//! Two gateways against two processes of socket.io with its Redis adapter.
//!
//! Users connect to the two processes in turn, so that every signal crosses from one to the other, and half of the
//! deliveries in a room. CPU is listed by what the processes are, and summed over all of them, the brokers that they
//! share too. Both sides get the same load in the same run, at a rate that both can bear, and a Redis that is set up
//! in the same way: by default it keeps nothing on disk, with `--durable` everything before it answers.

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

impl Load {
    fn is_chosen(self, options: &Options) -> bool {
        let name = match self {
            Self::Signals => "signals",
            Self::Rooms(_) => "delivery",
        };
        options.only.is_empty() || options.only.iter().any(|only| only == name)
    }
}

const LOADS: [Load; 3] = [Load::Signals, Load::Rooms(10), Load::Rooms(100)];

/// Measures and prints the table.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let kinds = Kind::all(options);
    let mut table = Table::new(kinds.iter().map(|kind| kind.name().to_owned()).collect());
    for round in 1..=options.rounds {
        println!("round {round} of {}", options.rounds);
        for load in LOADS.into_iter().filter(|load| load.is_chosen(options)) {
            for turn in 0..kinds.len() {
                let kind = &kinds[(turn + round) % kinds.len()];
                let taken = take(kind, load, options).await;
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
async fn take(kind: &Kind, load: Load, options: &Options) -> Result<Vec<(String, f64)>, Failure> {
    let site = kind.start(options.durable).await?;
    let (what, room_size) = match load {
        Load::Signals => ("signals".to_owned(), 2),
        Load::Rooms(size) => (format!("rooms of {size}"), size),
    };
    let crowd = Crowd::gather(site.addresses(), Plan { users: USERS, room_size }).await?;
    site.rest().await?;
    let warm = send(&crowd, load, WARM_UP, 0, options.times).await?;
    crowd.heard().take_latencies();
    let before = site.cpu()?;
    let deliveries = send(&crowd, load, options.load, warm, options.times).await? - warm;
    let used: Vec<_> = site
        .cpu()?
        .into_iter()
        .zip(before)
        .map(|((name, after), (_, before))| (name, after.saturating_sub(before)))
        .collect();
    let mut latencies = crowd.heard().take_latencies();
    latencies.sort_unstable();
    let percentile = |part: f64| latencies.get((latencies.len() as f64 * part) as usize).map_or(0.0, |us| *us as f64);
    let all = used.iter().map(|(_, cpu)| *cpu).sum();
    let cpu = used.into_iter().chain([("all", all)]);
    let cpu = cpu
        .map(|(name, cpu)| (format!("CPU \u{b5}s per delivery, {what}: {name}"), microseconds_each(cpu, deliveries)));
    let latencies = [("p50", 0.5), ("p99", 0.99)];
    let latencies = latencies.map(|(name, part)| (format!("latency \u{b5}s, {what}: {name}"), percentile(part)));
    Ok(cpu.chain(latencies).collect())
}

async fn send(crowd: &Crowd, load: Load, duration: Duration, heard: u64, times: f64) -> Result<u64, Failure> {
    match load {
        Load::Signals => {
            signals::exchange(crowd, SIGNALS * times, duration, heard, || format!(" {}", crowd.heard().stamp())).await
        }
        Load::Rooms(size) => {
            let text = || format!("{} {}", crowd.heard().stamp(), "x".repeat(82));
            delivery::talk(crowd, DELIVERIES * times / size as f64, duration, heard, text).await
        }
    }
}
