//! What values may be (docs/protocol.md, "Values"): no coercion, except that integers are ids.

use std::{borrow::Cow, fmt::Display};

use heliograph_domain::{
    refusal::Refusal,
    text::{MAX_REFERENCE_UNITS, Reference},
};
use serde_json::value::RawValue;

use super::string;

/// One field of a payload: its name for refusals and its value.
pub(crate) struct Field<'a> {
    name: &'static str,
    raw: Option<&'a str>,
}

impl<'a> Field<'a> {
    pub(crate) fn new(name: &'static str, raw: Option<&'a str>) -> Self {
        Self { name, raw }
    }

    pub(crate) fn is_present(&self) -> bool {
        self.raw.is_some()
    }

    /// The JSON text of the value.
    pub(crate) fn raw(&self) -> Option<&'a str> {
        self.raw
    }

    pub(crate) fn refuse(&self, expected: impl Display) -> Refusal {
        Refusal::invalid(self.name, expected)
    }

    /// Makes an optional field required.
    pub(crate) fn required<T>(self, read: impl FnOnce(&Self) -> Result<Option<T>, Refusal>) -> Result<T, Refusal> {
        read(&self)?.ok_or_else(|| self.refuse("is required"))
    }

    /// A string.
    pub(crate) fn string(&self) -> Result<Option<Cow<'a, str>>, Refusal> {
        let Some(raw) = self.raw else {
            return Ok(None);
        };
        let expected = if raw.starts_with('"') { "must be well-formed Unicode" } else { "must be a string" };
        string(raw).map(Some).ok_or_else(|| self.refuse(expected))
    }

    /// A string that `parse` accepts.
    pub(crate) fn text<T, E: Display>(&self, parse: fn(&str) -> Result<T, E>) -> Result<Option<T>, Refusal> {
        self.string()?.map(|text| self.parsed(&text, parse)).transpose()
    }

    /// An id: a string, or an integer, which stands for its decimal digits.
    pub(crate) fn id<T, E: Display>(&self, parse: fn(&str) -> Result<T, E>) -> Result<Option<T>, Refusal> {
        self.raw.map(|raw| self.id_in(raw, parse)).transpose()
    }

    /// A list of at most `limit` ids; none at all if the field is missing.
    pub(crate) fn ids<T, E: Display>(&self, limit: usize, parse: fn(&str) -> Result<T, E>) -> Result<Vec<T>, Refusal> {
        let Some(items) = self.items()? else {
            return Ok(Vec::new());
        };
        if items.len() > limit {
            return Err(self.refuse(format_args!("must have at most {limit} items")));
        }
        let ids = items.into_iter().map(|raw| match string(raw.get()) {
            None if !is_integer(raw.get()) => Err(self.refuse("must be an array of strings")),
            _ => self.id_in(raw.get(), parse),
        });
        ids.collect()
    }

    /// The items of an array.
    pub(crate) fn items(&self) -> Result<Option<Vec<&'a RawValue>>, Refusal> {
        self.raw.map(|raw| serde_json::from_str(raw).map_err(|_| self.refuse("must be an array"))).transpose()
    }

    /// A truth value.
    pub(crate) fn flag(&self) -> Result<Option<bool>, Refusal> {
        match self.raw {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(self.refuse("must be true or false")),
        }
    }

    /// A whole number from zero.
    pub(crate) fn count(&self) -> Result<Option<u64>, Refusal> {
        self.raw.map(|raw| raw.parse().map_err(|_| self.refuse("must be a whole number"))).transpose()
    }

    /// A client reference: a string or number. An empty string names nothing, so it is none.
    pub(crate) fn reference(&self) -> Result<Option<Reference>, Refusal> {
        let Some(raw) = self.raw else {
            return Ok(None);
        };
        let units = match raw.as_bytes() {
            [b'"', ..] => self.string()?.map_or(0, |text| text.encode_utf16().count()),
            [b'-' | b'0'..=b'9', ..] => raw.len(),
            _ => return Err(self.refuse("must be a string or number")),
        };
        if units > MAX_REFERENCE_UNITS {
            return Err(self.refuse(format_args!("must be at most {MAX_REFERENCE_UNITS} characters")));
        }
        Ok((units > 0).then(|| Reference::from_checked(raw)))
    }

    fn parsed<T, E: Display>(&self, text: &str, parse: fn(&str) -> Result<T, E>) -> Result<T, Refusal> {
        parse(text).map_err(|reason| self.refuse(reason))
    }

    fn id_in<T, E: Display>(&self, raw: &str, parse: fn(&str) -> Result<T, E>) -> Result<T, Refusal> {
        match string(raw) {
            Some(text) => self.parsed(&text, parse),
            None if is_integer(raw) => self.parsed(raw, parse),
            None => Err(self.refuse("must be a string")),
        }
    }
}

/// Whether a value is this id: the string, or an integer of these digits.
pub(crate) fn names(raw: &str, id: &str) -> bool {
    string(raw).map_or_else(|| raw == id, |text| text == id)
}

/// Whether valid JSON is a number without fraction and exponent.
fn is_integer(raw: &str) -> bool {
    let digits = raw.strip_prefix('-').unwrap_or(raw);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}
