//! What stays of rooms in Redis.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use heliograph_cluster::{
    partition::Partition,
    store::{AppendOutcome, REMEMBERED, redis::RedisOptions},
};
use heliograph_domain::{room::RoomId, text::Reference, time::Timestamp, user::Actor};

use super::super::{connect, leftovers::keys, options};
use crate::{
    case::{Case, cases},
    rooms::messages::{marking, react},
    scene::{Room, actor, eventually, guest, joining_as_peer, now, posting},
    servers::Servers,
    suites::retention,
};

pub(crate) const CASES: &[Case<Arc<Servers>>] = cases![
    nothing_of_a_closed_room_is_kept_but_its_rosters_version,
    nothing_of_a_forgotten_room_is_kept_but_what_it_remembers,
    a_living_room_outlives_whoever_gave_it_up,
    a_room_without_attendants_is_kept_for_the_retention_age,
    a_room_whose_life_has_ended_is_not_listed,
    rooms_whose_lives_have_ended_do_not_pile_up_in_the_list,
    a_room_remembers_so_many_outcomes_and_no_more,
    an_outcome_is_forgotten_after_its_time,
];

/// A room in a store of its own, and how to look at its keys: by their part of the room, how long each
/// lives; `None` is forever.
struct Watched {
    room: Room,
    servers: Arc<Servers>,
    prefix: String,
}

impl Watched {
    async fn new(servers: Arc<Servers>, change: impl FnOnce(&mut RedisOptions)) -> Self {
        let mut options = options(&servers.redis().url());
        change(&mut options);
        let prefix = options.prefix.clone();
        Self { room: Room::new(connect(options).await.store()), servers, prefix }
    }

    fn keys(&self) -> BTreeMap<String, Option<Duration>> {
        let all = keys(self.servers.redis(), &self.prefix).into_iter();
        let of_rooms = all.filter(|(key, _)| key.contains("{rooms:"));
        of_rooms.map(|(key, life)| (key.split(':').nth(3).unwrap_or("all").to_owned(), life)).collect()
    }

    /// The name of a part of the room.
    fn key(&self, part: &str) -> String {
        format!("{}:{{rooms:{}}}:{part}:{}", self.prefix, Partition::of(self.room.id.as_str()), self.room.id)
    }

    /// Asks Redis itself.
    fn command(&self, arguments: &[&str]) -> String {
        self.servers.redis().command(arguments).unwrap()
    }

    fn parts(&self) -> Vec<String> {
        self.keys().into_keys().collect()
    }

    /// Does everything that leaves something in a room. Gives who is there at the end.
    async fn use_it(&self) -> Actor {
        let (room, alice, visitor) = (&self.room, actor("alice"), guest("visitor"));
        room.join_as_peer(&alice).await;
        room.enter(joining_as_peer(&visitor)).await;
        let mut step = posting(&alice, "hello");
        step.reference = Some(Reference::from_checked("1"));
        let AppendOutcome::Appended(appended) = room.append(step).await else {
            panic!("a member may post");
        };
        react(room, marking(&visitor, &appended.message, "+1", true)).await;
        room.rooms().switch_chat(&room.id, &alice.socket, false, false).await.unwrap();
        room.leave(&visitor).await;
        alice
    }
}

const OUTCOMES: Duration = Duration::from_secs(2 * REMEMBERED.as_secs());

async fn nothing_of_a_closed_room_is_kept_but_its_rosters_version(servers: Arc<Servers>) {
    let watched = Watched::new(servers, |_| ()).await;
    watched.use_it().await;
    watched.room.rooms().close(&watched.room.id).await.unwrap();
    let keys = watched.keys();
    assert_eq!(watched.parts(), ["head"]);
    assert!(keys["head"].is_some_and(|life| life <= OUTCOMES), "{keys:?}");
}

async fn nothing_of_a_forgotten_room_is_kept_but_what_it_remembers(servers: Arc<Servers>) {
    let watched = Watched::new(servers, |_| ()).await;
    let (room, visitor) = (&watched.room, guest("visitor"));
    room.join_as_peer(&visitor).await;
    room.leave(&visitor).await;
    let keys = watched.keys();
    assert_eq!(watched.parts(), ["head", "outcomes"]);
    assert!(keys.values().all(|life| life.is_some_and(|life| life <= OUTCOMES)), "{keys:?}");
}

