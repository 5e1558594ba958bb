//! Who shall be called: what a plan means, given rooms and acquaintances.

use std::collections::HashSet;

use futures_util::future;
use heliograph_cluster::store::StoreError;
use heliograph_domain::{
    command::CallPlan,
    event::Unavailable,
    id::UserId,
    refusal::{Code, Refusal},
    room::RoomKind,
};

use super::{
    call::{Part, Phase},
    ring::Callee,
};
use crate::{failure::Outcome, options::Reach, router::Router};

/// How many rooms of two users are compared to find one in common.
const COMPARED_ROOMS: usize = 1000;

/// Those whom a plan names.
pub(super) struct Called {
    pub(super) users: Vec<UserId>,
    /// Those whom the caller may not call in this room, or not at all.
    pub(super) skipped: Vec<UserId>,
}

impl Router {
    /// Finds out whom `caller` calls with a plan: those who are named, or all other members of the
    /// room, each once.
    ///
    /// # Errors
    ///
    /// `NotAllowed` if the caller is not a member of the room, if there is such a room, or may call
    /// none of those named; `InvalidPayload` if nobody is named or too many are.
    pub(super) async fn called(&self, caller: &UserId, plan: &CallPlan) -> Outcome<Called> {
        let most = self.options.limits.call_participants.saturating_sub(1);
        let mut seen = HashSet::from([caller]);
        let mut users: Vec<UserId> = plan.participants.iter().filter(|user| seen.insert(user)).cloned().collect();
        let everybody = plan.participants.is_empty();
        if users.is_empty() && !everybody {
            return Err(Refusal::invalid("participants", "must name somebody else").into());
        }
        let mut skipped = Vec::new();
        // One more than may be called besides the caller, to see that there are too many.
        let members = match &plan.room {
            Some(room) => self.store.rooms.members(room, most + 2).await?.map(|members| (room, members)),
            None => None,
        };
        if let Some((room, members)) = members {
            let is_member = |user| self.store.rooms.view(room, Some(user), None, None);
            if !is_member(caller).await?.member {
                return Err(Code::NotAllowed.into());
            }
            if everybody {
                users = members.into_iter().map(|member| member.id).filter(|user| user != caller).collect();
            } else {
                let views = future::try_join_all(users.iter().map(is_member)).await?;
                let members: Vec<bool> = views.into_iter().map(|view| view.member).collect();
                skip(&mut users, &mut skipped, &members);
            }
        }
        if self.options.reach == Reach::Acquainted {
            let known = users.iter().map(|user| self.acquainted(caller, user));
            let known = future::try_join_all(known).await?;
            skip(&mut users, &mut skipped, &known);
        }
        if users.len() > most {
            return Err(Refusal::invalid("participants", format_args!("must be at most {most}")).into());
        }
        if users.is_empty() {
            let refusal = if skipped.is_empty() {
                Refusal::invalid("participants", "must name somebody else")
            } else {
                Code::NotAllowed.into()
            };
            return Err(refusal.into());
        }
        Ok(Called { users, skipped })
    }

    /// Whether two users are members of the same room, other than one of a call.
    pub(crate) async fn acquainted(&self, one: &UserId, other: &UserId) -> Result<bool, StoreError> {
        let rooms_of = |user| self.store.presence.rooms(user, COMPARED_ROOMS);
        let (mine, theirs) = future::try_join(rooms_of(one), rooms_of(other)).await?;
        let mine: HashSet<_> = mine.into_iter().filter(|room| room.kind() != RoomKind::Call).collect();
        Ok(theirs.iter().any(|room| mine.contains(room)))
    }

    /// Finds out whose devices ring when `caller` calls them.
    pub(super) async fn callees(&self, caller: &UserId, users: Vec<UserId>) -> Result<Vec<Callee>, StoreError> {
        let reasons = users.iter().map(|user| self.unavailable(caller, user));
        let reasons = future::try_join_all(reasons).await?;
        let callees = users.into_iter().zip(reasons);
        Ok(callees.map(|(user, unavailable)| Callee { user, unavailable }).collect())
    }

    async fn unavailable(&self, caller: &UserId, user: &UserId) -> Result<Option<Unavailable>, StoreError> {
        let (devices, is_blocked) =
            future::try_join(self.store.presence.sockets(user), self.store.blocks.blocks(user, caller)).await?;
        // Who is blocked does not learn more than that nobody answers.
        if devices.is_empty() || is_blocked {
            return Ok(Some(Unavailable::Offline));
        }
        for id in self.store.presence.calls(user).await? {
            let Some(other) = self.load_call(&id).await? else { continue };
            let is_in =
                other.call.is_live() && other.call.participant(user).is_some_and(|one| one.part == Part::Joined);
            // Who is calling the caller at this moment is about to meet them.
            let calls_back = other.call.phase == Phase::Ringing && other.call.participant(caller).is_some();
            if is_in && !calls_back {
                return Ok(Some(Unavailable::Busy));
            }
        }
        Ok(None)
    }
}

/// Moves users to `skipped` who are not to be kept.
fn skip(users: &mut Vec<UserId>, skipped: &mut Vec<UserId>, kept: &[bool]) {
    let all = std::mem::take(users).into_iter().zip(kept);
    for (user, kept) in all {
        if *kept { users.push(user) } else { skipped.push(user) }
    }
}
