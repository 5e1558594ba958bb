//! What holds for calls whatever happens to them.

use std::{collections::BTreeSet, time::Duration};

use heliograph_domain::{
    command::{CallMedia, CallPlan, SignalKind},
    event::{CallEndReason, Event, Unavailable},
    id::{CallId, CommandId, NodeId, SocketId, UserId},
    room::{Media, MediaChange},
    text::RawJson,
    time::Timestamp,
    user::{Actor, Name, User, Vocabulary},
};
use proptest::prelude::*;

use super::{
    call::{Call, Notice, Part, Phase},
    held::{HeldSignal, HoldLimits},
    record::Stored,
    ring::Callee,
};

const RING: Duration = Duration::from_secs(60);
const USERS: [&str; 4] = ["ann", "bob", "cat", "dan"];

/// Something that happens to a call.
#[derive(Clone, Debug)]
enum Happening {
    Rings { callees: Vec<usize>, offline: bool },
    Accepts(usize),
    Enters(usize),
    Declines(usize),
    Ends(usize),
    Departs(usize),
    Mutes(usize),
    Signals { from: usize, to: usize, held: bool },
    Connects(usize),
    Passes(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let user = || 0..USERS.len();
    prop_oneof![
        2 => (proptest::collection::vec(user(), 1..4), any::<bool>())
            .prop_map(|(callees, offline)| Happening::Rings { callees, offline }),
        3 => user().prop_map(Happening::Accepts),
        1 => user().prop_map(Happening::Enters),
        2 => user().prop_map(Happening::Declines),
        1 => user().prop_map(Happening::Ends),
        2 => user().prop_map(Happening::Departs),
        1 => user().prop_map(Happening::Mutes),
        1 => (user(), user(), any::<bool>()).prop_map(|(from, to, held)| Happening::Signals { from, to, held }),
        1 => user().prop_map(Happening::Connects),
        2 => (1..90u64).prop_map(Happening::Passes),
    ]
}

/// A call, and what its users have heard.
struct Scene {
    call: Call,
    now: Timestamp,
    ringing: BTreeSet<UserId>,
    heard: Vec<Notice>,
}

impl Scene {
    fn new() -> Self {
        let now = Timestamp::from_millis(1_000_000);
        let plan = CallPlan { media: CallMedia::Video, room: None, participants: Vec::new() };
        let caller = Some(id(0));
        let call = Call::prepared(CallId::parse("c").unwrap(), caller, plan, CommandId::generate(), now, now + RING);
        Self { call, now, ringing: BTreeSet::new(), heard: Vec::new() }
    }

    fn play(&mut self, happening: &Happening) {
        let was_over = self.call.is_over();
        let (call, now, command) = (&mut self.call, self.now, CommandId::generate());
        // What is refused has no effect, and is not what these properties are about.
        let mut answered = None;
        match happening {
            Happening::Rings { callees, offline } => {
                let reason = offline.then_some(Unavailable::Offline);
                let callees: BTreeSet<UserId> =
                    callees.iter().filter(|user| **user != 0).map(|user| id(*user)).collect();
                let callees: Vec<Callee> =
                    callees.into_iter().map(|user| Callee { user, unavailable: reason }).collect();
                if !callees.is_empty() {
                    let before = call.clone();
                    if call.ring(&actor(0), &callees, 4, command, now, now + RING).is_err() {
                        *call = before;
                    }
                }
            }
            Happening::Accepts(user) => answered = call.accept(&actor(*user), command, now).is_ok().then_some(*user),
            Happening::Enters(user) => {
                answered = call.enter(&actor(*user), Media::default(), command, now).is_ok().then_some(*user);
            }
            Happening::Declines(user) => {
                answered = call.decline(&actor(*user), None, command, now).is_ok().then_some(*user);
            }
            Happening::Ends(user) => {
                let _ = call.end(&actor(*user), false, command, now);
            }
            Happening::Departs(user) => call.depart(&id(*user), now),
            Happening::Mutes(user) => {
                let _ = call.change_media(
                    &actor(*user),
                    MediaChange { audio: Some(false), ..MediaChange::default() },
                    None,
                );
            }
            Happening::Signals { from, to, held } => {
                let by = actor(*from);
                if let Ok(socket) = call.signal(&by, &id(*to))
                    && *held
                {
                    let limits = HoldLimits { signals: 4, bytes: 64, grace: Duration::from_secs(5) };
                    let _ = call.hold(&id(*to), signal(&by, socket, now), limits);
                }
            }
            Happening::Connects(user) => {
                if let Some(event) = call.ringing_for(&id(*user)) {
                    assert!(matches!(event, Event::CallRinging { .. }));
                    self.ringing.insert(id(*user));
                }
                call.hand_over(&id(*user), Duration::from_secs(5), now);
            }
            Happening::Passes(seconds) => {
                self.now = now + Duration::from_secs(*seconds);
                call.tick(self.now);
            }
        }
        if let Some(user) = answered {
            self.ringing.remove(&id(user));
        }
        let notices = self.call.take_notices();
        assert!(!was_over || notices.is_empty(), "an ended call said {notices:?}");
        for notice in &notices {
            for user in &notice.to {
                match notice.event {
                    Event::CallRinging { .. } => drop(self.ringing.insert(user.clone())),
                    Event::CallEnded { .. } | Event::CallAnsweredElsewhere { .. } => drop(self.ringing.remove(user)),
                    _ => {}
                }
            }
        }
        self.heard.extend(notices);
        self.check();
    }

