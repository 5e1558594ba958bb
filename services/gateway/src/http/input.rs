//! Query parameters and bodies. Refusals name the field and what was expected.

use std::{fmt::Display, str::FromStr};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::request::Parts,
};
use heliograph_domain::refusal::{Code, Refusal};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};

use super::{Api, error::ApiError};

/// Query parameters. Of several with the same name the first counts.
pub(super) struct Query(Vec<(String, String)>);

impl FromRequestParts<Api> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// A parameter as it is; `None` if it is missing or empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| &**value).filter(|value| !value.is_empty())
    }

    /// A parameter that is a whole number.
    ///
    /// # Errors
    /// `INVALID_PAYLOAD` if it is something else.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let parse = |text: &str| text.parse().map_err(|_| Refusal::invalid(name, "must be a whole number"));
        self.text(name).map(parse).transpose()
    }
}

/// The one parameter in the path.
pub(super) struct InPath(pub(super) String);

impl FromRequestParts<Api> for InPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        match Path::<String>::from_request_parts(parts, api).await {
            Ok(Path(text)) => Ok(Self(text)),
            Err(_) => Err(Refusal::invalid("path", "must be percent-encoded UTF-8").into()),
        }
    }
}

/// A JSON object in the body, whatever its content type says: stock clients send none.
pub(super) struct Body(Map<String, Value>);

impl FromRequest<Api> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let reading = Limited::new(request.into_body(), api.options().max_body).collect();
        let refusal = match tokio::time::timeout(api.options().body_timeout, reading).await {
            Ok(Ok(body)) => return Self::parse(&body.to_bytes()).map_err(Into::into),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Refusal::new(Code::TooLarge),
            Ok(Err(_)) | Err(_) => Refusal::invalid("body", "did not come whole and in time"),
        };
        Err(refusal.into())
    }
}

impl Body {
    /// An empty body is an empty object.
    fn parse(bytes: &Bytes) -> Result<Self, Refusal> {
        if bytes.is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            _ => Err(Refusal::invalid("body", "must be a JSON object")),
        }
    }

    /// A field; `None` if it is missing or null.
    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A field that is an id: a string, or an integer that becomes its decimal text.
    ///
    /// # Errors
    /// `INVALID_PAYLOAD` if it is something else.
    pub(super) fn id<T, E: Display>(&self, name: &str, parse: fn(&str) -> Result<T, E>) -> Result<Option<T>, Refusal> {
        self.field(name).map(|value| id(name, value, parse)).transpose()
    }

    /// A field that is a string.
    ///
    /// # Errors
    /// `INVALID_PAYLOAD` if it is something else.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.field(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::invalid(name, "must be a string")),
        }
    }

    /// A field that is a number from 0 to `most`.
    ///
    /// # Errors
    /// `INVALID_PAYLOAD` if it is something else.
    pub(super) fn amount(&self, name: &str, most: f64) -> Result<Option<f64>, Refusal> {
        let amount = |value: &Value| {
            let number = value.as_f64().filter(|number| (0.0..=most).contains(number));
            number.ok_or_else(|| Refusal::invalid(name, format_args!("must be a number from 0 to {most}")))
        };
        self.field(name).map(amount).transpose()
    }
}

/// An id in JSON: a string, or an integer that becomes its decimal text.
///
/// # Errors
/// `INVALID_PAYLOAD` if it is something else.
pub(super) fn id<T, E: Display>(name: &str, value: &Value, parse: fn(&str) -> Result<T, E>) -> Result<T, Refusal> {
    let parsed = match value {
        Value::String(text) => parse(text),
        Value::Number(number) if number.is_i64() || number.is_u64() => parse(&number.to_string()),
        _ => return Err(Refusal::invalid(name, "must be a string")),
    };
    parsed.map_err(|reason| Refusal::invalid(name, reason))
}

#[cfg(test)]
mod tests {
    use heliograph_domain::id::UserId;

    use super::*;

    fn body(text: &'static str) -> Body {
        Body::parse(&Bytes::from_static(text.as_bytes())).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    #[test]
    fn the_first_parameter_of_a_name_counts_and_an_empty_one_is_none() {
        let query = Query::parse("a=1&a=2&b=&c=x%20y&d=-1");
        assert_eq!(query.number::<u64>("a"), Ok(Some(1)));
        assert_eq!(query.text("b"), None);
        assert_eq!(query.text("c"), Some("x y"));
        assert!(query.number::<u64>("d").unwrap_err().message.contains("d must be"));
    }

    #[test]
    fn integers_are_ids_and_other_values_are_not() {
        assert_eq!(body(r#"{"id":7}"#).id("id", UserId::parse), Ok(UserId::parse("7").ok()));
        assert_eq!(body(r#"{"id":null}"#).id("id", UserId::parse), Ok(None));
        for text in [r#"{"id":1.5}"#, r#"{"id":[]}"#, r#"{"id":""}"#] {
            let refusal = body(text).id("id", UserId::parse).unwrap_err();
            assert!(refusal.message.starts_with("Invalid payload: id must"), "{refusal}");
        }
    }

    #[test]
    fn amounts_have_bounds() {
        let body = body(r#"{"a":0.5,"b":-1,"c":101,"d":"1"}"#);
        assert_eq!(body.amount("a", 100.0), Ok(Some(0.5)));
        assert_eq!(body.amount("e", 100.0), Ok(None));
        for name in ["b", "c", "d"] {
            assert!(body.amount(name, 100.0).is_err(), "{name}");
        }
    }

    #[test]
    fn a_body_is_an_object_or_nothing() {
        assert!(Body::parse(&Bytes::new()).is_ok());
        for text in ["[]", "\"text\"", "{", "{\"a\":NaN}"] {
            assert!(Body::parse(&Bytes::from_static(text.as_bytes())).is_err(), "{text}");
        }
    }
}
