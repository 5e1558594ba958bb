//! Message types.

/// What clients send.
pub const CLIENT_TYPES: [&str; 16] = [
    "join",
    "leave",
    "offer",
    "answer",
    "candidate",
    "screen-share-started",
    "screen-share-stopped",
    "raise-hand",
    "lower-hand",
    "chat-enabled",
    "chat-disabled",
    "chat",
    "media-state",
    "data",
    "ping",
    "heartbeat",
];

/// What the server sends.
pub const SERVER_TYPES: [&str; 20] = [
    "peers",
    "peer-joined",
    "peer-left",
    "offer",
    "answer",
    "candidate",
    "screen-share-started",
    "screen-share-stopped",
    "raise-hand",
    "lower-hand",
    "chat-enabled",
    "chat-disabled",
    "chat",
    "media-state",
    "data",
    "host-changed",
    "pong",
    "ack",
    "error",
    "room-closed",
];
