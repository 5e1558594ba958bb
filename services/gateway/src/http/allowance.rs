//! How often a client may use an endpoint that costs something.

use std::{collections::HashMap, net::IpAddr, time::Duration};

use heliograph_domain::{
    id::UserId,
    refusal::{Code, Refusal},
    time::Timestamp,
};
use parking_lot::Mutex;

use crate::address::counted;

/// How long uses are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// Clients counted at a time. More can only come from many addresses at once; they are refused until the window ends.
const MOST_CLIENTS: usize = 100_000;

/// Who is counted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Client {
    User(UserId),
    Address(IpAddr),
}

/// Counts uses in windows of a minute. One window is everybody's, so that it is forgotten as a whole.
#[derive(Debug)]
pub(super) struct Allowance {
    per_minute: u32,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    ends: Timestamp,
    uses: HashMap<Client, u32>,
}

impl Allowance {
    pub(super) fn new(per_minute: u32) -> Self {
        Self { per_minute, window: Mutex::default() }
    }

    /// Counts one use.
    ///
    /// # Errors
    /// `RATE_LIMITED` if there was one too many in this window.
    pub(super) fn take(&self, client: Client, now: Timestamp) -> Result<(), Refusal> {
        let client = match client {
            Client::Address(address) => Client::Address(counted(address)),
            user @ Client::User(_) => user,
        };
        let mut window = self.window.lock();
        if window.ends <= now {
            *window = Window { ends: now + WINDOW, uses: HashMap::new() };
        }
        let reset_at = Some(window.ends);
        let room = window.uses.len() < MOST_CLIENTS || window.uses.contains_key(&client);
        if room {
            let uses = window.uses.entry(client).or_default();
            if *uses < self.per_minute {
                *uses += 1;
                return Ok(());
            }
        }
        Err(Refusal { reset_at, ..Refusal::new(Code::RateLimited) })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn each_client_has_its_own_uses_and_gets_them_back_with_the_next_window() {
        let allowance = Allowance::new(2);
        let address = Client::Address(Ipv4Addr::LOCALHOST.into());
        let user = Client::User(UserId::parse("alice").unwrap());
        let start = Timestamp::from_millis(5_000);
        assert!(allowance.take(address.clone(), start).is_ok());
        assert!(allowance.take(address.clone(), start).is_ok());
        let refusal = allowance.take(address.clone(), start + Duration::from_secs(59)).unwrap_err();
        assert_eq!((refusal.code, refusal.reset_at), (Code::RateLimited, Some(start + WINDOW)));
        assert!(allowance.take(user, start).is_ok());
        assert!(allowance.take(address, start + WINDOW).is_ok());
    }
}
