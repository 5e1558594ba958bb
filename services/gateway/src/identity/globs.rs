//! Patterns of room ids: `*` stands for any characters, `?` for one.

use std::sync::Arc;

/// The rooms that a token entitles to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Globs(Arc<[Box<str>]>);

impl Globs {
    /// These patterns; with none, no room matches.
    pub fn new(patterns: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        Self(patterns.into_iter().map(Into::into).collect())
    }

    /// Whether any pattern matches the whole id.
    pub fn matches(&self, id: &str) -> bool {
        self.0.iter().any(|pattern| matches(pattern.as_bytes(), id.as_bytes()))
    }
}

/// Matches without recursion: on a mismatch the last `*` takes one byte more. Bytes suffice, because `?`
/// skips the continuation bytes of a character.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') => {
                p += 1;
                t += 1;
                while text.get(t).is_some_and(|byte| byte & 0xc0 == 0x80) {
                    t += 1;
                }
            }
            Some(byte) if text.get(t) == Some(byte) => {
                p += 1;
                t += 1;
            }
            _ => match &mut star {
                Some((at, from)) => {
                    *from += 1;
                    t = *from;
                    p = *at + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_ids() {
        for (pattern, id, expected) in [
            ("*", "anything", true),
            ("team-*", "team-1", true),
            ("team-*", "xteam-1", false),
            ("team-?", "team-é", true),
            ("team-?", "team-12", false),
            ("*-a-*b", "x-a-yb-zb", true),
            ("room", "room", true),
            ("room", "room1", false),
            ("direct:*_bob", "direct:alice_bob", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(Globs::new([pattern]).matches(id), expected, "{pattern} {id}");
        }
        assert!(!Globs::new(Vec::<String>::new()).matches("x"));
    }
}
