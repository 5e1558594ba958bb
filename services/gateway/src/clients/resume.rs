//! A client has its session back: its socket id, its rooms, and what it missed.
//!
//! All or nothing: if of any room something is missing, the client is told that it was not recovered and
//! starts afresh, so that it knows to fetch its state again.

use std::sync::Arc;

use heliograph_domain::{
    command::{DisconnectCause, Join, PresenceCommand, PresenceRequest, Session, SessionRoom, SessionSecret, Since},
    id::{CommandId, NodeId, SocketId, UserId},
    outcome::{Joined, PresenceOutcome},
    refusal::{Code, Refusal},
    room::{Media, Position, RoomId},
    user::Vocabulary,
};
use heliograph_telemetry::metrics;
use tokio::time;

use super::{Attendance, Client, Clients, Recipient, Speech, arrive::Arrival, recovery::Offset};
use crate::{
    fanout::{Forms, Ticket, log_delivery},
    identity::Identity,
};

/// A session that was handed over and can be continued without a gap.
pub(crate) struct Resumption {
    pub(crate) client: Arc<Client>,
    pub(crate) arrival: Arrival,
    rooms: Vec<ResumedRoom>,
}

struct ResumedRoom {
    ticket: Ticket,
    joined: Box<Joined>,
    ordinal: u32,
    /// What the session has stored.
    base: Position,
    /// What the client has.
    seen: u64,
}

/// What a client brings to have its session back.
pub(crate) struct Claim<'a> {
    pub(crate) socket: SocketId,
    pub(crate) secret: SessionSecret,
    /// What it has.
    pub(crate) seen: Seen,
    /// Its state, should it have to join again as a peer.
    pub(crate) peer: Option<Media>,
    /// Who it is by its token.
    pub(crate) identity: Option<&'a Arc<Identity>>,
    /// What a client of this vocabulary speaks where it comes back; `None` if it cannot have come there.
    pub(crate) speech: &'a (dyn Fn(Vocabulary) -> Option<Speech> + Sync),
    /// Whether a client that speaks what it was provisionally taken for may still say something else.
    pub(crate) provisional: bool,
}

/// What a client says it has.
pub(crate) enum Seen {
    /// Nothing: what the session has stored counts.
    Unsaid,
    /// The offset of the newest event, for all rooms.
    Offset(Offset),
    /// The number of the newest entry, for the one room that it is in.
    Seq(u64),
}

impl Seen {
    fn of(&self, room: &SessionRoom) -> u64 {
        match self {
            Self::Unsaid => room.position.seq,
            Self::Offset(offset) => offset.seq(room.ordinal).unwrap_or(room.position.seq),
            Self::Seq(seq) => *seq,
        }
    }
}

/// Why a session is not continued: it cannot be found out now whether it can.
const UNAVAILABLE: &str = "unavailable";

impl Clients {
    /// Takes over the session that is claimed; `None` if it cannot be continued whole.
    ///
    /// # Errors
    /// `UNAVAILABLE` if that cannot be found out now. The client had better try again.
    pub(crate) async fn resume(self: &Arc<Self>, claim: Claim<'_>) -> Result<Option<Resumption>, Refusal> {
        let result = self.try_resume(claim).await;
        let case = match &result {
            Ok(_) => "recovered",
            Err(reason) => reason,
        };
        metrics::count(&self.metrics.recoveries, case);
        match result {
            Ok(resumption) => Ok(Some(resumption)),
            Err(UNAVAILABLE) => Err(Code::Unavailable.into()),
            Err(_) => Ok(None),
        }
    }

