/** Beginnings for tests of the state. */
import { reduce } from '../app/room/reduce.js';
import { EMPTY_ROOM } from '../app/room/state.js';

/** A peer as the protocol lists it. */
export function listed(id, fields = {}) {
  return {
    id, peerId: id, userId: `user-${id}`, username: id,
    audio: true, video: true, screenSharing: false, handRaised: false, joinedAt: '2026-01-01T00:00:00.000Z',
    ...fields,
  };
}

/** The `peers` message of a room that is entered. */
export function peersMessage(fields = {}) {
  return {
    type: 'peers', peers: [], peerId: 'me', userId: 'user-me', room: 'standup', host: 'me',
    chatEnabled: true, resumeToken: 't', resumed: false, seq: 0,
    ...fields,
  };
}

/** The state after these events. */
export function after(...events) {
  return events.reduce(reduce, EMPTY_ROOM);
}

/** The state of a call with these peers. */
export function inCall(...peers) {
  return after(
    { type: 'local:calling', room: 'standup', username: 'Me' },
    peersMessage({ peers: peers.map((peer) => (typeof peer === 'string' ? listed(peer) : peer)) }),
  );
}

/** A chat message as the protocol has it. */
export function chat(seq, fields = {}) {
  return {
    type: 'chat', id: `msg_${seq}`, seq, from: 'ann', userId: 'user-ann', username: 'ann',
    text: `text ${seq}`, timestamp: '2026-01-01T00:00:00.000Z', ...fields,
  };
}
