//! Joining a room.

use futures_util::future;
use heliograph_cluster::store::{Attend, AttendOutcome, Attendant, Attended, StoreError, StoredEntry};
use heliograph_domain::{
    command::{Join, Since},
    delivery::{Except, Place},
    event::{Event, LeaveReason},
    id::{CommandId, SocketId},
    outcome::{Joined, Missed, RoomOutcome},
    refusal::{Code, Refusal},
    room::{Media, Peer, RoomKind},
    user::{Actor, User},
};
use tracing::error;

use crate::{
    failure::Outcome,
    publish::RoomEvent,
    router::{Request, Router},
    work::{contents, log_entry},
};

impl Router {
    /// Makes a socket hear a room and its user a member.
    ///
    /// The answer is a barrier: everything up to its position is in it or known to the client,
    /// everything after it is delivered.
    pub(crate) async fn join(&self, request: &Request, join: Join) -> Outcome<RoomOutcome> {
        let actor = request.actor()?;
        match request.room.kind() {
            RoomKind::Group | RoomKind::Match | RoomKind::Topic => {}
            RoomKind::Direct if request.room.partner_of(&actor.user.id).is_some() => {}
            RoomKind::Direct | RoomKind::Call | RoomKind::User | RoomKind::Matching => {
                return Err(Code::NotAllowed.into());
            }
        }
        if join.explicit {
            self.may_write(&request.room, &actor.user.id).await?;
        }
        let ghosts = if join.explicit && join.peer.is_some() { self.ghosts(request, actor).await? } else { Vec::new() };
        let mut joined = self.attend(request, actor, &join, join.peer, ghosts).await?;
        if join.since == Some(Since::Delivered) {
            // Nobody has to be brought what they have written themselves.
            let is_own =
                |event: &Event| matches!(event, Event::MessagePosted(message) if message.author.id == actor.user.id);
            joined.missed.entries.retain(|entry| !is_own(&entry.event));
        }
        Ok(RoomOutcome::Joined(Box::new(joined)))
    }

    /// The user's other sockets whose transport is lost and whose session has this room. A page that
    /// was loaded anew takes their place, so that nobody sees a peer that does not answer.
    async fn ghosts(&self, request: &Request, actor: &Actor) -> Result<Vec<SocketId>, StoreError> {
        let mut others = self.store.presence.sockets(&actor.user.id).await?;
        others.retain(|other| other.socket != actor.socket);
        let sessions = others.iter().map(|other| self.store.sessions.load(&other.socket));
        let sessions = future::try_join_all(sessions).await?;
        let lost = others.into_iter().zip(sessions).filter(|(_, session)| {
            session.as_ref().is_some_and(|(session, lost_at)| {
                lost_at.is_some() && session.rooms.iter().any(|known| known.room == request.room)
            })
        });
        Ok(lost.map(|(other, _)| other.socket).collect())
    }

    /// The store's step of a join, and what follows from it.
    pub(crate) async fn attend(
        &self,
        request: &Request,
        actor: &Actor,
        join: &Join,
        peer: Option<Media>,
        ghosts: Vec<SocketId>,
    ) -> Outcome<Joined> {
        // A pair room is that of both from the beginning, so that the other one has what is said in it.
        let partner = request.room.partner_of(&actor.user.id).map(User::unseen);
        let step = Attend {
            command: request.id,
            actor: actor.clone(),
            explicit: join.explicit,
            peer,
            takeover: join.takeover,
            ghosts: ghosts.clone(),
            since: join.since,
            missed_limit: self.options.missed,
            member_limit: self.options.members,
            max_peers: self.options.limits.mesh_peers,
            members_only: request.room.kind() == RoomKind::Match,
            partner: partner.clone(),
            contents: join.contents.then(|| self.options.contents()),
            new_epoch: rand::random(),
            at: request.now,
        };
        self.mark(&request.room, request.now).await;
        let attended = match self.store.rooms.attend(&request.room, step).await? {
            AttendOutcome::Attending(attended) => *attended,
            AttendOutcome::Full => return Err(Code::RoomFull.into()),
            AttendOutcome::NotAdmitted => return Err(Code::NotAllowed.into()),
        };
        for (attendant, _) in &attended.removed {
            self.memory.left(&request.room, &attendant.socket, None, request.now);
        }
        let attendant = Attendant {
            socket: actor.socket.clone(),
            user: actor.user.clone(),
            gateway: actor.gateway.clone(),
            vocabulary: actor.vocabulary,
            peer,
        };
        self.memory.attends(&request.room, attendant, &attended.gateways, request.now);
        self.announce(request, actor, peer, &ghosts, &attended).await?;
        self.store.presence.add_room(&actor.user.id, &request.room, request.now).await?;
        if let Some(partner) = partner.filter(|_| attended.partnered) {
            self.store.presence.add_room(&partner.id, &request.room, request.now).await?;
        }
        let session = self.store.sessions.add_room(&actor.socket, &request.room, attended.position, join.explicit);
        let session = session.await?;
        let Some(ordinal) = session else {
            // The socket is gone, and so is whoever would have ended its attendance.
            self.end_attendance(
                request,
                CommandId::generate(),
                (&actor.socket, &actor.user.id),
                false,
                LeaveReason::Disconnected,
            )
            .await?;
            return Err(Refusal::new(Code::UserNotConnected).into());
        };
        Ok(Joined {
            position: attended.position,
            roster: attended.roster,
            ordinal,
            members: attended.members,
            peers: attended.peers,
            host: attended.host,
            chat_enabled: attended.chat_enabled,
            missed: missed(attended.missed, attended.whole, attended.more),
            contents: attended.contents.map(|stored| Box::new(contents(*stored))),
        })
    }

    /// Tells the others who has gone and who has come.
    async fn announce(
        &self,
        request: &Request,
        actor: &Actor,
        peer: Option<Media>,
        ghosts: &[SocketId],
        attended: &Attended,
    ) -> Result<(), StoreError> {
        for (attendant, left) in &attended.removed {
            let is_ghost = ghosts.contains(&attendant.socket);
            let reason = if is_ghost { LeaveReason::Disconnected } else { LeaveReason::Removed };
            self.take_out(&attendant.gateway, &request.room, &attendant.socket, !is_ghost).await;
            self.announce_leaving(request, attendant, left, reason).await;
            self.store.sessions.remove_room(&attendant.socket, &request.room).await?;
        }
        // Whom nobody can see, nobody has to hear of.
        if attended.announced || (attended.joined && peer.is_some()) {
            let socket = actor.socket.clone();
            let peer = peer.map(|media| Peer {
                socket: socket.clone(),
                user: actor.user.clone(),
                media,
                joined_at: request.now,
            });
            let event = Event::MemberJoined {
                user: actor.user.clone(),
                socket: socket.clone(),
                announced: attended.announced,
                peer,
            };
            let place = Place::Roster(attended.roster);
            let what = RoomEvent { except: Except::Socket(socket), at: request.now, place, event };
            self.tell_room(&attended.gateways, &request.room, what).await;
        }
        Ok(())
    }
}

fn missed(stored: Vec<StoredEntry>, whole: bool, more: bool) -> Missed {
    let mut missed = Missed { entries: Vec::with_capacity(stored.len()), whole, more };
    for entry in stored {
        let seq = entry.seq;
        match log_entry(entry) {
            Ok(entry) => missed.entries.push(entry),
            Err(error) => {
                error!(seq, %error, "a log entry cannot be read");
                missed.whole = false;
            }
        }
    }
    missed
}
