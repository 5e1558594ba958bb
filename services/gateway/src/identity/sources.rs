//! Where a client may put its token.

use std::sync::Arc;

use http::header;

use crate::{handshake::Handshake, listener::Origins};

/// A token and where it was found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bearer<'a>(&'a str);

impl<'a> Bearer<'a> {
    /// A token from anywhere. A leading `Bearer ` is tolerated everywhere.
    pub fn new(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let token = match text.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => text[7..].trim_start(),
            _ => text,
        };
        (!token.is_empty()).then_some(Self(token))
    }

    /// The token itself. Must not reach logs, metrics or errors.
    pub fn token(self) -> &'a str {
        self.0
    }
}

/// Where handshakes may carry a token in this deployment.
#[derive(Clone, Debug)]
pub struct TokenSources {
    /// Name of the cookie that may hold the token.
    pub cookie: Arc<str>,
    /// Pages whose cookies count. Those of the server's own pages do, and those of programs.
    pub origins: Arc<Origins>,
}

impl TokenSources {
    /// The token of a handshake request: `Authorization` header, else query parameter `token`, else the
    /// cookie. The cookie counts only if the request comes from a page that may connect with credentials, or
    /// from no page: otherwise any site could act for a logged-in user.
    pub(crate) fn bearer(&self, handshake: &Handshake) -> Option<String> {
        let own = |text: &str| Bearer::new(text).map(|bearer| bearer.token().to_owned());
        if let Some(token) = handshake.header(&header::AUTHORIZATION).and_then(own) {
            return Some(token);
        }
        if let Some(token) = handshake.query("token").and_then(|token| own(&token)) {
            return Some(token);
        }
        if self.origins.admits_credentials(handshake) { handshake.cookie(&self.cookie).and_then(own) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_scheme_is_tolerated() {
        for (text, token) in [
            ("abc", Some("abc")),
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Bearer ", Some("Bearer")),
            ("  ", None),
        ] {
            assert_eq!(Bearer::new(text).map(Bearer::token), token, "{text:?}");
        }
    }
}
