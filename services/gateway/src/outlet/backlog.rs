//! What waits to be written: a queue per rank, bounded by bytes.

use std::collections::{HashMap, VecDeque};
use std::io::IoSlice;

use bytes::Bytes;

use super::Bounds;
use super::class::{CoalesceKey, Rank};
use crate::frame::Frame;

/// The frames of one receiver which could not be written at once. It exists only while there are any.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    /// Bytes in the queues.
    waiting: usize,
    /// Bytes in flight that are not written.
    flying: usize,
    /// Frames whose order is settled. The first may have been written in part.
    in_flight: VecDeque<Bytes>,
    /// Bytes of the first frame in flight that were written.
    written: usize,
    queues: [VecDeque<Waiting>; Rank::COUNT],
    /// The place of the newest frame of each key, counted from the first frame that ever entered the ephemeral queue.
    places: HashMap<CoalesceKey, u64>,
    /// How many frames have left the ephemeral queue.
    departed: u64,
}

#[derive(Debug)]
struct Waiting {
    frame: Frame,
    key: Option<CoalesceKey>,
}

/// What [`Backlog::push`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// The frame waits.
    Waiting,
    /// The frame waits in the place of an older one, which was dropped.
    Replaced,
    /// The frame was dropped.
    Dropped,
    /// The hard bound is reached.
    Overflow,
}

/// Frames put in flight at once: enough to fill a write, few enough to let urgent frames overtake.
const FLIGHT: usize = 16;

/// Bytes beyond which no further frame is put in flight.
const FLIGHT_BYTES: usize = 64 * 1024;

impl Backlog {
    /// Takes a frame of which nothing was written.
    ///
    /// The bounds are for what waits behind the frames in flight, and a frame may wait alone whatever its length, so
    /// that one large message is not by itself the end of a healthy connection.
    pub(crate) fn push(&mut self, frame: &Frame, rank: Rank, key: Option<CoalesceKey>, bounds: Bounds) -> Pushed {
        let length = frame.wire_length();
        if let Some(old) = key.and_then(|key| self.place(key)) {
            let old = std::mem::replace(&mut old.frame, frame.clone());
            self.waiting = self.waiting - old.wire_length() + length;
            return Pushed::Replaced;
        }
        let after = self.waiting + length;
        if self.waiting > 0 && after > bounds.hard {
            return if rank == Rank::Ephemeral { Pushed::Dropped } else { Pushed::Overflow };
        }
        if rank == Rank::Ephemeral && key.is_none() && after > bounds.soft {
            return Pushed::Dropped;
        }
        let queue = &mut self.queues[rank as usize];
        if let Some(key) = key {
            self.places.insert(key, self.departed + queue.len() as u64);
        }
        queue.push_back(Waiting { frame: frame.clone(), key });
        self.waiting = after;
        Pushed::Waiting
    }

    /// Takes a frame whose first `written` bytes are written already. Only for an empty backlog.
    pub(crate) fn resume(&mut self, frame: &Frame, written: usize) {
        self.in_flight.extend(frame.parts().cloned());
        self.flying += frame.wire_length();
        self.advance(written);
    }

    /// Forgets everything but the rest of a frame of which a part is written.
    pub(crate) fn keep_begun(&mut self) {
        let begun = self.in_flight.pop_front().filter(|_| self.written > 0);
        let flying = begun.as_ref().map_or(0, |frame| frame.len() - self.written);
        let written = if begun.is_some() { self.written } else { 0 };
        *self = Self { flying, written, in_flight: begun.into_iter().collect(), ..Self::default() };
    }

    /// The waiting frame of this key.
    fn place(&mut self, key: CoalesceKey) -> Option<&mut Waiting> {
        let place = self.places.get(&key)?.checked_sub(self.departed)?;
        self.queues[Rank::Ephemeral as usize].get_mut(usize::try_from(place).ok()?)
    }

