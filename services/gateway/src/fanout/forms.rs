//! An event in the forms that its recipients hear, each made once.

use std::hash::{DefaultHasher, Hash, Hasher};

use heliograph_domain::{
    activity::EphemeralKind,
    delivery::{Delivery, Except, Place, Target},
    event::Event,
    publication::{Audience, EventName},
    room::RoomId,
    text::RawJson,
};
use heliograph_vocabulary::{Context, Dialect, Encoded, Form, mesh, second_form};

use crate::{
    clients::{Attendance, Client, Recipient, Speech, recovery},
    frame::Frame,
    outlet::{Class, CoalesceKey},
};

/// The namespace in which users are addressed.
const DEFAULT: &str = "/";

/// Frames of one event, made when the first recipient of their kind comes.
pub(crate) struct Forms<'a> {
    event: &'a Event,
    context: Context<'a>,
    class: Class,
    /// Whom a backend has chosen, if it is a publication.
    audience: Option<&'a Audience>,
    socket_io: Vec<InDialect>,
    mesh: Option<Vec<Frame>>,
}

/// An event in a dialect of Socket.IO.
struct InDialect {
    dialect: Dialect,
    encoded: Vec<Encoded>,
    /// Frames without an offset.
    plain: Option<Vec<Frame>>,
    /// Frames with the offset of a client that attends no other room, and the room's ordinal in it.
    with_offset: Option<(u32, Vec<Frame>)>,
}

impl<'a> Forms<'a> {
    pub(crate) fn new(delivery: &'a Delivery) -> Self {
        let room = match &delivery.target {
            Target::Room { room, .. } => Some(room),
            Target::Users { room, .. } | Target::Socket { room, .. } => room.as_ref(),
            Target::Rooms { .. } | Target::Everyone { .. } | Target::Audience(_) => None,
        };
        let seq = match delivery.place {
            Place::Log { seq, .. } => Some(seq),
            Place::Roster(_) | Place::Publication(_) | Place::None => None,
        };
        Self {
            event: &delivery.event,
            context: Context { room, at: delivery.at, seq },
            class: class(&delivery.event, room),
            audience: match &delivery.target {
                Target::Audience(audience) => Some(audience),
                _ => None,
            },
            socket_io: Vec::new(),
            mesh: None,
        }
    }

    /// Sends the event in the recipient's form, if there is one. `attendance` is the recipient's in the
    /// event's room, for events that reach it by attending.
    pub(crate) fn send(&mut self, recipient: &Recipient, attendance: Option<&Attendance>) {
        let Some(client) = recipient.client() else { return };
        if let Event::Published { event, args } = self.event {
            return self.send_published(recipient, client, event, args);
        }
        match client.speech() {
            Speech::SocketIo(dialect) => self.send_socket_io(dialect, recipient, client, attendance),
            Speech::Mesh => self.send_mesh(recipient, client, attendance),
        }
    }

    /// Sends what a backend published: the same to every client of Socket.IO, and to a mesh client wherever it is.
    /// Who is meant as a user hears it in the default namespace; elsewhere it is heard by who attends a room or is named.
    fn send_published(&mut self, recipient: &Recipient, client: &Client, event: &EventName, args: &[RawJson]) {
        let class = self.class;
        let chosen = |audience: &Audience| {
            audience.of.sockets.contains(&client.id) || audience.of.rooms.iter().any(|room| client.attends(room))
        };
        let frames = match client.speech() {
            Speech::SocketIo(dialect) if dialect.namespace() != DEFAULT && !self.audience.is_some_and(chosen) => return,
            Speech::SocketIo(dialect) => self.in_dialect(dialect).plain.get_or_insert_with(|| {
                let args: Vec<_> = args.iter().map(RawJson::as_str).collect();
                vec![Frame::event(dialect.namespace(), event.as_str(), &args, None, &[])]
            }),
            Speech::Mesh => {
                let (event, context) = (self.event, &self.context);
                self.mesh.get_or_insert_with(|| {
                    mesh::encode(event, context, Form::Everyone).iter().map(|text| Frame::text(text)).collect()
                })
            }
        };
        for frame in frames {
            recipient.send(frame, class);
        }
    }

    /// Sends the event as entry `seq` of the log of the attended room, unless the recipient has it or brought it about.
    /// Gives whether it was sent.
    pub(crate) fn send_entry(&mut self, recipient: &Recipient, attendance: &Attendance, seq: u64) -> bool {
        let Some(client) = recipient.client() else { return false };
        let except = Except::of(self.event);
        let hears = client.identity().is_none_or(|identity| except.hears(&client.id, &identity.user.id));
        client.send_entry(attendance, seq, || {
            if hears {
                self.send(recipient, Some(attendance));
            }
        }) && hears
    }

    fn send_mesh(&mut self, recipient: &Recipient, client: &Client, attendance: Option<&Attendance>) {
        // A mesh client is in one room and hears of that one alone, also when it is addressed by its user.
        let here = attendance.is_some() || self.context.room.is_some_and(|room| client.attends(room));
        if !here {
            return;
        }
        if self.form(client) == Form::Sender {
            for text in mesh::encode(self.event, &self.context, Form::Sender) {
                recipient.send(&Frame::text(&text), self.class);
            }
            return;
        }
        let (event, context) = (self.event, &self.context);
        let frames = self.mesh.get_or_insert_with(|| {
            mesh::encode(event, context, Form::Everyone).iter().map(|text| Frame::text(text)).collect()
        });
        for frame in frames {
            recipient.send(frame, self.class);
        }
    }

