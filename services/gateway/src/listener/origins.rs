//! Which web pages may use the server (Fetch standard, "CORS protocol").

use axum::body::Body;
use http::header::{self, HeaderMap, HeaderValue};
use http::uri::Authority;
use http::{Response, StatusCode};

use crate::handshake::Handshake;

/// Pages whose scripts may connect. Requests without `Origin`, which come from programs and not from pages, are
/// never refused, nor are those of a page that this server itself has served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Every page, without credentials.
    Any,
    /// The listed origins, such as `https://app.example.org`, with credentials.
    List(Vec<String>),
}

impl Default for Origins {
    /// No page but the server's own.
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

/// What the answer to a request has to say about origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing: the request is no page's, or a page's of our own.
    Silent,
    /// Any page may read the answer.
    Anyone,
    /// This page may.
    Allowed(HeaderValue),
    /// This page may not connect.
    Refused,
}

impl Origins {
    /// Judges a request by its headers.
    pub(crate) fn judge(&self, headers: &HeaderMap) -> Verdict {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return if *self == Self::Any { Verdict::Anyone } else { Verdict::Silent };
        };
        match self {
            Self::Any => Verdict::Anyone,
            Self::List(list) if list.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) => {
                Verdict::Allowed(origin.clone())
            }
            Self::List(_) if is_own(Some(origin), headers.get(header::HOST)) => Verdict::Silent,
            Self::List(_) => Verdict::Refused,
        }
    }

    /// True if a request may act with what the browser holds for its user, such as a cookie: it comes from a listed
    /// page, from one of our own, or from no page.
    pub(crate) fn admits_credentials(&self, handshake: &Handshake) -> bool {
        let Some(origin) = handshake.header(&header::ORIGIN) else { return true };
        let listed = matches!(self, Self::List(list) if list.iter().any(|allowed| allowed == origin));
        let value = |text: &str| HeaderValue::from_str(text).ok();
        let host = handshake.header(&header::HOST).and_then(value);
        listed || is_own(value(origin).as_ref(), host.as_ref())
    }
}

impl Verdict {
    /// Adds what browsers have to know to an answer.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        match self {
            Self::Silent | Self::Refused => {}
            Self::Anyone => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            }
            Self::Allowed(origin) => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
                headers.append(header::VARY, HeaderValue::from_static("Origin"));
            }
        }
    }

    /// The answer to a preflight request.
    pub(crate) fn preflight(&self, request: &HeaderMap) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        if let Some(wanted) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        self.apply(headers);
        response
    }
}

/// True if the page came from the host that the request goes to.
fn is_own(origin: Option<&HeaderValue>, host: Option<&HeaderValue>) -> bool {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_ascii_lowercase);
    let page = origin.and_then(text).and_then(|origin| {
        let (_, authority) = origin.split_once("://")?;
        authority.parse::<Authority>().ok()
    });
    let here = host.and_then(text).and_then(|host| host.parse::<Authority>().ok());
    page.is_some() && page == here
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origin: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("signal.example.org:3001"));
        if !origin.is_empty() {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        headers
    }

    #[test]
    fn listed_pages_own_pages_and_programs_may_connect_and_others_may_not() {
        let origins = Origins::List(vec!["https://app.example.org".to_owned()]);
        let judge = |origin| origins.judge(&headers(origin));
        assert_eq!(judge(""), Verdict::Silent);
        assert_eq!(
            judge("https://app.example.org"),
            Verdict::Allowed(HeaderValue::from_static("https://app.example.org"))
        );
        assert_eq!(judge("http://signal.example.org:3001"), Verdict::Silent);
        assert_eq!(judge("http://signal.example.org"), Verdict::Refused);
        assert_eq!(judge("https://app.example.org.evil.example"), Verdict::Refused);
        assert_eq!(judge("null"), Verdict::Refused);
    }

    #[test]
    fn credentials_are_allowed_to_listed_pages_and_never_with_a_wildcard() {
        let mut answer = HeaderMap::new();
        Origins::Any.judge(&headers("https://anywhere.example")).apply(&mut answer);
        assert_eq!(answer.get(header::ACCESS_CONTROL_ALLOW_ORIGIN), Some(&HeaderValue::from_static("*")));
        assert_eq!(answer.get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), None);

        let mut answer = HeaderMap::new();
        let page = HeaderValue::from_static("https://app.example.org");
        Verdict::Allowed(page.clone()).apply(&mut answer);
        assert_eq!(answer.get(header::ACCESS_CONTROL_ALLOW_ORIGIN), Some(&page));
        assert_eq!(answer.get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), Some(&HeaderValue::from_static("true")));
        assert_eq!(answer.get(header::VARY), Some(&HeaderValue::from_static("Origin")));
    }
}
