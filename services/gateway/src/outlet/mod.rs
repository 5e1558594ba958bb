//! The way out of the process for one connection.
//!
//! - While nothing waits, [`Outlet::send`] writes the ready-made frame to the socket itself, from the task of
//!   whoever sends: no queue, no wake-up, no copy.
//! - What the socket does not take waits in a [`Backlog`], in classes and bounded by bytes, until the
//!   connection's own task writes it.
//! - A long-polling session has no socket: its frames wait for the next poll.
//! - A receiver that lets the hard bound be reached is cut off; the connection's task finds it closed.

mod backlog;
mod class;

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::net::TcpStream;

use self::backlog::{Backlog, Pushed};
pub(crate) use self::class::Rank;
pub use self::class::{Class, CoalesceKey, Sent};
use crate::frame::Frame;
use crate::transport::Metrics;

/// How many bytes may wait for one receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Beyond this, ephemeral frames without a key are dropped.
    pub soft: usize,
    /// Beyond this, the receiver is disconnected.
    pub hard: usize,
}

impl Default for Bounds {
    /// 256 KiB and 1 MiB.
    fn default() -> Self {
        Self {
            soft: 256 * 1024,
            hard: 1024 * 1024,
        }
    }
}

/// What the outlets of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) bounds: Bounds,
    pub(crate) metrics: Metrics,
}

/// Where the frames of one connection go. Everything that is sent to a client passes through here.
#[derive(Debug)]
pub struct Outlet {
    state: Mutex<State>,
    /// The connection's task.
    task: AtomicWaker,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct State {
    lane: Lane,
    /// `None` whenever nothing waits.
    backlog: Option<Box<Backlog>>,
}

#[derive(Debug)]
enum Lane {
    /// There is no socket to write to: frames wait.
    Held,
    /// Frames are written as they come.
    Direct(Arc<TcpStream>),
    /// Nothing more is accepted; what waits is still to be written.
    Finishing(Arc<TcpStream>),
    /// Nothing goes out any more.
    Closed(Fault),
}

/// Why an outlet closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Its owner closed it.
    None,
    /// Writing failed.
    Broken,
    /// The hard bound was reached.
    SlowConsumer,
}

/// Most frames in one write.
const SLICES: usize = 16;

