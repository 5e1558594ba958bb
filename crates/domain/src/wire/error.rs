//! Why bytes are not what they should be.

/// Bytes from the bus, the store or a gRPC peer do not hold a valid value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not protobuf, or fields of other types.
    #[error("{message} is malformed: {reason}")]
    Malformed {
        /// The expected message.
        message: &'static str,
        /// What the decoder says.
        reason: prost::DecodeError,
    },
    /// A required field or choice is not set, or was set to something that this version does not
    /// know.
    #[error("{field} is missing or unknown")]
    Missing {
        /// Message and field.
        field: &'static str,
    },
    /// A field has a value that it must not have.
    #[error("{field} {reason}")]
    Invalid {
        /// Message and field.
        field: &'static str,
        /// What is expected.
        reason: String,
    },
}