    fn check(&self) {
        let call = &self.call;
        if call.is_live() {
            let (joined, invited) = (call.count(Part::Joined), call.count(Part::Invited));
            assert!(joined > 1 || (joined == 1 && invited > 0), "nobody can end {call:?}");
            assert_eq!(call.deadline().is_some(), invited > 0);
            assert_eq!(call.phase == Phase::Active, call.started_at.is_some());
        } else if call.is_over() {
            assert_eq!(call.current().count(), 0);
            assert_eq!(call.deadline(), None);
            assert!(call.participants.iter().all(|one| one.held.is_empty()));
        }
        for user in &self.ringing {
            let part = call.participant(user).map(|one| one.part);
            assert!(call.is_live() && part == Some(Part::Invited), "{user} rings in {call:?}");
        }
        let stored = Stored::Call(Box::new(call.clone()));
        assert_eq!(Stored::decode(stored.encode()).unwrap(), stored);
    }
}

fn id(user: usize) -> UserId {
    UserId::parse(USERS[user]).unwrap()
}

fn actor(user: usize) -> Actor {
    let name = Name::parse(USERS[user]).unwrap();
    Actor {
        user: User { id: id(user), name, picture: None, guest: false },
        admin: false,
        socket: SocketId::parse(&format!("{}-1", USERS[user])).unwrap(),
        gateway: NodeId::parse("g1").unwrap(),
        vocabulary: Vocabulary::Synapse,
    }
}

fn signal(by: &Actor, socket: SocketId, at: Timestamp) -> HeldSignal {
    HeldSignal {
        at,
        from: by.user.clone(),
        socket,
        kind: SignalKind::Offer,
        vocabulary: by.vocabulary,
        body: RawJson::from_checked("{}"),
    }
}

proptest! {
    #[test]
    fn a_call_always_has_an_end_in_sight_and_is_silent_after_it(
        happenings in proptest::collection::vec(happening(), 1..40)
    ) {
        let mut scene = Scene::new();
        for happening in &happenings {
            scene.play(happening);
        }
        for user in 0..USERS.len() {
            scene.play(&Happening::Departs(user));
        }
        scene.play(&Happening::Passes(RING.as_secs()));
        prop_assert!(scene.call.is_over());
        prop_assert!(scene.ringing.is_empty());
    }

    #[test]
    fn everybody_who_is_in_or_rings_hears_the_end_once(
        happenings in proptest::collection::vec(happening(), 1..40)
    ) {
        let mut scene = Scene::new();
        for happening in &happenings {
            let current: BTreeSet<UserId> = scene.call.current().cloned().collect();
            let was_live = scene.call.is_live();
            scene.heard.clear();
            scene.play(happening);
            if was_live && scene.call.is_over() {
                for user in &current {
                    let ends = scene.heard.iter().filter(|notice| {
                        notice.to.contains(user) && matches!(notice.event, Event::CallEnded { .. })
                    });
                    let left_before = matches!(happening,
                        Happening::Declines(one) | Happening::Departs(one) if id(*one) == *user);
                    prop_assert_eq!(ends.count(), usize::from(!left_before), "{} in {:?}", user, happening);
                }
            }
        }
    }
}

#[test]
fn the_reason_of_an_unanswered_end_says_what_happened() {
    let rung = |answers: &[Happening]| {
        let mut scene = Scene::new();
        scene.play(&Happening::Rings { callees: vec![1, 2], offline: false });
        for answer in answers {
            scene.play(answer);
        }
        match scene.call.phase {
            Phase::Ended { reason, .. } => reason,
            ref phase => panic!("{phase:?}"),
        }
    };
    let late = Happening::Passes(RING.as_secs());
    assert_eq!(rung(&[Happening::Declines(1), Happening::Declines(2)]), CallEndReason::Rejected);
    assert_eq!(rung(&[Happening::Declines(1), late.clone()]), CallEndReason::NoAnswer);
    assert_eq!(rung(std::slice::from_ref(&late)), CallEndReason::NoAnswer);
    assert_eq!(rung(&[Happening::Departs(0)]), CallEndReason::ParticipantsLeft);
    assert_eq!(
        rung(&[Happening::Accepts(1), Happening::Declines(2), Happening::Departs(1)]),
        CallEndReason::ParticipantsLeft
    );
    assert_eq!(rung(&[Happening::Accepts(1), Happening::Ends(0)]), CallEndReason::UserEnded);
}
