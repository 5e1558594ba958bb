//! Writing JSON objects straight into a string.

use std::fmt::{Display, Write};

/// Writes one object.
pub(crate) fn object(capacity: usize, write: impl FnOnce(&mut Object<'_>)) -> String {
    let mut out = String::with_capacity(capacity);
    Object::write(&mut out, write);
    out
}

/// A JSON object with further fields at its end. Text that is not an object counts as one without
/// fields.
pub(crate) fn extend(json: &str, write: impl FnOnce(&mut Object<'_>)) -> String {
    let json = json.trim_end().strip_suffix('}').unwrap_or("{").trim_end();
    let mut out = String::with_capacity(json.len() + 160);
    out.push_str(json);
    let first = json == "{";
    write(&mut Object { out: &mut out, first });
    out.push('}');
    out
}

/// An object that is being written. Keys are literals that need no escaping, except in
/// [`Object::copy`].
pub(crate) struct Object<'a> {
    out: &'a mut String,
    first: bool,
}

impl Object<'_> {
    fn write(out: &mut String, write: impl FnOnce(&mut Object<'_>)) {
        out.push('{');
        write(&mut Object { out, first: true });
        out.push('}');
    }

    fn separate(&mut self) {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
    }

    fn key(&mut self, key: &'static str) {
        self.separate();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    /// A string.
    pub(crate) fn text(&mut self, key: &'static str, value: &str) -> &mut Self {
        self.key(key);
        push_string(self.out, value);
        self
    }

    /// A string or `null`.
    pub(crate) fn optional_text(&mut self, key: &'static str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(key, value),
            None => self.raw(key, "null"),
        }
    }

    /// A string whose characters need no escaping: times and the server's own words.
    pub(crate) fn plain(&mut self, key: &'static str, value: impl Display) -> &mut Self {
        self.key(key);
        // Writing to a string cannot fail.
        let _ = write!(self.out, "\"{value}\"");
        self
    }

    /// A number.
    pub(crate) fn number(&mut self, key: &'static str, value: u64) -> &mut Self {
        self.key(key);
        let _ = write!(self.out, "{value}");
        self
    }

    /// A truth value.
    pub(crate) fn flag(&mut self, key: &'static str, value: bool) -> &mut Self {
        self.raw(key, if value { "true" } else { "false" })
    }

    /// JSON text.
    pub(crate) fn raw(&mut self, key: &'static str, json: &str) -> &mut Self {
        self.key(key);
        self.out.push_str(json);
        self
    }

    /// A field of another object, as it was.
    pub(crate) fn copy(&mut self, key: &str, json: &str) -> &mut Self {
        self.separate();
        push_string(self.out, key);
        self.out.push(':');
        self.out.push_str(json);
        self
    }

    /// An object.
    pub(crate) fn object(&mut self, key: &'static str, write: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.key(key);
        Object::write(self.out, write);
        self
    }

    /// An array of strings.
    pub(crate) fn texts<'t>(&mut self, key: &'static str, items: impl IntoIterator<Item = &'t str>) -> &mut Self {
        self.array(key, items, push_string)
    }

    /// An array of objects.
    pub(crate) fn objects<T>(
        &mut self,
        key: &'static str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Object<'_>, T),
    ) -> &mut Self {
        self.array(key, items, |out, item| Object::write(out, |object| write(object, item)))
    }

    fn array<T>(
        &mut self,
        key: &'static str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut String, T),
    ) -> &mut Self {
        self.key(key);
        self.out.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            write(self.out, item);
        }
        self.out.push(']');
        self
    }
}

/// Appends a JSON string (RFC 8259, section 7).
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        // Escaped bytes are ASCII, so both ends are character boundaries.
        out.push_str(&text[written..at]);
        if escape.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
        written = at + 1;
    }
    out.push_str(&text[written..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn strings_survive_writing_and_parsing(text: String) {
            let mut json = String::new();
            push_string(&mut json, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn an_object_is_extended_at_its_end() {
        let add = |object: &mut Object<'_>| {
            object.text("from", "s1");
        };
        assert_eq!(extend(r#"{"a":1}"#, add), r#"{"a":1,"from":"s1"}"#);
        assert_eq!(extend("{ \"a\":1 }\n", add), "{ \"a\":1,\"from\":\"s1\"}");
        assert_eq!(extend("{ }", add), r#"{"from":"s1"}"#);
        assert_eq!(extend("", add), r#"{"from":"s1"}"#);
    }
}
