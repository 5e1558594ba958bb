//! Signals within a call.

use futures_util::future;
use heliograph_cluster::store::{StoreError, UserSocket};
use heliograph_domain::{
    command::{Signal, SignalTarget},
    id::{NodeId, SocketId, UserId},
    refusal::{Code, Refusal},
    room::RoomId,
    user::Actor,
};

use super::{
    call::Call,
    held::{HeldSignal, HoldLimits},
    initiate::call_id,
    record::Stored,
    step::Loaded,
};
use crate::{
    failure::{Failure, Outcome},
    glance::unknown,
    relay::{express, no_such_peer},
    router::{Request, Router, too_many},
};

/// Where a signal goes.
enum Course {
    /// To the socket with which the addressee takes part.
    Device(UserSocket),
    /// To all their devices.
    Devices,
    /// To their next one.
    Held,
}

/// What was asked before it was known that it matters: which gateway holds a socket, if one does.
struct Ahead {
    socket: SocketId,
    gateway: Option<NodeId>,
}

impl Router {
    /// Passes a signal to another participant. While the store does not answer, by the call as it was last seen:
    /// without the store nothing can change in it.
    pub(crate) async fn signal_in_call(&self, request: &Request, signal: Signal) -> Outcome<()> {
        if self.memory.store_is_away(&request.room, request.now) {
            return self.pass_by_memory(request, &signal, unknown()).await;
        }
        match self.pass_signal(request, &signal).await {
            Err(Failure::Store(error @ StoreError::Unavailable(_))) => {
                self.memory.store_went_away(&request.room, self.clock.now());
                self.pass_by_memory(request, &signal, error).await
            }
            done => done,
        }
    }

    /// Passes a signal to the socket with which the addressee took part when the store last answered. Who takes part
    /// is decided by the same rules.
    async fn pass_by_memory(&self, request: &Request, signal: &Signal, away: StoreError) -> Outcome<()> {
        let (actor, now) = (request.actor()?, request.now);
        let Some(Ok(Stored::Call(mut call))) = self.memory.call(&request.room, now).map(Stored::decode) else {
            return Err(away.into());
        };
        let to = addressee(&call, &signal.to)?;
        let socket = call.signal(actor, &to)?;
        let Some(device) = call.participant(&to).and_then(|one| one.device.clone()) else { return Err(away.into()) };
        express(signal.kind, actor.vocabulary, device.vocabulary)?;
        self.metrics.from_memory.inc();
        self.send_signal(&request.room, &device, held(actor, socket, signal, now)).await;
        Ok(())
    }

    async fn send_signal(&self, room: &RoomId, device: &UserSocket, signal: HeldSignal) {
        self.tell_socket(&device.gateway, room, &device.socket, signal.at, signal.into_event()).await;
    }

    /// Passes a signal to the socket with which the addressee takes part, else to all their devices; if
    /// they are between two sockets it waits for the next one. A signal for a call that nobody knows
    /// begins one of these two.
    async fn pass_signal(&self, request: &Request, signal: &Signal) -> Outcome<()> {
        let (id, actor, now) = (call_id(request)?, request.actor()?, request.now);
        // Most signals go where the one before has gone: who is there is asked beside the call itself.
        let ahead = self.look_ahead(request, &signal.to);
        let (loaded, ahead) = future::try_join(self.load_call(&id), ahead).await?;
        let mut call = match loaded {
            Some(Loaded { call, .. }) => call,
            None => self.begin_with_signal(request, actor, &signal.to).await?,
        };
        let to = addressee(&call, &signal.to)?;
        // Before anything is said about the addressee.
        let unchanged = call.clone();
        let socket = call.signal(actor, &to)?;
        let course = self.course(&unchanged, actor, &to, signal, request, ahead).await?;
        if call == unchanged
            && let Course::Device(device) = &course
        {
            // Most signals change nothing: the sender is known to take part with this socket.
            let room = RoomId::of_call(call.known_to(&to));
            self.send_signal(&room, device, held(actor, socket, signal, now)).await;
            return Ok(());
        }
        let limits = HoldLimits {
            signals: self.options.limits.held_signals,
            bytes: self.options.limits.held_bytes,
            grace: self.options.call_grace,
        };
        let hold = matches!(course, Course::Held);
        let relay = self.change_call(&id, &request.timers, now, |call| {
            let signal = held(actor, call.signal(actor, &to)?, signal, now);
            if hold {
                call.hold(&to, signal.clone(), limits)?;
            }
            Ok((signal, call.known_to(&to).clone()))
        });
        let (signal, known_as) = relay.await?;
        let room = RoomId::of_call(&known_as);
        match course {
            Course::Device(device) => {
                self.send_signal(&room, &device, signal).await;
            }
            Course::Devices => self.tell_users(&room, &[to], None, now, signal.into_event()).await?,
            Course::Held => {}
        }
        Ok(())
    }

