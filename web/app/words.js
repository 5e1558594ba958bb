/** Refusals of the server in words that a person understands. */

/** @type {Readonly<Record<string, string>>} */
const WORDS = {
  AUTH_FAILED: 'This server asks for a sign-in that this page does not have.',
  AUTH_REQUIRED: 'This server asks for a sign-in that this page does not have.',
  TOKEN_EXPIRED: 'Your sign-in has expired.',
  SESSION_ENDED: 'Your session has ended.',
  NOT_ALLOWED: 'You are not allowed to do that.',
  NOT_IN_ROOM: 'You are not in this room any more.',
  CHAT_DISABLED: 'The host turned chat off.',
  ROOM_CLOSED: 'This room is closed.',
  ROOM_FULL: 'This room is full.',
  TOO_LARGE: 'That is too large to send.',
  USER_NOT_CONNECTED: 'That person is not connected any more.',
  UNAVAILABLE: 'The server cannot do that right now. Try again in a moment.',
};

/** Refusals of `join` that may go away by themselves. */
const PASSING = new Set(['RATE_LIMITED', 'UNAVAILABLE']);

/**
 * @param {Record<string, any>} error an `error` of the protocol
 * @param {number} [now] milliseconds since the epoch
 * @returns {string}
 */
export function explain(error, now = Date.now()) {
  if (error.code === 'RATE_LIMITED') {
    const seconds = Math.ceil((error.resetTime - now) / 1000);
    return seconds > 0
      ? `That was too fast. Try again in ${seconds} s.`
      : 'That was too fast. Try again in a moment.';
  }
  if (error.code === 'INVALID_PAYLOAD') return 'The server did not accept that.';
  return WORDS[error.code] ?? 'Something went wrong on the server.';
}

/**
 * Why a room could not be entered.
 *
 * @param {Record<string, any>} error
 * @returns {string}
 */
export function explainRefusal(error) {
  if (error.code === 'NOT_ALLOWED') return 'You are not allowed to enter this room.';
  if (error.code === 'INVALID_PAYLOAD') return 'The server did not accept this name or room.';
  return explain(error);
}

/**
 * Whether trying to join again later makes sense.
 *
 * @param {Record<string, any>} error
 */
export function passes(error) {
  return error.retryable === true || PASSING.has(error.code);
}
