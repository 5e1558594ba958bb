//! Random commands: the store and a model of a room in plain lists must agree on every answer.

use heliograph_cluster::store::{Append, AppendOutcome, Attend, AttendOutcome, Left, Store};
use heliograph_domain::{
    id::{CommandId, SocketId},
    room::Media,
    user::{Actor, User},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::runtime::Handle;

use crate::{
    case::{Case, cases},
    scene::{Room, actor, another_socket, guest, joining, posting},
};

pub(crate) const CASES: &[Case<Store>] = cases![random_commands_are_answered_as_by_a_simple_model];

const MAX_PEERS: usize = 3;

#[derive(Clone, Debug)]
enum Command {
    Join {
        socket: usize,
        explicit: bool,
        peer: bool,
        takeover: bool,
    },
    Leave {
        socket: usize,
        for_good: bool,
    },
    Post {
        socket: usize,
    },
    /// Sends one of the commands so far again.
    Retry(prop::sample::Index),
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let socket = 0..SOCKETS;
    let command = prop_oneof![
        4 => (socket.clone(), any::<bool>(), any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(socket, explicit, peer, takeover)| Command::Join { socket, explicit, peer, takeover }),
        3 => (socket.clone(), prop::bool::weighted(0.3))
            .prop_map(|(socket, for_good)| Command::Leave { socket, for_good }),
        2 => socket.prop_map(|socket| Command::Post { socket }),
        1 => any::<prop::sample::Index>().prop_map(Command::Retry),
    ];
    prop::collection::vec(command, 1..60)
}

/// Three users with two sockets each; the last one is a guest.
const SOCKETS: usize = 6;

fn people() -> Vec<Actor> {
    let users = [actor("alice"), actor("bob"), guest("visitor")];
    users.into_iter().flat_map(|user| [user.clone(), another_socket(&user)]).collect()
}

/// What is compared of an answer.
#[derive(Clone, Debug, PartialEq)]
enum Answer {
    Joined { joined: bool, announced: bool, removed: Vec<usize>, told: Vec<bool> },
    Full,
    Left { there: bool, announced: bool, new_host: Option<usize>, membership_ended: bool },
    Posted(u64),
    NotMember,
}

/// A room in plain lists.
#[derive(Default)]
struct Model {
    members: Vec<usize>,
    /// Socket, whether it asked itself, whether it is a peer; in the order of coming or of becoming
    /// a peer.
    attendances: Vec<(usize, bool, bool)>,
    posted: u64,
}

const fn user_of(socket: usize) -> usize {
    socket / 2
}

const GUEST: usize = 2;

impl Model {
    fn asked(&self, user: usize) -> bool {
        self.attendances.iter().any(|(socket, explicit, _)| user_of(*socket) == user && *explicit)
    }

    fn host(&self) -> Option<usize> {
        self.attendances.iter().find(|(_, _, peer)| *peer).map(|(socket, ..)| *socket)
    }

    fn join(&mut self, socket: usize, explicit: bool, peer: bool, takeover: bool) -> Answer {
        let user = user_of(socket);
        let removed: Vec<_> = self
            .attendances
            .iter()
            .filter(|(other, _, peer)| takeover && *peer && *other != socket && user_of(*other) == user)
            .map(|(other, ..)| *other)
            .collect();
        let known = self.attendances.iter().position(|(other, ..)| *other == socket);
        let was_peer = known.is_some_and(|place| self.attendances[place].2);
        let peers = self.attendances.iter().filter(|(_, _, peer)| *peer).count();
        if peer && !was_peer && peers - removed.len() >= MAX_PEERS {
            return Answer::Full;
        }
        let asked_before = self.asked(user);
        self.attendances.retain(|(other, ..)| !removed.contains(other));
        let joined = known.is_none() || (peer && !was_peer);
        match self.attendances.iter_mut().find(|(other, ..)| *other == socket) {
            Some(known) if !joined => known.1 |= explicit,
            Some(known) => {
                let explicit = known.1 || explicit;
                self.attendances.retain(|(other, ..)| *other != socket);
                self.attendances.push((socket, explicit, peer));
            }
            None => self.attendances.push((socket, explicit, peer)),
        }
        if !self.members.contains(&user) {
            self.members.push(user);
        }
        let asked = self.asked(user);
        let announced = asked && !asked_before;
        let told = (1..=removed.len()).map(|n| n == removed.len() && asked_before && !asked);
        Answer::Joined { joined, announced, told: told.collect(), removed }
    }

    fn leave(&mut self, socket: usize, for_good: bool) -> Answer {
        let user = user_of(socket);
        let (host, asked) = (self.host(), self.asked(user));
        let before = self.attendances.len();
        self.attendances.retain(|(other, ..)| *other != socket);
        let there = self.attendances.len() < before;
        let attends = self.attendances.iter().any(|(other, ..)| user_of(*other) == user);
        let ends = for_good || (user == GUEST && !attends);
        let membership_ended = ends && self.members.contains(&user);
        if membership_ended {
            self.members.retain(|member| *member != user);
        }
        let new_host = if host == Some(socket) { self.host() } else { None };
        Answer::Left { there, announced: asked && !self.asked(user), new_host, membership_ended }
    }

    fn post(&mut self, socket: usize) -> Answer {
        if !self.members.contains(&user_of(socket)) {
            return Answer::NotMember;
        }
        self.posted += 1;
        Answer::Posted(self.posted)
    }
}

/// A command as it is sent, so that it can be sent again.
#[derive(Clone)]
enum Sent {
    Join(Box<Attend>),
    Leave { command: CommandId, socket: usize, for_good: bool },
    Post(Append),
}

struct Run {
    room: Room,
    people: Vec<Actor>,
    model: Model,
    sent: Vec<(Sent, Answer)>,
}

impl Run {
    fn number(&self, socket: &SocketId) -> usize {
        self.people.iter().position(|actor| actor.socket == *socket).expect("one of ours")
    }

    async fn send(&self, sent: Sent) -> Answer {
        match sent {
            Sent::Join(step) => match self.room.attend(*step).await {
                AttendOutcome::Full => Answer::Full,
                AttendOutcome::NotAdmitted => panic!("nobody is kept out"),
                AttendOutcome::Attending(attended) => Answer::Joined {
                    joined: attended.joined,
                    announced: attended.announced,
                    removed: attended.removed.iter().map(|(removed, _)| self.number(&removed.socket)).collect(),
                    told: attended.removed.iter().map(|(_, left)| left.announced).collect(),
                },
            },
            Sent::Leave { command, socket, for_good } => {
                let Left { attendant, announced, new_host, membership_ended, .. } =
                    self.room.leave_by(command, &self.people[socket], for_good).await;
                let new_host = new_host.map(|host| self.number(&host));
                Answer::Left { there: attendant.is_some(), announced, new_host, membership_ended }
            }
            Sent::Post(step) => match self.room.append(step).await {
                AppendOutcome::Appended(appended) => Answer::Posted(appended.position.seq),
                AppendOutcome::NotMember => Answer::NotMember,
                other => panic!("not asked for: {other:?}"),
            },
        }
    }

    async fn step(&mut self, command: Command) -> Result<(), TestCaseError> {
        let (sent, expected) = match command {
            Command::Join { socket, explicit, peer, takeover } => {
                let step = Attend {
                    explicit,
                    peer: peer.then(Media::default),
                    takeover,
                    max_peers: MAX_PEERS,
                    ..joining(&self.people[socket])
                };
                (Sent::Join(Box::new(step)), self.model.join(socket, explicit, peer, takeover))
            }
            Command::Leave { socket, for_good } => {
                let command = CommandId::generate();
                (Sent::Leave { command, socket, for_good }, self.model.leave(socket, for_good))
            }
            Command::Post { socket } => (Sent::Post(posting(&self.people[socket], "hello")), self.model.post(socket)),
            Command::Retry(index) if !self.sent.is_empty() => index.get(&self.sent).clone(),
            Command::Retry(_) => return Ok(()),
        };
        let answer = self.send(sent.clone()).await;
        prop_assert_eq!(&answer, &expected);
        self.sent.push((sent, expected));
        self.compare().await
    }

    /// Compares the room as it is now.
    async fn compare(&self) -> Result<(), TestCaseError> {
        let members: Vec<User> = self.model.members.iter().map(|user| self.people[user * 2].user.clone()).collect();
        let found = self.room.members().await.unwrap_or_default();
        prop_assert_eq!(found, members);
        for (number, actor) in self.people.iter().enumerate() {
            let (rooms, socket) = (self.room.rooms(), Some(&actor.socket));
            let view = rooms.view(&self.room.id, Some(&actor.user.id), socket, None).await.unwrap();
            let expected = self.model.attendances.iter().find(|(socket, ..)| *socket == number);
            let peer = view.attendant.map(|attendant| attendant.peer.is_some());
            prop_assert_eq!(peer, expected.map(|(_, _, peer)| *peer));
            prop_assert_eq!(view.member, self.model.members.contains(&user_of(number)));
        }
        Ok(())
    }
}

async fn random_commands_are_answered_as_by_a_simple_model(store: Store) {
    let runtime = Handle::current();
    let run = move || {
        let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
        TestRunner::new(config).run(&commands(), |commands| {
            let room = Room::new(store.clone());
            let mut run = Run { room, people: people(), model: Model::default(), sent: Vec::new() };
            runtime.block_on(async {
                // From here on there has been such a room, so that it remembers even refusals.
                let somebody = actor("somebody");
                run.room.join(&somebody).await;
                run.room.quit(&somebody).await;
                for command in commands {
                    run.step(command).await?;
                }
                Ok(())
            })
        })
    };
    tokio::task::spawn_blocking(run).await.unwrap().unwrap();
}
