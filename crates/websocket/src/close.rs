//! Why a connection ends: close codes and the payload of a close frame (RFC 6455, sections 5.5.1 and 7.4).

use crate::decoder::Error;

/// A status code that may stand in a close frame.
///
/// Codes that the RFC reserves for local use (1004, 1005, 1006, 1015), codes below 1000, and codes
/// that nobody has registered (1016 to 2999) cannot be represented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the endpoint goes away (a page that is left, a server that stops for good).
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a kind of data that the endpoint does not accept.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// 1007: data that do not fit their kind, such as text that is not UTF-8.
    pub const INVALID_DATA: Self = Self(1007);
    /// 1008: a policy was violated.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message above the receiver's limit.
    pub const TOO_LARGE: Self = Self(1009);
    /// 1011: the server met a condition that it cannot handle.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the server restarts; the client may come back.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: the server is overloaded, or the client too slow; try again later.
    pub const TRY_AGAIN_LATER: Self = Self(1013);

    /// The code, if it may appear in a close frame: 1000 to 1003, 1007 to 1014, and 3000 to 4999.
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// The number on the wire.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// The content of a close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The status code.
    pub code: CloseCode,
    /// The reason, at most 123 bytes of UTF-8; often empty.
    pub reason: String,
}

impl Close {
    /// Reads the payload of a close frame; `None` for an empty one, which carries no code.
    ///
    /// # Errors
    /// [`Error::CloseFrame`] for a payload of one byte or a code that may not be sent,
    /// [`Error::InvalidUtf8`] for a reason that is not UTF-8.
    pub(crate) fn parse(payload: &[u8]) -> Result<Option<Self>, Error> {
        match payload {
            [] => Ok(None),
            [_] => Err(Error::CloseFrame),
            [high, low, reason @ ..] => {
                let code = CloseCode::new(u16::from_be_bytes([*high, *low])).ok_or(Error::CloseFrame)?;
                let reason = std::str::from_utf8(reason).map_err(|_| Error::InvalidUtf8)?;
                Ok(Some(Self { code, reason: reason.to_owned() }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_may_be_sent_are_those_of_the_registry_and_the_private_ranges() {
        for code in [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 3999, 4000, 4999] {
            assert!(CloseCode::new(code).is_some(), "{code}");
        }
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
            assert!(CloseCode::new(code).is_none(), "{code}");
        }
    }

    #[test]
    fn a_close_payload_is_empty_or_a_code_and_a_reason() {
        assert_eq!(Close::parse(b""), Ok(None));
        assert_eq!(Close::parse(b"\x03"), Err(Error::CloseFrame));
        assert_eq!(Close::parse(b"\x03\xed"), Err(Error::CloseFrame));
        assert_eq!(Close::parse(b"\x03\xe8\xff"), Err(Error::InvalidUtf8));
        assert_eq!(Close::parse(b"\x03\xe8bye"), Ok(Some(Close { code: CloseCode::NORMAL, reason: "bye".to_owned() })));
    }
}
