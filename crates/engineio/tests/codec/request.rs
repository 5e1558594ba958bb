use heliograph_engineio::{Method, ProtocolError, Request, SessionId, Transport};
use proptest::prelude::*;

#[test]
fn a_query_says_what_is_asked_for() {
    let sid = |text| SessionId::new(text).unwrap();
    let table = [
        ("EIO=4&transport=polling", Method::Get, false, Request::Open(Transport::Polling)),
        ("EIO=4&transport=websocket", Method::Get, true, Request::Open(Transport::WebSocket)),
        ("transport=polling&t=x1&EIO=4&token=a%20b", Method::Get, false, Request::Open(Transport::Polling)),
        ("EIO=4&transport=polling&sid=", Method::Get, false, Request::Open(Transport::Polling)),
        ("EIO=4&transport=polling&sid=a", Method::Get, false, Request::Poll(sid("a"))),
        ("EIO=4&transport=polling&sid=a", Method::Post, false, Request::Post(sid("a"))),
        ("EIO=4&transport=websocket&sid=a", Method::Get, true, Request::Upgrade(sid("a"))),
        ("EIO=4&transport=polling&sid=g1%2ea%2Db", Method::Get, false, Request::Poll(sid("g1.a-b"))),
        ("EIO=4&transport=polling&sid=a&sid=b", Method::Get, false, Request::Poll(sid("b"))),
        ("transport=polling&sid=a", Method::Get, false, Request::Poll(sid("a"))),
    ];
    for (query, method, websocket, request) in table {
        assert_eq!(Request::parse(query, method, websocket), Ok(request), "{query}");
    }
}

#[test]
fn a_request_that_makes_no_sense_gets_the_protocols_error() {
    use ProtocolError::*;
    let table = [
        ("", Method::Get, false, UnknownTransport),
        ("EIO=4", Method::Get, false, UnknownTransport),
        ("EIO=4&transport=abc", Method::Get, false, UnknownTransport),
        ("EIO=4&transport=Polling", Method::Get, false, UnknownTransport),
        ("transport=polling", Method::Get, false, UnsupportedVersion),
        ("EIO=3&transport=polling", Method::Get, false, UnsupportedVersion),
        ("EIO=abc&transport=websocket", Method::Get, true, UnsupportedVersion),
        ("EIO=4&transport=polling", Method::Post, false, BadHandshakeMethod),
        ("EIO=4&transport=polling", Method::Other, false, BadHandshakeMethod),
        ("EIO=4&transport=websocket", Method::Get, false, BadRequest),
        ("EIO=4&transport=polling", Method::Get, true, BadRequest),
        ("EIO=4&transport=polling&sid=a%20b", Method::Get, false, UnknownSession),
        ("EIO=4&transport=polling&sid=%", Method::Get, false, UnknownSession),
        ("EIO=4&transport=polling&sid=%ff%e9", Method::Get, false, UnknownSession),
        ("EIO=4&transport=polling&sid=a", Method::Other, false, BadRequest),
        ("EIO=4&transport=websocket&sid=a", Method::Get, false, BadRequest),
        ("EIO=4&transport=websocket&sid=a", Method::Post, true, BadRequest),
    ];
    for (query, method, websocket, error) in table {
        assert_eq!(Request::parse(query, method, websocket), Err(error), "{query}");
    }
}

#[test]
fn an_error_has_the_stock_servers_code_status_and_body() {
    let table = [
        (ProtocolError::UnknownTransport, 400, r#"{"code":0,"message":"Transport unknown"}"#),
        (ProtocolError::UnknownSession, 400, r#"{"code":1,"message":"Session ID unknown"}"#),
        (ProtocolError::BadHandshakeMethod, 400, r#"{"code":2,"message":"Bad handshake method"}"#),
        (ProtocolError::BadRequest, 400, r#"{"code":3,"message":"Bad request"}"#),
        (ProtocolError::Forbidden, 403, r#"{"code":4,"message":"Forbidden"}"#),
        (ProtocolError::UnsupportedVersion, 400, r#"{"code":5,"message":"Unsupported protocol version"}"#),
    ];
    for (error, status, body) in table {
        assert_eq!(error.status(), status);
        assert_eq!(error.body(), body);
    }
}

proptest! {
    #[test]
    fn any_query_is_a_request_or_an_error(query in any::<String>(), websocket in any::<bool>()) {
        let _ = Request::parse(&query, Method::Get, websocket);
        let _ = Request::parse(&format!("transport=polling&sid={query}"), Method::Post, false);
    }
}
