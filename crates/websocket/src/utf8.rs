//! UTF-8 that arrives in pieces (RFC 6455, section 8.1).

/// Judges text piece by piece, and finds the first byte that no continuation could make valid.
#[derive(Debug, Default)]
pub(crate) struct Validator {
    /// A character of which some bytes have not come yet.
    partial: [u8; 4],
    length: u8,
}

/// The text is not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Invalid;

impl Validator {
    /// Takes the next piece.
    pub(crate) fn push(&mut self, mut piece: &[u8]) -> Result<(), Invalid> {
        while self.length > 0 {
            let Some((&byte, rest)) = piece.split_first() else {
                return Ok(());
            };
            piece = rest;
            let end = usize::from(self.length) + 1;
            let Some(character) = self.partial.get_mut(..end) else {
                return Err(Invalid);
            };
            if let Some(last) = character.last_mut() {
                *last = byte;
            }
            match std::str::from_utf8(character) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_none() => self.length += 1,
                Err(_) => return Err(Invalid),
            }
        }
        match std::str::from_utf8(piece) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_some() => Err(Invalid),
            Err(error) => {
                // An incomplete character has at most three bytes, so the lengths fit.
                for (slot, byte) in self.partial.iter_mut().zip(piece.iter().skip(error.valid_up_to())) {
                    *slot = *byte;
                    self.length += 1;
                }
                Ok(())
            }
        }
    }

    /// True if the text may end here.
    pub(crate) fn is_complete(&self) -> bool {
        self.length == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(pieces: &[&[u8]]) -> Result<bool, Invalid> {
        let mut validator = Validator::default();
        for piece in pieces {
            validator.push(piece)?;
        }
        Ok(validator.is_complete())
    }

    #[test]
    fn characters_may_be_cut_anywhere() {
        let text = "aé€😀z".as_bytes();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                assert_eq!(judge(&[&text[..first], &text[first..second], &text[second..]]), Ok(true));
            }
        }
        assert_eq!(judge(&["€".as_bytes().split_at(2).0]), Ok(false));
    }

    #[test]
    fn what_cannot_become_valid_is_refused_at_once() {
        assert_eq!(judge(&[b"\xff"]), Err(Invalid));
        assert_eq!(judge(&[b"\xc0"]), Err(Invalid));
        assert_eq!(judge(&[b"\xf4", b"\x90"]), Err(Invalid));
        assert_eq!(judge(&[b"ok \xed", b"\xa0"]), Err(Invalid));
        assert_eq!(judge(&[b"\xe2\x82", b"a"]), Err(Invalid));
    }
}
