//! The places of attachments in a binary packet's arguments.
//!
//! A placeholder is an object with `"_placeholder": true` and a `num`, anywhere in the arguments
//! (Socket.IO protocol, "Binary"). Clients replace it without asking: one that stands for no
//! attachment makes a stock client that receives it close its connection. So they are checked
//! here, once, before a packet can reach anybody else, and read as a client would read them: an
//! escaped key is the same key, and of a repeated one the last counts.
//!
//! The text was found to be JSON before, which is why this only has to know where things begin. It
//! does not build values, and minds no string that other parsers refuse (half of a surrogate pair).

use crate::{DecodeError, Json};

/// Nothing sensible is deeper. A level costs memory while it is open.
const MAX_DEPTH: usize = 128;

/// Checks that the placeholders in `args` stand for the attachments `0..count`, each once. Where
/// there are no attachments nobody looks for placeholders.
pub(crate) fn check(args: &[Json], count: usize) -> Result<(), DecodeError> {
    if count == 0 {
        return Ok(());
    }
    let mut taken = vec![false; count];
    for arg in args {
        Scanner::new(arg.as_str()).run(&mut |number| {
            let place = number.and_then(|number| taken.get_mut(number));
            match place {
                Some(taken) if !*taken => {
                    *taken = true;
                    Ok(())
                }
                _ => Err(DecodeError::PlaceholderMismatch),
            }
        })?;
    }
    if taken.into_iter().all(|taken| taken) { Ok(()) } else { Err(DecodeError::PlaceholderMismatch) }
}

struct Scanner<'a> {
    rest: &'a str,
    levels: Vec<Level>,
}

/// An object or array that is open.
struct Level {
    object: bool,
    /// The next string is a key of the object.
    at_key: bool,
    key: Key,
    placeholder: bool,
    number: Option<usize>,
}

/// What the value that follows is for.
enum Key {
    Placeholder,
    Number,
    Other,
}

/// A value, as far as a placeholder's fields go.
enum Value {
    True,
    Number(Option<usize>),
    Other,
}

impl<'a> Scanner<'a> {
    fn new(json: &'a str) -> Self {
        Self { rest: json, levels: Vec::new() }
    }

    /// Calls `found` with the number of each placeholder; none if that is no whole number.
    fn run(mut self, found: &mut impl FnMut(Option<usize>) -> Result<(), DecodeError>) -> Result<(), DecodeError> {
        while let Some(&first) = self.rest.as_bytes().first() {
            match first {
                b'{' | b'[' => {
                    self.value(Value::Other);
                    self.open(first == b'{')?;
                    self.skip(1);
                }
                b'}' | b']' => {
                    if let Some(level) = self.levels.pop()
                        && level.placeholder
                    {
                        found(level.number)?;
                    }
                    self.skip(1);
                }
                b',' => {
                    if let Some(level) = self.levels.last_mut() {
                        level.at_key = level.object;
                    }
                    self.skip(1);
                }
                b'"' => self.string(),
                b't' => {
                    self.value(Value::True);
                    self.skip("true".len());
                }
                b'-' | b'0'..=b'9' => self.number(),
                // Colons, blanks, and the letters of `null` and `false`.
                b'n' | b'f' => {
                    self.value(Value::Other);
                    self.skip("null".len());
                }
                _ => self.skip(1),
            }
        }
        Ok(())
    }

    fn open(&mut self, object: bool) -> Result<(), DecodeError> {
        if self.levels.len() == MAX_DEPTH {
            return Err(DecodeError::TooDeep);
        }
        self.levels.push(Level { object, at_key: object, key: Key::Other, placeholder: false, number: None });
        Ok(())
    }

    fn string(&mut self) {
        let bytes = self.rest.as_bytes();
        let mut length = 1;
        while let Some(&byte) = bytes.get(length) {
            length += match byte {
                b'\\' => 2,
                _ => 1,
            };
            if byte == b'"' {
                break;
            }
        }
        let quoted = self.rest.get(..length).unwrap_or_default();
        match self.levels.last_mut() {
            Some(level) if level.at_key => {
                level.at_key = false;
                level.key = Key::read(quoted);
            }
            _ => self.value(Value::Other),
        }
        self.skip(length);
    }

    fn number(&mut self) {
        let end =
            self.rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(self.rest.len());
        let digits = self.rest.get(..end).unwrap_or_default();
        self.value(Value::Number(digits.parse().ok()));
        self.skip(end);
    }

    /// A value begins. Of a key that comes twice the last value counts.
    fn value(&mut self, value: Value) {
        if let Some(level) = self.levels.last_mut() {
            match level.key {
                Key::Placeholder => level.placeholder = matches!(value, Value::True),
                Key::Number => {
                    level.number = match value {
                        Value::Number(number) => number,
                        Value::True | Value::Other => None,
                    };
                }
                Key::Other => {}
            }
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }
}

impl Key {
    fn read(quoted: &str) -> Self {
        let unescaped;
        let key = if quoted.contains('\\') {
            unescaped = serde_json::from_str::<String>(quoted).unwrap_or_default();
            unescaped.as_str()
        } else {
            quoted.trim_matches('"')
        };
        match key {
            "_placeholder" => Self::Placeholder,
            "num" => Self::Number,
            _ => Self::Other,
        }
    }
}
