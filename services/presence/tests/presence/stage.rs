//! A presence service, two gateways, and somebody who plays the rooms.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::{
    FutureExt,
    future::{self, BoxFuture},
};
use heliograph_cluster::{
    bus::{Bus, MemoryBus, QueueGroup, Subject, Subscription},
    clock::Clock,
    commands::{CommandOptions, Commands},
    directory::{Directory, DirectoryError, MemoryDirectory, Node, Nodes, Role},
    grpc::{Link, PresenceClient},
    partition::Partition,
    serve::Backends,
    store::{
        Attend, AttendOutcome, Retention, Store,
        faulty::Outage,
        memory::{MemoryOptions, MemoryStore},
    },
};
use heliograph_domain::{
    command::{DisconnectCause, PresenceCommand, PresenceRequest, RoomCommand, SessionSecret, Status},
    delivery::{Outbound, Place, Target},
    event::Event,
    id::{CallId, CommandId, NodeId, SocketId, UserId},
    outcome::{PresenceOutcome, RoomOutcome},
    publication::{Audience, Selection},
    refusal::{Code, Refusal},
    room::{Position, RoomId},
    time::Timestamp,
    user::{Actor, Name, User, Vocabulary},
    wire,
};
use heliograph_presence::{Options, Presence};
use heliograph_telemetry::{metrics, readiness::Readiness};
use tokio::{
    sync::watch,
    task::{self, JoinHandle},
    time,
};
use tokio_util::sync::CancellationToken;

pub(crate) type Answer = Result<PresenceOutcome, Refusal>;

/// A running presence service between a store and two gateways, `g1` and `g2`.
pub(crate) struct Stage {
    pub(crate) metrics: metrics::Metrics,
    pub(crate) directory: Arc<Leases>,
    pub(crate) outage: Outage,
    pub(crate) questions: PresenceClient,
    clock: Clock,
    commands: Commands,
    memory: MemoryStore,
    gateways: HashMap<&'static str, Subscription>,
    asked: Asked,
    first: Service,
    second: Option<Presence>,
}

/// A presence service that runs.
pub(crate) struct Service {
    id: NodeId,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Service {
    async fn run(presence: Presence) -> Self {
        let id = presence.node().id.clone();
        let (stop, readiness) = (CancellationToken::new(), Readiness::default());
        let (starting, stopped) = (readiness.hold("presence"), stop.clone());
        let serving = tokio::spawn(async move { presence.run(starting, stopped).await.unwrap() });
        readiness.ready().await;
        Self { id, stop, serving }
    }

    /// Ends the service and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
    }

    /// Whether this of the two reaps a gateway.
    pub(crate) fn reaps(&self, gateway: &str, other: &Self) -> bool {
        Partition::of(gateway).owner([&self.id, &other.id]) == Some(&self.id)
    }
}

/// A directory with leases, as far as presence can tell.
#[derive(Default)]
pub(crate) struct Leases {
    nodes: MemoryDirectory,
    away: AtomicBool,
}

/// How long a lease lasts.
pub(crate) const LEASE: Duration = Duration::from_secs(5);

impl Directory for Leases {
    fn register(&self, node: Node) -> BoxFuture<'_, Result<(), DirectoryError>> {
        self.nodes.register(node)
    }

    fn deregister<'a>(&'a self, node: &'a NodeId) -> BoxFuture<'a, Result<(), DirectoryError>> {
        self.nodes.deregister(node)
    }

    fn watch(&self) -> watch::Receiver<Nodes> {
        self.nodes.watch()
    }

    fn losses(&self) -> watch::Receiver<u64> {
        self.nodes.losses()
    }

    fn lease(&self) -> Duration {
        LEASE
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), DirectoryError>> {
        match self.away.load(Ordering::Relaxed) {
            true => future::ready(Err(DirectoryError::Unavailable("for the test".to_owned()))).boxed(),
            false => self.nodes.probe(),
        }
    }
}

