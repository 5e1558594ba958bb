//! A call: what is known of it, and the rules that all changes share.
//!
//! Pure: time, identities and what the store knows of users are given by the caller. A change leaves
//! behind what has to be told, see [`Call::take_notices`]. The changes are in files of their own:
//! `ring`, `answer`, `end`, `glare`, `held`.

use std::collections::BTreeMap;

use heliograph_cluster::store::UserSocket;
use heliograph_domain::{
    command::{CallMedia, CallPlan},
    event::{CallEndReason, Event},
    id::{CallId, CommandId, SocketId, UserId},
    outcome::CallParticipant,
    refusal::{Code, Refusal},
    room::{Media, MediaChange, Peer, RoomId},
    text::RawJson,
    time::Timestamp,
    user::{Actor, Name, User},
};

use super::held::HeldSignal;

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    /// The room that the call belongs to, or a mere label.
    pub(crate) room: Option<RoomId>,
    /// The announced medium.
    pub(crate) media: CallMedia,
    /// Who made the call. `None` while it was only prepared, by nobody in particular.
    pub(crate) caller: Option<UserId>,
    /// The command that created it.
    pub(crate) command: CommandId,
    pub(crate) created_at: Timestamp,
    /// When somebody first answered yes.
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) phase: Phase,
    /// When waiting ends: for being used, or for answers.
    pub(crate) until: Timestamp,
    pub(crate) participants: Vec<Participant>,
    pub(super) notices: Vec<Notice>,
}

/// How far a call is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Phase {
    /// Prepared, nobody was called.
    Created,
    /// Nobody has answered yes.
    Ringing,
    /// Somebody has answered yes.
    Active,
    /// Over. Kept for a while, so that who ends it once more hears that it is over.
    Ended {
        /// When it ended.
        at: Timestamp,
        /// Why.
        reason: CallEndReason,
    },
}

/// Someone who calls or was called.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Participant {
    pub(crate) id: UserId,
    /// Known since they first sent something for the call.
    pub(crate) user: Option<User>,
    pub(crate) part: Part,
    pub(crate) media: Media,
    /// The socket by which others know the participant. It stays the same when the participant goes
    /// on with another socket: a page of the stock client has a socket of its own.
    pub(crate) peer: Option<SocketId>,
    /// The socket that last sent something for the call.
    pub(crate) device: Option<UserSocket>,
    pub(crate) joined_at: Timestamp,
    /// The command that last changed the part: if it comes again its events are sent again.
    pub(crate) command: Option<CommandId>,
    /// The id by which this participant called, if two calls became one.
    pub(crate) known_as: Option<CallId>,
    /// Signals for whom is between two sockets.
    pub(crate) held: Vec<HeldSignal>,
}

/// What someone does in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Has been called and has not answered.
    Invited,
    /// Is in.
    Joined,
    /// Said no.
    Declined,
    /// Did not answer in time.
    Missed,
    /// Was in, or could have been.
    Left,
}

impl Part {
    /// Whether the call still concerns them.
    pub(crate) const fn is_current(self) -> bool {
        matches!(self, Self::Invited | Self::Joined)
    }
}

/// Something that all devices of some users shall hear.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    /// The call as these users know it.
    pub(crate) call: CallId,
    pub(crate) to: Vec<UserId>,
    pub(crate) except: Option<SocketId>,
    pub(crate) event: Event,
}

impl Call {
    /// A call for which nobody was called yet.
    pub(crate) fn prepared(
        id: CallId,
        caller: Option<UserId>,
        plan: CallPlan,
        command: CommandId,
        now: Timestamp,
        until: Timestamp,
    ) -> Self {
        let participants = plan.participants.into_iter().map(|user| Participant::new(user, now)).collect();
        Self {
            id,
            room: plan.room,
            media: plan.media,
            caller,
            command,
            created_at: now,
            started_at: None,
            phase: Phase::Created,
            until,
            participants,
            notices: Vec::new(),
        }
    }

