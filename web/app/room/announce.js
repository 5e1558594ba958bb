/** What a message means to a person who cannot see it happen: a sentence for the live region, or null. */

import { isHost } from './state.js';

/**
 * @typedef {import('./state.js').RoomState} RoomState
 * @typedef {import('./reduce.js').RoomEvent} RoomEvent
 */

/**
 * The sentence that announces `message`.
 *
 * @param {RoomState} state as it was before the message
 * @param {RoomEvent} message from the server
 * @returns {string | null}
 */
export function announcement(state, message) {
  const name = nameOf(state, message);
  const about = message.peerId ?? message.from;
  switch (message.type) {
    case 'peer-joined':
      return `${name} joined`;
    case 'peer-left':
      if (message.reason === 'disconnected') return `${name} lost the connection`;
      return message.reason === 'removed' ? `${name} was removed` : `${name} left`;
    case 'raise-hand':
      return `${name} raised a hand`;
    case 'lower-hand':
      if (about === state.self.peerId) return 'The host lowered your hand';
      return state.peers.get(about)?.handRaised ? `${name}'s hand is down` : null;
    case 'screen-share-started':
      return `${name} is sharing a screen`;
    case 'screen-share-stopped':
      return state.peers.get(about)?.screenSharing ? `${name} stopped sharing` : null;
    case 'chat-enabled':
      return 'Chat is on for everyone';
    case 'chat-disabled':
      return isHost(state) ? 'Chat is off for everyone else' : 'The host turned chat off';
    case 'host-changed':
      return message.host === state.self.peerId ? 'You are now the host' : null;
    default:
      return null;
  }
}

/**
 * @param {RoomState} state
 * @param {RoomEvent} message
 * @returns {string}
 */
function nameOf(state, message) {
  const known = state.peers.get(message.peerId ?? message.from)?.username;
  return known ?? (typeof message.username === 'string' && message.username ? message.username : 'Someone');
}
