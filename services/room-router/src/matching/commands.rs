//! What users ask of queues and matches.

use heliograph_domain::{
    id::QueueName,
    matching::{Criteria, MAX_CRITERIA_BYTES, MatchingCommand, MatchingOutcome},
    outcome::RoomOutcome,
    refusal::Code,
    room::RoomId,
    user::Actor,
};

use super::{answer::Answer, enter::Entry, invite::Invite, ticket::LineId};
use crate::{
    failure::Outcome,
    router::{Request, Router, too_many},
};

/// Most open invitations in an answer.
const MOST_INVITATIONS: usize = 100;

impl Router {
    /// Carries out a command to matching.
    pub(crate) async fn match_people(&self, request: &Request, command: MatchingCommand) -> Outcome<RoomOutcome> {
        let actor = request.actor()?;
        if !request.room.is_matching() {
            return Err(Code::NotAllowed.into());
        }
        let outcome = match command {
            MatchingCommand::Enqueue { queue, criteria, mode } => {
                self.enqueue(request, actor, LineId { mode, queue }, criteria).await
            }
            MatchingCommand::Dequeue { queue } => self.dequeue(request, actor, queue).await,
            MatchingCommand::GetQueueStatus => self.queue_status(request, actor).await,
            MatchingCommand::GetPending => self.pending(request, actor).await,
            MatchingCommand::RespondToMatch { match_id, accept } => {
                let answer = Answer { match_id, accept, session: RoomId::new_session() };
                self.respond_to_match(request, actor, answer).await
            }
            MatchingCommand::Invite { session, to, message } => self.invite(request, actor, session, to, message).await,
            MatchingCommand::RespondToInvite { invite, accept } => {
                self.respond_to_invite(request, actor, &invite, accept).await
            }
        };
        outcome.map(RoomOutcome::Matching)
    }

    async fn enqueue(
        &self,
        request: &Request,
        actor: &Actor,
        line: LineId,
        criteria: Criteria,
    ) -> Outcome<MatchingOutcome> {
        if criteria.body.as_ref().is_some_and(|body| body.as_bytes().len() > MAX_CRITERIA_BYTES) {
            return Err(Code::TooLarge.into());
        }
        let limit = (self.options.limits.match_requests, "matches");
        self.take(&actor.user.id, limit, request.now, too_many).await?;
        self.keep_place(request, actor).await?;
        let user = &actor.user.id;
        let entry = Entry { user: actor.user.clone(), line, criteria, command: request.id };
        let enqueue = self.change_pool(
            &request.timers,
            request.now,
            |pool| {
                // It has been carried out, and whatever came of it since.
                if pool.ticket(user).is_some_and(|ticket| ticket.command == Some(request.id)) {
                    return Ok(());
                }
                pool.enqueue(entry.clone(), request.now, &self.options.matching)
            },
            |(), pool| MatchingOutcome::Queue(pool.status(user)),
        );
        enqueue.await
    }

    async fn dequeue(&self, request: &Request, actor: &Actor, queue: Option<QueueName>) -> Outcome<MatchingOutcome> {
        let dequeue = self.change_pool(
            &request.timers,
            request.now,
            |pool| Ok(pool.dequeue(&actor.user.id, queue.as_ref(), request.now, &self.options.matching)),
            |_, _| MatchingOutcome::Done,
        );
        dequeue.await
    }

    async fn queue_status(&self, request: &Request, actor: &Actor) -> Outcome<MatchingOutcome> {
        self.keep_place(request, actor).await?;
        let user = &actor.user.id;
        let look = self.change_pool(
            &request.timers,
            request.now,
            |pool| {
                pool.come_back(user);
                Ok(())
            },
            |(), pool| MatchingOutcome::Queue(pool.status(user)),
        );
        look.await
    }

    async fn pending(&self, request: &Request, actor: &Actor) -> Outcome<MatchingOutcome> {
        self.keep_place(request, actor).await?;
        let user = &actor.user.id;
        let look = self.change_pool(
            &request.timers,
            request.now,
            |pool| {
                pool.come_back(user);
                Ok(())
            },
            |(), pool| MatchingOutcome::Pending {
                proposal: pool.proposal(user),
                invitations: pool.open_invites(user).take(MOST_INVITATIONS).map(Invite::invitation).collect(),
            },
        );
        look.await
    }

    async fn respond_to_match(&self, request: &Request, actor: &Actor, answer: Answer) -> Outcome<MatchingOutcome> {
        self.keep_place(request, actor).await?;
        let user = &actor.user.id;
        let respond = self.change_pool(
            &request.timers,
            request.now,
            |pool| {
                let state = pool.respond(user, &answer, request.now, &self.options.matching)?;
                pool.come_back(user);
                Ok(state)
            },
            |state, _| MatchingOutcome::Answered { match_id: answer.match_id.clone(), state },
        );
        respond.await
    }
}
