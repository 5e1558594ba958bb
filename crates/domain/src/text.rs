//! Text that people write, and opaque JSON that passes through.

use std::{fmt, sync::Arc};

use bytes::Bytes;

/// Longest message text, in UTF-16 code units.
pub const MAX_TEXT_UNITS: usize = 1000;
/// Longest emoji, in UTF-16 code units.
pub const MAX_EMOJI_UNITS: usize = 32;
/// Longest client reference, in UTF-16 code units.
pub const MAX_REFERENCE_UNITS: usize = 64;

/// Why a text is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More UTF-16 units than allowed.
    #[error("must be at most {0} characters")]
    TooLong(usize),
}

/// Text of a message as its author sent it: at most [`MAX_TEXT_UNITS`] long, not blank, without
/// control characters other than line feed and tab.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageText(Arc<str>);

impl MessageText {
    /// Checks a text from outside. Control characters are removed; the length is that of the original.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text = Self::parse_or_blank(text)?;
        if text.is_blank() { Err(InvalidText::Empty) } else { Ok(text) }
    }

    /// As [`MessageText::parse`], but blank text is allowed (a message that consists of attachments).
    pub fn parse_or_blank(text: &str) -> Result<Self, InvalidText> {
        if text.len() > MAX_TEXT_UNITS && text.encode_utf16().count() > MAX_TEXT_UNITS {
            return Err(InvalidText::TooLong(MAX_TEXT_UNITS));
        }
        let unwanted = |c: char| c.is_control() && c != '\n' && c != '\t';
        Ok(Self(if text.contains(unwanted) { text.replace(unwanted, "").into() } else { text.into() }))
    }

    /// No text: of a message that is something else.
    pub fn blank() -> Self {
        Self("".into())
    }

    /// Wraps text that was checked where it entered the cluster.
    pub(crate) fn from_checked(text: &str) -> Self {
        Self(text.into())
    }

    /// Whether nothing but white space is left.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// The text without HTML tags, see [`strip_tags`].
    #[must_use]
    pub fn without_tags(self) -> Self {
        match strip_tags(&self.0) {
            Some(stripped) => Self(stripped.into()),
            None => self,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A reaction: 1 to [`MAX_EMOJI_UNITS`] UTF-16 units.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Emoji(Arc<str>);

impl Emoji {
    /// Checks an emoji from outside.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            return Err(InvalidText::Empty);
        }
        if text.encode_utf16().count() > MAX_EMOJI_UNITS {
            return Err(InvalidText::TooLong(MAX_EMOJI_UNITS));
        }
        Ok(Self(text.into()))
    }

    /// The emoji as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// JSON text of a client that is never parsed on its way. Whoever makes one has checked that it is
/// one JSON value in UTF-8.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Bytes);

impl RawJson {
    /// Wraps text that the caller knows to be one JSON value.
    pub fn from_checked(json: impl Into<Bytes>) -> Self {
        Self(json.into())
    }

    /// The JSON text. Empty if the bytes are not UTF-8, which a checked value never is.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The JSON text as bytes, without copying.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for RawJson {
    /// Shows the size only: the content belongs to clients and must not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawJson({} bytes)", self.0.len())
    }
}

/// The name that a client gave to something it sent, so that a retry is recognised and the
/// optimistic copy can be replaced: the JSON text of a string or number.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Reference(Arc<str>);

impl Reference {
    /// Wraps the JSON text of a string or number that the caller has checked to be at most
    /// [`MAX_REFERENCE_UNITS`] long.
    pub fn from_checked(json: &str) -> Self {
        Self(json.into())
    }