    /// Puts frames in flight, the most urgent first, if none are.
    fn launch(&mut self) {
        while self.in_flight.len() < FLIGHT && self.flying < FLIGHT_BYTES {
            let Some(next) = self.queues.iter_mut().enumerate().find_map(|(rank, queue)| {
                let waiting = queue.pop_front()?;
                Some((rank, waiting))
            }) else {
                return;
            };
            let (rank, waiting) = next;
            if rank == Rank::Ephemeral as usize {
                self.departed += 1;
                if let Some(key) = waiting.key {
                    self.places.remove(&key);
                }
            }
            let length = waiting.frame.wire_length();
            self.waiting -= length;
            self.flying += length;
            self.in_flight.extend(waiting.frame.parts().cloned());
        }
    }

    /// Fills `slices` with what is to be written next; how many were filled.
    pub(crate) fn fill<'a>(&'a mut self, slices: &mut [IoSlice<'a>]) -> usize {
        if self.in_flight.is_empty() {
            self.launch();
        }
        let mut skip = self.written;
        let mut count = 0;
        for (slice, frame) in slices.iter_mut().zip(&self.in_flight) {
            *slice = IoSlice::new(frame.get(skip..).unwrap_or_default());
            skip = 0;
            count += 1;
        }
        count
    }

    /// Forgets the first `written` bytes of those in flight.
    pub(crate) fn advance(&mut self, written: usize) {
        self.flying -= written;
        self.written += written;
        while let Some(first) = self.in_flight.front() {
            if self.written < first.len() {
                return;
            }
            self.written -= first.len();
            self.in_flight.pop_front();
        }
    }

    /// The next whole frame, for a transport that carries packets and not bytes; it stays until [`Self::pop`].
    pub(crate) fn peek(&mut self) -> Option<&Bytes> {
        if self.in_flight.is_empty() {
            self.launch();
        }
        self.in_flight.front()
    }

    /// Takes out what [`Self::peek`] showed.
    pub(crate) fn pop(&mut self) {
        if let Some(first) = self.in_flight.front() {
            self.advance(first.len() - self.written);
        }
    }

