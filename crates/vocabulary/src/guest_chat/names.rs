//! Event names.

/// What clients emit.
pub const CLIENT_EVENTS: [&str; 13] = [
    "user:match",
    "user:match:cancel",
    "chat:message",
    "chat:message:delivered",
    "chat:clear",
    "leave-room",
    "close-room",
    "webrtc:offer",
    "webrtc:answer",
    "webrtc:ice-candidate",
    "webrtc:call-end",
    "webrtc:call-reject",
    "webrtc:call-timeout",
];

/// What the server emits.
pub const SERVER_EVENTS: [&str; 23] = [
    "connection:established",
    "connection:error",
    "error",
    "user:match:searching",
    "user:match:no_users",
    "user:matched",
    "user:match:cancelled",
    "user:match:error",
    "chat:message",
    "chat:message:sent",
    "chat:message:delivered",
    "chat:cleared",
    "chat:error",
    "room:user_joined",
    "room:user_left",
    "room:closed",
    "webrtc:offer",
    "webrtc:answer",
    "webrtc:ice-candidate",
    "webrtc:call-end",
    "webrtc:call-reject",
    "webrtc:call-timeout",
    "webrtc:error",
];
