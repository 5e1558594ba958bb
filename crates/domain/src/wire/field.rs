//! Fields of messages: from the loose types of protobuf to the strict ones of the domain.

use std::fmt::Display;

use bytes::Bytes;

use super::{WireError, proto};
use crate::{
    content::Content,
    id::{CallId, CommandId, InvalidId, InviteId, MatchId, MessageId, NodeId, QueueName, SocketId, UserId},
    publication::EventName,
    room::RoomId,
    text::{Emoji, InvalidText, MessageText, RawJson, Reference},
    user::Name,
};

/// A type that checks text from outside.
pub(super) trait FromText: Sized {
    type Error: Display;
    fn from_text(text: &str) -> Result<Self, Self::Error>;
}

macro_rules! from_text {
    ($error:ty: $($name:ty),+) => {$(
        impl FromText for $name {
            type Error = $error;
            fn from_text(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }
    )+};
}

from_text!(InvalidId: UserId, SocketId, CallId, MessageId, MatchId, InviteId, QueueName, NodeId, RoomId, Name, EventName);
from_text!(InvalidText: Emoji);

pub(super) fn text<T: FromText>(text: &str, field: &'static str) -> Result<T, WireError> {
    T::from_text(text).map_err(|reason| WireError::Invalid { field, reason: reason.to_string() })
}

pub(super) fn optional_text<T: FromText>(value: Option<String>, field: &'static str) -> Result<Option<T>, WireError> {
    value.map(|value| text(&value, field)).transpose()
}

pub(super) fn texts<T: FromText>(values: &[String], field: &'static str) -> Result<Vec<T>, WireError> {
    values.iter().map(|value| text(value, field)).collect()
}

pub(super) fn required<T>(value: Option<T>, field: &'static str) -> Result<T, WireError> {
    value.ok_or(WireError::Missing { field })
}

/// A nested message that must be there and be valid.
pub(super) fn nested<F, T>(form: Option<F>, field: &'static str) -> Result<T, WireError>
where
    T: TryFrom<F, Error = WireError>,
{
    required(form, field)?.try_into()
}

/// A list of nested messages that must all be valid.
pub(super) fn list<F, T>(forms: Vec<F>) -> Result<Vec<T>, WireError>
where
    T: TryFrom<F, Error = WireError>,
{
    forms.into_iter().map(T::try_from).collect()
}

pub(super) fn sixteen_bytes(bytes: &Bytes, field: &'static str) -> Result<[u8; 16], WireError> {
    <[u8; 16]>::try_from(&bytes[..]).map_err(|_| WireError::Invalid { field, reason: "must be 16 bytes".to_owned() })
}

pub(super) fn command_id(bytes: &Bytes, field: &'static str) -> Result<CommandId, WireError> {
    sixteen_bytes(bytes, field).map(CommandId::from_bytes)
}

/// JSON is checked to be text here and to be JSON where it entered the cluster.
pub(super) fn json(bytes: Bytes, field: &'static str) -> Result<RawJson, WireError> {
    match std::str::from_utf8(&bytes) {
        Ok(_) => Ok(RawJson::from_checked(bytes)),
        Err(reason) => Err(WireError::Invalid { field, reason: reason.to_string() }),
    }
}

pub(super) fn optional_json(bytes: Option<Bytes>, field: &'static str) -> Result<Option<RawJson>, WireError> {
    bytes.map(|bytes| json(bytes, field)).transpose()
}

pub(super) fn json_bytes(json: &RawJson) -> Bytes {
    json.as_bytes().clone()
}

/// A text was measured where it entered; removing tags may since have made it a little longer.
pub(super) fn message_text(text: &str) -> MessageText {
    MessageText::from_checked(text)
}

pub(super) fn reference(json: Option<String>) -> Option<Reference> {
    json.map(|json| Reference::from_checked(&json))
}

pub(super) fn content_form(content: &Content) -> Option<proto::Content> {
    let kind = match content {
        Content::Text => return None,
        Content::File(_) => proto::ContentKind::File,
        Content::Voice(_) => proto::ContentKind::Voice,
        Content::Encrypted(_) => proto::ContentKind::Encrypted,
    };
    Some(proto::Content { kind: kind.into(), body: content.body().map(json_bytes).unwrap_or_default() })
}

pub(super) fn content(form: Option<proto::Content>) -> Result<Content, WireError> {
    let Some(form) = form else { return Ok(Content::Text) };
    let make = match form.kind() {
        proto::ContentKind::File => Content::File,
        proto::ContentKind::Voice => Content::Voice,
        proto::ContentKind::Encrypted => Content::Encrypted,
        proto::ContentKind::Unspecified => return Err(WireError::Missing { field: "Content.kind" }),
    };
    json(form.body, "Content.body").map(make)
}

/// Strings of a list of ids.
pub(super) fn strings<'a, T: Display + 'a>(ids: impl IntoIterator<Item = &'a T>) -> Vec<String> {
    ids.into_iter().map(T::to_string).collect()
}

/// Conversions between a domain enumeration and its wire form with the same variants.
macro_rules! same_variants {
    ($domain:ty, $form:ty, $name:literal: $($variant:ident),+ $(,)?) => {
        impl From<$domain> for $form {
            fn from(value: $domain) -> Self {
                match value {
                    $(<$domain>::$variant => Self::$variant,)+
                }
            }
        }

        impl TryFrom<$form> for $domain {
            type Error = $crate::wire::WireError;

            fn try_from(form: $form) -> Result<Self, Self::Error> {
                match form {
                    <$form>::Unspecified => {
                        Err($crate::wire::WireError::Missing { field: $name })
                    }
                    $(<$form>::$variant => Ok(Self::$variant),)+
                }
            }
        }
    };
}
pub(super) use same_variants;
