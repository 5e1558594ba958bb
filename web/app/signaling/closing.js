/** What each closing code of the signaling socket means for the page (docs/protocol.md, mesh: close codes). */

/**
 * @typedef {object} Closing
 * @property {boolean} returns whether the page connects again by itself
 * @property {string} words what to tell the person if the call ends here, empty if nothing
 */

/** @type {ReadonlyMap<number, Closing>} */
const CLOSINGS = new Map([
  [1000, { returns: false, words: '' }],
  [4401, { returns: false, words: 'Your sign-in is not valid here, or it has expired.' }],
  [4403, { returns: false, words: 'You were removed from the room, or the room was closed.' }],
  [4409, { returns: false, words: 'You joined this room from another tab or device.' }],
]);

/** The code of a socket refused because of its token. */
export const AUTHENTICATION_CLOSED = 4401;

/**
 * What to do about a closed socket. Every code without an entry is a loss of the connection.
 *
 * @param {number} code
 * @returns {Closing}
 */
export function closing(code) {
  return CLOSINGS.get(code) ?? { returns: true, words: '' };
}
