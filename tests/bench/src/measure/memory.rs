//! Memory of idle connections: authenticated users, each in a room of ten, who say nothing.

use super::Figure;
use crate::Failure;
use crate::contender::Contender;
use crate::load::Crowd;

const ROOM_SIZE: usize = 10;

/// The smaller of the two numbers of connections.
const FEW: usize = 1_000;

/// PSS of the process, less that of the process before anybody came, for each connection.
pub(super) async fn take(contender: &Contender, many: usize) -> Result<Vec<Figure>, Failure> {
    let server = contender.start().await?;
    let empty = server.pss_kib()?;
    let mut crowd = Crowd::new(ROOM_SIZE);
    let mut figures = Vec::new();
    for connections in [FEW, many] {
        crowd.grow(&[server.address()], connections).await?;
        server.rest().await?;
        let more = server.pss_kib()?.saturating_sub(empty);
        figures.push(Figure {
            of: format!("KiB per idle connection, of {connections}"),
            value: more as f64 / connections as f64,
        });
    }
    Ok(figures)
}
