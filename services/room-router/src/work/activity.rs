//! What is added to what is worked on.

use heliograph_cluster::store::{Write, WriteOutcome, Written};
use heliograph_domain::{
    activity::ActivityKind,
    delivery::{Except, Place},
    event::Event,
    outcome::RoomOutcome,
    refusal::Code,
    text::RawJson,
    wire,
};

use crate::{
    failure::Outcome,
    publish::RoomEvent,
    router::{Request, Router},
};

impl Router {
    /// Stores a code change or a stroke and tells it to the others. The room numbers code changes.
    pub(crate) async fn append_activity(
        &self,
        request: &Request,
        kind: ActivityKind,
        body: RawJson,
        base_version: Option<u64>,
    ) -> Outcome<RoomOutcome> {
        let actor = request.actor()?;
        let event = |version| Event::ActivityAppended {
            kind,
            by: actor.user.clone(),
            socket: actor.socket.clone(),
            version,
            base_version,
            body: body.clone(),
        };
        let what = match kind {
            ActivityKind::CodeChange => Written::CodeChange,
            ActivityKind::Stroke => Written::Stroke,
        };
        let step = Write {
            command: request.id,
            author: Some(actor.user.id.clone()),
            what,
            event: wire::encode_event(&event(None)),
            at: request.now,
        };
        match self.write(request, step).await? {
            WriteOutcome::Written { position, version, at, gateways } => {
                let (event, place) = (event(version), Place::Log { epoch: position.epoch, seq: position.seq });
                let what = RoomEvent { except: Except::of(&event), at, place, event };
                self.tell_room(&gateways, &request.room, what).await;
                Ok(RoomOutcome::Appended { seq: position.seq, version, at })
            }
            WriteOutcome::NotMember => Err(Code::NotInRoom.into()),
            WriteOutcome::NoSuchMessage => Err(Code::NotFound.into()),
        }
    }

    /// Writes to a room's log.
    pub(crate) async fn write(&self, request: &Request, step: Write) -> Outcome<WriteOutcome> {
        self.mark(&request.room, request.now).await;
        Ok(self.store.rooms.write(&request.room, step).await?)
    }
}