/// What rooms were asked, and whether they answer at all.
#[derive(Clone, Default)]
struct Asked {
    commands: Arc<Mutex<Vec<String>>>,
    refuse: Arc<Mutex<bool>>,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        change(&mut options);
        let retention = Retention { entries: 1000, age: Duration::from_secs(7 * 24 * 3600) };
        let memory = MemoryStore::start(MemoryOptions { retention, outcomes: 1000 });
        let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new(1024));
        let clock = Clock::with_timers(Timestamp::from_system(SystemTime::now()));
        let directory = Arc::new(Leases::default());
        let outage = Outage::default();
        let backends = Backends {
            bus: Arc::clone(&bus),
            directory: directory.clone(),
            store: outage.over(memory.store()),
            clock: clock.clone(),
        };
        let mut gateways = HashMap::new();
        for name in ["g1", "g2"] {
            gateways.insert(name, bus.subscribe(Subject::Gateway(node(name)), None).await.unwrap());
            register(&*directory, name, false, &clock).await;
        }
        let asked = Asked::default();
        play_rooms(&bus, &memory.store(), &asked).await;
        let metrics = metrics::Metrics::default();
        let of_commands = CommandOptions { deadline: Duration::from_millis(500), ..CommandOptions::default() };
        let commands = Commands::new(Arc::clone(&bus), of_commands);
        let new = || {
            Presence::new(options.clone(), backends.clone(), commands.clone(), String::new(), metrics.presence.clone())
        };
        let presence = new();
        let questions = PresenceClient::new(Link::new(presence.questions(), Duration::from_secs(1)));
        let first = Service::run(presence).await;
        let second = Some(new());
        Self { metrics, directory, outage, questions, clock, commands, memory, gateways, asked, first, second }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The secret of a connected socket's session.
    pub(crate) fn secret(&self, id: &str) -> SessionSecret {
        secret(id)
    }

    pub(crate) fn store(&self) -> Store {
        self.memory.store()
    }

    pub(crate) async fn ask(&self, command: PresenceCommand) -> Answer {
        self.ask_as(CommandId::generate(), command).await
    }

    pub(crate) async fn ask_as(&self, id: CommandId, command: PresenceCommand) -> Answer {
        self.commands.presence(&PresenceRequest { id, command }).await
    }

    /// Connects a socket named `<user><number>`.
    pub(crate) async fn connect(&self, id: &str, gateway: &str) -> Vec<RoomId> {
        match self.try_connect(id, gateway).await {
            Ok(PresenceOutcome::Connected { rooms }) => rooms,
            other => panic!("not connected: {other:?}"),
        }
    }

    pub(crate) async fn try_connect(&self, id: &str, gateway: &str) -> Answer {
        self.ask(PresenceCommand::Connect { actor: actor(id, gateway), secret: secret(id) }).await
    }

    pub(crate) async fn resume(&self, id: &str, gateway: &str) -> Answer {
        let (socket, secret, gateway) = (socket(id), secret(id), node(gateway));
        self.ask(PresenceCommand::Resume { socket, secret, user: None, gateway, holder: None }).await
    }

    /// A gateway goes on under another id and takes a socket with it.
    pub(crate) async fn take_along(&self, id: &str, holder: &str, gateway: &str) -> Answer {
        let (socket, secret, gateway, holder) = (socket(id), secret(id), node(gateway), Some(node(holder)));
        self.ask(PresenceCommand::Resume { socket, secret, user: None, gateway, holder }).await
    }

    /// The client says goodbye.
    pub(crate) async fn goodbye(&self, id: &str, gateway: &str) {
        self.gone(id, gateway, DisconnectCause::Explicit).await;
    }

    /// The transport is lost.
    pub(crate) async fn lose(&self, id: &str, gateway: &str) {
        self.gone(id, gateway, DisconnectCause::Lost).await;
    }

    async fn gone(&self, id: &str, gateway: &str, cause: DisconnectCause) {
        let (user, socket, gateway) = (user(&owner(id)), socket(id), node(gateway));
        let (age, positions) = (Duration::ZERO, Vec::new());
        let gone = PresenceCommand::Disconnect { socket, user, gateway, cause, age, positions };
        assert_eq!(self.ask(gone).await, Ok(PresenceOutcome::Done));
        // What follows the answer is done when nothing is left to do at this moment.
        time::sleep(Duration::from_millis(1)).await;
    }

    pub(crate) async fn set_status(&self, id: &str, status: Status) {
        let command = PresenceCommand::SetStatus { user: person(id), status };
        assert_eq!(self.ask(command).await, Ok(PresenceOutcome::Done));
    }

    pub(crate) async fn set_active(&self, id: &str, active: bool) {
        let command = PresenceCommand::SetActive { user: actor(id, "g1").user, socket: socket(id), active };
        assert_eq!(self.ask(command).await, Ok(PresenceOutcome::Done));
    }

    pub(crate) async fn appear(&self, id: &str) {
        let command = PresenceCommand::Appear { user: actor(id, "g1").user, socket: socket(id) };
        assert_eq!(self.ask(command).await, Ok(PresenceOutcome::Done));
    }

    /// A connected socket joins a room, as a room-router notes it.
    pub(crate) async fn join(&self, id: &str, gateway: &str, target: &str) {
        let (store, target, actor) = (self.store(), room(target), actor(id, gateway));
        let step = Attend {
            command: CommandId::generate(),
            actor: actor.clone(),
            explicit: true,
            peer: None,
            takeover: false,
            ghosts: Vec::new(),
            since: None,
            missed_limit: 0,
            member_limit: 0,
            max_peers: 0,
            members_only: false,
            partner: None,
            contents: None,
            new_epoch: 1,
            at: self.clock.now(),
        };
        let outcome = store.rooms.attend(&target, step).await.unwrap();
        assert!(matches!(outcome, AttendOutcome::Attending(_)));
        store.presence.add_room(&actor.user.id, &target, self.clock.now()).await.unwrap();
        store.sessions.add_room(&actor.socket, &target, Position::default(), true).await.unwrap();
    }

    /// A user takes part in a call.
    pub(crate) async fn call(&self, id: &str, call: &str) {
        self.store().presence.add_call(&user(id), &CallId::parse(call).unwrap()).await.unwrap();
    }

    /// From now on rooms answer that they cannot do anything, or no longer do.
    pub(crate) fn rooms_refuse(&self, refuse: bool) {
        *self.asked.refuse.lock().unwrap() = refuse;
    }

    /// What rooms were asked since the last look.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.commands.lock().unwrap());
        asked.sort();
        asked
    }

    /// What a gateway was told since the last look.
    pub(crate) fn heard(&mut self, gateway: &str) -> Vec<String> {
        self.received(gateway).iter().map(tell).collect()
    }

    /// The ids of what was published to a gateway since the last look.
    pub(crate) fn published(&mut self, gateway: &str) -> Vec<CommandId> {
        let ids = self.received(gateway).into_iter().map(|outbound| match outbound {
            Outbound::Deliver(delivery) => match delivery.place {
                Place::Publication(id) => id,
                other => panic!("{other:?} is no publication"),
            },
            other => panic!("{other:?} is no publication"),
        });
        ids.collect()
    }

    fn received(&mut self, gateway: &str) -> Vec<Outbound> {
        let mut received = Vec::new();
        let subscription = self.gateways.get_mut(gateway).unwrap();
        while let Some(Some(message)) = task::unconstrained(subscription.next()).now_or_never() {
            let items = wire::decode_parcel(message.payload).unwrap().items;
            received.extend(items.into_iter().map(|item| wire::decode_outbound(item).unwrap()));
        }
        received
    }

    /// Lets time pass; it is not waited for.
    pub(crate) async fn pass(&self, millis: u64) {
        time::sleep(Duration::from_millis(millis)).await;
    }

    /// A second presence service joins the first one.
    pub(crate) async fn reinforce(&mut self) -> Service {
        Service::run(self.second.take().unwrap()).await
    }

    /// The first service dies, and its lease ends.
    pub(crate) async fn kill_first(&mut self) {
        self.first.serving.abort();
        assert!((&mut self.first.serving).await.unwrap_err().is_cancelled());
        self.directory.deregister(&self.first.id).await.unwrap();
    }

    /// The first service.
    pub(crate) fn first(&self) -> &Service {
        &self.first
    }

    /// A gateway registers.
    pub(crate) async fn register(&self, gateway: &str, draining: bool) {
        register(&*self.directory, gateway, draining, &self.clock).await;
    }

    /// The lease of a gateway ends, or it deregisters.
    pub(crate) async fn end_lease(&self, gateway: &str) {
        self.directory.deregister(&node(gateway)).await.unwrap();
        // What follows is done when nothing is left to do at this moment.
        time::sleep(Duration::from_millis(1)).await;
    }

    /// From now on the directory does not answer, or does again.
    pub(crate) fn directory_away(&self, away: bool) {
        self.directory.away.store(away, Ordering::Relaxed);
    }

    /// Ends the service and waits until it has.
    pub(crate) async fn stop(self) -> MemoryStore {
        self.first.stop().await;
        self.memory
    }
}

