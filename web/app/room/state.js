/** What the page knows about the call: the shape of the state, its beginning, and questions to it. */

/** @typedef {'excellent' | 'good' | 'poor' | 'disconnected'} Quality */

/**
 * Somebody else in the room.
 *
 * @typedef {object} Peer
 * @property {string} id
 * @property {string} userId
 * @property {string} username
 * @property {boolean} audio microphone on
 * @property {boolean | null} video camera on; null if their client never said
 * @property {boolean} screenSharing
 * @property {boolean} handRaised
 * @property {string | null} screenStreamId which of their streams is the screen, if they said
 * @property {ReadonlyMap<string, MediaStream>} streams what arrives from them, by stream id, in order of arrival
 * @property {MediaStream | null} cameraStream
 * @property {MediaStream | null} screenStream
 * @property {boolean} typing
 * @property {boolean} speaking
 * @property {'connecting' | 'connected' | 'reconnecting'} link
 * @property {Quality} quality
 * @property {number | null} rttMs round trip in milliseconds
 * @property {number | null} loss share of packets lost, 0 to 1
 */

/**
 * @typedef {object} Self
 * @property {string | null} peerId null until the room was joined
 * @property {string | null} userId
 * @property {string} username
 * @property {boolean} audio
 * @property {boolean} video
 * @property {boolean} handRaised
 * @property {boolean} speaking
 */

/**
 * A chat message that the room has.
 *
 * @typedef {object} ChatMessage
 * @property {string} id
 * @property {number | null} seq
 * @property {string} userId
 * @property {string} username
 * @property {string} text
 * @property {string} timestamp ISO 8601
 * @property {boolean} own
 */

/**
 * A chat message of this page that the room does not have yet.
 *
 * @typedef {object} PendingMessage
 * @property {string} reference
 * @property {string} text
 * @property {string | null} failure why it was refused, in words
 */

/**
 * @typedef {object} RoomState
 * @property {'lobby' | 'call' | 'ended'} screen
 * @property {string} farewell with `ended`: why, in words; empty after leaving by choice
 * @property {import('../signaling/socket.js').Status['phase']} link
 * @property {number | null} retryAt when the next attempt to connect is made, as `Date.now()` counts
 * @property {boolean} joined whether the room was entered at least once
 * @property {string} room
 * @property {Self} self
 * @property {string | null} host peer id
 * @property {boolean} chatEnabled
 * @property {number | null} seq position in the room's log, null until known
 * @property {ReadonlyMap<string, Peer>} peers by peer id, in order of joining
 * @property {readonly ChatMessage[]} messages
 * @property {readonly PendingMessage[]} pending
 * @property {number} unread chat messages that came while the chat was not in view
 * @property {boolean} chatInView
 * @property {'chat' | 'people' | null} panel
 * @property {MediaStream | null} localStream camera and microphone, null until the devices were asked for
 * @property {import('../media/local.js').LocalMedia['problems']} problems why a device could not be had
 * @property {MediaStream | null} screenStream the shared screen
 */

/** @type {RoomState} */
export const EMPTY_ROOM = Object.freeze({
  screen: 'lobby',
  farewell: '',
  link: 'closed',
  retryAt: null,
  joined: false,
  room: '',
  self: {
    peerId: null,
    userId: null,
    username: '',
    audio: false,
    video: false,
    handRaised: false,
    speaking: false,
  },
  host: null,
  chatEnabled: true,
  seq: null,
  peers: new Map(),
  messages: [],
  pending: [],
  unread: 0,
  chatInView: false,
  panel: null,
  localStream: null,
  problems: { audio: null, video: null },
  screenStream: null,
});

/**
 * Whether this page is the room's host.
 *
 * @param {RoomState} state
 */
export function isHost(state) {
  return state.self.peerId !== null && state.host === state.self.peerId;
}

/**
 * Whether this page may write to the chat.
 *
 * @param {RoomState} state
 */
export function mayChat(state) {
  return state.chatEnabled || isHost(state);
}

/**
 * The names of those who are typing, in order of joining.
 *
 * @param {RoomState} state
 * @returns {string[]}
 */
export function typists(state) {
  return [...state.peers.values()].filter((peer) => peer.typing).map((peer) => peer.username);
}
