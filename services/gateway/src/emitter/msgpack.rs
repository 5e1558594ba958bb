//! MessagePack, as far as it can be said in JSON.

use std::fmt::Write;

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// A value, its texts being slices of what was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a str),
    List(Vec<Self>),
    Map(Vec<(&'a str, Self)>),
}

/// Why bytes were not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// They are no MessagePack, or none that JSON has a form for.
    Malformed,
    /// They hold binary data.
    Binary,
}

impl<'a> Value<'a> {
    /// Reads one value, of which nothing may be left.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader { rest: bytes };
        let value = reader.value(MAX_DEPTH)?;
        if reader.rest.is_empty() { Ok(value) } else { Err(Unreadable::Malformed) }
    }

    /// A field of a map.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(fields) => fields.iter().find(|(key, _)| *key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The value in JSON. Numbers that JSON does not have are `null`, as in JavaScript.
    pub(super) fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Nil => out.write_str("null"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Unsigned(value) => write!(out, "{value}"),
            Self::Signed(value) => write!(out, "{value}"),
            Self::Float(value) if value.is_finite() => write!(out, "{}", serde_json::Value::from(*value)),
            Self::Float(_) => out.write_str("null"),
            Self::Text(text) => {
                write_text(out, text);
                Ok(())
            }
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    separate(out, index);
                    item.write(out);
                }
                out.write_char(']')
            }
            Self::Map(fields) => {
                out.push('{');
                for (index, (key, value)) in fields.iter().enumerate() {
                    separate(out, index);
                    write_text(out, key);
                    out.push(':');
                    value.write(out);
                }
                out.write_char('}')
            }
        };
    }
}

fn separate(out: &mut String, index: usize) {
    if index > 0 {
        out.push(',');
    }
}

fn write_text(out: &mut String, text: &str) {
    let _ = write!(out, "{}", serde_json::Value::from(text));
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value<'a>, Unreadable> {
        let depth = depth.checked_sub(1).ok_or(Unreadable::Malformed)?;
        let [first] = self.array()?;
        Ok(match first {
            0x00..=0x7f => Value::Unsigned(first.into()),
            0x80..=0x8f => self.map(usize::from(first & 0x0f), depth)?,
            0x90..=0x9f => self.list(usize::from(first & 0x0f), depth)?,
            0xa0..=0xbf => Value::Text(self.text(usize::from(first & 0x1f))?),
            0xc0 => Value::Nil,
            0xc2 => Value::Bool(false),
            0xc3 => Value::Bool(true),
            0xc4..=0xc6 => return Err(Unreadable::Binary),
            0xca => Value::Float(f32::from_be_bytes(self.array()?).into()),
            0xcb => Value::Float(f64::from_be_bytes(self.array()?)),
            0xcc => Value::Unsigned(u8::from_be_bytes(self.array()?).into()),
            0xcd => Value::Unsigned(u16::from_be_bytes(self.array()?).into()),
            0xce => Value::Unsigned(u32::from_be_bytes(self.array()?).into()),
            0xcf => Value::Unsigned(u64::from_be_bytes(self.array()?)),
            0xd0 => Value::Signed(i8::from_be_bytes(self.array()?).into()),
            0xd1 => Value::Signed(i16::from_be_bytes(self.array()?).into()),
            0xd2 => Value::Signed(i32::from_be_bytes(self.array()?).into()),
            0xd3 => Value::Signed(i64::from_be_bytes(self.array()?)),
            // What JavaScript encoders write for `undefined`.
            0xd4 if self.array()? == [0, 0] => Value::Nil,
            0xd9 => {
                let length = u8::from_be_bytes(self.array()?);
                Value::Text(self.text(length.into())?)
            }
            0xda => {
                let length = u16::from_be_bytes(self.array()?);
                Value::Text(self.text(length.into())?)
            }
            0xdb => {
                let length = self.length()?;
                Value::Text(self.text(length)?)
            }
            0xdc => {
                let length = u16::from_be_bytes(self.array()?);
                self.list(length.into(), depth)?
            }
            0xdd => {
                let length = self.length()?;
                self.list(length, depth)?
            }
            0xde => {
                let length = u16::from_be_bytes(self.array()?);
                self.map(length.into(), depth)?
            }
            0xdf => {
                let length = self.length()?;
                self.map(length, depth)?
            }
            0xe0..=0xff => Value::Signed(i8::from_be_bytes([first]).into()),
            _ => return Err(Unreadable::Malformed),
        })
    }

    fn length(&mut self) -> Result<usize, Unreadable> {
        usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| Unreadable::Malformed)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (found, rest) = self.rest.split_first_chunk::<N>().ok_or(Unreadable::Malformed)?;
        self.rest = rest;
        Ok(*found)
    }

    fn text(&mut self, length: usize) -> Result<&'a str, Unreadable> {
        let (text, rest) = self.rest.split_at_checked(length).ok_or(Unreadable::Malformed)?;
        self.rest = rest;
        std::str::from_utf8(text).map_err(|_| Unreadable::Malformed)
    }

    /// Each item takes a byte at least, so that what is said to come bounds nothing and costs nothing.
    fn list(&mut self, length: usize, depth: usize) -> Result<Value<'a>, Unreadable> {
        let mut items = Vec::with_capacity(length.min(64));
        for _ in 0..length {
            items.push(self.value(depth)?);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, length: usize, depth: usize) -> Result<Value<'a>, Unreadable> {
        let mut fields = Vec::with_capacity(length.min(64));
        for _ in 0..length {
            let Value::Text(key) = self.value(1)? else { return Err(Unreadable::Malformed) };
            fields.push((key, self.value(depth)?));
        }
        Ok(Value::Map(fields))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_of_value_has_its_json() {
        for (bytes, json) in [
            (&b"\x07"[..], "7"),
            (b"\xff", "-1"),
            (b"\xc0", "null"),
            (b"\xd4\x00\x00", "null"),
            (b"\xc3", "true"),
            (b"\xcd\x01\x00", "256"),
            (b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"),
            (b"\xd1\xff\x00", "-256"),
            (b"\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", "1.5"),
            (b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", "null"),
            (b"\xa3a\"b", r#""a\"b""#),
            (b"\xd9\x01x", r#""x""#),
            (b"\x92\x01\xa1b", r#"[1,"b"]"#),
            (b"\x82\xa1a\x01\xa1b\x90", r#"{"a":1,"b":[]}"#),
            (b"\xdc\x00\x01\x80", "[{}]"),
        ] {
            assert_eq!(Value::read(bytes).map(|value| value.to_json()).as_deref(), Ok(json), "{bytes:x?}");
        }
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        assert_eq!(Value::read(b"\xc4\x01x"), Err(Unreadable::Binary));
        for bytes in [
            &b""[..],
            b"\xc1",
            b"\xd4\x01\x00",
            b"\xa2a",
            b"\x91",
            b"\x01\x01",
            b"\xdf\xff\xff\xff\xff",
            b"\x81\x01\x01",
        ] {
            assert_eq!(Value::read(bytes), Err(Unreadable::Malformed), "{bytes:x?}");
        }
        assert!(Value::read(&[0x91; 63].iter().chain(&[1]).copied().collect::<Vec<_>>()).is_ok());
        assert_eq!(
            Value::read(&[0x91; 64].iter().chain(&[1]).copied().collect::<Vec<_>>()),
            Err(Unreadable::Malformed)
        );
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = Value::read(&bytes) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&value.to_json()).is_ok());
            }
        }
    }
}