    /// Whether the call rings or is active.
    pub(crate) const fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Ringing | Phase::Active)
    }

    /// Whether the call is over.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ended { .. })
    }

    /// Refuses what only a call that rings or is active can do.
    pub(super) fn live(&self) -> Result<(), Refusal> {
        if self.is_live() { Ok(()) } else { Err(Code::NotFound.into()) }
    }

    /// Somebody has answered yes.
    pub(super) fn activate(&mut self, now: Timestamp) {
        self.phase = Phase::Active;
        self.started_at.get_or_insert(now);
    }

    /// When [`Call::tick`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Created => Some(self.until),
            Phase::Ringing | Phase::Active if self.count(Part::Invited) > 0 => Some(self.until),
            Phase::Ringing | Phase::Active | Phase::Ended { .. } => None,
        }
    }

    /// Users whom the call concerns now: it rings for them or they are in it.
    pub(crate) fn current(&self) -> impl Iterator<Item = &UserId> {
        let live = self.is_live();
        self.participants.iter().filter(move |one| live && one.part.is_current()).map(|one| &one.id)
    }

    pub(super) fn count(&self, part: Part) -> usize {
        self.participants.iter().filter(|one| one.part == part).count()
    }

    /// The participant who is this user.
    pub(crate) fn participant(&self, user: &UserId) -> Option<&Participant> {
        self.participants.iter().find(|one| one.id == *user)
    }

    pub(super) fn participant_mut(&mut self, user: &UserId) -> Option<&mut Participant> {
        self.participants.iter_mut().find(|one| one.id == *user)
    }

    /// The participant of whom others know this socket, or who uses it now.
    pub(crate) fn participant_at(&self, socket: &SocketId) -> Option<&Participant> {
        let uses = |one: &&Participant| one.device.as_ref().is_some_and(|device| device.socket == *socket);
        let known = |one: &&Participant| one.peer.as_ref() == Some(socket);
        self.participants.iter().find(known).or_else(|| self.participants.iter().find(uses))
    }

    /// Those who are in, but for one user.
    pub(super) fn others(&self, user: &UserId) -> Vec<UserId> {
        let joined = self.participants.iter().filter(|one| one.part == Part::Joined && one.id != *user);
        joined.map(|one| one.id.clone()).collect()
    }

    /// Those who are in, as their peers see them.
    pub(crate) fn peers(&self) -> impl Iterator<Item = Peer> {
        self.participants.iter().filter_map(|one| if one.part == Part::Joined { one.as_peer() } else { None })
    }

    /// Those who are in, as the call's members see them.
    pub(crate) fn joined(&self) -> Vec<CallParticipant> {
        let joined = self.participants.iter().filter(|one| one.part == Part::Joined);
        joined.map(|one| CallParticipant { user: one.identity(), media: one.media }).collect()
    }

    /// The id by which a user knows the call.
    pub(crate) fn known_to(&self, user: &UserId) -> &CallId {
        self.participant(user).and_then(|one| one.known_as.as_ref()).unwrap_or(&self.id)
    }

    /// Every id that the call has.
    pub(crate) fn ids(&self) -> Vec<CallId> {
        let aliases = self.participants.iter().filter_map(|one| one.known_as.clone());
        std::iter::once(self.id.clone()).chain(aliases).collect()
    }

    /// A participant sends something: their latest socket takes part from now on.
    pub(super) fn hear_from(&mut self, by: &Actor) -> Result<&mut Participant, Refusal> {
        let one = self.participant_mut(&by.user.id).ok_or(Refusal::new(Code::NotAllowed))?;
        if one.user.as_ref() != Some(&by.user) {
            one.user = Some(by.user.clone());
        }
        let is_known =
            one.device.as_ref().is_some_and(|device| device.socket == by.socket && device.gateway == by.gateway);
        if !is_known {
            one.device = Some(device(by));
        }
        if one.peer.is_none() {
            one.peer = Some(by.socket.clone());
        }
        Ok(one)
    }

    /// A participant sends or shows something else than before.
    pub(crate) fn change_media(
        &mut self,
        by: &Actor,
        change: MediaChange,
        body: Option<RawJson>,
    ) -> Result<(), Refusal> {
        self.live()?;
        let one = self.hear_from(by)?;
        if one.part != Part::Joined {
            return Err(Code::NotAllowed.into());
        }
        one.media = one.media.with(change);
        let media = one.media;
        let peer = one.peer.clone().unwrap_or_else(|| by.socket.clone());
        let others = self.others(&by.user.id);
        self.tell(others, None, |_| Event::MediaChanged {
            by: by.user.clone(),
            socket: peer.clone(),
            peer: peer.clone(),
            change,
            media,
            body: body.clone(),
        });
        Ok(())
    }

    /// What has to be told since the last time.
    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Tells something to all devices of some users, each in terms of the call that they know.
    pub(super) fn tell(&mut self, to: Vec<UserId>, except: Option<&SocketId>, event: impl Fn(&CallId) -> Event) {
        let mut by_name: BTreeMap<CallId, Vec<UserId>> = BTreeMap::new();
        for user in to {
            by_name.entry(self.known_to(&user).clone()).or_default().push(user);
        }
        for (call, to) in by_name {
            let event = event(&call);
            self.notices.push(Notice { call, to, except: except.cloned(), event });
        }
    }
}

impl Participant {
    /// Someone who was called.
    pub(super) fn new(id: UserId, at: Timestamp) -> Self {
        Self {
            id,
            user: None,
            part: Part::Invited,
            media: Media::default(),
            peer: None,
            device: None,
            joined_at: at,
            command: None,
            known_as: None,
            held: Vec::new(),
        }
    }

    /// The participant comes in.
    pub(super) fn join(&mut self, media: Media, now: Timestamp, command: Option<CommandId>) {
        self.part = Part::Joined;
        self.media = media;
        self.joined_at = now;
        self.command = command;
    }

    /// The user, as well as they are known: who was never heard from is named by their id.
    pub(crate) fn identity(&self) -> User {
        self.user.clone().unwrap_or_else(|| {
            let short: String = self.id.as_str().chars().take(32).collect();
            let name = Name::parse(&short).unwrap_or_else(|_| Name::of_guest(0));
            User { id: self.id.clone(), name, picture: None, guest: false }
        })
    }

    fn as_peer(&self) -> Option<Peer> {
        let socket = self.peer.clone()?;
        Some(Peer { socket, user: self.identity(), media: self.media, joined_at: self.joined_at })
    }
}

/// The socket that acts, as presence knows it.
pub(super) fn device(actor: &Actor) -> UserSocket {
    UserSocket { socket: actor.socket.clone(), gateway: actor.gateway.clone(), vocabulary: actor.vocabulary }
}

/// What a participant sends at first, if they do not say otherwise.
pub(super) fn first_media(announced: CallMedia) -> Media {
    Media { audio: true, video: announced == CallMedia::Video, ..Media::default() }
}
