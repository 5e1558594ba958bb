//! Event names.

/// What clients emit.
pub const CLIENT_EVENTS: [&str; 16] = [
    "joinChat",
    "sendMsg",
    "leaveChat",
    "typing",
    "userOnline",
    "setStatus",
    "markAsRead",
    "markDelivered",
    "fileUpload",
    "joinGroup",
    "leaveGroup",
    "sendGroupMsg",
    "joinTopic",
    "leaveTopic",
    "blockUser",
    "unblockUser",
];

/// What the server emits.
pub const SERVER_EVENTS: [&str; 15] = [
    "joinedRoom",
    "RecievedMsg",
    "messageSent",
    "sendError",
    "error",
    "rateLimitExceeded",
    "messageDelivered",
    "messageRead",
    "userTyping",
    "userOnline",
    "userOffline",
    "userStatus",
    "joinedGroup",
    "joinedTopic",
    "groupMessage",
];
