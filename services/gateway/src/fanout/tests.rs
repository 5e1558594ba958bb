//! What is missed is caught up with; whoever cannot catch up begins again.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_util::future::BoxFuture;
use heliograph_domain::{
    delivery::{Delivery, Except, LogEntry, Place, Target},
    event::{Event, Message},
    id::{MessageId, SocketId, UserId},
    outcome::{Joined, Missed},
    refusal::{Code, Refusal},
    room::{Media, Peer, Position, RoomId, Standing},
    text::MessageText,
    time::Timestamp,
    user::{Name, User},
};
use heliograph_telemetry::metrics::{Case, Gateway as Metrics};
use heliograph_vocabulary::Dialect;
use parking_lot::Mutex;
use tokio::time;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{CatchUpOptions, FanOut, FanOutOptions, History, Ticket};
use crate::{
    clients::{Attendance, Client, Recipient, Registry, Speech},
    handshake::Handshake,
    outlet::{Bounds, Shared},
    plain::PlainSocket,
    transport,
};

/// A fan-out, and the room `team` as the cluster knows it.
pub(super) struct Stage {
    pub(super) fan_out: Arc<FanOut>,
    rooms: Arc<Rooms>,
    metrics: Metrics,
    _stop: DropGuard,
}

/// The room service.
#[derive(Default)]
struct Rooms(Mutex<Room>);

#[derive(Clone, Default)]
struct Room {
    epoch: u64,
    /// The oldest entry that the log holds, and the newest.
    first: u64,
    last: u64,
    roster: u64,
    away: bool,
    questions: usize,
}

impl History for Rooms {
    fn after(&self, _: RoomId, after: u64) -> BoxFuture<'static, Result<(Vec<LogEntry>, Position), Refusal>> {
        let room = self.ask();
        let from = room.first.max(after + 1);
        let page = ((from..=room.last).take(10).map(entry).collect(), Position { epoch: room.epoch, seq: room.last });
        late(if room.away { Err(Code::Unavailable.into()) } else { Ok(page) })
    }

    fn standings(&self, rooms: Vec<RoomId>) -> BoxFuture<'static, Result<Vec<Standing>, Refusal>> {
        let room = self.ask();
        let stand = |id| Standing { room: id, ..room.stands() };
        let standings = rooms.into_iter().map(stand).collect();
        late(if room.away { Err(Code::Unavailable.into()) } else { Ok(standings) })
    }
}

/// An answer takes a moment.
fn late<T: Send + 'static>(answer: T) -> BoxFuture<'static, T> {
    Box::pin(async move {
        time::sleep(Duration::from_millis(5)).await;
        answer
    })
}

impl Rooms {
    fn ask(&self) -> Room {
        let mut room = self.0.lock();
        room.questions += 1;
        room.clone()
    }
}

impl Room {
    fn stands(&self) -> Standing {
        Standing { room: team(), position: Position { epoch: self.epoch, seq: self.last }, roster: self.roster }
    }
}

/// A client in the room.
pub(super) struct Member {
    pub(super) recipient: Recipient,
    socket: Arc<PlainSocket>,
    attendance: Arc<Attendance>,
}

impl Stage {
    pub(super) fn new() -> Self {
        let (metrics, stop) = (Metrics::default(), CancellationToken::new());
        let room = Room { epoch: 7, first: 1, last: 4, roster: 100, ..Room::default() };
        let rooms = Arc::new(Rooms(Mutex::new(room)));
        let options = FanOutOptions {
            workers: 2,
            queue: 100,
            join_buffer: 100,
            publications: 100,
            catch_up: CatchUpOptions::default(),
        };
        let history = Arc::clone(&rooms);
        let fan_out = FanOut::start(options, history, metrics.clone(), Arc::new(Registry::default()), &stop);
        Self { fan_out, rooms, metrics, _stop: stop.drop_guard() }
    }

    fn room(&self, change: impl FnOnce(&mut Room)) {
        change(&mut self.rooms.0.lock());
    }

    /// Joins the room `id` where `team` stands.
    pub(super) fn join(&self, id: &RoomId, speech: Speech) -> Member {
        self.finish(self.fan_out.begin_join(id), speech)
    }

