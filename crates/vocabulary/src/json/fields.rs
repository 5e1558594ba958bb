//! The fields of one JSON object, their values left as text.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::Field;

/// The fields of an object in their order.
pub(crate) struct Fields<'a>(Vec<(Key<'a>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// The fields of an object; `None` if the text is anything else.
    pub(crate) fn parse(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// An object without fields.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    /// The field of this name. `null` is the same as no field; of repeated fields the last counts,
    /// as everywhere in JavaScript.
    pub(crate) fn field(&self, name: &'static str) -> Field<'a> {
        Field::new(name, self.value(name).filter(|raw| *raw != "null"))
    }

    /// The first of several names that has a value. A refusal speaks of the first name.
    pub(crate) fn either(&self, names: [&'static str; 2]) -> Field<'a> {
        let field = self.field(names[0]);
        if field.is_present() { field } else { Field::new(names[0], self.field(names[1]).raw()) }
    }

    /// The value of a field as it stands, `null` included.
    pub(crate) fn value(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(key, _)| key.0 == name).map(|(_, value)| value.get())
    }

    /// Keys and values in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(key, value)| (&*key.0, value.get()))
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::with_capacity(8);
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// A key, borrowed from the text unless it contains escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// The content of a JSON string; `None` if the value is not a string, or not one of Unicode
/// characters (JavaScript strings may contain halves of surrogate pairs).
pub(crate) fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inside = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') { serde_json::from_str(raw).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inside)) }
}
