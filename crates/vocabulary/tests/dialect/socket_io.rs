use heliograph_domain::{
    command::RoomCommand, event::Event, outcome::RoomOutcome, refusal::Refusal, room::RoomId, text::Reference,
};
use heliograph_vocabulary::{
    Context, Dialect, Encoded, Form, Request, Said, SizeLimits, Standpoint, failure_ack, synapse,
};

use super::Spoken;
use crate::values::{ann, room, socket};

/// A dialect of Socket.IO clients, and the folder of its transcripts. The client is Ann, who attends the transcript's
/// room.
pub(crate) struct SocketIo(pub(crate) Dialect, pub(crate) &'static str);

impl Spoken for SocketIo {
    type Request = Request;

    fn name(&self) -> &'static str {
        self.1
    }

    fn decode(&self, line: &str, room: Option<&RoomId>) -> Result<Request, (Refusal, Vec<String>)> {
        let (name, argument) = line.split_once(' ').unwrap_or((line, ""));
        let args: &[&str] = if argument.is_empty() { &[] } else { &[argument] };
        let ann = ann();
        let latest = |kind| room.filter(|room| room.kind() == kind).cloned();
        let standpoint = Standpoint { user: Some(&ann.id), latest: &latest };
        let asked = self.0.read(&Said { name, args, attachments: &[] }, &standpoint, &SizeLimits::default());
        let reference = asked.reference;
        asked.request.map_err(|refusal| {
            let told = self.told_of_refusal(name, reference.as_ref(), &refusal);
            (refusal, told)
        })
    }

    fn command<'r>(&self, request: &'r Request) -> Option<&'r RoomCommand> {
        match request {
            Request::Room { command, .. } | Request::Call { command, .. } => Some(command),
            _ => None,
        }
    }

    fn answer(&self, event: &str, request: &Request, outcome: &RoomOutcome) -> Vec<String> {
        match request {
            Request::Authenticate(_) => {
                let (user, socket, rooms) = (ann(), socket("s_ann"), [room("room_1"), room("room_2")]);
                vec![
                    format!("ack {}", synapse::authenticate_ack(&user, &socket, &rooms)),
                    format!("authenticated {}", synapse::authenticated(&user, &socket, &rooms)),
                ]
            }
            Request::SetStatus(status) => vec![format!("ack {}", synapse::status_ack(*status))],
            request => {
                let mut told = vec![format!("ack {}", self.0.ack(event, request, outcome))];
                told.extend(lines(self.0.told(event, request, outcome)));
                told
            }
        }
    }

    fn encode(&self, event: &Event, context: &Context<'_>, form: Form) -> Vec<String> {
        lines(self.0.encode(event, context, form))
    }

    fn refused(&self, event: &str, refusal: &Refusal) -> Vec<String> {
        if event == "-" {
            return lines(vec![self.0.identity_lost(refusal)]);
        }
        self.told_of_refusal(event, Some(&Reference::from_checked("\"m-1\"")), refusal)
    }
}

impl SocketIo {
    fn told_of_refusal(&self, event: &str, reference: Option<&Reference>, refusal: &Refusal) -> Vec<String> {
        let refusal = self.0.worded(event, refusal);
        let mut told = vec![format!("ack {}", failure_ack(event, &refusal))];
        told.extend(lines(self.0.refused(event, reference, &refusal)));
        told
    }
}

fn lines(encoded: Vec<Encoded>) -> Vec<String> {
    encoded.into_iter().map(|(name, payload)| format!("{name} {payload}")).collect()
}
