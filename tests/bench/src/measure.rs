//! What is measured.
//!
//! Each measure starts a server of its own, so that nothing of one load is left when the next one comes.

mod connect;
pub(crate) mod delivery;
mod memory;
pub(crate) mod signals;

use std::time::Duration;

use crate::Failure;
use crate::contender::Contender;
use crate::options::Options;

/// How long the last deliveries of a load may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// One figure.
pub(crate) struct Figure {
    /// What it is of, with its unit.
    pub(crate) of: String,
    /// Its value.
    pub(crate) value: f64,
}

/// Something that is measured of every contender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Memory of idle connections.
    Memory,
    /// CPU to connect, verify a token and join a room.
    Connect,
    /// CPU of a message for each member of rooms of this size.
    Delivery(usize),
    /// CPU of a signal from user to user.
    Signals,
}

impl Measure {
    /// The measures that the options ask for.
    pub(crate) fn chosen(options: &Options) -> Result<Vec<Self>, Failure> {
        const DELIVERIES: [Measure; 4] =
            [Measure::Delivery(2), Measure::Delivery(10), Measure::Delivery(100), Measure::Delivery(1_000)];
        if options.only.is_empty() {
            return Ok([Self::Memory, Self::Connect].into_iter().chain(DELIVERIES).chain([Self::Signals]).collect());
        }
        let mut chosen = Vec::new();
        for name in &options.only {
            match name.as_str() {
                "memory" => chosen.push(Self::Memory),
                "connect" => chosen.push(Self::Connect),
                "delivery" => chosen.extend(DELIVERIES),
                "signals" => chosen.push(Self::Signals),
                _ => return Err(Failure::new(format!("no measure is called `{name}`"))),
            }
        }
        Ok(chosen)
    }

    /// Takes the measure once.
    pub(crate) async fn take(self, contender: &Contender, options: &Options) -> Result<Vec<Figure>, Failure> {
        match self {
            Self::Memory => memory::take(contender, options.idle_connections).await,
            Self::Connect => connect::take(contender).await,
            Self::Delivery(size) => delivery::take(contender, size, options.load).await,
            Self::Signals => signals::take(contender, options.load).await,
        }
    }
}

/// Microseconds of CPU for each of `count` operations.
pub(crate) fn microseconds_each(cpu: Duration, count: u64) -> f64 {
    cpu.as_secs_f64() * 1e6 / count.max(1) as f64
}
