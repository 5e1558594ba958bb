//! The vocabularies of Socket.IO clients, all with one face.

use heliograph_domain::{
    event::Event,
    id::{SocketId, UserId},
    matching::MatchingCommand,
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::RoomId,
    text::Reference,
    user::{User, Vocabulary},
};

use crate::{
    Asked, Context, Form, Request, Said, SizeLimits, Standpoint, answer,
    collaboration::{matching, queue},
    direct_chat, guest_chat, synapse,
};

/// An event name and the JSON text of its one argument.
pub type Encoded = (&'static str, String);

/// What a Socket.IO client speaks in its namespace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dialect {
    /// Team chat, presence and calls.
    Synapse,
    /// One-to-one chat, groups and topics.
    DirectChat,
    /// Waiting to be matched.
    CollaborationQueue,
    /// Answering matches and invitations.
    CollaborationMatching,
    /// Pairs of guests.
    GuestChat,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 4] = [Self::Synapse, Self::CollaborationQueue, Self::CollaborationMatching, Self::GuestChat];

    /// The dialects of the default namespace. No name of a client event belongs to two of them, so that the first event
    /// of a client tells its dialect.
    pub const DEFAULT_NAMESPACE: [Self; 3] = [Self::Synapse, Self::GuestChat, Self::DirectChat];

    /// What clients of a vocabulary speak in a namespace; `None` if it has no such namespace.
    pub fn of(vocabulary: Vocabulary, namespace: &str) -> Option<Self> {
        match (vocabulary, namespace) {
            (Vocabulary::Synapse, "/") => Some(Self::Synapse),
            (Vocabulary::DirectChat, "/") => Some(Self::DirectChat),
            (Vocabulary::Collaboration, "/queue") => Some(Self::CollaborationQueue),
            (Vocabulary::Collaboration, "/matching") => Some(Self::CollaborationMatching),
            (Vocabulary::GuestChat, "/") => Some(Self::GuestChat),
            _ => None,
        }
    }

    /// The dialect of the default namespace that knows an event of this name.
    pub fn by_event(name: &str) -> Option<Self> {
        Self::DEFAULT_NAMESPACE.into_iter().find(|dialect| dialect.client_events().contains(&name))
    }

    /// The vocabulary that it belongs to.
    pub const fn vocabulary(self) -> Vocabulary {
        match self {
            Self::Synapse => Vocabulary::Synapse,
            Self::DirectChat => Vocabulary::DirectChat,
            Self::CollaborationQueue | Self::CollaborationMatching => Vocabulary::Collaboration,
            Self::GuestChat => Vocabulary::GuestChat,
        }
    }

    /// The namespace that it is spoken in.
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::Synapse | Self::GuestChat | Self::DirectChat => "/",
            Self::CollaborationQueue => "/queue",
            Self::CollaborationMatching => "/matching",
        }
    }

    /// What clients emit.
    pub const fn client_events(self) -> &'static [&'static str] {
        match self {
            Self::Synapse => &synapse::CLIENT_EVENTS,
            Self::DirectChat => &direct_chat::CLIENT_EVENTS,
            Self::CollaborationQueue => &queue::CLIENT_EVENTS,
            Self::CollaborationMatching => &matching::CLIENT_EVENTS,
            Self::GuestChat => &guest_chat::CLIENT_EVENTS,
        }
    }

    /// What the server emits.
    pub const fn server_events(self) -> &'static [&'static str] {
        match self {
            Self::Synapse => &synapse::SERVER_EVENTS,
            Self::DirectChat => &direct_chat::SERVER_EVENTS,
            Self::CollaborationQueue => &queue::SERVER_EVENTS,
            Self::CollaborationMatching => &matching::SERVER_EVENTS,
            Self::GuestChat => &guest_chat::SERVER_EVENTS,
        }
    }

    /// Understands an event of a client.
    pub fn read<'a>(self, said: &Said<'a>, from: &Standpoint<'_>, limits: &SizeLimits) -> Asked<'a> {
        match self {
            Self::Synapse => synapse::read(said, limits),
            Self::DirectChat => direct_chat::read(said, from, limits),
            Self::CollaborationQueue => queue::read(said),
            Self::CollaborationMatching => matching::read(said, limits),
            Self::GuestChat => guest_chat::read(said, from, limits),
        }
    }

    /// The argument of the acknowledgement of an event whose command was carried out.
    pub fn ack(self, event: &str, request: &Request, outcome: &RoomOutcome) -> String {
        match self {
            Self::Synapse => synapse::ack(request, outcome),
            Self::DirectChat => direct_chat::ack(request, outcome),
            Self::CollaborationQueue => queue::ack(event, outcome),
            Self::CollaborationMatching => matching::ack(outcome),
            Self::GuestChat => guest_chat::ack(event, request, outcome),
        }
    }

    /// What a client hears besides when its command was carried out.
    pub fn told(self, event: &str, request: &Request, outcome: &RoomOutcome) -> Vec<Encoded> {
        match self {
            Self::Synapse | Self::CollaborationMatching => Vec::new(),
            Self::GuestChat => guest_chat::told(request, outcome),
            Self::DirectChat => direct_chat::told(request, outcome),
            Self::CollaborationQueue => queue::told(event, outcome).into_iter().collect(),
        }
    }

    /// A refusal of an event in the dialect's own words.
    pub fn worded(self, event: &str, refusal: &Refusal) -> Refusal {
        match self {
            Self::Synapse | Self::CollaborationQueue | Self::CollaborationMatching => refusal.clone(),
            Self::GuestChat => guest_chat::worded(event, refusal),
            Self::DirectChat => direct_chat::worded(event, refusal),
        }
    }

    /// What a client hears besides when its event was refused, in the dialect's [words](Self::worded).
    pub fn refused(self, event: &str, reference: Option<&Reference>, refusal: &Refusal) -> Vec<Encoded> {
        if refusal.code == Code::UnknownEvent {
            return Vec::new();
        }
        match self {
            Self::DirectChat => direct_chat::refused(event, reference, refusal),
            Self::Synapse | Self::CollaborationQueue | Self::CollaborationMatching => {
                vec![("error", answer::error(Some(event), refusal))]
            }
            Self::GuestChat => vec![guest_chat::refused(event, refusal)],
        }
    }

    /// What a client hears when the cluster knows who it is.
    pub fn greeting(self, greeting: &Greeting<'_>) -> Vec<Encoded> {
        let Greeting { user, socket, rooms, .. } = greeting;
        match self {
            Self::Synapse => vec![("authenticated", synapse::authenticated(user, socket, rooms))],
            Self::DirectChat | Self::CollaborationQueue | Self::CollaborationMatching => Vec::new(),
            Self::GuestChat => vec![guest_chat::greeting(greeting)],
        }
    }

    /// What a client hears when it loses its identity.
    pub fn identity_lost(self, refusal: &Refusal) -> Encoded {
        match self {
            Self::Synapse | Self::DirectChat | Self::CollaborationQueue | Self::CollaborationMatching => {
                ("error", answer::error(None, refusal))
            }
            Self::GuestChat => ("connection:error", answer::error(None, refusal)),
        }
    }

    /// What is asked of matching on a client's behalf when it connects. By that its socket keeps its user's place.
    pub const fn first_question(self) -> Option<MatchingCommand> {
        match self {
            Self::Synapse | Self::GuestChat | Self::DirectChat => None,
            Self::CollaborationQueue => Some(MatchingCommand::GetQueueStatus),
            Self::CollaborationMatching => Some(MatchingCommand::GetPending),
        }
    }

    /// What a client hears of the answer to that.
    pub fn first_answer(self, outcome: &RoomOutcome) -> Vec<Encoded> {
        match self {
            Self::Synapse | Self::GuestChat | Self::DirectChat => Vec::new(),
            Self::CollaborationQueue => queue::waits(outcome).into_iter().collect(),
            Self::CollaborationMatching => matching::pending(outcome),
        }
    }

    /// What clients hear of an event: mostly one thing, nothing if the dialect has no form for it.
    pub fn encode(self, event: &Event, context: &Context<'_>, form: Form) -> Vec<Encoded> {
        match self {
            Self::Synapse => synapse::encode(event, context, form),
            Self::DirectChat => direct_chat::encode(event, context, form).into_iter().collect(),
            Self::CollaborationQueue => queue::encode(event).into_iter().collect(),
            Self::CollaborationMatching => matching::encode(event).into_iter().collect(),
            Self::GuestChat => guest_chat::encode(event, context),
        }
    }

    /// The user to whose devices an event is not told, because they brought it about themselves.
    pub fn untold(self, event: &Event) -> Option<&UserId> {
        match self {
            Self::Synapse | Self::DirectChat | Self::CollaborationQueue | Self::CollaborationMatching => None,
            Self::GuestChat => guest_chat::author(event),
        }
    }
}

/// Who a client is, told to itself.
#[derive(Clone, Copy, Debug)]
pub struct Greeting<'a> {
    /// Its user.
    pub user: &'a User,
    /// Its socket.
    pub socket: &'a SocketId,
    /// The rooms that it attends.
    pub rooms: &'a [RoomId],
    /// The session of its token, if that names one.
    pub session: Option<&'a str>,
}
