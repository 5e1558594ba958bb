//! Which sockets keep a user's place.
//!
//! A socket that asks matching for something attends it, as far as its session goes: so presence says when
//! it is gone, with the graces and after the crashes of rooms, and a session that is recovered has it
//! again. The place is kept while one such socket lives.

use futures_util::future;
use heliograph_domain::{
    command::{DisconnectCause, Join},
    id::{SocketId, UserId},
    outcome::{Joined, Missed, RoomOutcome},
    refusal::Code,
    room::{Position, RoomId},
    user::Actor,
};

use crate::{
    failure::Outcome,
    router::{Request, Router},
};

impl Router {
    /// A socket keeps its user's place from now on. Gives the ordinal of matching in its session.
    pub(super) async fn keep_place(&self, request: &Request, actor: &Actor) -> Outcome<u32> {
        let sessions = &self.store.sessions;
        let ordinal = sessions.add_room(&actor.socket, &request.room, Position::default(), false).await?;
        let is_there = match sessions.load(&actor.socket).await? {
            Some((_, lost_at)) => lost_at.is_none_or(|lost_at| request.now < lost_at + self.options.matching.grace),
            None => false,
        };
        match ordinal {
            Some(ordinal) if is_there => Ok(ordinal),
            // The socket is gone, and so is whoever would say so.
            _ => Err(Code::UserNotConnected.into()),
        }
    }

    /// A session is recovered in which a socket keeps a place. There is nothing to hear.
    pub(crate) async fn join_matching(&self, request: &Request, join: Join) -> Outcome<RoomOutcome> {
        let actor = request.actor()?;
        if join.explicit || join.peer.is_some() {
            return Err(Code::NotAllowed.into());
        }
        let ordinal = self.keep_place(request, actor).await?;
        let user = &actor.user.id;
        let come_back = self.change_pool(
            &request.timers,
            request.now,
            |pool| {
                pool.come_back(user);
                Ok(())
            },
            |(), _| (),
        );
        come_back.await?;
        Ok(RoomOutcome::Joined(Box::new(Joined {
            position: Position::default(),
            roster: 0,
            ordinal,
            members: Vec::new(),
            peers: Vec::new(),
            host: None,
            chat_enabled: false,
            missed: Missed { entries: Vec::new(), whole: true, more: false },
            contents: None,
        })))
    }

    /// A socket is gone that kept its user's place. One that has come back meanwhile keeps it still.
    pub(crate) async fn detach_from_matching(
        &self,
        request: &Request,
        socket: &SocketId,
        user: &UserId,
        cause: DisconnectCause,
    ) -> Outcome<()> {
        if self.store.sessions.held_by(socket).await?.is_some() || self.keeps_place(user, Some(socket)).await? {
            return Ok(());
        }
        let goodbye = cause == DisconnectCause::Explicit;
        let leave = self.change_pool(
            &request.timers,
            request.now,
            |pool| {
                pool.leave_behind(user, goodbye, request.now, &self.options.matching);
                Ok(())
            },
            |(), _| (),
        );
        leave.await
    }

    /// Whether a user has a live socket that keeps the place, but for one.
    pub(super) async fn keeps_place(&self, user: &UserId, except: Option<&SocketId>) -> Outcome<bool> {
        let sockets = self.store.presence.sockets(user).await?;
        let others = sockets.iter().filter(|known| except != Some(&known.socket));
        let sessions = others.map(|known| self.store.sessions.load(&known.socket));
        let sessions = future::try_join_all(sessions).await?;
        let matching = RoomId::matching();
        Ok(sessions
            .into_iter()
            .flatten()
            .any(|(session, lost_at)| lost_at.is_none() && session.rooms.iter().any(|known| known.room == matching)))
    }
}