    /// Bytes that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.waiting + self.flying
    }

    /// True if nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { soft: 100, hard: 200 };

    /// A frame of `length` bytes on the wire.
    fn frame(letter: u8, length: usize) -> Frame {
        Frame::binary(&vec![letter; length - 2])
    }

    fn order(backlog: &mut Backlog) -> String {
        let mut letters = String::new();
        while let Some(frame) = backlog.peek() {
            letters.push(char::from(frame[frame.len() - 1]));
            backlog.pop();
        }
        letters
    }

    #[test]
    fn urgent_frames_leave_first_and_each_rank_keeps_its_order() {
        let mut backlog = Backlog::default();
        for (letter, rank) in [
            (b'p', Rank::Presence),
            (b'm', Rank::Message),
            (b's', Rank::Signaling),
            (b'e', Rank::Ephemeral),
            (b'n', Rank::Message),
            (b'c', Rank::Control),
        ] {
            assert_eq!(backlog.push(&frame(letter, 3), rank, None, BOUNDS), Pushed::Waiting);
        }
        assert_eq!(order(&mut backlog), "csmnpe");
        assert!(backlog.is_empty());
    }

    #[test]
    fn of_ephemeral_frames_with_one_key_the_newest_is_kept() {
        let mut backlog = Backlog::default();
        let key = |key| Some(CoalesceKey(key));
        let push = |backlog: &mut Backlog, letter, key| backlog.push(&frame(letter, 20), Rank::Ephemeral, key, BOUNDS);
        assert_eq!(push(&mut backlog, b'a', key(1)), Pushed::Waiting);
        assert_eq!(push(&mut backlog, b'b', key(2)), Pushed::Waiting);
        assert_eq!(push(&mut backlog, b'c', key(1)), Pushed::Replaced);
        assert_eq!(backlog.bytes(), 40);
        assert_eq!(backlog.peek().map(|frame| frame[5]), Some(b'c'));
        // Both are in flight now, so that newer values have to wait behind them.
        assert_eq!(push(&mut backlog, b'd', key(1)), Pushed::Waiting);
        assert_eq!(push(&mut backlog, b'e', key(1)), Pushed::Replaced);
        assert_eq!(order(&mut backlog), "cbe");
    }

    #[test]
    fn the_soft_bound_drops_ephemeral_frames_and_the_hard_bound_overflows() {
        let mut backlog = Backlog::default();
        assert_eq!(backlog.push(&frame(b'a', 90), Rank::Message, None, BOUNDS), Pushed::Waiting);
        assert_eq!(backlog.push(&frame(b'e', 20), Rank::Ephemeral, None, BOUNDS), Pushed::Dropped);
        assert_eq!(backlog.push(&frame(b'k', 20), Rank::Ephemeral, Some(CoalesceKey(1)), BOUNDS), Pushed::Waiting);
        assert_eq!(backlog.push(&frame(b'b', 90), Rank::Presence, None, BOUNDS), Pushed::Waiting);
        assert_eq!(backlog.push(&frame(b'l', 20), Rank::Ephemeral, Some(CoalesceKey(2)), BOUNDS), Pushed::Dropped);
        assert_eq!(backlog.push(&frame(b'c', 20), Rank::Signaling, None, BOUNDS), Pushed::Overflow);
        assert_eq!(order(&mut backlog), "abk");
    }

    #[test]
    fn one_frame_above_the_hard_bound_may_wait_alone() {
        let mut backlog = Backlog::default();
        assert_eq!(backlog.push(&frame(b'a', 500), Rank::Message, None, BOUNDS), Pushed::Waiting);
        assert_eq!(backlog.push(&frame(b'b', 3), Rank::Message, None, BOUNDS), Pushed::Overflow);
    }

    #[test]
    fn only_a_frame_that_was_begun_has_to_be_finished() {
        let mut backlog = Backlog::default();
        for letter in [b'a', b'b', b'c'] {
            assert_eq!(backlog.push(&frame(letter, 10), Rank::Message, None, BOUNDS), Pushed::Waiting);
        }
        let mut slices = [IoSlice::new(&[]); 2];
        assert_eq!(backlog.fill(&mut slices), 2);
        backlog.advance(13);
        backlog.keep_begun();
        assert_eq!(backlog.bytes(), 7);
        assert_eq!(backlog.push(&frame(b'z', 3), Rank::Last, None, BOUNDS), Pushed::Waiting);
        assert_eq!(order(&mut backlog), "bz");

        assert_eq!(backlog.push(&frame(b'a', 10), Rank::Message, None, BOUNDS), Pushed::Waiting);
        backlog.keep_begun();
        assert!(backlog.is_empty());
    }

    #[test]
    fn writing_may_stop_anywhere_and_go_on() {
        let attachments = [Bytes::from_static(b"one"), Bytes::from_static(b"two")];
        let whole: Vec<u8> = Frame::packet("5", &attachments).parts().flatten().copied().collect();
        for cut in 0..whole.len() {
            let mut backlog = Backlog::default();
            backlog.resume(&Frame::packet("5", &attachments), cut);
            assert_eq!(backlog.push(&frame(b'z', 3), Rank::Control, None, BOUNDS), Pushed::Waiting);
            let mut written = Vec::new();
            while !backlog.is_empty() {
                let mut slices = [IoSlice::new(&[]); 2];
                let count = backlog.fill(&mut slices);
                let step: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.iter().copied()).collect();
                let step = &step[..step.len().min(4)];
                written.extend_from_slice(step);
                let length = step.len();
                backlog.advance(length);
            }
            assert_eq!(written[..whole.len() - cut], whole[cut..], "cut at {cut}");
            assert_eq!(written.len(), whole.len() - cut + 3);
        }
    }
}
