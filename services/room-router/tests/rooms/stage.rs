//! A room-router and two gateways.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::FutureExt;
use heliograph_cluster::{
    bus::{Bus, MemoryBus, Subject, Subscription},
    clock::Clock,
    commands::{CommandOptions, Commands},
    directory::{MemoryDirectory, Node, Role},
    grpc::{Link, RoomClient},
    serve::Backends,
    store::{
        Retention, Store, UserSocket,
        memory::{MemoryOptions, MemoryStore},
    },
};
use heliograph_domain::{
    command::{Join, Origin, Post, RoomCommand, RoomRequest, Session, SessionSecret},
    content::Content,
    delivery::Outbound,
    id::{CommandId, NodeId, SocketId, UserId},
    outcome::{Joined, RoomOutcome},
    refusal::{Code, Refusal},
    room::{Media, RoomId},
    text::MessageText,
    time::Timestamp,
    user::{Actor, Name, User, Vocabulary},
    wire,
};
use heliograph_room_router::{Options, RoomRouter};
use heliograph_telemetry::{metrics, readiness::Readiness};
use tokio::{
    task::{self, JoinHandle},
    time,
};
use tokio_util::sync::CancellationToken;

use crate::telling::tell;

pub(crate) type Answer = Result<RoomOutcome, Refusal>;

/// A running room-router between a store and two gateways, `g1` and `g2`.
pub(crate) struct Stage {
    pub(crate) backends: Backends,
    pub(crate) commands: Commands,
    pub(crate) metrics: metrics::Metrics,
    pub(crate) questions: RoomClient,
    memory: MemoryStore,
    gateways: HashMap<&'static str, Subscription>,
    id: NodeId,
    stop: CancellationToken,
    router: JoinHandle<()>,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        Self::over(change, |store| store).await
    }

    /// A stage whose router sees the store through `veil`.
    pub(crate) async fn over(change: impl FnOnce(&mut Options), veil: impl FnOnce(Store) -> Store) -> Self {
        Self::behind(change, |backends| Backends { store: veil(backends.store), ..backends }).await
    }

    /// A stage whose router sees its backends through `veil`.
    pub(crate) async fn behind(change: impl FnOnce(&mut Options), veil: impl FnOnce(Backends) -> Backends) -> Self {
        let mut options = Options::default();
        change(&mut options);
        let retention = Retention { entries: 1000, age: Duration::from_secs(7 * 24 * 3600) };
        let memory = MemoryStore::start(MemoryOptions { retention, outcomes: 1000 });
        let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new(1024));
        let backends = Backends {
            bus: Arc::clone(&bus),
            directory: Arc::new(MemoryDirectory::new()),
            store: memory.store(),
            clock: Clock::with_timers(Timestamp::from_system(SystemTime::now())),
        };
        let mut gateways = HashMap::new();
        for name in ["g1", "g2"] {
            gateways.insert(name, bus.subscribe(Subject::Gateway(node(name)), None).await.unwrap());
            backends.directory.register(gateway(name, &backends.clock)).await.unwrap();
        }
        let metrics = metrics::Metrics::default();
        let router = RoomRouter::new(options, veil(backends.clone()), String::new(), metrics.rooms.clone());
        let id = router.node().id.clone();
        let questions = RoomClient::new(Link::new(router.questions(), Duration::from_secs(1)));
        let (stop, router) = run(router).await;
        let options = CommandOptions { deadline: Duration::from_secs(1), ..CommandOptions::default() };
        let commands = Commands::new(bus, options);
        Self { backends, commands, metrics, questions, memory, gateways, id, stop, router }
    }

    pub(crate) fn store(&self) -> Store {
        self.memory.store()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.backends.clock.now()
    }

    /// A socket of a user that has connected, as `<user><number>` at a gateway.
    pub(crate) async fn socket(&self, id: &str, gateway: &str, vocabulary: Vocabulary) -> Actor {
        let actor = actor(id, gateway, vocabulary);
        let known = UserSocket { socket: socket(id), gateway: node(gateway), vocabulary };
        assert!(self.store().presence.connect(&actor.user, known, 20, self.now()).await.unwrap());
        let secret = SessionSecret::from_bytes([1; 16]);
        self.store().sessions.open(Session { actor: actor.clone(), secret, rooms: Vec::new() }).await.unwrap();
        actor
    }

    pub(crate) async fn synapse(&self, id: &str, gateway: &str) -> Actor {
        self.socket(id, gateway, Vocabulary::Synapse).await
    }

    pub(crate) async fn mesh(&self, id: &str, gateway: &str) -> Actor {
        self.socket(id, gateway, Vocabulary::Mesh).await
    }

    /// The transport of a socket is lost; the cluster waits for its return.
    pub(crate) async fn lose(&self, actor: &Actor) {
        let window = Duration::from_secs(120);
        let lost = self.store().sessions.lose(&actor.socket, &actor.gateway, &[], self.now(), window).await;
        assert!(lost.unwrap());
    }

    /// A socket has said goodbye, as far as presence goes.
    pub(crate) async fn disconnect(&self, actor: &Actor) {
        self.store().sessions.close(&actor.socket, None).await.unwrap();
        self.store().presence.disconnect(&actor.user.id, &actor.socket, self.now()).await.unwrap();
    }

    pub(crate) async fn ask(&self, actor: &Actor, target: &str, command: RoomCommand) -> Answer {
        self.send(CommandId::generate(), Origin::Socket(actor.clone()), target, command).await
    }

    pub(crate) async fn system(&self, target: &str, command: RoomCommand) -> Answer {
        self.send(CommandId::generate(), Origin::System, target, command).await
    }

    pub(crate) async fn send(&self, id: CommandId, origin: Origin, target: &str, command: RoomCommand) -> Answer {
        self.commands.room(&RoomRequest { id, room: room(target), origin, command }).await
    }

    /// Joins a room that the client asks for: as a peer, if its vocabulary speaks of peers.
    pub(crate) async fn join(&self, actor: &Actor, target: &str) -> Joined {
        joined(self.ask(actor, target, RoomCommand::Join(join_of(actor))).await)
    }

    pub(crate) async fn post(&self, actor: &Actor, target: &str, text: &str) -> Answer {
        self.ask(actor, target, RoomCommand::Post(post(text))).await
    }

    /// What a gateway was told since it was last looked at.
    pub(crate) fn heard(&mut self, gateway: &str) -> Vec<String> {
        let mut heard = Vec::new();
        let subscription = self.gateways.get_mut(gateway).unwrap();
        while let Some(Some(message)) = task::unconstrained(subscription.next()).now_or_never() {
            let items = wire::decode_parcel(message.payload).unwrap().items;
            heard.extend(items.into_iter().map(|item| tell(&wire::decode_outbound(item).unwrap())));
        }
        heard
    }

    /// The last deliveries as they are.
    pub(crate) fn deliveries(&mut self, gateway: &str) -> Vec<Outbound> {
        let mut heard = Vec::new();
        let subscription = self.gateways.get_mut(gateway).unwrap();
        while let Some(Some(message)) = task::unconstrained(subscription.next()).now_or_never() {
            let items = wire::decode_parcel(message.payload).unwrap().items;
            heard.extend(items.into_iter().map(|item| wire::decode_outbound(item).unwrap()));
        }
        heard
    }

    /// Forgets what was told so far.
    pub(crate) fn clear(&mut self) {
        for gateway in ["g1", "g2"] {
            self.heard(gateway);
        }
    }

    /// Lets time pass; it is not waited for.
    pub(crate) async fn pass(&self, span: Duration) {
        time::sleep(span).await;
    }

    /// The router dies; the directory notices it, and another one comes.
    pub(crate) async fn replace_killed(&mut self) {
        self.kill().await;
        self.replace(Options::default()).await;
    }

    /// The router dies, and the directory notices it.
    pub(crate) async fn kill(&mut self) {
        self.router.abort();
        assert!((&mut self.router).await.unwrap_err().is_cancelled());
        self.backends.directory.deregister(&self.id).await.unwrap();
    }

    /// Another router comes in the place of a killed one.
    pub(crate) async fn replace(&mut self, options: Options) {
        let router = RoomRouter::new(options, self.backends.clone(), String::new(), self.metrics.rooms.clone());
        self.id = router.node().id.clone();
        (self.stop, self.router) = run(router).await;
        // What it does at first is done when nothing is left to do at this moment.
        self.pass(Duration::from_millis(1)).await;
    }

    /// Ends the router and waits until it has.
    pub(crate) async fn stop(self) -> MemoryStore {
        self.stop.cancel();
        self.router.await.unwrap();
        self.memory
    }
}

