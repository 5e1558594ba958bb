//! Reading what Redis answered.
//!
//! Scripts answer with what Lua knows: integers, strings, lists and nothing. What is none of what was
//! expected was written by another version or by somebody else.

use std::convert::Infallible;

use bytes::Bytes;
use redis::Value;

use super::super::StoreError;

/// An answer, or a part of one.
#[derive(Debug)]
pub(super) struct Reply {
    value: Value,
    /// What is read, in the words of [`StoreError::Unreadable`].
    what: &'static str,
}

impl Reply {
    pub(super) fn new(value: Value, what: &'static str) -> Self {
        Self { value, what }
    }

    /// Nothing if it is nothing.
    pub(super) fn optional(self) -> Option<Self> {
        (self.value != Value::Nil).then_some(self)
    }

    /// A number, whether it came as one or as its digits.
    pub(super) fn number(self) -> Result<u64, StoreError> {
        match self.value {
            Value::Int(number) => u64::try_from(number).map_err(|_| StoreError::Unreadable(self.what)),
            // Scores of sorted sets. Times in milliseconds are far below what is exact.
            Value::Double(score) if score >= 0.0 && score.fract() == 0.0 => Ok(score as u64),
            other => Self { value: other, ..self }.parse(|digits| digits.parse()),
        }
    }

    /// A number of things.
    pub(super) fn count(self) -> Result<usize, StoreError> {
        let what = self.what;
        usize::try_from(self.number()?).map_err(|_| StoreError::Unreadable(what))
    }

    /// Whether it is a number that is not zero.
    pub(super) fn flag(self) -> Result<bool, StoreError> {
        Ok(self.number()? != 0)
    }

    pub(super) fn bytes(self) -> Result<Bytes, StoreError> {
        match self.value {
            Value::BulkString(bytes) => Ok(bytes.into()),
            _ => Err(StoreError::Unreadable(self.what)),
        }
    }

    pub(super) fn text(self) -> Result<String, StoreError> {
        self.parse(|text| Ok::<_, Infallible>(text.to_owned()))
    }

    /// Text that `parse` understands.
    pub(super) fn parse<T, E>(self, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<T, StoreError> {
        let unreadable = StoreError::Unreadable(self.what);
        let bytes = self.bytes()?;
        let parsed = std::str::from_utf8(&bytes).ok().and_then(|text| parse(text).ok());
        parsed.ok_or(unreadable)
    }

    /// The parts of a list; of a map, its keys and values in turn.
    pub(super) fn list(self) -> Result<Parts, StoreError> {
        let values = match self.value {
            Value::Array(values) | Value::Set(values) => values,
            Value::Map(pairs) => pairs.into_iter().flat_map(|(key, value)| [key, value]).collect(),
            _ => return Err(StoreError::Unreadable(self.what)),
        };
        Ok(Parts { values: values.into_iter(), what: self.what })
    }
}

/// The parts of a list, one after the other.
pub(super) struct Parts {
    values: std::vec::IntoIter<Value>,
    what: &'static str,
}

impl Parts {
    pub(super) fn is_empty(&self) -> bool {
        self.values.as_slice().is_empty()
    }

    /// The next part, which has to be there.
    pub(super) fn part(&mut self) -> Result<Reply, StoreError> {
        self.next().ok_or(StoreError::Unreadable(self.what))
    }
}

impl Iterator for Parts {
    type Item = Reply;

    fn next(&mut self) -> Option<Reply> {
        let value = self.values.next()?;
        Some(Reply { value, what: self.what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNREADABLE: StoreError = StoreError::Unreadable("test");

    fn reply(value: Value) -> Reply {
        Reply::new(value, "test")
    }

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn numbers_come_as_numbers_or_digits() {
        assert_eq!(reply(Value::Int(7)).number(), Ok(7));
        assert_eq!(reply(text("18446744073709551615")).number(), Ok(u64::MAX));
        for wrong in [Value::Int(-1), text("7.5"), text(""), Value::Nil] {
            assert_eq!(reply(wrong).number(), Err(UNREADABLE));
        }
    }

    #[test]
    fn lists_are_taken_apart() {
        let mut parts = reply(Value::Array(vec![Value::Nil, text("b")])).list().unwrap();
        assert!(parts.part().unwrap().optional().is_none());
        assert_eq!(parts.part().unwrap().bytes(), Ok("b".into()));
        assert_eq!(parts.part().map(|_| ()), Err(UNREADABLE));
        assert_eq!(reply(Value::Int(1)).list().map(|_| ()), Err(UNREADABLE));
    }
}
