//! What holds for matching whatever happens.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use heliograph_cluster::store;
use heliograph_domain::{
    id::{CommandId, MatchId, QueueName, UserId},
    matching::{Criteria, MatchMode, MatchingEvent, QueueState},
    room::RoomId,
    time::Timestamp,
    user::{Name, User},
};
use proptest::prelude::*;

use super::{
    answer::Answer,
    enter::Entry,
    options::MatchingOptions,
    pool::{Key, Pool},
    ticket::{LineId, Stage, Ticket},
};

const USERS: [&str; 6] = ["ann", "bob", "cy", "dan", "eve", "fay"];
const QUEUES: [&str; 2] = ["guests", "default"];

/// Something that happens.
#[derive(Clone, Debug)]
enum Happening {
    Enqueues { user: usize, queue: usize, mode: MatchMode, criteria: usize },
    Dequeues(usize),
    Answers { user: usize, accept: bool },
    AnswersLate { user: usize, accept: bool },
    Goes { user: usize, goodbye: bool },
    ComesBack(usize),
    Blocks(usize, usize),
    Passes(u64),
    TakenOver,
}

fn happening() -> impl Strategy<Value = Happening> {
    let user = || 0..USERS.len();
    let mode = || prop_oneof![Just(MatchMode::Immediate), Just(MatchMode::Proposal)];
    prop_oneof![
        6 => (user(), 0..QUEUES.len(), mode(), 0..4usize)
            .prop_map(|(user, queue, mode, criteria)| Happening::Enqueues { user, queue, mode, criteria }),
        2 => user().prop_map(Happening::Dequeues),
        5 => (user(), any::<bool>()).prop_map(|(user, accept)| Happening::Answers { user, accept }),
        1 => (user(), any::<bool>()).prop_map(|(user, accept)| Happening::AnswersLate { user, accept }),
        2 => (user(), any::<bool>()).prop_map(|(user, goodbye)| Happening::Goes { user, goodbye }),
        1 => user().prop_map(Happening::ComesBack),
        1 => (user(), user()).prop_map(|(one, other)| Happening::Blocks(one, other)),
        3 => (1..40u64).prop_map(Happening::Passes),
        1 => Just(Happening::TakenOver),
    ]
}

fn criteria(which: usize) -> Criteria {
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).into()).collect();
    match which {
        0 => Criteria::default(),
        1 => Criteria { offers: Some(tags(&["rust"])), wants: tags(&["go"]), body: None },
        2 => Criteria { offers: Some(tags(&["go"])), wants: tags(&["rust", "zig"]), body: None },
        _ => Criteria { offers: Some(Vec::new()), wants: tags(&["zig"]), body: None },
    }
}

fn id(user: usize) -> UserId {
    UserId::parse(USERS[user]).unwrap()
}

fn person(user: usize) -> User {
    User { id: id(user), name: Name::parse(USERS[user]).unwrap(), picture: None, guest: false }
}

/// A pool, what is stored of it, and what its users have heard.
struct Scene {
    pool: Pool,
    stored: BTreeMap<String, bytes::Bytes>,
    now: Timestamp,
    options: MatchingOptions,
    blocked: BTreeSet<(UserId, UserId)>,
    /// Where users believe to be.
    beliefs: BTreeMap<UserId, Belief>,
    matches: BTreeMap<MatchId, BTreeSet<UserId>>,
    asked_about: BTreeMap<UserId, MatchId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Belief {
    Waits,
    IsAsked(MatchId),
    IsOut,
}

impl Scene {
    fn new() -> Self {
        Self {
            pool: Pool::default(),
            stored: BTreeMap::new(),
            now: Timestamp::from_millis(1_000_000),
            options: MatchingOptions::default(),
            blocked: BTreeSet::new(),
            beliefs: BTreeMap::new(),
            matches: BTreeMap::new(),
            asked_about: BTreeMap::new(),
        }
    }

