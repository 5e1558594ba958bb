//! A connection between a process and a server that can be cut, silenced and healed.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// How long the server may take to accept.
const PATIENCE: Duration = Duration::from_secs(2);

/// A proxy in front of one server. It forwards bytes, as far as its condition lets it.
pub struct Link {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// How a link is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition {
    /// Bytes pass.
    Sound,
    /// Connections are open and nothing passes, as if the network lost every packet.
    Silent,
    /// The process hears the server and is not heard.
    Mute,
    /// Connections are reset and new ones are not served.
    Cut,
    /// The proxy has ended.
    Over,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    condition: Condition,
    /// Both ends of every open connection.
    open: Vec<(TcpStream, TcpStream)>,
}

impl Link {
    /// A link to a server.
    ///
    /// # Errors
    /// No port can be had.
    pub fn to(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let state = State { condition: Condition::Sound, open: Vec::new() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepting.lock().condition == Condition::Over {
                    return;
                }
                // A connection that the server does not take is closed, as without the proxy.
                let _ = accepting.connect(client, server);
            }
        });
        Ok(Self { address, shared })
    }

    /// Where the process connects to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Puts the link into another condition.
    pub fn set(&self, condition: Condition) {
        let mut state = self.shared.lock();
        state.condition = condition;
        if matches!(condition, Condition::Cut | Condition::Over) {
            for (client, server) in state.open.drain(..) {
                // Fails if it has ended already.
                let _ = client.shutdown(Shutdown::Both);
                let _ = server.shutdown(Shutdown::Both);
            }
        }
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.set(Condition::Over);
        // Wakes the thread that accepts, which then ends.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(self: &Arc<Self>, client: TcpStream, server: SocketAddr) -> io::Result<()> {
        if self.lock().condition == Condition::Cut {
            return client.shutdown(Shutdown::Both);
        }
        let server = TcpStream::connect_timeout(&server, PATIENCE)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        self.lock().open.push((client.try_clone()?, server.try_clone()?));
        for (from, to, says) in [(client.try_clone()?, server.try_clone()?, true), (server, client, false)] {
            let shared = Arc::clone(self);
            thread::spawn(move || shared.forward(from, to, says));
        }
        Ok(())
    }

    /// Forwards one direction; `says` is that of what the process says.
    fn forward(&self, mut from: TcpStream, mut to: TcpStream, says: bool) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if !self.may_pass(says) || to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        // The other direction ends with this one: no protocol here uses half-open connections.
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
        let ends = |stream: &TcpStream| (stream.local_addr().ok(), stream.peer_addr().ok());
        self.lock().open.retain(|(client, _)| {
            let ends_of = ends(client);
            ends_of.1.is_some() && ends_of != ends(&from) && ends_of != ends(&to)
        });
    }

    /// Waits while nothing passes in a direction. Gives whether bytes pass then.
    fn may_pass(&self, says: bool) -> bool {
        let mut state = self.lock();
        loop {
            match state.condition {
                Condition::Sound => return true,
                Condition::Mute if !says => return true,
                Condition::Silent | Condition::Mute => {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                Condition::Cut | Condition::Over => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends back what it gets.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut input = stream.try_clone().unwrap();
                    let _ = io::copy(&mut input, &mut { stream });
                });
            }
        });
        address
    }

    fn says(stream: &mut TcpStream, text: &[u8]) -> io::Result<Vec<u8>> {
        stream.write_all(text)?;
        let mut answer = vec![0; text.len()];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn a_silent_link_keeps_what_it_was_given_and_a_cut_one_breaks() {
        let link = Link::to(echo()).unwrap();
        let mut stream = TcpStream::connect(link.address()).unwrap();
        assert_eq!(says(&mut stream, b"one").unwrap(), b"one");
        link.set(Condition::Silent);
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert!(says(&mut stream, b"two").is_err());
        link.set(Condition::Sound);
        stream.set_read_timeout(None).unwrap();
        let mut late = [0; 3];
        stream.read_exact(&mut late).unwrap();
        assert_eq!(&late, b"two");
        link.set(Condition::Cut);
        assert!(says(&mut stream, b"three").is_err());
        link.set(Condition::Sound);
        let mut again = TcpStream::connect(link.address()).unwrap();
        assert_eq!(says(&mut again, b"four").unwrap(), b"four");
    }
}