    /// The JSON text.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

/// Removes HTML tags; `None` if there is nothing to change.
///
/// A `<` followed by an ASCII letter, `/`, `!` or `?` begins a tag. If a `>` follows, everything up to
/// it goes, and for `script` and `style` their content as well. If none follows, one space is put
/// after the `<`. This is repeated until nothing changes, so that the result never contains a `<`
/// directly followed by one of those characters. Everything else stays as it is; nothing is escaped.
pub fn strip_tags(text: &str) -> Option<String> {
    let mut current = strip_once(text)?;
    while let Some(next) = strip_once(&current) {
        current = next;
    }
    Some(current)
}

fn begins_tag(after: &str) -> bool {
    after.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!' | b'?'))
}

fn strip_once(text: &str) -> Option<String> {
    let mut out: Option<String> = None;
    let mut kept_to = 0;
    let mut from = 0;
    while let Some(found) = text[from..].find('<') {
        let open = from + found;
        let inside = &text[open + 1..];
        if !begins_tag(inside) {
            from = open + 1;
            continue;
        }
        let out = out.get_or_insert_with(|| String::with_capacity(text.len() + 1));
        match inside.find('>') {
            Some(close) => {
                out.push_str(&text[kept_to..open]);
                let after_tag = open + 1 + close + 1;
                from = end_of_raw_content(text, inside, after_tag).unwrap_or(after_tag);
                kept_to = from;
            }
            None => {
                out.push_str(&text[kept_to..=open]);
                out.push(' ');
                from = open + 1;
                kept_to = from;
            }
        }
    }
    out.map(|mut out| {
        out.push_str(&text[kept_to..]);
        out
    })
}

/// Where the text after the closing tag of `script` or `style` begins, if `inside` opens one of
/// them. A missing closing tag takes the rest of the text.
fn end_of_raw_content(text: &str, inside: &str, after_tag: usize) -> Option<usize> {
    for name in ["script", "style"] {
        let opens = inside.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            && inside[name.len()..].bytes().next().is_some_and(|b| !b.is_ascii_alphanumeric());
        if !opens {
            continue;
        }
        let rest = &text[after_tag..];
        let closing = rest
            .match_indices("</")
            .find(|(at, _)| rest.get(at + 2..at + 2 + name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name)));
        return Some(match closing.and_then(|(at, _)| rest[at..].find('>').map(|close| at + close)) {
            Some(close) => after_tag + close + 1,
            None => text.len(),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stripped(text: &str) -> String {
        strip_tags(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn tags_go_and_everything_else_stays() {
        for (text, expected) in [
            ("1 < 2 & 3", "1 < 2 & 3"),
            ("a <b>bold</b> move", "a bold move"),
            ("<script>alert(1)</script>hi", "hi"),
            ("<SCRIPT src=x>alert(1)</ScRiPt >hi", "hi"),
            ("<style>p{}</style>x", "x"),
            ("<script>never closed", ""),
            ("<scripted>kept</scripted>", "kept"),
            ("<img src=x onerror=alert(1)>", ""),
            ("I <3 you", "I <3 you"),
            ("open <b never closed", "open < b never closed"),
            ("<<b>script>alert(1)<</b>/script>", ""),
            ("a<!-- c -->b", "ab"),
            ("<?php ?>x", "x"),
            ("<", "<"),
        ] {
            assert_eq!(stripped(text), expected, "{text}");
        }
    }

    #[test]
    fn length_counts_utf16_units_before_anything_is_removed() {
        assert!(MessageText::parse(&"x".repeat(1000)).is_ok());
        assert_eq!(MessageText::parse(&"x".repeat(1001)), Err(InvalidText::TooLong(1000)));
        assert_eq!(MessageText::parse(&"\u{1F600}".repeat(501)), Err(InvalidText::TooLong(1000)));
        assert_eq!(MessageText::parse(" \n\t"), Err(InvalidText::Empty));
        assert_eq!(MessageText::parse("a\u{0}b\nc").unwrap().as_str(), "ab\nc");
    }

    proptest! {
        #[test]
        fn no_tag_survives(text in "[<>a-c/!? script]{0,60}") {
            let result = stripped(&text);
            for (at, _) in result.match_indices('<') {
                prop_assert!(!begins_tag(&result[at + 1..]), "{result}");
            }
        }

        #[test]
        fn text_without_angle_brackets_is_untouched(text in "[^<]{0,60}") {
            prop_assert_eq!(strip_tags(&text), None);
        }
    }
}