fn gateway(name: &str, clock: &Clock) -> Node {
    let (grpc, version, started) = (String::new(), String::new(), clock.now());
    Node { id: node(name), role: Role::Gateway, grpc, home: None, version, started, draining: false }
}

/// Lets a router serve, and returns when it does.
pub(crate) async fn run(router: RoomRouter) -> (CancellationToken, JoinHandle<()>) {
    let (stop, readiness) = (CancellationToken::new(), Readiness::default());
    let starting = readiness.hold("rooms");
    let stopped = stop.clone();
    let router = tokio::spawn(async move { router.run(starting, stopped).await.unwrap() });
    readiness.ready().await;
    (stop, router)
}

pub(crate) fn joined(answer: Answer) -> Joined {
    match answer {
        Ok(RoomOutcome::Joined(joined)) => *joined,
        other => panic!("not joined: {other:?}"),
    }
}

pub(crate) fn code(answer: Answer) -> Code {
    answer.expect_err("a refusal").code
}

pub(crate) fn join_of(actor: &Actor) -> Join {
    let peer = (actor.vocabulary == Vocabulary::Mesh).then(Media::default);
    Join { since: None, explicit: true, peer, takeover: false, contents: false }
}

pub(crate) fn post(text: &str) -> Post {
    Post {
        text: MessageText::parse_or_blank(text).unwrap(),
        content: Content::Text,
        attachments: None,
        reference: None,
    }
}

/// A socket of a user, as `<user><number>` at a gateway.
pub(crate) fn actor(id: &str, gateway: &str, vocabulary: Vocabulary) -> Actor {
    let user = person(id.trim_end_matches(|c: char| c.is_ascii_digit()));
    Actor { user, admin: false, socket: socket(id), gateway: node(gateway), vocabulary }
}

pub(crate) fn person(id: &str) -> User {
    let mut name = id.to_owned();
    name[..1].make_ascii_uppercase();
    User { id: user(id), name: Name::parse(&name).unwrap(), picture: None, guest: id.starts_with("guest") }
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
