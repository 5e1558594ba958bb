//! The way out of the process for one connection.
//!
//! - While nothing waits, [`Outlet::send`] writes the ready-made frame to the socket itself, from the task of
//!   whoever sends: no queue, no wake-up, no copy.
//! - What the socket does not take waits in a `Backlog`, in classes and bounded by bytes, until the
//!   connection's own task writes it.
//! - A long-polling session has no socket: its frames wait for the next poll.
//! - A receiver that lets the hard bound be reached is cut off; the connection's task finds it so, and may still
//!   say why.

mod backlog;
mod class;

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use self::backlog::{Backlog, Pushed};
pub(crate) use self::class::Rank;
pub use self::class::{Class, CoalesceKey, Sent};
use crate::frame::Frame;
use crate::transport::Metrics;
use crate::transport::stream::Writer;

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
        Self { soft: 256 * 1024, hard: 1024 * 1024 }
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
    Direct(Writer),
    /// The hard bound was reached. Nothing is accepted, and only the rest of a frame that was begun waits.
    Cut(Writer),
    /// Nothing more is accepted; what waits is still to be written.
    Finishing(Writer),
    /// Nothing goes out any more. What waits can still be taken if there was no fault.
    Closed(Option<Fault>),
}

/// Why an outlet closed by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
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
        let state = State { lane: Lane::Held, backlog: None };
        Self { state: Mutex::new(state), task: AtomicWaker::new(), shared }
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
            (Lane::Closed(_) | Lane::Cut(_) | Lane::Finishing(_), _) => return Sent::Closed,
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
        metrics.outbound_queued_bytes.inc_by(backlog.bytes() as i64 - before as i64);
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
                self.cut(&mut state);
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
        state.lane = Lane::Closed(Some(fault));
        self.task.wake();
    }

    fn cut(&self, state: &mut State) {
        state.lane = match std::mem::replace(&mut state.lane, Lane::Closed(None)) {
            Lane::Direct(stream) => Lane::Cut(stream),
            _ => Lane::Closed(Some(Fault::SlowConsumer)),
        };
        self.change_backlog(state, Backlog::keep_begun);
        self.task.wake();
    }

    /// Changes what waits to less, and keeps count.
    fn change_backlog(&self, state: &mut State, change: impl FnOnce(&mut Backlog)) {
        if let Some(backlog) = &mut state.backlog {
            let before = backlog.bytes();
            change(backlog);
            self.shared.metrics.outbound_queued_bytes.dec_by((before - backlog.bytes()) as i64);
            if backlog.is_empty() {
                state.backlog = None;
            }
        }
    }

    fn drop_backlog(&self, state: &mut State) {
        if let Some(backlog) = state.backlog.take() {
            self.shared.metrics.outbound_queued_bytes.dec_by(backlog.bytes() as i64);
        }
    }

    /// Gives the outlet its socket. What waits must be written by [`Self::poll_flush`].
    pub(crate) fn attach(&self, stream: Writer) {
        let mut state = self.state.lock();
        if matches!(state.lane, Lane::Held) {
            state.lane = Lane::Direct(stream);
        }
    }

    /// Accepts nothing more after `last`; what waits can still be flushed or taken. A receiver that was cut off
    /// can still be sent `last`.
    pub(crate) fn finish(&self, last: Option<&Frame>) {
        self.reopen();
        if let Some(frame) = last {
            self.enter(frame, Rank::Last, None);
        }
        let mut state = self.state.lock();
        state.lane = match std::mem::replace(&mut state.lane, Lane::Closed(None)) {
            Lane::Direct(stream) => Lane::Finishing(stream),
            Lane::Held => Lane::Closed(None),
            other => other,
        };
    }

    /// Makes room for a last frame behind what a slow receiver has been left with.
    fn reopen(&self) {
        let mut state = self.state.lock();
        state.lane = match std::mem::replace(&mut state.lane, Lane::Closed(None)) {
            Lane::Cut(stream) => Lane::Direct(stream),
            other => other,
        };
    }

    /// Closes the outlet: forgets what waits, and lets go of the socket behind `last`.
    pub(crate) fn close(&self, last: Option<&Frame>) {
        let mut state = self.state.lock();
        if let (Lane::Direct(stream), None, Some(frame)) = (&state.lane, &state.backlog, last) {
            // A courtesy to the client. There is nobody left to tell if it fails.
            let _ = write(stream, frame);
        }
        self.drop_backlog(&mut state);
        if !matches!(state.lane, Lane::Closed(_)) {
            state.lane = Lane::Closed(None);
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

    /// Writes what waits until nothing does. Ready as well if there is no socket, or the owner closed the outlet.
    ///
    /// # Errors
    /// The [`Fault`] that closed the outlet.
    pub(crate) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        match state.lane {
            Lane::Closed(Some(fault)) => return Poll::Ready(Err(fault)),
            Lane::Cut(_) => return Poll::Ready(Err(Fault::SlowConsumer)),
            _ => {}
        }
        while let (Lane::Direct(stream) | Lane::Finishing(stream), Some(backlog)) = (&state.lane, &mut state.backlog) {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = backlog.fill(&mut slices);
            let result = match stream.try_write_vectored(slices.get(..count).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(stream.poll_write_ready(context)).map(|()| 0)
                }
                result => result,
            };
            let Ok(written) = result else {
                self.fail(state, Fault::Broken);
                return Poll::Ready(Err(Fault::Broken));
            };
            backlog.advance(written);
            self.shared.metrics.outbound_queued_bytes.dec_by(written as i64);
            if backlog.is_empty() {
                state.backlog = None;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Takes frames out, oldest of the most urgent first, as long as `take` accepts them: for a poll.
    pub(crate) fn take_while(&self, mut take: impl FnMut(&Bytes) -> bool) {
        let mut state = self.state.lock();
        self.change_backlog(&mut state, |backlog| {
            while backlog.peek().is_some_and(&mut take) {
                backlog.pop();
            }
        });
    }

    /// True if frames wait.
    pub(crate) fn has_backlog(&self) -> bool {
        self.state.lock().backlog.is_some()
    }

    /// True while so much waits that the client's own requests should not add to it.
    pub(crate) fn is_congested(&self) -> bool {
        let state = self.state.lock();
        state.backlog.as_ref().is_some_and(|backlog| backlog.bytes() > self.shared.bounds.soft)
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.close(None);
    }
}

/// Bytes of the frame that the socket took.
fn write(stream: &Writer, frame: &Frame) -> io::Result<usize> {
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