async fn register(directory: &dyn Directory, name: &str, draining: bool, clock: &Clock) {
    let (grpc, version, home) = (String::new(), String::new(), None);
    let (id, started) = (node(name), clock.now());
    let node = Node { id, role: Role::Gateway, grpc, home, version, started, draining };
    directory.register(node).await.unwrap();
}

/// Answers every room command, and ends attendances as room-routers do.
async fn play_rooms(bus: &Arc<dyn Bus>, store: &Store, asked: &Asked) {
    for partition in Partition::all() {
        let mut rooms = bus.subscribe(Subject::Rooms(partition), Some(QueueGroup::Rooms)).await.unwrap();
        let (store, asked) = (store.clone(), asked.clone());
        tokio::spawn(async move {
            while let Some(message) = rooms.next().await {
                let answer = play(&store, &asked, message.payload).await;
                if let Some(reply) = message.reply {
                    reply.send(wire::encode_room_reply(&answer));
                }
            }
        });
    }
}

async fn play(store: &Store, asked: &Asked, payload: Bytes) -> Result<RoomOutcome, Refusal> {
    if *asked.refuse.lock().unwrap() {
        return Err(Code::Unavailable.into());
    }
    let request = wire::decode_room_request(payload).unwrap();
    let room = &request.room;
    let words = match &request.command {
        RoomCommand::Detach { socket, user, cause } => {
            let left = store.rooms.leave(room, request.id, socket, user, false).await.unwrap();
            if left.membership_ended {
                store.presence.remove_room(user, room).await.unwrap();
            }
            match cause {
                DisconnectCause::Explicit => format!("{room}: {socket} said goodbye"),
                DisconnectCause::Lost => format!("{room}: {socket} is lost"),
            }
        }
        RoomCommand::DepartCall { user } => format!("{room}: depart {user}"),
        RoomCommand::GreetSocket { socket, gateway, .. } => format!("{room}: greet {socket} at {gateway}"),
        other => panic!("presence does not ask for {other:?}"),
    };
    asked.commands.lock().unwrap().push(words);
    Ok(RoomOutcome::Done)
}

