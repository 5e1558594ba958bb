//! As much of a client as it takes to set up and to ask a server.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(10);

/// Runs a command over a connection of its own.
pub(super) fn command(socket: &Path, password: Option<&str>, arguments: &[&str]) -> io::Result<String> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut connection = BufReader::new(stream);
    if let Some(password) = password {
        exchange(&mut connection, &["AUTH", password])?;
    }
    exchange(&mut connection, arguments)
}

fn exchange(connection: &mut BufReader<UnixStream>, arguments: &[&str]) -> io::Result<String> {
    let mut request = format!("*{}\r\n", arguments.len());
    for argument in arguments {
        request.push_str(&format!("${}\r\n{argument}\r\n", argument.len()));
    }
    connection.get_mut().write_all(request.as_bytes())?;
    let mut lines = Vec::new();
    read(connection, &mut lines)?;
    Ok(lines.join("\n"))
}

/// Reads one answer; of a list, all parts.
fn read(connection: &mut BufReader<UnixStream>, into: &mut Vec<String>) -> io::Result<()> {
    let mut line = String::new();
    connection.read_line(&mut line)?;
    let line = line.trim_end();
    let (kind, rest) = line.split_at_checked(1).ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    match kind {
        "-" => return Err(io::Error::other(rest.to_owned())),
        "$" => match rest.parse::<usize>() {
            Ok(length) => {
                let mut bytes = vec![0; length + 2];
                connection.read_exact(&mut bytes)?;
                bytes.truncate(length);
                into.push(String::from_utf8_lossy(&bytes).into_owned());
            }
            // A length of -1 is "nothing".
            Err(_) => into.push(String::new()),
        },
        "*" => {
            for _ in 0..rest.parse().unwrap_or(0) {
                read(connection, into)?;
            }
        }
        _ => into.push(rest.to_owned()),
    }
    Ok(())
}