impl Outlet {
    /// An outlet without a socket.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let state = State {
            lane: Lane::Held,
            backlog: None,
        };
        Self {
            state: Mutex::new(state),
            task: AtomicWaker::new(),
            shared,
        }
    }

    /// Sends a frame: writes it now if nothing else waits and the socket takes it, else lets it wait.
    ///
    /// Never blocks and never waits for the receiver.
    pub fn send(&self, frame: &Frame, class: Class) -> Sent {
        self.enter(frame, class.rank(), class.key())
    }

    /// Sends a packet of the protocols themselves, which goes before all classes.
    pub(crate) fn control(&self, frame: &Frame) -> Sent {
        self.enter(frame, Rank::Control, None)
    }

    fn enter(&self, frame: &Frame, rank: Rank, key: Option<CoalesceKey>) -> Sent {
        let mut state = self.state.lock();
        let written = match (&state.lane, &state.backlog) {
            (Lane::Closed(_) | Lane::Finishing(_), _) => return Sent::Closed,
            (Lane::Direct(stream), None) => match write(stream, frame) {
                Ok(written) => written,
                Err(_) => {
                    self.fail(&mut state, Fault::Broken);
                    return Sent::Closed;
                }
            },
            _ => 0,
        };
        let length = frame.wire_length();
        if written == length {
            return Sent::Written;
        }
        let backlog = state.backlog.get_or_insert_default();
        let before = backlog.bytes();
        let pushed = if written > 0 {
            backlog.resume(frame, written);
            Pushed::Waiting
        } else {
            backlog.push(frame, rank, key, self.shared.bounds)
        };
        let metrics = &self.shared.metrics;
        metrics
            .outbound_queued_bytes
            .inc_by(backlog.bytes() as i64 - before as i64);
        match pushed {
            Pushed::Waiting => {
                metrics.frames_queued.inc();
            }
            Pushed::Replaced => {
                metrics.frames_dropped.inc();
            }
            Pushed::Dropped => {
                metrics.frames_dropped.inc();
                return Sent::Dropped;
            }
            Pushed::Overflow => {
                metrics.slow_consumers.inc();
                self.fail(&mut state, Fault::SlowConsumer);
                return Sent::Closed;
            }
        }
        // The task has to learn of the first frame that waits; it sees the others when it writes.
        if before == 0 {
            drop(state);
            self.task.wake();
        }
        Sent::Queued
    }

    fn fail(&self, state: &mut State, fault: Fault) {
        self.drop_backlog(state);
        state.lane = Lane::Closed(fault);
        self.task.wake();
    }

    fn drop_backlog(&self, state: &mut State) {
        if let Some(backlog) = state.backlog.take() {
            self.shared
                .metrics
                .outbound_queued_bytes
                .dec_by(backlog.bytes() as i64);
        }
    }

    /// Gives the outlet its socket. What waits must be written by [`Self::poll_flush`].
    pub(crate) fn attach(&self, stream: Arc<TcpStream>) {
        let mut state = self.state.lock();
        if matches!(state.lane, Lane::Held) {
            state.lane = Lane::Direct(stream);
        }
    }

    /// Accepts nothing more; what waits can still be flushed.
    pub(crate) fn finish(&self) {
        let mut state = self.state.lock();
        match std::mem::replace(&mut state.lane, Lane::Closed(Fault::None)) {
            Lane::Direct(stream) => state.lane = Lane::Finishing(stream),
            Lane::Held => {}
            other => state.lane = other,
        }
    }

    /// Closes the outlet, forgets what waits and lets go of the socket.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        self.drop_backlog(&mut state);
        if !matches!(state.lane, Lane::Closed(_)) {
            state.lane = Lane::Closed(Fault::None);
        }
    }

    /// Why the outlet closed by itself, if it did.
    pub(crate) fn fault(&self) -> Option<Fault> {
        match self.state.lock().lane {
            Lane::Closed(fault) => Some(fault),
            _ => None,
        }
    }

    /// Names the task that flushes, to be woken when there is something for it to do.
    pub(crate) fn register(&self, task: &Waker) {
        self.task.register(task);
    }

    /// Wakes the connection's task.
    pub(crate) fn wake(&self) {
        self.task.wake();
    }

    /// Writes what waits until nothing does. Ready without a socket, and when the outlet is closed.
    pub(crate) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let blocked = {
                let mut state = self.state.lock();
                let (Lane::Direct(stream) | Lane::Finishing(stream)) = &state.lane else {
                    return Poll::Ready(());
                };
                let stream = Arc::clone(stream);
                match self.write_backlog(&mut state, &stream) {
                    Ok(true) => return Poll::Ready(()),
                    Ok(false) => stream,
                    Err(_) => {
                        self.fail(&mut state, Fault::Broken);
                        return Poll::Ready(());
                    }
                }
            };
            if ready!(blocked.poll_write_ready(context)).is_err() {
                self.fail(&mut self.state.lock(), Fault::Broken);
                return Poll::Ready(());
            }
        }
    }

    /// Writes until the socket takes no more (false) or nothing waits (true).
    fn write_backlog(&self, state: &mut State, stream: &TcpStream) -> io::Result<bool> {
        while let Some(backlog) = &mut state.backlog {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = backlog.fill(&mut slices);
            match stream.try_write_vectored(slices.get(..count).unwrap_or_default()) {
                Ok(written) => {
                    backlog.advance(written);
                    self.shared
                        .metrics
                        .outbound_queued_bytes
                        .dec_by(written as i64);
                    if backlog.is_empty() {
                        state.backlog = None;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Takes frames out, oldest of the most urgent first, as long as `take` accepts them: for a poll.
    pub(crate) fn take_while(&self, mut take: impl FnMut(&Bytes) -> bool) {
        let mut state = self.state.lock();
        let Some(backlog) = &mut state.backlog else {
            return;
        };
        let before = backlog.bytes();
        while backlog.peek().is_some_and(&mut take) {
            backlog.pop();
        }
        self.shared
            .metrics
            .outbound_queued_bytes
            .dec_by((before - backlog.bytes()) as i64);
        if backlog.is_empty() {
            state.backlog = None;
        }
    }

    /// True if frames wait.
    pub(crate) fn has_backlog(&self) -> bool {
        self.state.lock().backlog.is_some()
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.close();
    }
}

/// Bytes of the frame that the socket took.
fn write(stream: &TcpStream, frame: &Frame) -> io::Result<usize> {
    let result = match frame.single() {
        Some(head) => stream.try_write(head),
        None => {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let mut count = 0;
            for (slice, part) in slices.iter_mut().zip(frame.parts()) {
                *slice = IoSlice::new(part);
                count += 1;
            }
            stream.try_write_vectored(slices.get(..count).unwrap_or_default())
        }
    };
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        other => other,
    }
}