    fn play(&mut self, happening: &Happening) {
        let (now, options) = (self.now, self.options.clone());
        match happening {
            Happening::Enqueues { user, queue, mode, criteria: which } => {
                let line = LineId { mode: *mode, queue: QueueName::parse(QUEUES[*queue]).unwrap() };
                let (user, criteria) = (person(*user), criteria(*which));
                let entry = Entry { user, line, criteria, command: CommandId::generate() };
                self.pool.enqueue(entry, now, &options).unwrap();
            }
            Happening::Dequeues(user) => drop(self.pool.dequeue(&id(*user), None, now, &options)),
            Happening::Answers { user, accept } => {
                if let Some(proposal) = self.pool.proposal(&id(*user)) {
                    self.answer(*user, proposal.match_id, *accept);
                }
            }
            Happening::AnswersLate { user, accept } => {
                if let Some(match_id) = self.asked_about.get(&id(*user)).cloned() {
                    self.answer(*user, match_id, *accept);
                }
            }
            Happening::Goes { user, goodbye } => self.pool.leave_behind(&id(*user), *goodbye, now, &options),
            Happening::ComesBack(user) => self.pool.come_back(&id(*user)),
            Happening::Blocks(one, other) => drop(self.blocked.insert((id(*one), id(*other)))),
            Happening::Passes(seconds) => {
                let end = now + Duration::from_secs(*seconds);
                while let Some(due) = self.pool.next_due().filter(|due| *due <= end) {
                    self.now = due;
                    self.fire();
                }
                self.now = end;
                return;
            }
            Happening::TakenOver => {
                let records = self.stored.iter().map(|(name, record)| (name.clone(), record.clone())).collect();
                let loaded = Pool::decode(store::Pool { version: self.pool.version, records });
                for user in 0..USERS.len() {
                    assert_eq!(loaded.ticket(&id(user)), self.pool.ticket(&id(user)));
                }
                assert_eq!(loaded.counts(), self.pool.counts());
                assert_eq!(loaded.next_due(), self.pool.next_due());
                self.pool = loaded;
            }
        }
        self.step();
    }

    fn answer(&mut self, user: usize, match_id: MatchId, accept: bool) {
        let answer = Answer { match_id, accept, session: RoomId::new_session() };
        // What is refused has no effect, and is not what these properties are about.
        let before = self.pool.touched().len();
        if self.pool.respond(&id(user), &answer, self.now, &self.options).is_err() {
            assert_eq!(self.pool.touched().len(), before);
        }
    }

    fn fire(&mut self) {
        for key in self.pool.due(self.now, 100) {
            match self.pool.gone(&key, self.now) {
                Some(user) => self.pool.depart(&user, self.now, &self.options),
                None => self.pool.expire(&key, self.now, &self.options),
            }
        }
        self.step();
    }

    /// Brings together as the router does, stores, and lets users hear of it.
    fn step(&mut self) {
        for user in self.pool.take_seeking() {
            let candidates = self.pool.candidates(&user, usize::MAX);
            let free = |other: &&UserId| {
                let blocked = |one: &UserId, other: &UserId| self.blocked.contains(&(one.clone(), other.clone()));
                !blocked(&user, other) && !blocked(other, &user)
            };
            let Some(other) = candidates.iter().find(free) else { continue };
            self.check_is_first(&user, other);
            self.pool.pair(&user, other, &MatchId::generate(), self.now, &self.options);
        }
        let version = self.pool.version + 1;
        for change in self.pool.changes() {
            match change.record {
                Some(record) => drop(self.stored.insert(change.name, record)),
                None => drop(self.stored.remove(&change.name)),
            }
        }
        let untold = self.pool.touched_by(version);
        self.pool.stored(version);
        assert_eq!(untold, self.pool.changed_by(version, self.now), "who takes over tells the same");
        for key in untold {
            if let Key::Ticket(user) = key {
                let news = self.pool.ticket(&user).map(|ticket| ticket.news.clone()).unwrap_or_default();
                news.iter().for_each(|event| self.hear(&user, event));
            }
        }
        self.check();
    }

    /// Nobody who came before, fits, and is not blocked is passed over for somebody else.
    fn check_is_first(&self, user: &UserId, chosen: &UserId) {
        let ticket = |user: &UserId| self.pool.ticket(user).unwrap().clone();
        let (mine, theirs) = (ticket(user), ticket(chosen));
        assert_ne!(user, chosen, "nobody meets themselves");
        assert_eq!(mine.line, theirs.line);
        assert!(mine.criteria.fits(&theirs.criteria));
        let has_met = |one: &Ticket, other: &Ticket| {
            let past =
                |one: &Ticket, other: &Ticket| one.past.as_ref().is_some_and(|past| past.partner == other.user.id);
            one.line.mode == MatchMode::Immediate && (past(one, other) || past(other, one))
        };
        let (Stage::Waiting(_), Stage::Waiting(place)) = (&mine.stage, &theirs.stage) else {
            panic!("{user} and {chosen} do not both wait")
        };
        for other in (0..USERS.len()).map(id).filter(|other| other != user && other != chosen) {
            let Some(other) = self.pool.ticket(&other).filter(|other| other.line == mine.line) else { continue };
            let Stage::Waiting(before) = other.stage else { continue };
            let blocked = [(user, &other.user.id), (&other.user.id, user)];
            let blocked = blocked.iter().any(|(one, other)| self.blocked.contains(&((*one).clone(), (*other).clone())));
            let stranger = !has_met(&mine, other) || has_met(&mine, &theirs);
            let passed_over = before < *place && other.criteria.fits(&mine.criteria) && !blocked && stranger;
            assert!(!passed_over, "{} waits longer than {chosen} and fits {user}", other.user.id);
        }
    }

