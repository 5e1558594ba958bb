//! Preparing and making calls.

use heliograph_domain::{
    command::{CallPlan, Origin},
    id::{CallId, UserId},
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::RoomId,
    user::Actor,
};

use super::{
    call::{Call, Phase},
    plan::Called,
    record::Stored,
    ring::Callee,
    step::{ATTEMPTS, Loaded},
};
use crate::{
    failure::Outcome,
    router::{Request, Router, too_many},
};

impl Router {
    /// Prepares a call that its maker may initiate later. Prepared by nobody in particular, it is the
    /// call of who initiates it first.
    pub(crate) async fn create_call(&self, request: &Request, plan: CallPlan) -> Outcome<RoomOutcome> {
        let id = call_id(request)?;
        let maker = match &request.origin {
            Origin::Socket(actor) => Some(&actor.user.id),
            Origin::User(user) => Some(&user.id),
            Origin::System => None,
        };
        let users = match maker {
            Some(maker) => {
                let limit = (self.options.limits.call_initiations, "calls.prepared");
                self.take(maker, limit, request.now, too_many).await?;
                self.called(maker, &plan).await?.users
            }
            None => plan.participants.clone(),
        };
        let until = request.now + self.options.unused_call;
        let plan = CallPlan { participants: users, ..plan };
        let mut call = Call::prepared(id.clone(), maker.cloned(), plan, request.id, request.now, until);
        if self.begin_call(&mut call, &request.timers, request.now).await? {
            return Ok(created(&call));
        }
        match self.load_call(&id).await? {
            Some(Loaded { call, .. }) if call.command == request.id => Ok(created(&call)),
            Some(_) | None => Err(Code::Conflict.into()),
        }
    }

    /// Calls the participants of a plan, or of the call if it was prepared and the plan names nobody.
    pub(crate) async fn initiate_call(&self, request: &Request, plan: CallPlan) -> Outcome<RoomOutcome> {
        let id = call_id(request)?;
        let actor = request.actor()?;
        let limit = (self.options.limits.call_initiations, "calls");
        self.take(&actor.user.id, limit, request.now, too_many).await?;

        let prepared = self.load_call(&id).await?.map(|loaded| loaded.call);
        let plan = match prepared.as_ref().filter(|_| plan.participants.is_empty() && plan.room.is_none()) {
            Some(call) => CallPlan {
                media: plan.media,
                room: call.room.clone(),
                participants: call.participants.iter().map(|one| one.id.clone()).collect(),
            },
            None => plan,
        };
        let Called { users, skipped } = self.called(&actor.user.id, &plan).await?;
        let callees = self.callees(&actor.user.id, users).await?;
        if prepared.is_none() {
            let until = request.now + self.options.unused_call;
            let caller = Some(actor.user.id.clone());
            let mut call = Call::prepared(id.clone(), caller, plan.clone(), request.id, request.now, until);
            self.begin_call(&mut call, &request.timers, request.now).await?;
        }
        let met = self.ring(request, &id, actor, &plan, &callees).await?;
        let (ringing, unavailable): (Vec<_>, Vec<_>) =
            callees.into_iter().partition(|callee| met || callee.unavailable.is_none());
        let users = |callees: Vec<Callee>| callees.into_iter().map(|callee| callee.user).collect();
        Ok(RoomOutcome::CallInitiated { ringing: users(ringing), unavailable: users(unavailable), skipped })
    }

    /// Lets the call ring, unless it meets one that comes the other way. Gives whether it did.
    async fn ring(
        &self,
        request: &Request,
        id: &CallId,
        actor: &Actor,
        plan: &CallPlan,
        callees: &[Callee],
    ) -> Outcome<bool> {
        let now = request.now;
        let until = now + self.options.ring_timeout;
        let max = self.options.limits.call_participants;
        for _ in 0..ATTEMPTS {
            let Loaded { mut call, version } = self.load_call(id).await?.ok_or(Refusal::new(Code::NotFound))?;
            let before = call.clone();
            if call.phase == Phase::Created {
                (call.room, call.media) = (plan.room.clone(), plan.media);
            }
            call.ring(actor, callees, max, request.id, now, until)?;
            let notices = call.take_notices();
            if call != before && !self.save_call(Some(&before), &call, version, &request.timers).await? {
                continue;
            }
            // Looked for after the call can be seen: of two calls that meet at least one sees the other.
            if let Some(other) = self.crossing(&call).await?
                && self.merge(call.clone(), other, request).await?
            {
                return Ok(true);
            }
            self.tell_call(&call, notices, now).await?;
            return Ok(false);
        }
        Err(Code::Unavailable.into())
    }

    /// The call of the called user to the caller, if each calls only the other.
    async fn crossing(&self, call: &Call) -> Outcome<Option<Call>> {
        let Some(caller) = call.caller.as_ref() else { return Ok(None) };
        if call.phase != Phase::Ringing || call.participants.len() != 2 {
            return Ok(None);
        }
        for id in self.store.presence.calls(caller).await? {
            if let Some(Loaded { call: other, .. }) = self.load_call(&id).await?
                && call.meets(&other)
            {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    /// Makes one call of two: the younger one's name becomes a name of the older one. Gives whether
    /// they became one.
    async fn merge(&self, one: Call, other: Call, request: &Request) -> Outcome<bool> {
        let (kept, given_up) = if one.survives(&other) { (one, other) } else { (other, one) };
        let Some(Loaded { call: current, version }) = self.load_call(&given_up.id).await? else { return Ok(false) };
        if current.id != given_up.id {
            // Whoever saw it first has done it.
            return Ok(true);
        }
        if !current.meets(&kept) {
            return Ok(false);
        }
        let absorbed = self.change_call(&kept.id, &request.timers, request.now, |call| {
            if call.absorb(&current, request.now) { Ok(()) } else { Err(Code::Conflict.into()) }
        });
        match absorbed.await {
            Ok(()) => {}
            // It was answered or ended meanwhile: then the other one goes its own way.
            Err(crate::failure::Failure::Refused(_)) => return Ok(false),
            Err(failure) => return Err(failure),
        }
        let alias = Stored::AliasOf(kept.id.clone()).encode();
        self.memory.learn_call(&RoomId::of_call(&given_up.id), None, request.now);
        self.store.calls.save(&given_up.id, version, alias, self.options.quiet_call).await?;
        for user in current.current().cloned().collect::<Vec<UserId>>() {
            self.note(self.store.presence.remove_call(&user, &given_up.id).await, "call");
        }
        if let Some(at) = current.deadline() {
            self.note(self.clear_deadline(&given_up.id, at, &request.timers).await, "call");
        }
        Ok(true)
    }
}

/// The call whose room is the request's target.
pub(super) fn call_id(request: &Request) -> Result<CallId, Refusal> {
    request.room.call().ok_or_else(|| Refusal::invalid("callId", "must be the id of a call"))
}

fn created(call: &Call) -> RoomOutcome {
    RoomOutcome::CallCreated {
        call: call.id.clone(),
        participants: call.participants.iter().map(|one| one.id.clone()).collect(),
        created_at: call.created_at,
        expires_at: call.until,
    }
}
