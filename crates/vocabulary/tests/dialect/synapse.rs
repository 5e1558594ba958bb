use heliograph_domain::{
    command::RoomCommand,
    event::Event,
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::RoomId,
};
use heliograph_vocabulary::{
    Context, Form, SizeLimits,
    synapse::{self, Request},
};

use super::Dialect;
use crate::values::{ann, room, socket};

pub(crate) struct Synapse;

impl Dialect for Synapse {
    type Request = Request;

    fn name(&self) -> &'static str {
        "synapse"
    }

    fn decode(&self, line: &str, _room: Option<&RoomId>) -> Result<Request, (Refusal, Vec<String>)> {
        let (name, argument) = line.split_once(' ').unwrap_or((line, ""));
        let args: &[&str] = if argument.is_empty() { &[] } else { &[argument] };
        let limits = SizeLimits::default();
        synapse::Event::read(name, args, &limits).and_then(|event| event.request()).map_err(|refusal| {
            let told = self.refused(name, &refusal);
            (refusal, told)
        })
    }

    fn command<'r>(&self, request: &'r Request) -> Option<&'r RoomCommand> {
        match request {
            Request::Room { command, .. } | Request::Call { command, .. } => Some(command),
            Request::Authenticate(_) | Request::SetStatus(_) => None,
        }
    }

    fn answer(&self, request: &Request, outcome: &RoomOutcome) -> Vec<String> {
        match request {
            Request::Authenticate(_) => {
                let (user, socket, rooms) = (ann(), socket("s_ann"), [room("room_1"), room("room_2")]);
                vec![
                    format!("ack {}", synapse::authenticate_ack(&user, &socket, &rooms)),
                    format!("authenticated {}", synapse::authenticated(&user, &socket, &rooms)),
                ]
            }
            Request::SetStatus(status) => vec![format!("ack {}", synapse::status_ack(*status))],
            request => vec![format!("ack {}", synapse::ack(request, outcome))],
        }
    }

    fn encode(&self, event: &Event, context: &Context<'_>, form: Form) -> Vec<String> {
        let encoded = synapse::encode(event, context, form);
        encoded.into_iter().map(|(name, payload)| format!("{name} {payload}")).collect()
    }

    fn refused(&self, event: &str, refusal: &Refusal) -> Vec<String> {
        let mut told = vec![format!("ack {}", synapse::failure_ack(event, refusal))];
        if refusal.code != Code::UnknownEvent {
            told.push(format!("error {}", synapse::error(Some(event), refusal)));
        }
        told
    }
}
