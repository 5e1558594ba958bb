//! A place among the TCP connections that the listener admits.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Metrics;
use crate::address::counted;

/// How many connections may be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) total: usize,
    /// For one address; `None` does not count addresses.
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
    /// For whom it counts; `None` where addresses are not counted, or for a proxy.
    address: Option<IpAddr>,
}

/// What a client behind a proxy takes of its address's share, given back when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    admission: Arc<Admission>,
    address: Option<IpAddr>,
}

impl Taken {
    fn seat(&mut self, address: IpAddr, most: usize) -> Result<(), Full> {
        let count = self.by_address.entry(address).or_default();
        if *count >= most {
            return Err(Full("address"));
        }
        *count += 1;
        Ok(())
    }

    fn leave(&mut self, address: IpAddr) {
        if let Some(count) = self.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
        if self.by_address.is_empty() {
            // A storm from everywhere must not leave its table behind.
            self.by_address = HashMap::new();
        }
    }
}

impl Admission {
    pub(crate) fn new(places: Places, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self { places, taken: Mutex::default(), metrics })
    }

    /// Lets a connection in, from a client or, without an address, from a proxy.
    pub(crate) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Permit, Full> {
        let mut taken = self.taken.lock();
        if taken.total >= self.places.total {
            return Err(Full("connections"));
        }
        let address = address.filter(|_| self.places.per_address.is_some()).map(counted);
        if let (Some(address), Some(most)) = (address, self.places.per_address) {
            taken.seat(address, most)?;
        }
        taken.total += 1;
        self.metrics.tcp_connections.inc();
        Ok(Permit { admission: Arc::clone(self), address })
    }

    /// Lets a client in for whom a proxy asks.
    pub(crate) fn seat(self: &Arc<Self>, address: IpAddr) -> Result<Seat, Full> {
        let address = self.places.per_address.map(|most| {
            let address = counted(address);
            self.taken.lock().seat(address, most).map(|()| address)
        });
        Ok(Seat { admission: Arc::clone(self), address: address.transpose()? })
    }
}

impl Permit {
    /// The connection of a proxy is one client's from now on.
    pub(crate) fn keep(&mut self, mut seat: Seat) {
        self.address = seat.address.take();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.admission.taken.lock();
        taken.total -= 1;
        if let Some(address) = self.address {
            taken.leave(address);
        }
        self.admission.metrics.tcp_connections.dec();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(address) = self.address {
            self.admission.taken.lock().leave(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))
    }

    fn admission(total: usize, per_address: usize) -> (Arc<Admission>, Metrics) {
        let metrics = Metrics::default();
        (Admission::new(Places { total, per_address: Some(per_address) }, metrics.clone()), metrics)
    }

    #[test]
    fn places_are_limited_and_come_back() {
        let (admission, metrics) = admission(3, 2);
        let admit = |last| admission.admit(Some(address(last)));
        let first = admit(1).expect("a place");
        let _second = admit(1).expect("a place");
        assert_eq!(admit(1).err(), Some(Full("address")));
        let _third = admit(2).expect("a place");
        assert_eq!(admit(3).err(), Some(Full("connections")));
        assert_eq!(metrics.tcp_connections.get(), 3);
        drop(first);
        assert!(admit(1).is_ok());
    }

    #[test]
    fn behind_a_proxy_each_client_has_a_share_of_its_own() {
        let (admission, _) = admission(10, 2);
        let mut websocket = admission.admit(None).expect("a proxy is not counted");
        websocket.keep(admission.seat(address(1)).expect("a seat"));
        let poll = admission.seat(address(1)).expect("a seat");
        assert_eq!(admission.seat(address(1)).err(), Some(Full("address")));
        assert!(admission.seat(address(2)).is_ok());
        drop(poll);
        assert!(admission.seat(address(1)).is_ok());
        drop(websocket);
        assert!(admission.taken.lock().by_address.is_empty());
    }
}
