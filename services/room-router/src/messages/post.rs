//! Posting a message.

use futures_util::future;
use heliograph_cluster::store::{Append, AppendOutcome, Appended};
use heliograph_domain::{
    command::{Origin, Post},
    delivery::{Except, Place},
    event::{Event, Message},
    id::{MessageId, UserId},
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::RoomKind,
    user::Vocabulary,
    wire,
};

use crate::{
    failure::Outcome,
    options::Html,
    publish::RoomEvent,
    router::{Request, Router},
};

impl Router {
    /// Stores a message and tells it to everybody in the room.
    pub(crate) async fn post(&self, request: &Request, post: Post) -> Outcome<RoomOutcome> {
        let (author, actor) = match &request.origin {
            Origin::Socket(actor) => (&actor.user, Some(actor)),
            Origin::User(user) => (user, None),
            Origin::System => return Err(Code::NotAllowed.into()),
        };
        let vocabulary = actor.map_or(Vocabulary::Synapse, |actor| actor.vocabulary);
        let limit = self.options.limits.messages(vocabulary);
        future::try_join(
            self.take(&author.id, limit, request.now, Refusal::too_many_messages),
            self.may_write(&request.room, &author.id),
        )
        .await?;

        if request.room.kind() == RoomKind::Match && self.is_alone(request, &author.id).await? {
            return Err(Code::UserNotConnected.into());
        }
        let text = match self.options.html {
            Html::Strip => post.text.without_tags(),
            Html::Keep => post.text,
        };
        if text.is_blank() && post.attachments.is_none() && post.content.is_text() {
            return Err(Refusal::invalid("content", "must not be empty").into());
        }
        let message = Message {
            id: MessageId::generate(),
            author: author.clone(),
            socket: actor.map(|actor| actor.socket.clone()),
            // Who speaks of peers only is in the room as one.
            peer: vocabulary == Vocabulary::Mesh,
            text,
            content: post.content,
            attachments: post.attachments,
            reference: post.reference,
        };
        let event = Event::MessagePosted(message.clone());
        let step = Append {
            command: request.id,
            author: Some(author.id.clone()),
            socket: message.socket.clone(),
            as_admin: actor.is_some_and(|actor| actor.admin),
            reference: message.reference.clone(),
            message: message.id.clone(),
            event: wire::encode_event(&event),
            at: request.now,
        };
        self.mark(&request.room, request.now).await;
        match self.store.rooms.append(&request.room, step).await? {
            AppendOutcome::Appended(appended) => Ok(self.posted(request, message, appended).await),
            AppendOutcome::Repeated { message, seq, at } => Ok(RoomOutcome::Posted { message, seq, at }),
            AppendOutcome::NotMember => Err(Code::NotInRoom.into()),
            AppendOutcome::ChatDisabled => Err(Code::ChatDisabled.into()),
        }
    }

    /// Whether somebody is left behind in a room of matched people.
    async fn is_alone(&self, request: &Request, user: &UserId) -> Outcome<bool> {
        let members = self.store.rooms.members(&request.room, 2).await?.unwrap_or_default();
        Ok(members.len() == 1 && members.iter().any(|member| member.id == *user))
    }

    async fn posted(&self, request: &Request, message: Message, appended: Appended) -> RoomOutcome {
        self.metrics.messages.inc();
        let Appended { message: id, position, at, gateways } = appended;
        self.memory.posted(&request.room, &message.author.id, &gateways, request.now);
        // A retry of the command keeps the id that the message got the first time.
        let event = Event::MessagePosted(Message { id: id.clone(), ..message });
        let place = Place::Log { epoch: position.epoch, seq: position.seq };
        self.tell_room(&gateways, &request.room, RoomEvent { except: Except::Nobody, at, place, event }).await;
        RoomOutcome::Posted { message: id, seq: position.seq, at }
    }
}