    async fn try_resume(self: &Arc<Self>, claim: Claim<'_>) -> Result<Resumption, &'static str> {
        let user = claim.identity.map(|identity| identity.user.id.clone());
        let (session, node) = self.take_over(claim.socket, claim.secret, user).await?;
        let identity = match claim.identity {
            Some(identity) => Arc::clone(identity),
            None => Arc::new(Identity::of_session(&session.actor)),
        };
        let speech = (claim.speech)(session.actor.vocabulary);
        let known = speech.filter(|speech| !(claim.provisional && *speech == Speech::PROVISIONAL));
        let client = Arc::new(Client::new(session.actor.socket.clone(), known, Some(claim.secret)));
        let mut arrival = self.expect(&client, identity, node);
        arrival.known = true;
        // Until it is certain that the session goes on whole, its end is for good.
        arrival.unregistered = DisconnectCause::Explicit;
        if speech.is_none() {
            return Err("elsewhere");
        }
        // The token may be another one than the session began with, and open fewer rooms.
        let identity = client.identity();
        let may_enter = |room: &SessionRoom| {
            // Whom a token keeps from rooms may look for somebody all the same.
            room.room.is_matching() || identity.as_ref().is_some_and(|identity| identity.may_enter(&room.room))
        };
        if !session.rooms.iter().all(may_enter) {
            return Err("not allowed");
        }
        let mut rooms = Vec::with_capacity(session.rooms.len());
        let mut budget = self.replay_limit;
        for room in session.rooms {
            let seen = claim.seen.of(&room);
            let resumed = self.resume_room(&client, room, seen, claim.peer, &mut budget).await;
            if matches!(resumed, Err(UNAVAILABLE)) {
                // It may go on whole another time.
                arrival.unregistered = DisconnectCause::Lost;
            }
            rooms.push(resumed?);
        }
        arrival.unregistered = DisconnectCause::Lost;
        Ok(Resumption { client, arrival, rooms })
    }

    /// Gives the session, and the node id that it is held under.
    async fn take_over(
        self: &Arc<Self>,
        socket: SocketId,
        secret: SessionSecret,
        user: Option<UserId>,
    ) -> Result<(Session, NodeId), &'static str> {
        let known = time::timeout(self.commands.deadline(), self.tenure.known());
        let Ok(node) = known.await else { return Err(UNAVAILABLE) };
        let (gateway, holder) = (node.clone(), None);
        let command = PresenceCommand::Resume { socket: socket.clone(), secret, user, gateway, holder };
        let request = PresenceRequest { id: CommandId::generate(), command };
        match self.commands.presence(&request).await {
            Ok(PresenceOutcome::Resumed { session, .. }) => Ok((*session, node)),
            Ok(_) => Err("unknown"),
            Err(refusal) => {
                if !refusal.retryable() {
                    return Err("refused");
                }
                self.abandon(socket, secret, node);
                Err(UNAVAILABLE)
            }
        }
    }

    async fn resume_room(
        self: &Arc<Self>,
        client: &Arc<Client>,
        room: SessionRoom,
        seen: u64,
        peer: Option<Media>,
        budget: &mut usize,
    ) -> Result<ResumedRoom, &'static str> {
        let since = Some(Since::Position(Position { epoch: room.position.epoch, seq: seen }));
        let ticket = self.fan_out.begin_join(&room.room);
        let join = Join { since, explicit: room.explicit, peer, takeover: false, contents: false };
        let (mut joined, _) = self.ask_to_join(client, &room.room, join).await.map_err(reason)?;
        if !joined.missed.whole {
            return Err("incomplete");
        }
        if joined.missed.more {
            // The answer has the newest entries only; those between are in the log.
            let newest = std::mem::take(&mut joined.missed.entries);
            let first = newest.first().map_or(joined.position.seq + 1, |entry| entry.seq);
            let mut entries = Vec::new();
            let mut after = seen;
            while after + 1 < first {
                if entries.len() > *budget {
                    return Err("too much");
                }
                let (page, _) = self.fan_out.read(&room.room, after).await.map_err(reason)?;
                let next = page.last().map_or(after, |entry| entry.seq);
                if next == after {
                    return Err("incomplete");
                }
                after = next;
                entries.extend(page.into_iter().filter(|entry| entry.seq < first));
            }
            entries.extend(newest);
            joined.missed.entries = entries;
        }
        *budget = budget.checked_sub(joined.missed.entries.len()).ok_or("too much")?;
        Ok(ResumedRoom { ticket, joined, ordinal: room.ordinal, base: room.position, seen })
    }
}

fn reason(refusal: Refusal) -> &'static str {
    if refusal.retryable() { UNAVAILABLE } else { "refused" }
}

impl Resumption {
    /// Whether a room is part of the session.
    pub(crate) fn includes(&self, room: &RoomId) -> bool {
        self.rooms.iter().any(|resumed| resumed.ticket.room() == room)
    }

    /// The client hears everything from now on. `tell` is called for each room first: it tells the client
    /// what it missed.
    pub(crate) fn complete(
        self,
        recipient: &Recipient,
        mut tell: impl FnMut(&RoomId, &Joined, &Arc<Attendance>),
    ) -> Arrival {
        // All are attended before the first of them is told: what a room's missed events carry for an offset names the
        // others too.
        let attended: Vec<_> = self
            .rooms
            .into_iter()
            .filter_map(|ResumedRoom { ticket, joined, ordinal, base, seen }| {
                let attendance = Arc::new(Attendance::new(ticket.room().clone(), ordinal, base, seen));
                self.client.attend(&attendance).then_some((ticket, joined, attendance))
            })
            .collect();
        for (ticket, joined, attendance) in attended {
            let room = ticket.room().clone();
            if let Err(refusal) = ticket.finish(recipient, &joined, &attendance, || tell(&room, &joined, &attendance)) {
                // More came meanwhile than could be kept. The log has it: the client comes back for it.
                tracing::debug!(room = room.as_str(), %refusal, "a recovered client is sent back");
                recipient.cut();
            }
        }
        self.arrival
    }
}

/// Sends the missed entries of a room one by one, as they would have come.
pub(crate) fn replay(recipient: &Recipient, room: &RoomId, joined: &Joined, attendance: &Attendance) {
    for entry in &joined.missed.entries {
        let delivery = log_delivery(room, joined.position.epoch, entry.clone());
        Forms::new(&delivery).send_entry(recipient, attendance, entry.seq);
    }
}
