//! The close codes of plain WebSocket clients, registered nowhere and documented in docs/protocol.md.

use heliograph_websocket::CloseCode;

const fn code(number: u16) -> CloseCode {
    match CloseCode::new(number) {
        Some(code) => code,
        None => CloseCode::POLICY_VIOLATION,
    }
}

/// 4400: three messages in a row that are none.
pub(crate) const MALFORMED: CloseCode = code(4400);
/// 4401: authentication failed, or the token has expired.
pub(crate) const UNAUTHENTICATED: CloseCode = code(4401);
/// 4403: removed by an operator, or the room was closed.
pub(crate) const ROOM_CLOSED: CloseCode = code(4403);
/// 4408: no `join` in time, or silence.
pub(crate) const OVERDUE: CloseCode = code(4408);
/// 4409: another tab of the user has taken over.
pub(crate) const REPLACED: CloseCode = code(4409);
