//! `publication.proto`

use super::{
    WireError,
    field::{json, json_bytes, nested, strings, text, texts},
    proto,
};
use crate::{
    publication::{Audience, Publication, Selection},
    text::RawJson,
};

impl From<&Publication> for proto::Publication {
    fn from(publication: &Publication) -> Self {
        let Publication { audience, event, args } = publication;
        Self {
            audience: Some(audience.into()),
            event: event.as_str().to_owned(),
            args: args.iter().map(json_bytes).collect(),
        }
    }
}

impl TryFrom<proto::Publication> for Publication {
    type Error = WireError;

    fn try_from(form: proto::Publication) -> Result<Self, WireError> {
        Ok(Self {
            audience: nested(form.audience, "Publication.audience")?,
            event: text(&form.event, "Publication.event")?,
            args: arguments(form.args, "Publication.args")?,
        })
    }
}

/// The arguments of an event.
pub(super) fn arguments(args: Vec<bytes::Bytes>, field: &'static str) -> Result<Vec<RawJson>, WireError> {
    args.into_iter().map(|arg| json(arg, field)).collect()
}

impl From<&Audience> for proto::Audience {
    fn from(audience: &Audience) -> Self {
        let Audience { everyone, of, except } = audience;
        Self { everyone: *everyone, of: Some(of.into()), except: Some(except.into()) }
    }
}

impl TryFrom<proto::Audience> for Audience {
    type Error = WireError;

    fn try_from(form: proto::Audience) -> Result<Self, WireError> {
        Ok(Self {
            everyone: form.everyone,
            of: form.of.unwrap_or_default().try_into()?,
            except: form.except.unwrap_or_default().try_into()?,
        })
    }
}

impl From<&Selection> for proto::Selection {
    fn from(selection: &Selection) -> Self {
        let Selection { rooms, users, sockets } = selection;
        Self { rooms: strings(rooms), users: strings(users), sockets: strings(sockets) }
    }
}

impl TryFrom<proto::Selection> for Selection {
    type Error = WireError;

    fn try_from(form: proto::Selection) -> Result<Self, WireError> {
        Ok(Self {
            rooms: texts(&form.rooms, "Selection.rooms")?,
            users: texts(&form.users, "Selection.users")?,
            sockets: texts(&form.sockets, "Selection.sockets")?,
        })
    }
}
