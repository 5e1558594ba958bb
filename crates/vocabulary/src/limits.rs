//! How large what clients send may be.

use heliograph_domain::refusal::{Code, Refusal};

/// Size limits of what clients own, in bytes of JSON text unless said otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SizeLimits {
    /// One signal, with the event around it.
    pub signal: usize,
    /// One typing, status, heartbeat or application data event.
    pub ephemeral: usize,
    /// All attachments of one message.
    pub attachments: usize,
    /// Number of attachments of one message.
    pub attachment_count: usize,
}

impl Default for SizeLimits {
    fn default() -> Self {
        Self { signal: 64 * 1024, ephemeral: 16 * 1024, attachments: 256 * 1024, attachment_count: 10 }
    }
}

impl SizeLimits {
    /// Most bytes of a message event: its attachments, and room for its text and ids.
    pub(crate) fn message(&self) -> usize {
        self.attachments.saturating_add(self.ephemeral)
    }
}

pub(crate) fn at_most(limit: usize, size: usize) -> Result<(), Refusal> {
    if size > limit { Err(Code::TooLarge.into()) } else { Ok(()) }
}
