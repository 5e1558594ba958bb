//! Random steps on a few rooms by a few users, who do everything that clients and operators can do.

use std::{fmt::Debug, time::Duration};

use bytes::Bytes;
use heliograph_cluster::store::{
    Append, AppendOutcome, Attend, AttendOutcome, ContentsLimits, Cursor, PageRange, Preparation, React, StateChange,
    Write, WriteOutcome, Written,
};
use heliograph_domain::{
    command::{Access, Mark, Since},
    id::{CommandId, MessageId, NodeId, SocketId, UserId},
    room::{Media, MediaChange, Position, RoomId},
    text::{Emoji, Reference},
    time::Timestamp,
    user::{Actor, Name, User, Vocabulary},
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::steps::{Answer, Step};
use crate::suites::retention;

/// Ids that could be mistaken for parts of keys and of what is stored.
const NAMES: [&str; 4] = ["a", "{b}:log", "1 1 0 0 c", "%7D é"];

/// Sockets of each user.
const SOCKETS: usize = 3;

/// The world as far as steps depend on it.
pub(super) struct World {
    random: StdRng,
    now: Timestamp,
    pub(super) rooms: Vec<RoomId>,
    actors: Vec<Actor>,
    gateways: Vec<NodeId>,
    /// Messages that were posted, and in which room.
    messages: Vec<(usize, MessageId)>,
    /// The newest position seen of each room.
    positions: Vec<Position>,
    /// Steps that were sent lately and can be sent again.
    sent: Vec<(usize, Step)>,
}

fn ids<T, E: Debug>(parse: fn(&str) -> Result<T, E>) -> Vec<T> {
    NAMES.iter().map(|name| parse(name).unwrap()).collect()
}

/// Every user has sockets of their own; the last user is a guest.
fn actors() -> Vec<Actor> {
    let mut actors = Vec::new();
    for (number, id) in ids(UserId::parse).into_iter().enumerate() {
        let guest = number + 1 == NAMES.len();
        let picture = guest.then(|| "https://example.org/picture".into());
        let user = User { name: Name::parse(id.as_str()).unwrap(), id, picture, guest };
        for socket in 0..SOCKETS {
            actors.push(Actor {
                user: user.clone(),
                admin: false,
                socket: SocketId::parse(&format!("{} {socket}", user.id)).unwrap(),
                gateway: NodeId::parse("anywhere").unwrap(),
                vocabulary: Vocabulary::ALL[(number + socket) % Vocabulary::ALL.len()],
            });
        }
    }
    actors
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            now: Timestamp::from_millis(1_700_000_000_000),
            rooms: ids(RoomId::parse),
            actors: actors(),
            gateways: ids(NodeId::parse),
            messages: Vec::new(),
            positions: vec![Position::default(); NAMES.len()],
            sent: Vec::new(),
        }
    }

    /// What is done next, in which room.
    pub(super) fn next(&mut self) -> (usize, Step) {
        self.tick();
        // Most happens in the first room, so that it becomes full.
        let room = if self.chance(60) { 0 } else { self.below(self.rooms.len() as u64) as usize };
        let step = match self.below(100) {
            0..26 => Step::Attend(self.attend(room)),
            26..38 => self.leave(),
            38..46 => self.write(),
            46..49 => self.set_state(),
            49 => self.prepare(),
            50 => match self.below(8) {
                0..3 => {
                    let (command, user, ban) = (self.command(), self.actor().user.id, self.chance(30));
                    Step::Expel { command, user, ban }
                }
                3..7 => Step::LiftBan { user: self.actor().user.id },
                _ => Step::CloseIdle,
            },
            51 => Step::Peers,
            52..62 => Step::Append(self.append()),
            62..68 => Step::React(self.react()),
            68..73 => self.change_media(),
            73..76 => Step::SwitchChat { by: self.actor().socket, enabled: self.chance(60), as_admin: self.chance(20) },
            76..81 => Step::View {
                user: self.perhaps(|world| world.actor().user.id),
                socket: self.perhaps(|world| world.actor().socket),
                addressee: self.perhaps(|world| world.actor().socket),
            },
            81..83 => self.mark(),
            83..85 => Step::Members { limit: self.limit() },
            85..91 => {
                let number = self.number();
                let range = if self.chance(50) { PageRange::After(number) } else { PageRange::Before(number) };
                Step::Read { range, limit: self.limit() }
            }
            91 => Step::List { limit: self.pick(&[1, 2, 100]) },
            92 if self.chance(30) => Step::Close,
            _ => return self.again().unwrap_or((room, Step::Members { limit: 1 })),
        };
        (room, step)
    }

    /// Learns from an answer.
    pub(super) fn note(&mut self, room: usize, step: Step, answer: &Answer) {
        match answer {
            Answer::Attend(AttendOutcome::Attending(attended)) => self.positions[room] = attended.position,
            Answer::Append(AppendOutcome::Appended(appended)) => {
                self.positions[room] = appended.position;
                self.messages.push((room, appended.message.clone()));
            }
            Answer::Write(WriteOutcome::Written { position, .. }) => self.positions[room] = *position,
            _ => {}
        }
        if matches!(
            step,
            Step::Attend(_)
                | Step::Leave { .. }
                | Step::Append(_)
                | Step::React(_)
                | Step::Write(_)
                | Step::Expel { .. }
        ) {
            self.sent.push((room, step));
        }
    }

    /// A command again, as a router does that did not get the answer.
    fn again(&mut self) -> Option<(usize, Step)> {
        let lately = self.sent.len().saturating_sub(100);
        let (room, mut step) = self.sent[lately..].choose(&mut self.random)?.clone();
        match &mut step {
            Step::Attend(step) => (step.at, step.new_epoch) = (self.now, self.random.random()),
            Step::Append(step) => (step.at, step.message) = (self.now, self.new_message()),
            Step::React(step) => step.at = self.now,
            Step::Write(step) => step.at = self.now,
            _ => {}
        }
        Some((room, step))
    }

    fn attend(&mut self, room: usize) -> Attend {
        let mut actor = self.actor();
        actor.gateway = self.pick(&self.gateways.clone());
        if self.chance(2) {
            actor.user = self.actor().user;
        }
        if self.chance(5) {
            actor.user.name = Name::parse(&format!("name {}", self.below(10))).unwrap();
        }
        let ghosts = if self.chance(20) { (0..4).map(|_| self.actor().socket).collect() } else { Vec::new() };
        let known = self.positions[room];
        let since = match self.below(5) {
            3 => Some(Since::Delivered),
            0 => Some(Since::Seq(self.number())),
            1 => Some(Since::Position(Position { seq: self.number(), ..known })),
            2 => Some(Since::Position(Position { epoch: known.epoch ^ self.below(2), seq: known.seq })),
            _ => None,
        };
        Attend {
            command: self.command(),
            actor,
            explicit: self.chance(60),
            peer: self.perhaps(|world| {
                let [audio, video, screen, hand, speaking] = world.random.random();
                Media { audio, video, screen, hand, speaking }
            }),
            takeover: self.chance(15),
            ghosts,
            since,
            missed_limit: self.limit(),
            member_limit: self.limit(),
            max_peers: self.pick(&[0, 1, 2, 3, 100]),
            members_only: self.chance(5),
            partner: if self.chance(20) { Some(self.actor().user) } else { None },
            contents: if self.chance(30) { Some(self.contents()) } else { None },
            new_epoch: self.random.random(),
            at: self.now,
        }
    }

    fn contents(&mut self) -> ContentsLimits {
        ContentsLimits {
            messages: self.limit(),
            bytes: self.pick(&[0, 10, 40, 10_000]),
            scanned: self.pick(&[0, 50, 300, 100_000]),
            attendants: self.pick(&[0, 2, 4, 100]),
        }
    }

    fn write(&mut self) -> Step {
        let what = match self.below(10) {
            0..5 => Written::CodeChange,
            5..8 => Written::Stroke,
            8 => Written::Clearing,
            _ => Written::Deletion(self.message()),
        };
        let author = if self.chance(90) { Some(self.actor().user.id) } else { None };
        Step::Write(Write { command: self.command(), author, what, event: self.event(), at: self.now })
    }

    fn set_state(&mut self) -> Step {
        let change = match self.below(3) {
            0 => StateChange::Code { data: self.event(), version: self.below(20) },
            1 => StateChange::Whiteboard { data: self.perhaps(Self::event), seq: self.perhaps(Self::number) },
            _ => StateChange::Recording(self.chance(50)),
        };
        Step::SetState { user: self.actor().user.id, change }
    }

    fn prepare(&mut self) -> Step {
        let access = match self.below(6) {
            0 => Some(Access::Members),
            1..4 => Some(Access::Open),
            _ => None,
        };
        let members = (0..self.below(3)).map(|_| self.actor().user).collect();
        Step::Prepare(Preparation { access, members, new_epoch: self.random.random(), at: self.now })
    }

    /// One that was posted lately, mostly.
    fn message(&mut self) -> MessageId {
        let newest = self.messages.len().saturating_sub(12);
        let known = self.messages[newest..].choose(&mut self.random).map(|(_, message)| message.clone());
        known.filter(|_| self.chance(90)).unwrap_or_else(|| self.new_message())
    }

    fn leave(&mut self) -> Step {
        let Actor { socket, user, .. } = self.actor();
        let user = if self.chance(90) { user } else { self.actor().user };
        Step::Leave { command: self.command(), socket, user: user.id, for_good: self.chance(25) }
    }

    fn append(&mut self) -> Append {
        let Actor { socket, user, .. } = self.actor();
        Append {
            command: self.command(),
            author: if self.chance(95) { Some(user.id) } else { None },
            socket: self.perhaps(|_| socket),
            as_admin: self.chance(10),
            reference: self.perhaps(|world| Reference::from_checked(world.pick(&["1", "\"two\"", "\"\\n\""]))),
            message: self.new_message(),
            event: self.event(),
            at: self.now,
        }
    }

    fn react(&mut self) -> React {
        React {
            command: self.command(),
            message: self.message(),
            user: self.actor().user.id,
            emoji: Emoji::parse(self.pick(&["+1", "1\u{20e3}"])).unwrap(),
            on: self.chance(60),
            event: self.event(),
            at: self.now,
        }
    }

    fn mark(&mut self) -> Step {
        let up_to = match self.below(4) {
            0 => Mark::Newest,
            1 => {
                let newest = self.messages.len().saturating_sub(12);
                let known = self.messages[newest..].choose(&mut self.random).map(|(_, message)| message.clone());
                Mark::Message(known.filter(|_| self.chance(90)).unwrap_or_else(|| self.new_message()))
            }
            _ => Mark::Seq(self.number()),
        };
        let cursor = self.pick(&[Cursor::Delivered, Cursor::Read]);
        Step::Mark { user: self.actor().user.id, cursor, up_to }
    }

    fn change_media(&mut self) -> Step {
        let by = self.actor().socket;
        let target = if self.chance(60) { by.clone() } else { self.actor().socket };
        let [audio, video, screen, hand, speaking] = [(); 5].map(|()| self.perhaps(|world| world.chance(50)));
        let change = MediaChange { audio, video, screen, hand, speaking };
        Step::ChangeMedia { by, target, change, as_admin: self.chance(30) }
    }

    /// Anything, also what looks like other parts of the log.
    fn event(&mut self) -> Bytes {
        match self.below(4) {
            0 => self.now.as_millis().to_string().into(),
            1 => self.messages.last().map_or_else(Bytes::new, |(_, id)| id.as_str().to_owned().into()),
            _ => (0..self.below(20)).map(|_| self.random.random()).collect::<Vec<u8>>().into(),
        }
    }

    /// A number of an entry, of one that there may never be too.
    fn number(&mut self) -> u64 {
        let newest = self.positions[0].seq;
        if self.chance(5) { u64::MAX } else { self.random.random_range(newest.saturating_sub(15)..newest + 3) }
    }

    fn limit(&mut self) -> usize {
        self.pick(&[0, 1, 2, 3, 100, usize::MAX])
    }

    /// Time goes on, mostly a little, now and then far.
    fn tick(&mut self) {
        let age = u64::try_from(retention().age.as_millis()).unwrap();
        let most = match self.below(1000) {
            0..3 => 2 * age,
            3..60 => age / 5,
            _ => 3,
        };
        self.now = self.now + Duration::from_millis(self.below(most));
    }

    fn command(&mut self) -> CommandId {
        CommandId::from_bytes(self.random.random())
    }

    fn new_message(&mut self) -> MessageId {
        MessageId::parse(&format!("msg_{:08x}", self.random.random::<u32>())).unwrap()
    }

    fn actor(&mut self) -> Actor {
        self.actors.choose(&mut self.random).unwrap().clone()
    }

    fn perhaps<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.chance(50) { Some(make(self)) } else { None }
    }

    fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values.choose(&mut self.random).unwrap().clone()
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.random_ratio(percent, 100)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random.random_range(0..end)
    }
}
