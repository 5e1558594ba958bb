//! Leaving a room, wanted or not.

use heliograph_cluster::store::{Attendant, Cursor, Left, PageRange, StoreError};
use heliograph_domain::{
    command::{DisconnectCause, Mark, Session},
    delivery::{Except, Place},
    event::{Event, LeaveReason},
    id::{CommandId, SocketId, UserId},
    room::{RoomId, RoomKind},
    time::Timestamp,
    user::Vocabulary,
};

use crate::{
    failure::Outcome,
    publish::RoomEvent,
    router::{Request, Router},
};

/// Entries among which those are looked for that came after the loss of a socket.
const SINCE_LOSS: usize = 50;

/// Whether clients of a vocabulary say themselves how far their users have read.
const fn says_what_it_reads(vocabulary: Vocabulary) -> bool {
    matches!(vocabulary, Vocabulary::DirectChat)
}

impl Router {
    /// Ends a socket's attendance at its own wish. Not attending is success.
    pub(crate) async fn leave(&self, request: &Request, permanent: bool) -> Outcome<()> {
        let actor = request.actor()?;
        if !permanent && !actor.user.guest && !says_what_it_reads(actor.vocabulary) {
            self.store.rooms.mark(&request.room, &actor.user.id, Cursor::Read, &Mark::Newest).await?;
        }
        let who = (&actor.socket, &actor.user.id);
        let left = self.end_attendance(request, request.id, who, permanent, LeaveReason::Left).await?;
        self.end_if_deserted(request, left.deserted).await?;
        self.store.sessions.remove_room(&actor.socket, &request.room).await?;
        self.leave_call(request, &actor.socket).await
    }

    /// Ends the attendance of a socket that is gone. One that has come back meanwhile stays. Its
    /// session keeps the room: who recovers it later attends again.
    pub(crate) async fn detach(
        &self,
        request: &Request,
        socket: &SocketId,
        user: &UserId,
        cause: DisconnectCause,
    ) -> Outcome<()> {
        let session = self.store.sessions.load(socket).await?;
        if session.as_ref().is_some_and(|(_, lost_at)| lost_at.is_none()) {
            return Ok(());
        }
        if let Some((session, Some(lost_at))) = &session {
            self.mark_heard(request, session, *lost_at).await?;
        }
        let reason = match cause {
            DisconnectCause::Explicit => LeaveReason::Left,
            DisconnectCause::Lost => LeaveReason::Disconnected,
        };
        let left = self.end_attendance(request, request.id, (socket, user), false, reason).await?;
        self.withdraw_typing(request, &left).await;
        self.leave_call(request, socket).await
    }

    /// Who has a room open reads what comes, until they are lost.
    async fn mark_heard(&self, request: &Request, session: &Session, lost_at: Timestamp) -> Outcome<()> {
        let user = &session.actor.user;
        let opened = session.rooms.iter().find(|known| known.room == request.room && known.explicit);
        let reads_what_comes = !user.guest && !says_what_it_reads(session.actor.vocabulary);
        if let Some(opened) = opened.filter(|_| reads_what_comes) {
            let heard = self.newest_at(&request.room, lost_at).await?.unwrap_or(opened.position.seq);
            self.store.rooms.mark(&request.room, &user.id, Cursor::Read, &Mark::Seq(heard)).await?;
        }
        Ok(())
    }

    /// Number of the newest entry that was there at some time not long ago; `None` if many have come since.
    async fn newest_at(&self, room: &RoomId, at: Timestamp) -> Result<Option<u64>, StoreError> {
        let page = self.store.rooms.read(room, PageRange::Before(u64::MAX), SINCE_LOSS).await?;
        let since = page.entries.iter().filter(|entry| entry.at > at).count();
        Ok((since < SINCE_LOSS).then(|| page.position.seq.saturating_sub(since as u64)))
    }

    pub(crate) async fn end_attendance(
        &self,
        request: &Request,
        command: CommandId,
        (socket, user): (&SocketId, &UserId),
        permanent: bool,
        reason: LeaveReason,
    ) -> Outcome<Left> {
        self.mark(&request.room, request.now).await;
        let left = self.store.rooms.leave(&request.room, command, socket, user, permanent).await?;
        self.memory.left(&request.room, socket, left.membership_ended.then_some(user), request.now);
        self.memory.gateways(&request.room, &left.gateways, request.now);
        if let Some(attendant) = &left.attendant {
            self.announce_leaving(request, attendant, &left, reason).await;
        }
        if left.membership_ended {
            self.store.presence.remove_room(user, &request.room).await?;
        }
        Ok(left)
    }

    /// A typist's gateway withdraws the mark. If it has died, nobody else will.
    async fn withdraw_typing(&self, request: &Request, left: &Left) {
        let Some(attendant) = &left.attendant else { return };
        if self.nodes.borrow().contains_key(&attendant.gateway) {
            return;
        }
        let event = Event::TypingChanged { user: attendant.user.clone(), on: false };
        let except = Except::User(attendant.user.id.clone());
        let what = RoomEvent { except, at: request.now, place: Place::None, event };
        self.tell_room(&left.gateways, &request.room, what).await;
    }

    /// Tells those who are still there.
    pub(crate) async fn announce_leaving(
        &self,
        request: &Request,
        attendant: &Attendant,
        left: &Left,
        reason: LeaveReason,
    ) {
        let place = Place::Roster(left.roster);
        let is_peer = attendant.peer.is_some();
        // Whom nobody could see, nobody has to hear of.
        if left.announced || is_peer {
            let event = Event::MemberLeft {
                user: attendant.user.clone(),
                socket: attendant.socket.clone(),
                announced: left.announced,
                peer: is_peer,
                reason,
            };
            let except = Except::Socket(attendant.socket.clone());
            self.tell_room(&left.gateways, &request.room, RoomEvent { except, at: request.now, place, event }).await;
        }
        if let Some(host) = &left.new_host {
            let event = Event::HostChanged { host: host.clone() };
            let except = Except::Socket(attendant.socket.clone());
            self.tell_room(&left.gateways, &request.room, RoomEvent { except, at: request.now, place, event }).await;
        }
    }

    /// A peer that leaves the room of a call leaves the call.
    async fn leave_call(&self, request: &Request, socket: &SocketId) -> Outcome<()> {
        match request.room.kind() {
            RoomKind::Call => self.peer_left_call(request, socket).await,
            _ => Ok(()),
        }
    }
}
