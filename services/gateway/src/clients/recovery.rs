//! What a client holds so that it can have its session back: the private id, and the offset.
//!
//! - The private id (`pid` of a Socket.IO CONNECT answer, `resumeToken` of mesh) is the socket's id and a
//!   secret: `<socket id>.<32 hex digits>`.
//! - The offset comes with every sequenced event and says what the client has, in every room that has moved
//!   since the client joined it: `<ordinal>.<seq>` of each such room, joined with `_`. Ordinals are the
//!   short names that the session gives to its rooms. A stock client keeps the newest offset only, so that
//!   each has to be whole; nothing needs to be stored while events flow, and a gateway may die at any time.

use std::fmt::Write as _;

use heliograph_domain::{command::SessionSecret, id::SocketId};

/// Longest offset that is read: more rooms than a socket may attend, at any length of number.
const MAX_OFFSET: usize = 16 * 1024;

/// The private id of a session, as its client sees it.
pub(crate) fn pid(socket: &SocketId, secret: SessionSecret) -> String {
    let mut pid = format!("{socket}.");
    for byte in secret.to_bytes() {
        // Writing to a string does not fail.
        let _ = write!(pid, "{byte:02x}");
    }
    pid
}

/// Reads a private id.
pub(crate) fn parse_pid(pid: &str) -> Option<(SocketId, SessionSecret)> {
    let (socket, hex) = pid.rsplit_once('.')?;
    if hex.len() != 32 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let secret = u128::from_str_radix(hex, 16).ok()?;
    Some((SocketId::parse(socket).ok()?, SessionSecret::from_bytes(secret.to_be_bytes())))
}

/// What a client has in the rooms of its session.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Offset(Vec<(u32, u64)>);

impl Offset {
    /// Reads an offset; `None` if it is none of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_OFFSET {
            return None;
        }
        let number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u64>().ok())?;
        text.split('_')
            .map(|part| {
                let (ordinal, seq) = part.split_once('.')?;
                Some((u32::try_from(number(ordinal)?).ok()?, number(seq)?))
            })
            .collect::<Option<Vec<_>>>()
            .map(Self)
    }

    /// The newest entry that the client has of a room, if the offset names the room.
    pub(crate) fn seq(&self, ordinal: u32) -> Option<u64> {
        self.0.iter().find_map(|(other, seq)| (*other == ordinal).then_some(*seq))
    }
}

/// Writes one room's part of an offset.
pub(crate) fn write_part(offset: &mut String, ordinal: u32, seq: u64) {
    if !offset.is_empty() {
        offset.push('_');
    }
    // Writing to a string does not fail.
    let _ = write!(offset, "{ordinal}.{seq}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_id_is_read_back() {
        let (socket, secret) = (SocketId::random(), SessionSecret::from_bytes([0xab; 16]));
        let text = pid(&socket, secret);
        assert!(text.ends_with(".abababababababababababababababab"));
        assert!(parse_pid(&text) == Some((socket, secret)));
        for bad in ["", "x", "x.", ".ab", "x.zzababababababababababababababab", "x.+bababababababababababababababab"] {
            assert!(parse_pid(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_offset_is_read_back() {
        let mut text = String::new();
        write_part(&mut text, 0, 57);
        write_part(&mut text, 12, 9);
        assert_eq!(text, "0.57_12.9");
        let offset = Offset::parse(&text).unwrap();
        assert_eq!((offset.seq(0), offset.seq(12), offset.seq(1)), (Some(57), Some(9), None));
        for bad in ["", "1", "1.", ".1", "1.2_", "a.b", "-1.2", "+1.2", "99999999999.1", "1.2 "] {
            assert_eq!(Offset::parse(bad), None, "{bad}");
        }
    }
}
