//! JSON that is checked and not read.

use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::DecodeError;

/// The text of one JSON value, exactly as it came, without blanks around it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Json(Box<str>);

impl Json {
    /// Checks that a text is one JSON value.
    ///
    /// # Errors
    /// [`DecodeError::InvalidJson`] if it is not.
    pub fn new(text: &str) -> Result<Self, DecodeError> {
        let value: &RawValue = serde_json::from_str(text).map_err(|_| DecodeError::InvalidJson)?;
        Ok(Self(value.get().into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the value is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.0.starts_with('{')
    }

    /// Whether the value is a string.
    #[must_use]
    pub fn is_string(&self) -> bool {
        self.0.starts_with('"')
    }

    /// Whether the value is a number.
    pub(crate) fn is_number(&self) -> bool {
        self.0.starts_with(|first: char| first == '-' || first.is_ascii_digit())
    }

    /// The elements of a JSON array, at most `limit` of them.
    pub(crate) fn elements(array: &str, limit: usize) -> Result<Vec<Self>, DecodeError> {
        if !array.starts_with('[') {
            return Err(DecodeError::InvalidJson);
        }
        let mut deserializer = serde_json::Deserializer::from_str(array);
        let elements = deserializer.deserialize_seq(Elements { limit }).map_err(|_| DecodeError::InvalidJson)?;
        deserializer.end().map_err(|_| DecodeError::InvalidJson)?;
        elements.ok_or(DecodeError::TooManyArguments)
    }
}

impl AsRef<str> for Json {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<Json> for String {
    fn from(json: Json) -> Self {
        json.0.into()
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

struct Elements {
    limit: usize,
}

impl<'de> Visitor<'de> for Elements {
    /// None if there are more than the limit.
    type Value = Option<Vec<Json>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Some(Vec::new());
        while let Some(element) = seq.next_element::<&RawValue>()? {
            elements = elements.filter(|kept: &Vec<_>| kept.len() < self.limit);
            if let Some(elements) = &mut elements {
                elements.push(Json(element.get().into()));
            }
        }
        Ok(elements)
    }
}
