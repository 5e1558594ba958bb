//! Wire text on one side, values on the other.

mod open;
mod packet;
mod payload;
mod request;