    fn hear(&mut self, user: &UserId, event: &MatchingEvent) {
        let belief = match event {
            MatchingEvent::QueueEntered(status) => {
                assert!(status.position >= 1 && status.position <= status.size.max(1));
                Belief::Waits
            }
            MatchingEvent::MatchProposed(proposal) => {
                assert_ne!(proposal.peer.id, *user);
                self.asked_about.insert(user.clone(), proposal.match_id.clone());
                Belief::IsAsked(proposal.match_id.clone())
            }
            MatchingEvent::QueueLeft(_) | MatchingEvent::QueueExpired(_) => Belief::IsOut,
            MatchingEvent::MatchCancelled { match_id, .. } => {
                assert_eq!(self.beliefs.get(user), Some(&Belief::IsAsked(match_id.clone())));
                assert!(!self.matches.contains_key(match_id), "a match that was made is cancelled");
                Belief::IsOut
            }
            MatchingEvent::MatchConfirmed(made) => {
                let expected = match self.beliefs.get(user) {
                    Some(Belief::IsAsked(match_id)) => *match_id == made.match_id,
                    Some(Belief::Waits) => made.room == RoomId::of_match(&made.match_id),
                    Some(Belief::IsOut) | None => false,
                };
                assert!(expected, "{user} is matched out of nothing, or twice");
                let all: BTreeSet<_> = made.participants.iter().map(|user| user.id.clone()).collect();
                assert_eq!(all.len(), 2, "somebody is matched with themselves");
                assert_eq!(all, BTreeSet::from([user.clone(), made.peer.id.clone()]));
                let before = self.matches.insert(made.match_id.clone(), all.clone());
                assert!(before.is_none_or(|before| before == all), "one match of several pairs");
                Belief::IsOut
            }
            MatchingEvent::QueueMatched(_) | MatchingEvent::MatchAnswered { .. } => return,
            MatchingEvent::QueuePositionChanged(_)
            | MatchingEvent::InviteReceived(_)
            | MatchingEvent::InviteAnswered { .. } => panic!("{event:?} is no news of a ticket"),
        };
        self.beliefs.insert(user.clone(), belief);
    }

