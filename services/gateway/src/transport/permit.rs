//! A place among the TCP connections that the listener admits.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Metrics;

/// How many connections may be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) total: usize,
    /// From one address; `None` does not count addresses.
    pub(crate) per_address: Option<usize>,
}

/// Counts TCP connections.
#[derive(Debug)]
pub(crate) struct Admission {
    places: Places,
    taken: Mutex<Taken>,
    metrics: Metrics,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// There is no place: why, as a metric's label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full(pub(crate) &'static str);

/// One place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    admission: Arc<Admission>,
    address: IpAddr,
}

impl Admission {
    pub(crate) fn new(places: Places, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self { places, taken: Mutex::default(), metrics })
    }

    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Full> {
        let mut taken = self.taken.lock();
        if taken.total >= self.places.total {
            return Err(Full("connections"));
        }
        if let Some(most) = self.places.per_address {
            let count = taken.by_address.entry(address).or_default();
            if *count >= most {
                return Err(Full("address"));
            }
            *count += 1;
        }
        taken.total += 1;
        self.metrics.tcp_connections.inc();
        Ok(Permit { admission: Arc::clone(self), address })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.admission.taken.lock();
        taken.total -= 1;
        if let Some(count) = taken.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&self.address);
            }
        }
        self.admission.metrics.tcp_connections.dec();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))
    }

    #[test]
    fn places_are_limited_and_come_back() {
        let metrics = Metrics::default();
        let admission = Admission::new(Places { total: 3, per_address: Some(2) }, metrics.clone());
        let first = admission.admit(address(1)).expect("a place");
        let _second = admission.admit(address(1)).expect("a place");
        assert_eq!(admission.admit(address(1)).err(), Some(Full("address")));
        let _third = admission.admit(address(2)).expect("a place");
        assert_eq!(admission.admit(address(3)).err(), Some(Full("connections")));
        assert_eq!(metrics.tcp_connections.get(), 3);
        drop(first);
        assert!(admission.admit(address(1)).is_ok());
    }
}
