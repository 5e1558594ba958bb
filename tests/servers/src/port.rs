//! Free ports.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

/// Below the ports that the system gives to connections and to listeners that name none, so that a
/// server finds its port free when it is started again.
const FIRST: u16 = 10_000;
const COUNT: u16 = 22_000;

/// Where this process looks next. Processes that run side by side begin at different places.
static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port that nothing listens on at the moment. Each call gives another one.
pub(crate) fn free() -> io::Result<u16> {
    // Neighbouring process ids end up far apart: 7919 is a prime that does not divide COUNT.
    let start = process::id().wrapping_mul(7919) % u32::from(COUNT);
    for _ in 0..COUNT {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let offset = (start + step) % u32::from(COUNT);
        // Below COUNT, which is a u16.
        let port = FIRST + u16::try_from(offset).unwrap_or_default();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "every port of the range is taken"))
}
