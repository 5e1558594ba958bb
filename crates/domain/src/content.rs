//! What a message is beside text.

use crate::text::RawJson;

/// What a message consists of. Its text is blank where there is something else, and is told as text by
/// vocabularies that know of nothing else.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Content {
    /// Text, perhaps with attachments.
    #[default]
    Text,
    /// A file or a reference to one: a JSON string (a URL, or the file itself as a data URL) or an object with
    /// `name`, `url` and whatever else clients tell each other.
    File(RawJson),
    /// A recorded voice, in the same forms.
    Voice(RawJson),
    /// Something that only its addressees can read. Passes only between clients of vocabularies that know of
    /// it.
    Encrypted(RawJson),
}

impl Content {
    /// The kind on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::File(_) => "file",
            Self::Voice(_) => "voice",
            Self::Encrypted(_) => "encrypted",
        }
    }

    /// Whether it is text and nothing else.
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text)
    }

    /// What it is beside text.
    pub const fn body(&self) -> Option<&RawJson> {
        match self {
            Self::Text => None,
            Self::File(body) | Self::Voice(body) | Self::Encrypted(body) => Some(body),
        }
    }
}
