//! One HTTP request at a time, as a test needs it.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(10);

/// Posts JSON to a port of the loopback address and gives the JSON that comes back. An answer that is
/// no success is an error with its body.
pub(crate) fn post(port: u16, path: &str, token: Option<&str>, body: &Value) -> io::Result<Value> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let body = body.to_string();
    let authorization = token.map(|token| format!("Authorization: {token}\r\n")).unwrap_or_default();
    // HTTP 1.0: the body is not sent in chunks and ends with the connection.
    let head = format!(
        "POST {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n{authorization}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status != "200" {
        return Err(io::Error::other(format!("{status}: {}", body.trim())));
    }
    Ok(serde_json::from_str(body)?)
}
