use heliograph_domain::{
    command::RoomCommand, event::Event, outcome::RoomOutcome, refusal::Refusal, room::RoomId, text::Reference,
};
use heliograph_vocabulary::{
    Context, Form, SizeLimits,
    mesh::{self, Incoming, Message, Request, Welcome},
};

use super::Spoken;
use crate::values::{ann, room, socket};

pub(crate) struct Mesh;

impl Spoken for Mesh {
    type Request = Incoming;

    fn name(&self) -> &'static str {
        "mesh"
    }

    fn decode(&self, line: &str, room: Option<&RoomId>) -> Result<Incoming, (Refusal, Vec<String>)> {
        let limits = SizeLimits::default();
        Message::read(line, &limits).and_then(|message| message.request(room)).map_err(|rejection| {
            let told = vec![mesh::error(rejection.id.as_ref(), None, &rejection.refusal)];
            (rejection.refusal, told)
        })
    }

    fn command<'r>(&self, incoming: &'r Incoming) -> Option<&'r RoomCommand> {
        match &incoming.request {
            Request::Room(command) => Some(command),
            Request::Join(_) | Request::Leave | Request::Ping(_) => None,
        }
    }

    fn answer(&self, _event: &str, incoming: &Incoming, outcome: &RoomOutcome) -> Vec<String> {
        let mut told = Vec::new();
        match (&incoming.request, outcome) {
            (Request::Ping(fields), _) => told.push(mesh::pong(fields)),
            (Request::Join(join), RoomOutcome::Joined(joined)) => {
                let welcome = Welcome {
                    socket: &socket("s_ann"),
                    user: &ann(),
                    room: &room("standup"),
                    resume_token: "s_ann.secret",
                    resumed: join.resume.is_some(),
                    with_messages: join.since.is_some(),
                    ice_servers: r#"[{"urls":"stun:example.org"}]"#,
                };
                told.push(mesh::peers(joined, &welcome));
            }
            _ => {}
        }
        told.extend(incoming.id.as_ref().map(|id| mesh::ack(id, Some(outcome))));
        told
    }

    fn encode(&self, event: &Event, context: &Context<'_>, form: Form) -> Vec<String> {
        mesh::encode(event, context, form)
    }

    fn refused(&self, event: &str, refusal: &Refusal) -> Vec<String> {
        let bob = socket("s_bob");
        let to = matches!(event, "offer" | "answer" | "candidate" | "data").then_some(&bob);
        vec![mesh::error(Some(&Reference::from_checked("\"m-1\"")), to, refusal)]
    }
}