/// One thing told to a gateway: to whom, and what.
fn tell(outbound: &Outbound) -> String {
    let delivery = match outbound {
        Outbound::Deliver(delivery) => delivery,
        Outbound::Evict { socket } => return format!("evict {socket}"),
        other => panic!("presence does not say {other:?}"),
    };
    let to = match &delivery.target {
        Target::Rooms { rooms, users, except } => {
            let rooms = rooms.iter().map(RoomId::as_str);
            let heard: Vec<_> = rooms.chain(users.iter().map(UserId::as_str)).collect();
            format!("{} but {except}", heard.join(" and "))
        }
        Target::Everyone { except } => format!("everyone but {except}"),
        Target::Audience(audience) => return publication(audience, &delivery.event),
        other => panic!("presence does not tell {other:?}"),
    };
    let what = match &delivery.event {
        Event::UserOnline { user } => format!("{} is online", user.id),
        Event::UserOffline { user, .. } => format!("{} is offline", user.id),
        Event::PresenceChanged { user, status, .. } => format!("{} is {}", user.id, status.name()),
        other => panic!("presence does not say {other:?}"),
    };
    format!("{to}: {what}")
}

fn publication(audience: &Audience, event: &Event) -> String {
    let Event::Published { event, .. } = event else { panic!("{event:?} is no publication") };
    let names = |Selection { rooms, users, sockets }: &Selection| {
        let rooms = rooms.iter().map(RoomId::as_str);
        let users = users.iter().map(UserId::as_str);
        rooms.chain(users).chain(sockets.iter().map(SocketId::as_str)).collect::<Vec<_>>().join(", ")
    };
    let of = if audience.everyone { "everyone".to_owned() } else { names(&audience.of) };
    let except = if audience.except.is_empty() { String::new() } else { format!(" but {}", names(&audience.except)) };
    format!("{} for {of}{except}", event.as_str())
}

fn owner(id: &str) -> String {
    id.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()
}

pub(crate) fn actor(id: &str, gateway: &str) -> Actor {
    Actor {
        user: person(&owner(id)),
        admin: false,
        socket: socket(id),
        gateway: node(gateway),
        vocabulary: Vocabulary::Synapse,
    }
}

pub(crate) fn person(id: &str) -> User {
    User { id: user(id), name: Name::parse(id).unwrap(), picture: None, guest: id.starts_with("guest") }
}

fn secret(id: &str) -> SessionSecret {
    let mut bytes = [0; 16];
    for (byte, letter) in bytes.iter_mut().zip(id.bytes()) {
        *byte = letter;
    }
    SessionSecret::from_bytes(bytes)
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

pub(crate) fn socket(id: &str) -> SocketId {
    SocketId::parse(id).unwrap()
}

pub(crate) fn node(id: &str) -> NodeId {
    NodeId::parse(id).unwrap()
}

pub(crate) fn room(id: &str) -> RoomId {
    RoomId::parse(id).unwrap()
}