async fn a_living_room_outlives_whoever_gave_it_up(servers: Arc<Servers>) {
    let watched = Watched::new(servers, |_| ()).await;
    watched.use_it().await;
    let keys = watched.keys();
    let everything =
        ["all", "attendance", "gateways", "head", "log", "marks", "members", "outcomes", "peers", "people"];
    assert_eq!(watched.parts(), everything);
    let room = keys["head"].unwrap();
    for (part, life) in keys {
        let life = life.unwrap_or_else(|| panic!("{part} lives forever"));
        match &part[..] {
            "outcomes" => assert!(life <= OUTCOMES),
            "log" | "marks" => assert!(life > retention().age - REMEMBERED && life < room, "{part}: {life:?}"),
            _ => assert!(life > 4 * retention().age, "{part}: {life:?}"),
        }
    }
}

async fn a_room_without_attendants_is_kept_for_the_retention_age(servers: Arc<Servers>) {
    let watched = Watched::new(servers, |_| ()).await;
    let alice = watched.use_it().await;
    watched.room.leave(&alice).await;
    assert_eq!(watched.parts(), ["all", "head", "log", "marks", "members", "outcomes", "people"]);
    let age = retention().age;
    for (part, life) in watched.keys().into_iter().filter(|(part, _)| !["all", "outcomes"].contains(&&part[..])) {
        let life = life.unwrap_or_else(|| panic!("{part} lives forever"));
        assert!(life > age && life < age + age / 2, "{part}: {life:?}");
    }
}

/// Rooms that do not live long.
fn short_lived(options: &mut RedisOptions) {
    options.retention.age = Duration::from_millis(8);
}

async fn a_room_whose_life_has_ended_is_not_listed(servers: Arc<Servers>) {
    let watched = Watched::new(servers, short_lived).await;
    let (rooms, alice) = (watched.room.rooms(), actor("alice"));
    watched.room.join(&alice).await;
    assert_eq!(rooms.list(None, 10).await.unwrap(), std::slice::from_ref(&watched.room.id));
    watched.room.leave(&alice).await;
    eventually(async || rooms.list(None, 10).await.unwrap().is_empty().then_some(())).await;
    assert_eq!(watched.room.members().await, None);
    assert_eq!(watched.parts(), ["outcomes"]);
}

async fn rooms_whose_lives_have_ended_do_not_pile_up_in_the_list(servers: Arc<Servers>) {
    let watched = Watched::new(servers, short_lived).await;
    let (store, alice) = (&watched.room.store, actor("alice"));
    let partition = Partition::of(watched.room.id.as_str());
    let names = (0..).map(|number| format!("room-{number}"));
    for name in names.filter(|name| Partition::of(name) == partition).take(20) {
        let room = Room { store: store.clone(), id: RoomId::parse(&name).unwrap() };
        room.join(&alice).await;
        room.leave(&alice).await;
        eventually(async || room.members().await.is_none().then_some(())).await;
    }
    let list = format!("{}:{{rooms:{partition}}}", watched.prefix);
    let listed = watched.command(&["ZCARD", &list]);
    assert!(listed.parse::<u32>().unwrap() <= 2, "{listed} rooms are listed");
}

async fn a_room_remembers_so_many_outcomes_and_no_more(servers: Arc<Servers>) {
    let watched = Watched::new(servers, |options| options.outcomes = 5).await;
    let (room, alice) = (&watched.room, actor("alice"));
    room.join(&alice).await;
    let mut posted = Vec::new();
    for _ in 0..40 {
        let step = posting(&alice, "hello");
        posted.push((step.clone(), room.append(step).await));
        for part in ["outcomes", "former"] {
            let remembered = watched.command(&["HLEN", &watched.key(part)]);
            assert!(remembered.parse::<u32>().unwrap() <= 12, "{remembered} {part}");
        }
    }
    for (step, outcome) in posted.into_iter().rev().take(5) {
        assert_eq!(room.append(step).await, outcome);
    }
}

async fn an_outcome_is_forgotten_after_its_time(servers: Arc<Servers>) {
    let watched = Watched::new(servers, |_| ()).await;
    let (room, alice) = (&watched.room, actor("alice"));
    room.join(&alice).await;
    let step = posting(&alice, "hello");
    let first = room.append(step.clone()).await;
    // What is remembered becomes older, and then something else happens.
    let time_passes = async || {
        let then = Timestamp::from_millis(now().as_millis() - u64::try_from(REMEMBERED.as_millis()).unwrap());
        watched.command(&["HSET", &watched.key("outcomes"), "since", &then.as_millis().to_string()]);
        room.post(&alice, "something else").await;
    };
    time_passes().await;
    assert_eq!(room.append(step.clone()).await, first);
    time_passes().await;
    assert!(matches!(room.append(step).await, AppendOutcome::Appended(anew) if anew.position.seq == 4));
}
