//! The name of a namespace.

use std::fmt;
use std::sync::Arc;

/// A namespace's name: `/`, the main one, or `/` and more. A clone is cheap.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Namespace(Option<Arc<str>>);

/// The text names no namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a namespace: '/' and at most 255 bytes more, without ','")]
pub struct InvalidNamespace;

impl Namespace {
    /// The main namespace, `/`. It is not written on the wire.
    pub const MAIN: Self = Self(None);

    const MAX_LENGTH: usize = 256;

    /// The namespace of this name. A query behind the name is no part of it and left out; an empty
    /// name is the main one.
    ///
    /// # Errors
    /// [`InvalidNamespace`] if the name does not begin with `/`, is longer than 256 bytes, or has
    /// the `,` that ends it on the wire.
    pub fn new(text: &str) -> Result<Self, InvalidNamespace> {
        let name = text.split_once('?').map_or(text, |(name, _)| name);
        match name {
            "" | "/" => Ok(Self::MAIN),
            _ if !name.starts_with('/') || name.contains(',') => Err(InvalidNamespace),
            _ if name.len() > Self::MAX_LENGTH => Err(InvalidNamespace),
            _ => Ok(Self(Some(name.into()))),
        }
    }

    /// The name, beginning with `/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or("/")
    }

    /// Whether this is the main namespace.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Namespace({})", self.as_str())
    }
}
