//! An event in the forms that its recipients hear, each made once.

use std::hash::{DefaultHasher, Hash, Hasher};

use heliograph_domain::{
    activity::EphemeralKind,
    delivery::{Delivery, Except, Place, Target},
    event::Event,
    publication::EventName,
    room::RoomId,
    text::RawJson,
    user::Vocabulary,
};
use heliograph_vocabulary::{Context, Form, mesh, second_form, synapse};

use crate::{
    clients::{Attendance, Client, Recipient, recovery},
    frame::Frame,
    outlet::{Class, CoalesceKey},
};

/// The namespace of the synapse vocabulary.
const NAMESPACE: &str = "/";

/// Frames of one event, made when the first recipient of their kind comes.
pub(crate) struct Forms<'a> {
    event: &'a Event,
    context: Context<'a>,
    class: Class,
    synapse: Option<Vec<synapse::Encoded>>,
    /// Frames without an offset.
    plain: Option<Vec<Frame>>,
    /// Frames with the offset of a client that attends no other room, and the room's ordinal in it.
    with_offset: Option<(u32, Vec<Frame>)>,
    mesh: Option<Vec<Frame>>,
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
            synapse: None,
            plain: None,
            with_offset: None,
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
        match client.vocabulary {
            Vocabulary::Synapse => self.send_synapse(recipient, client, attendance),
            Vocabulary::Mesh => self.send_mesh(recipient, client, attendance),
        }
    }

    /// Sends what a backend published: the same to every client of Socket.IO, and to a mesh client wherever it is.
    fn send_published(&mut self, recipient: &Recipient, client: &Client, event: &EventName, args: &[RawJson]) {
        let frames = match client.vocabulary {
            Vocabulary::Synapse => self.plain.get_or_insert_with(|| {
                let args: Vec<_> = args.iter().map(RawJson::as_str).collect();
                vec![Frame::event(NAMESPACE, event.as_str(), &args, None, &[])]
            }),
            Vocabulary::Mesh => {
                let (event, context) = (self.event, &self.context);
                self.mesh.get_or_insert_with(|| {
                    mesh::encode(event, context, Form::Everyone).iter().map(|text| Frame::text(text)).collect()
                })
            }
        };
        for frame in frames {
            recipient.send(frame, self.class);
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

    fn send_synapse(&mut self, recipient: &Recipient, client: &Client, attendance: Option<&Attendance>) {
        let numbered = attendance.filter(|_| self.context.seq.is_some() && client.secret().is_some());
        let offset = match numbered {
            Some(attendance) if client.attends_one() => Offset::Shared(attendance.ordinal),
            Some(_) => Offset::Own(client.offset()),
            None => Offset::None,
        };
        if self.form(client) == Form::Sender {
            let encoded = synapse::encode(self.event, &self.context, Form::Sender);
            let offset = match offset {
                Offset::Shared(ordinal) => Some(self.shared_offset(ordinal)),
                Offset::Own(offset) => Some(offset),
                Offset::None => None,
            };
            return frames(&encoded, offset.as_deref()).iter().for_each(|frame| {
                recipient.send(frame, self.class);
            });
        }
        let (event, context) = (self.event, &self.context);
        let encoded = &*self.synapse.get_or_insert_with(|| synapse::encode(event, context, Form::Everyone));
        let own;
        let ready = match offset {
            Offset::None => self.plain.get_or_insert_with(|| frames(encoded, None)),
            Offset::Own(offset) => {
                own = frames(encoded, Some(&offset));
                &own
            }
            Offset::Shared(ordinal) => {
                if self.with_offset.as_ref().is_none_or(|(made_for, _)| *made_for != ordinal) {
                    let mut offset = String::new();
                    recovery::write_part(&mut offset, ordinal, context.seq.unwrap_or_default());
                    self.with_offset = Some((ordinal, frames(encoded, Some(&offset))));
                }
                self.with_offset.as_ref().map_or(&[][..], |(_, frames)| frames)
            }
        };
        for frame in ready {
            recipient.send(frame, self.class);
        }
    }

    fn form(&self, client: &Client) -> Form {
        if second_form(self.event) == Some(&client.id) { Form::Sender } else { Form::Everyone }
    }

    fn shared_offset(&self, ordinal: u32) -> String {
        let mut offset = String::new();
        recovery::write_part(&mut offset, ordinal, self.context.seq.unwrap_or_default());
        offset
    }
}

/// The offset that goes with an event.
enum Offset {
    None,
    /// The client attends this room alone: the same for all such clients.
    Shared(u32),
    Own(String),
}

fn frames(encoded: &[synapse::Encoded], offset: Option<&str>) -> Vec<Frame> {
    encoded.iter().map(|(name, payload)| Frame::event(NAMESPACE, name, &[payload], offset, &[])).collect()
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