    /// Who holds the addressee's socket, if the call is as it was known before.
    async fn look_ahead(&self, request: &Request, to: &SignalTarget) -> Result<Option<Ahead>, StoreError> {
        let known = self.memory.call(&request.room, request.now).map(Stored::decode);
        let Some(Ok(Stored::Call(call))) = known else { return Ok(None) };
        let device = addressee(&call, to).ok().and_then(|to| call.participant(&to)?.device.as_ref());
        let Some(socket) = device.map(|device| device.socket.clone()) else { return Ok(None) };
        let gateway = self.store.sessions.held_by(&socket).await?;
        Ok(Some(Ahead { socket, gateway }))
    }

    async fn course(
        &self,
        call: &Call,
        actor: &Actor,
        to: &UserId,
        signal: &Signal,
        request: &Request,
        ahead: Option<Ahead>,
    ) -> Outcome<Course> {
        if let Some(device) = call.participant(to).and_then(|one| one.device.as_ref()) {
            let gateway = match ahead.filter(|ahead| ahead.socket == device.socket) {
                Some(ahead) => ahead.gateway,
                None => self.store.sessions.held_by(&device.socket).await?,
            };
            if let Some(gateway) = gateway {
                express(signal.kind, actor.vocabulary, device.vocabulary)?;
                return Ok(Course::Device(UserSocket { gateway, ..device.clone() }));
            }
        }
        let devices = self.live_devices(to).await?;
        if !devices.is_empty() {
            let expressible = |device: &UserSocket| express(signal.kind, actor.vocabulary, device.vocabulary).is_ok();
            if !devices.iter().any(expressible) {
                express(signal.kind, actor.vocabulary, devices[0].vocabulary)?;
            }
            return Ok(Course::Devices);
        }
        // Presence has counted out lost sockets by the end of the grace, so that a socket which is
        // still known is lost within it.
        let record = self.store.presence.record(to).await?;
        let is_between = record.sockets > 0 || request.now.since(record.last_seen) <= self.options.call_grace;
        if is_between { Ok(Course::Held) } else { Err(Code::UserNotConnected.into()) }
    }

    /// The sockets of a user whose transport is not lost.
    async fn live_devices(&self, user: &UserId) -> Result<Vec<UserSocket>, StoreError> {
        let devices = self.store.presence.sockets(user).await?;
        let sessions = devices.iter().map(|device| self.store.sessions.load(&device.socket));
        let sessions = future::try_join_all(sessions).await?;
        let live = devices.into_iter().zip(sessions);
        let live = live.filter(|(_, session)| session.as_ref().is_none_or(|(_, lost_at)| lost_at.is_none()));
        Ok(live.map(|(device, _)| device).collect())
    }

    async fn begin_with_signal(&self, request: &Request, actor: &Actor, to: &SignalTarget) -> Outcome<Call> {
        let (id, caller, now) = (call_id(request)?, &actor.user.id, request.now);
        let SignalTarget::User(to) = to else { return Err(no_such_peer().into()) };
        if to == caller {
            return Err(Code::NotAllowed.into());
        }
        if self.options.reach == crate::options::Reach::Acquainted && !self.acquainted(caller, to).await? {
            return Err(Code::NotAllowed.into());
        }
        if self.live_devices(to).await?.is_empty() {
            return Err(Code::UserNotConnected.into());
        }
        self.take(caller, (self.options.limits.call_initiations, "calls"), now, too_many).await?;
        let mut call = Call::of_two(id.clone(), actor, to, request.id, now);
        self.begin_call(&mut call, &request.timers, now).await?;
        // Whoever came first: both signals belong to that call.
        let begun = self.load_call(&id).await?;
        Ok(begun.ok_or(Refusal::new(Code::NotFound))?.call)
    }
}

/// The participant that a signal is for.
fn addressee(call: &Call, to: &SignalTarget) -> Result<UserId, Refusal> {
    match to {
        SignalTarget::User(user) => Ok(user.clone()),
        SignalTarget::Socket(peer) => Ok(call.participant_at(peer).ok_or_else(no_such_peer)?.id.clone()),
        SignalTarget::Others => Err(Refusal::invalid("to", "is required")),
    }
}

fn held(actor: &Actor, socket: SocketId, signal: &Signal, at: heliograph_domain::time::Timestamp) -> HeldSignal {
    HeldSignal {
        at,
        from: actor.user.clone(),
        socket,
        kind: signal.kind,
        vocabulary: actor.vocabulary,
        body: signal.body.clone(),
    }
}
