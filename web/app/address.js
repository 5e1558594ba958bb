/** The room in the page's address, and the link that invites to it. */

/** Longest name of a room, in UTF-16 units. */
export const LONGEST_ROOM = 128;

const ADJECTIVES = [
  'amber', 'bright', 'calm', 'clear', 'early', 'gentle', 'golden', 'quiet', 'silver', 'sunny', 'swift', 'warm',
];
const PLACES = [
  'bay', 'beacon', 'cove', 'dune', 'field', 'harbor', 'hill', 'island', 'meadow', 'ridge', 'summit', 'valley',
];

/**
 * The room that an address names, as `/?room=standup` or `/room/standup`.
 *
 * @param {URL} address
 * @returns {string} empty if there is none
 */
export function roomIn(address) {
  const named = address.searchParams.get('room') ?? roomInPath(address.pathname);
  return cleanRoom(named);
}

/**
 * The link that invites to a room.
 *
 * @param {URL} address of this page
 * @param {string} room
 * @returns {string}
 */
export function invitation(address, room) {
  const link = new URL('/', address.origin);
  link.searchParams.set('room', room);
  return link.href;
}

/**
 * A room's name as the server accepts it: no control characters, not too long.
 *
 * @param {string} typed
 * @returns {string}
 */
export function cleanRoom(typed) {
  return typed.replace(/\p{Cc}/gu, '').trim().slice(0, LONGEST_ROOM);
}

/**
 * A name for a new room: easy to say, unlikely to be in use.
 *
 * @param {() => number} [random] a number from 0 up to 1
 * @returns {string} such as `quiet-harbor-4821`
 */
export function suggestRoom(random = Math.random) {
  /** @param {string[]} words */
  const pick = (words) => words[Math.floor(random() * words.length)];
  return `${pick(ADJECTIVES)}-${pick(PLACES)}-${1000 + Math.floor(random() * 9000)}`;
}

/** @param {string} path */
function roomInPath(path) {
  const [, encoded] = /^\/room\/([^/]+)\/?$/.exec(path) ?? [];
  if (encoded === undefined) return '';
  try {
    return decodeURIComponent(encoded);
  } catch {
    // A path that was not encoded properly names no room.
    return '';
  }
}