    /// A join is answered, with where `team` stands.
    fn finish(&self, ticket: Ticket, speech: Speech) -> Member {
        let shared = Arc::new(Shared { bounds: Bounds::default(), metrics: transport::Metrics::default() });
        let request = http::Request::new(()).into_parts().0;
        let handshake = Handshake::new(&request, SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
        let socket = Arc::new(PlainSocket::new("".into(), Arc::new(handshake), shared));
        let client = Arc::new(Client::new(SocketId::random(), Some(speech), None));
        let standing = self.rooms.0.lock().stands();
        let joined = Joined {
            position: standing.position,
            roster: standing.roster,
            ordinal: 0,
            members: Vec::new(),
            peers: Vec::new(),
            host: None,
            chat_enabled: true,
            missed: Missed::default(),
            contents: None,
        };
        let attendance = Arc::new(Attendance::new(ticket.room().clone(), 0, joined.position, joined.position.seq));
        assert!(client.attend(&attendance));
        let recipient = Recipient::Plain(Arc::clone(&socket), client);
        ticket.finish(&recipient, &joined, &attendance, || {}).unwrap();
        Member { recipient, socket, attendance }
    }

    /// Sends an entry of the log to those who attend the room.
    async fn tell(&self, epoch: u64, seq: u64) {
        let LogEntry { at, event, .. } = entry(seq);
        let place = Place::Log { epoch, seq };
        self.deliver(&team(), at, place, event).await;
    }

    /// Sends the join of a peer, which brought the roster to a version.
    async fn tell_roster(&self, room: &RoomId, version: u64) {
        let socket = SocketId::random();
        let user = user();
        let peer = Peer { socket: socket.clone(), user: user.clone(), media: Media::default(), joined_at: at(1) };
        let event = Event::MemberJoined { user, socket, announced: true, peer: Some(peer) };
        self.deliver(room, at(1), Place::Roster(version), event).await;
    }

    async fn deliver(&self, room: &RoomId, at: Timestamp, place: Place, event: Event) {
        let target = Target::Room { room: room.clone(), except: Except::Nobody };
        self.fan_out.receive(Box::new(Delivery { target, at, place, event }), true).await;
    }

    /// Says where the room stands, as the cluster knows it.
    async fn say(&self) {
        let standing = self.rooms.0.lock().stands();
        self.fan_out.compare(standing).await;
    }

    fn closed(&self, what: &'static str) -> u64 {
        self.metrics.links.closed.get_or_create(&Case { case: what }).get()
    }
}

impl Member {
    /// What it has been sent since it was last looked at.
    pub(super) fn texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        self.socket.outlet().take_while(|frame| {
            texts.push(String::from_utf8_lossy(&frame[2..]).into_owned());
            true
        });
        texts
    }

    /// What it has heard since it was last looked at: numbers of entries, 0 for a join.
    fn heard(&self) -> Vec<u64> {
        let mut heard = Vec::new();
        self.socket.outlet().take_while(|frame| {
            let text = String::from_utf8_lossy(frame);
            let number = text.split("\"seq\":").nth(1).map(|rest| {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                digits.parse().unwrap()
            });
            heard.push(number.unwrap_or(0));
            true
        });
        heard
    }

    fn is_closed(&self) -> bool {
        self.socket.closing().is_some()
    }
}

pub(super) const SYNAPSE: Speech = Speech::SocketIo(Dialect::Synapse);

fn team() -> RoomId {
    RoomId::parse("team").unwrap()
}