    fn send_socket_io(
        &mut self,
        dialect: Dialect,
        recipient: &Recipient,
        client: &Client,
        attendance: Option<&Attendance>,
    ) {
        let numbered = attendance.filter(|_| self.context.seq.is_some() && client.secret().is_some());
        let offset = match numbered {
            Some(attendance) if client.attends_one() => Offset::Shared(attendance.ordinal),
            Some(_) => Offset::Own(client.offset()),
            None => Offset::None,
        };
        if let Some(untold) = dialect.untold(self.event)
            && client.identity().is_some_and(|identity| identity.user.id == *untold)
        {
            return;
        }
        let (class, seq) = (self.class, self.context.seq.unwrap_or_default());
        if self.form(client) == Form::Sender {
            let encoded = dialect.encode(self.event, &self.context, Form::Sender);
            let offset = match offset {
                Offset::Shared(ordinal) => Some(shared_offset(ordinal, seq)),
                Offset::Own(offset) => Some(offset),
                Offset::None => None,
            };
            return frames(dialect, &encoded, offset.as_deref()).iter().for_each(|frame| {
                recipient.send(frame, class);
            });
        }
        let InDialect { encoded, plain, with_offset, .. } = self.in_dialect(dialect);
        let own;
        let ready = match offset {
            Offset::None => plain.get_or_insert_with(|| frames(dialect, encoded, None)),
            Offset::Own(offset) => {
                own = frames(dialect, encoded, Some(&offset));
                &own
            }
            Offset::Shared(ordinal) => {
                if with_offset.as_ref().is_none_or(|(made_for, _)| *made_for != ordinal) {
                    let offset = shared_offset(ordinal, seq);
                    *with_offset = Some((ordinal, frames(dialect, encoded, Some(&offset))));
                }
                with_offset.as_ref().map_or(&[][..], |(_, frames)| frames)
            }
        };
        for frame in ready {
            recipient.send(frame, class);
        }
    }

    fn in_dialect(&mut self, dialect: Dialect) -> &mut InDialect {
        let at = self.socket_io.iter().position(|made| made.dialect == dialect).unwrap_or_else(|| {
            let encoded = dialect.encode(self.event, &self.context, Form::Everyone);
            self.socket_io.push(InDialect { dialect, encoded, plain: None, with_offset: None });
            self.socket_io.len() - 1
        });
        &mut self.socket_io[at]
    }

    fn form(&self, client: &Client) -> Form {
        if second_form(self.event) == Some(&client.id) { Form::Sender } else { Form::Everyone }
    }
}

/// The offset that goes with an event.
enum Offset {
    None,
    /// The client attends this room alone: the same for all such clients.
    Shared(u32),
    Own(String),
}

fn shared_offset(ordinal: u32, seq: u64) -> String {
    let mut offset = String::new();
    recovery::write_part(&mut offset, ordinal, seq);
    offset
}

fn frames(dialect: Dialect, encoded: &[Encoded], offset: Option<&str>) -> Vec<Frame> {
    let namespace = dialect.namespace();
    encoded.iter().map(|(name, payload)| Frame::event(namespace, name, &[payload], offset, &[])).collect()
}

/// How urgent an event is, and what replaces what under pressure.
fn class(event: &Event, room: Option<&RoomId>) -> Class {
    match event {
        Event::SignalRelayed { .. }
        | Event::CallRinging { .. }
        | Event::CallParticipantUnavailable { .. }
        | Event::CallAccepted { .. }
        | Event::CallRejected { .. }
        | Event::CallAnsweredElsewhere { .. }
        | Event::CallParticipantJoined { .. }
        | Event::CallParticipantLeft { .. }
        | Event::CallEnded { .. } => Class::Signaling,
        Event::MemberJoined { .. }
        | Event::MemberLeft { .. }
        | Event::RoomClosed { .. }
        | Event::MessagePosted(_)
        | Event::MessageDelivered { .. }
        | Event::MessageRead { .. }
        | Event::ReactionChanged { .. }
        | Event::HistoryCleared { .. }
        | Event::MessageDeleted { .. }
        | Event::ActivityAppended { .. }
        | Event::RecordingSwitched { .. }
        | Event::ChatSwitched { .. }
        | Event::HostChanged { .. }
        | Event::MediaChanged { .. }
        | Event::Matching(_)
        | Event::Published { .. } => Class::Message,
        Event::UserOnline { .. } | Event::UserOffline { .. } | Event::PresenceChanged { .. } => Class::Presence,
        Event::TypingChanged { user, .. } => {
            let mut hasher = DefaultHasher::new();
            (room.map(RoomId::as_str), user.id.as_str()).hash(&mut hasher);
            Class::Ephemeral(Some(CoalesceKey(hasher.finish())))
        }
        // The newest place is the only one that counts.
        Event::EphemeralSent { socket, kind: EphemeralKind::Cursor, .. } => {
            let mut hasher = DefaultHasher::new();
            (room.map(RoomId::as_str), "cursor", socket.as_str()).hash(&mut hasher);
            Class::Ephemeral(Some(CoalesceKey(hasher.finish())))
        }
        // What applications tell each other is theirs: nothing is known to replace anything.
        Event::EphemeralSent { kind: EphemeralKind::Data | EphemeralKind::Transcript, .. } => Class::Ephemeral(None),
    }
}
