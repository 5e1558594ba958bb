//! What can be wrong with what a client sends.

/// Why messages are not a packet. After one of these the connection is closed (reason
/// `parse error`), because the two sides no longer agree on where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecodeError {
    /// The text has no characters.
    #[error("the packet is empty")]
    Empty,
    /// The first character is none of `0` to `6`.
    #[error("the packet type is unknown")]
    UnknownType,
    /// The namespace is longer than any may be.
    #[error("the namespace is too long")]
    NamespaceTooLong,
    /// What stands where the data should begin is no number and no JSON of the right kind, or a
    /// packet that has no data carries some.
    #[error("the packet's data is not what its type demands")]
    InvalidData,
    /// The data, or an argument, is not JSON.
    #[error("the packet's data is not JSON")]
    InvalidJson,
    /// An event without a string or number as its first element.
    #[error("the event has no name")]
    MissingName,
    /// An event with a name that libraries reserve.
    #[error("the event's name is reserved")]
    ReservedName,
    /// An event or acknowledgement with more arguments than the limit.
    #[error("the packet has too many arguments")]
    TooManyArguments,
    /// An acknowledgement that does not say for what.
    #[error("the acknowledgement has no id")]
    MissingAckId,
    /// An ack id that does not fit 64 bits.
    #[error("the ack id is too large")]
    AckIdTooLarge,
    /// A binary packet whose number of attachments is missing, zero or no number.
    #[error("the number of attachments is invalid")]
    InvalidAttachmentCount,
    /// More attachments than the limit.
    #[error("the packet has too many attachments")]
    TooManyAttachments,
    /// More bytes in one packet's attachments than the limit.
    #[error("the packet's attachments are too large")]
    AttachmentsTooLarge,
    /// The placeholders do not stand for each attachment once.
    #[error("the placeholders do not match the attachments")]
    PlaceholderMismatch,
    /// The arguments of a binary packet are nested deeper than placeholders are looked for.
    #[error("the packet's arguments are nested too deeply")]
    TooDeep,
    /// A text message came before the last packet had all its attachments.
    #[error("a text came while attachments were due")]
    TextWhileAttachmentsDue,
    /// A binary message came that no packet has announced.
    #[error("an attachment came without a packet")]
    UnexpectedAttachment,
}