fn user() -> User {
    User { id: UserId::parse("ann").unwrap(), name: Name::parse("Ann").unwrap(), picture: None, guest: false }
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn entry(seq: u64) -> LogEntry {
    let event = Event::MessagePosted(Message {
        id: MessageId::parse(&seq.to_string()).unwrap(),
        author: user(),
        socket: None,
        peer: false,
        text: MessageText::parse("hello").unwrap(),
        content: heliograph_domain::content::Content::Text,
        attachments: None,
        reference: None,
    });
    LogEntry { seq, at: at(1000 + seq), event }
}

/// Waits until everything that was begun is done.
async fn settle() {
    time::sleep(Duration::from_secs(10)).await;
}

#[tokio::test(start_paused = true)]
async fn a_quiet_room_that_stands_further_is_heard() {
    let stage = Stage::new();
    let members = [SYNAPSE, Speech::Mesh].map(|speech| stage.join(&team(), speech));
    stage.room(|room| room.last = 20);
    stage.say().await;
    time::sleep(Duration::from_millis(100)).await;
    for member in &members {
        assert!(member.heard().into_iter().eq(5..=20));
        assert!(!member.is_closed());
    }
    stage.tell(7, 21).await;
    assert_eq!(members[0].heard(), [21]);
}

#[tokio::test(start_paused = true)]
async fn after_a_loss_every_room_is_asked_for_and_heard_once_the_rooms_answer() {
    let stage = Stage::new();
    let member = stage.join(&team(), SYNAPSE);
    stage.room(|room| (room.last, room.away) = (6, true));
    stage.fan_out.doubts().look_at_all();
    stage.fan_out.doubts().look_at_all();
    settle().await;
    assert!(member.heard().is_empty());
    stage.room(|room| room.away = false);
    settle().await;
    assert_eq!(member.heard(), [5, 6]);
    let asked = stage.rooms.0.lock().questions;
    settle().await;
    assert_eq!(stage.rooms.0.lock().questions, asked, "it is asked until it is answered and then no more");
}

#[tokio::test(start_paused = true)]
async fn entries_that_nobody_can_give_any_more_are_no_silent_hole() {
    let stage = Stage::new();
    let member = stage.join(&team(), SYNAPSE);
    stage.room(|room| (room.first, room.last) = (15, 20));
    let late = stage.join(&team(), SYNAPSE);
    stage.tell(7, 21).await;
    stage.room(|room| room.last = 21);
    settle().await;
    assert!(member.is_closed() && member.heard().is_empty());
    // Its session is where it was: what it has goes up to there.
    assert_eq!(member.attendance.seq(), 4);
    assert!(!late.is_closed());
    assert_eq!((late.heard(), stage.closed("log")), (vec![21], 1));
}

#[tokio::test(start_paused = true)]
async fn who_joined_a_log_that_is_no_more_begins_again() {
    let stage = Stage::new();
    let (synapse, mesh) = (stage.join(&team(), SYNAPSE), stage.join(&team(), Speech::Mesh));
    stage.room(|room| (room.epoch, room.last) = (8, 0));
    stage.tell(8, 1).await;
    settle().await;
    for member in [&synapse, &mesh] {
        assert!(member.is_closed() && member.heard().is_empty());
    }
    let new = stage.join(&team(), SYNAPSE);
    stage.tell(8, 1).await;
    assert_eq!((new.heard(), new.is_closed()), (vec![1], false));
}

#[tokio::test(start_paused = true)]
async fn a_join_shows_that_the_log_is_another_one() {
    let stage = Stage::new();
    let old = stage.join(&team(), SYNAPSE);
    stage.room(|room| (room.epoch, room.last, room.roster) = (8, 0, 200));
    let new = stage.join(&team(), SYNAPSE);
    stage.tell(8, 1).await;
    stage.tell_roster(&team(), 201).await;
    settle().await;
    assert!(old.is_closed() && old.heard().is_empty());
    assert_eq!((new.heard(), new.is_closed()), (vec![1, 0], false));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_room_whose_log_is_another_one_is_noticed_after_a_loss() {
    let stage = Stage::new();
    let member = stage.join(&team(), Speech::Mesh);
    stage.room(|room| (room.epoch, room.last) = (0, 0));
    stage.fan_out.doubts().look_at_all();
    settle().await;
    assert!(member.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_room_that_is_another_one_for_a_moment_is_not_taken_for_one() {
    let stage = Stage::new();
    let member = stage.join(&team(), Speech::Mesh);
    let standing = Standing { position: Position { epoch: 8, seq: 0 }, ..stage.rooms.0.lock().stands() };
    stage.fan_out.compare(standing).await;
    time::sleep(Duration::from_millis(500)).await;
    assert!(!member.is_closed());
    // What was on its way: the room was closed, and made again by others.
    let event = Event::RoomClosed { reason: heliograph_domain::event::CloseReason::System, by: None };
    stage.deliver(&team(), at(1), Place::None, event).await;
    settle().await;
    assert_eq!(stage.closed("log"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_has_gone_back_is_noticed_by_its_next_entry() {
    let stage = Stage::new();
    let member = stage.join(&team(), SYNAPSE);
    for seq in 5..=9 {
        stage.tell(7, seq).await;
    }
    assert!(member.heard().into_iter().eq(5..=9));
    // The number 6 for the second time, for something that happened later.
    stage.room(|room| room.last = 6);
    let LogEntry { event, .. } = entry(6);
    stage.deliver(&team(), at(9999), Place::Log { epoch: 7, seq: 6 }, event).await;
    settle().await;
    assert!(member.is_closed() && member.heard().is_empty());
    assert_eq!(member.attendance.seq(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_repetition_raises_no_doubts() {
    let stage = Stage::new();
    let member = stage.join(&team(), SYNAPSE);
    for seq in [4, 5, 5, 6, 5] {
        stage.tell(7, seq).await;
    }
    settle().await;
    assert_eq!((member.heard(), stage.rooms.0.lock().questions), (vec![5, 6], 0));
    assert!(!member.is_closed());
}

#[tokio::test(start_paused = true)]
async fn peers_that_have_missed_a_change_of_the_roster_begin_again() {
    let stage = Stage::new();
    let (mesh, synapse) = (stage.join(&team(), Speech::Mesh), stage.join(&team(), SYNAPSE));
    stage.room(|room| room.roster = 101);
    let late = stage.join(&team(), Speech::Mesh);
    stage.tell_roster(&team(), 102).await;
    settle().await;
    assert!(mesh.is_closed() && mesh.heard().is_empty());
    for member in [&synapse, &late] {
        assert_eq!((member.heard(), member.is_closed()), (vec![0], false));
    }
    assert_eq!(stage.closed("roster"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_the_roster_that_is_only_late_is_waited_for() {
    let stage = Stage::new();
    let mesh = stage.join(&team(), Speech::Mesh);
    stage.room(|room| room.roster = 101);
    stage.say().await;
    time::sleep(Duration::from_millis(500)).await;
    stage.tell_roster(&team(), 101).await;
    settle().await;
    assert_eq!((mesh.heard(), mesh.is_closed()), (vec![0], false));

    stage.room(|room| room.roster = 102);
    stage.say().await;
    time::sleep(Duration::from_millis(900)).await;
    assert!(!mesh.is_closed());
    settle().await;
    assert!(mesh.is_closed());
}

#[tokio::test(start_paused = true)]
async fn after_a_loss_those_who_take_part_in_calls_begin_again() {
    let stage = Stage::new();
    let call = RoomId::parse("call:1").unwrap();
    let (caller, other) = (stage.join(&call, SYNAPSE), stage.join(&team(), SYNAPSE));
    stage.say().await;
    settle().await;
    assert!(!caller.is_closed());
    stage.fan_out.doubts().look_at_all();
    settle().await;
    assert!(caller.is_closed() && !other.is_closed());
    assert_eq!(stage.closed("call"), 1);
}

#[tokio::test(start_paused = true)]
async fn connections_are_not_all_closed_at_once() {
    let stage = Stage::new();
    let members: Vec<_> = (0..120).map(|_| stage.join(&team(), SYNAPSE)).collect();
    stage.tell(8, 1).await;
    let closed = || members.iter().filter(|member| member.is_closed()).count();
    time::sleep(Duration::from_millis(10)).await;
    assert_eq!(closed(), 50);
    time::sleep(Duration::from_millis(100)).await;
    assert_eq!(closed(), 100);
    settle().await;
    assert_eq!(closed(), 120);
    assert_eq!(stage.metrics.rooms.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_joins_while_a_gap_is_filled_hears_what_fills_it() {
    let stage = Stage::new();
    let member = stage.join(&team(), SYNAPSE);
    let (early, late) = (stage.fan_out.begin_join(&team()), stage.fan_out.begin_join(&team()));
    // The room has stood at 4 when both were answered; 5 is lost on its way, and 6 shows it.
    let standing = stage.rooms.0.lock().clone();
    stage.room(|room| room.last = 6);
    stage.tell(7, 6).await;
    stage.room(|room| room.last = standing.last);
    let early = stage.finish(early, SYNAPSE);
    stage.room(|room| room.last = 6);
    settle().await;
    stage.room(|room| room.last = standing.last);
    let late = stage.finish(late, SYNAPSE);
    for joined in [&member, &early, &late] {
        assert_eq!(joined.heard(), [5, 6]);
    }
    stage.tell(7, 7).await;
    assert_eq!(late.heard(), [7]);
}
