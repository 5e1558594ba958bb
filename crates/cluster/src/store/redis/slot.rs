//! Slots: the parts into which a Redis Cluster divides its keys.

/// How many slots there are.
pub(super) const COUNT: u16 = 16_384;

/// A slot, below [`COUNT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(u16);

impl Slot {
    /// The slot of all keys with this hash tag.
    pub(super) fn of(tag: &[u8]) -> Self {
        Self(crc16(tag) % COUNT)
    }

    pub(super) const fn number(self) -> u16 {
        self.0
    }
}

/// CRC16/XMODEM, as the specification of Redis Cluster demands.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        let mut crc = crc ^ (u16::from(*byte) << 8);
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        }
        crc
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(Slot::of(b"foo").number(), 12_182);
        assert_eq!(Slot::of(b"bar").number(), 5_061);
        assert_eq!(Slot::of(b"").number(), 0);
    }
}
