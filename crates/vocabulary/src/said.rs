//! What a Socket.IO client has said, and what has to be known of it to understand that.

use std::fmt;

use bytes::Bytes;
use heliograph_domain::{
    id::UserId,
    refusal::Refusal,
    room::{RoomId, RoomKind},
    text::Reference,
};

use crate::{ClaimedId, Request, json::Fields, limits::at_most};

/// An event of a client.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its arguments as JSON text, of which only the first counts.
    pub args: &'a [&'a str],
    /// The binary attachments that its arguments refer to.
    pub attachments: &'a [Bytes],
}

impl<'a> Said<'a> {
    /// The fields of the first argument, which is an object; a missing one and `null` count as `{}`.
    ///
    /// # Errors
    /// `TOO_LARGE` above `limit` bytes, `INVALID_PAYLOAD` if it is no object.
    pub(crate) fn fields(&self, limit: usize) -> Result<Fields<'a>, Refusal> {
        let argument = self.args.first().map_or("{}", |argument| argument.trim());
        let attached: usize = self.attachments.iter().map(Bytes::len).sum();
        at_most(limit, argument.len().saturating_add(attached))?;
        match argument {
            "null" => Ok(Fields::none()),
            _ => Fields::parse(argument).ok_or_else(|| Refusal::invalid("argument", "must be an object")),
        }
    }

    /// Refuses attachments, for events that have no place for them.
    pub(crate) fn without_attachments(&self) -> Result<(), Refusal> {
        if self.attachments.is_empty() {
            Ok(())
        } else {
            Err(Refusal::invalid("event", "must not have binary attachments"))
        }
    }
}

/// Where a client stands: what its events leave out because it goes without saying.
#[derive(Clone, Copy)]
pub struct Standpoint<'a> {
    /// Its user; `None` before authentication.
    pub user: Option<&'a UserId>,
    /// Of the rooms of a kind that it attends, the one that it has joined last.
    pub latest: &'a dyn Fn(RoomKind) -> Option<RoomId>,
}

impl Standpoint<'static> {
    /// That of a client without identity and rooms.
    pub const NOWHERE: Self = Self { user: None, latest: &|_| None };
}

impl fmt::Debug for Standpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standpoint").field("user", &self.user).finish_non_exhaustive()
    }
}

/// An event of a client as it was understood.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Who the client says it is, though nobody asked.
    pub claims: Vec<ClaimedId<'a>>,
    /// The client's own name for what it asks for, by which it is told of a refusal.
    pub reference: Option<Reference>,
    /// What the client asks for, or why it cannot.
    pub request: Result<Request, Refusal>,
}

impl Asked<'_> {
    /// Something that cannot be understood at all.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self { claims: Vec::new(), reference: None, request: Err(refusal) }
    }
}