    fn check(&self) {
        let mut places = BTreeSet::new();
        for user in (0..USERS.len()).map(id) {
            let Some(ticket) = self.pool.ticket(&user) else {
                assert!(matches!(self.beliefs.get(&user), None | Some(Belief::IsOut)), "{user} is forgotten");
                continue;
            };
            assert!(ticket.due() > self.now, "{user} has no end in sight");
            let belief = match &ticket.stage {
                Stage::Waiting(place) => {
                    assert!(places.insert((ticket.line.clone(), *place)), "two have one place");
                    Belief::Waits
                }
                Stage::Asked { match_id, partner, .. } => {
                    let other = self.pool.ticket(partner).map(|other| &other.stage);
                    let Some(Stage::Asked { match_id: theirs, partner: back, .. }) = other else {
                        panic!("{user} is asked about {partner}, who is not: {other:?}")
                    };
                    assert_eq!((theirs, back), (match_id, &user));
                    Belief::IsAsked(match_id.clone())
                }
                Stage::Over(_) => Belief::IsOut,
            };
            assert_eq!(self.beliefs.get(&user), Some(&belief), "{user} believes otherwise");
        }
        let waiting: usize = self.pool.views().iter().map(|view| view.size as usize).sum();
        assert_eq!(waiting, places.len());
        assert_eq!(self.pool.counts().immediate + self.pool.counts().proposal, waiting);
    }
}

proptest! {
    #[test]
    fn nobody_is_forgotten_matched_twice_or_with_themselves_and_everything_ends(
        happenings in proptest::collection::vec(happening(), 1..60)
    ) {
        let mut scene = Scene::new();
        for happening in &happenings {
            scene.play(happening);
        }
        // When nothing more happens, everybody's waiting ends.
        scene.play(&Happening::Passes(2 * 330));
        prop_assert_eq!(scene.pool.counts().all(), 0);
        prop_assert!(scene.beliefs.values().all(|belief| *belief == Belief::IsOut));
        // And nothing is kept of it.
        scene.play(&Happening::Passes(700));
        prop_assert_eq!(scene.pool.next_due(), None);
        prop_assert!(scene.stored.is_empty());
    }

    #[test]
    fn those_who_came_first_are_matched_first(order in Just((0..6usize).collect::<Vec<_>>()).prop_shuffle()) {
        let mut scene = Scene::new();
        for user in &order {
            scene.play(&Happening::Enqueues { user: *user, queue: 0, mode: MatchMode::Immediate, criteria: 0 });
        }
        for pair in order.chunks(2) {
            let pair: BTreeSet<_> = pair.iter().map(|user| id(*user)).collect();
            prop_assert!(scene.matches.values().any(|matched| *matched == pair));
        }
    }
}

fn asked() -> Scene {
    let mut scene = Scene::new();
    for user in 0..2 {
        scene.play(&Happening::Enqueues { user, queue: 1, mode: MatchMode::Proposal, criteria: 0 });
    }
    scene
}

fn state(scene: &Scene, user: usize) -> Option<QueueState> {
    scene.pool.status(&id(user)).map(|status| status.state)
}

#[test]
fn who_declines_or_is_silent_or_gone_is_out_and_the_other_waits_again() {
    let declines = [Happening::Answers { user: 0, accept: false }];
    let silent = [Happening::Answers { user: 1, accept: true }, Happening::Passes(30)];
    let gone = [Happening::Goes { user: 0, goodbye: false }];
    let gone_slowly = [Happening::Goes { user: 0, goodbye: true }, Happening::Passes(5)];
    for story in [&declines[..], &silent, &gone, &gone_slowly] {
        let mut scene = asked();
        story.iter().for_each(|happening| scene.play(happening));
        assert_eq!(state(&scene, 0), Some(QueueState::Left), "{story:?}");
        assert_eq!(state(&scene, 1), Some(QueueState::Waiting), "{story:?}");
    }
    let mut scene = asked();
    scene.play(&Happening::Passes(30));
    assert_eq!([state(&scene, 0), state(&scene, 1)], [Some(QueueState::Left); 2]);
}

#[test]
fn who_waits_again_is_before_those_who_came_later() {
    let mut scene = asked();
    scene.play(&Happening::Enqueues { user: 2, queue: 1, mode: MatchMode::Proposal, criteria: 3 });
    scene.play(&Happening::Enqueues { user: 3, queue: 1, mode: MatchMode::Proposal, criteria: 3 });
    // What they now want nobody offers.
    scene.play(&Happening::Enqueues { user: 1, queue: 1, mode: MatchMode::Proposal, criteria: 1 });
    scene.play(&Happening::Answers { user: 0, accept: false });
    let positions = [1, 2, 3].map(|user| scene.pool.status(&id(user)).unwrap().position);
    assert_eq!(positions, [1, 2, 3]);
}

#[test]
fn the_last_partner_comes_last_but_comes() {
    let search = |user| Happening::Enqueues { user, queue: 0, mode: MatchMode::Immediate, criteria: 0 };
    let mut scene = Scene::new();
    for user in [0, 1, 0, 1] {
        scene.play(&search(user));
    }
    assert_eq!(scene.matches.len(), 2, "nobody else waits");
    scene.play(&Happening::Blocks(2, 3));
    for user in [2, 3, 0, 1] {
        scene.play(&search(user));
    }
    assert_eq!(scene.matches.len(), 4);
    assert!(scene.matches.values().any(|pair| *pair == BTreeSet::from([id(0), id(2)])));
    assert!(scene.matches.values().any(|pair| *pair == BTreeSet::from([id(1), id(3)])));
}

#[test]
fn a_comeback_keeps_the_place() {
    let mut scene = asked();
    scene.play(&Happening::Goes { user: 0, goodbye: true });
    scene.play(&Happening::Passes(4));
    scene.play(&Happening::ComesBack(0));
    scene.play(&Happening::Passes(10));
    assert_eq!([state(&scene, 0), state(&scene, 1)], [Some(QueueState::Matched); 2]);
}
