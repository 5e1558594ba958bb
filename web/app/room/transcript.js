/** The chat as the page shows it: what the room has, and what is still on its way there. */

/**
 * @typedef {import('./state.js').RoomState} RoomState
 * @typedef {import('./state.js').ChatMessage} ChatMessage
 */

/** Most messages kept in the page. */
export const KEPT_MESSAGES = 500;

/**
 * Adds a message that the room has. One that is known already changes nothing: a replay after a
 * reconnection may overlap with what was heard.
 *
 * @param {RoomState} state
 * @param {Record<string, unknown>} message a `chat` of the protocol
 * @returns {RoomState}
 */
export function posted(state, message) {
  const { id, text } = message;
  if (typeof id !== 'string' || typeof text !== 'string') return state;
  if (state.messages.some((known) => known.id === id)) return state;
  const own =
    (message.from !== null && message.from === state.self.peerId) ||
    (message.userId !== undefined && message.userId === state.self.userId);
  const entry = {
    id,
    seq: typeof message.seq === 'number' ? message.seq : null,
    userId: String(message.userId ?? ''),
    username: String(message.username ?? 'Someone'),
    text,
    timestamp: String(message.timestamp ?? ''),
    own,
  };
  return {
    ...state,
    seq: Math.max(state.seq ?? 0, entry.seq ?? 0),
    messages: inOrder([...state.messages, entry]).slice(-KEPT_MESSAGES),
    pending: own ? withoutEcho(state.pending, message) : state.pending,
    unread: own || state.chatInView ? state.unread : state.unread + 1,
  };
}

/**
 * Adds a message that this page is sending.
 *
 * @param {RoomState} state
 * @param {string} reference
 * @param {string} text
 * @returns {RoomState}
 */
export function sending(state, reference, text) {
  const others = state.pending.filter((entry) => entry.reference !== reference);
  return { ...state, pending: [...others, { reference, text, failure: null }] };
}

/**
 * The server has stored a message of this page. If the room's echo came before, nothing is pending:
 * that happens when a message is sent again after an interruption and had arrived the first time.
 *
 * @param {RoomState} state
 * @param {Record<string, unknown>} answer an `ack` of the protocol
 * @returns {RoomState}
 */
export function stored(state, { id, messageId }) {
  if (!state.messages.some((known) => known.id === messageId)) return state;
  const pending = state.pending.filter((entry) => entry.reference !== id);
  return pending.length === state.pending.length ? state : { ...state, pending };
}

/**
 * Marks a message of this page as refused.
 *
 * @param {RoomState} state
 * @param {string} reference
 * @param {string} failure why, in words
 * @returns {RoomState}
 */
export function refused(state, reference, failure) {
  const pending = state.pending.map((entry) =>
    entry.reference === reference ? { ...entry, failure } : entry,
  );
  return { ...state, pending };
}

/** @param {ChatMessage[]} messages */
function inOrder(messages) {
  const last = messages.at(-1);
  const before = messages.at(-2);
  // Without a number a message stays where it came.
  if (!last?.seq || !before?.seq || before.seq < last.seq) return messages;
  return messages.sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
}

/**
 * The room's echo of an own message replaces the pending one. A replay carries no reference; then it
 * is the oldest that was not refused, as messages of one page are posted in the order they were sent.
 *
 * @param {RoomState['pending']} pending
 * @param {Record<string, unknown>} message
 */
function withoutEcho(pending, message) {
  const echoed =
    pending.find((entry) => entry.reference === message.ref) ??
    pending.find((entry) => entry.failure === null);
  return pending.filter((entry) => entry !== echoed);
}
