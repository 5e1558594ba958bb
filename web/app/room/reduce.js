/**
 * How the state changes: `(state, event) → state`, without any effect.
 *
 * An event is a message from the server as it came, or something that happened in this page, whose
 * type begins with `local:`. Messages carry fields of other people's clients, so every field is
 * checked before it is used. What is unknown changes nothing.
 */

import { EMPTY_ROOM } from './state.js';
import { assignStreams } from './streams.js';
import { posted, refused, sending, stored } from './transcript.js';

/**
 * @typedef {import('./state.js').RoomState} RoomState
 * @typedef {import('./state.js').Peer} Peer
 * @typedef {{type: string} & Record<string, any>} RoomEvent
 */

/**
 * @param {RoomState} state
 * @param {RoomEvent} event
 * @returns {RoomState}
 */
export function reduce(state, event) {
  const change = CHANGES.get(event.type);
  return change ? change(state, event) : state;
}

/** @type {[type: string, change: (state: RoomState, event: RoomEvent) => RoomState][]} */
const TABLE = [
  ['peers', entered],
  ['peer-joined', (state, { peer }) => (isPeer(peer) ? withPeer(state, present(state, peer)) : state)],
  ['peer-left', (state, { peerId }) => withoutPeer(state, peerId)],
  ['host-changed', (state, { host }) => ({ ...state, host: text(host) })],
  ['chat-enabled', (state) => ({ ...state, chatEnabled: true })],
  ['chat-disabled', (state) => ({ ...state, chatEnabled: false })],
  ['chat', (state, event) => withPeerFields(posted(state, event), event.from, { typing: false })],
  ['ack', stored],
  ['raise-hand', (state, event) => hand(state, subject(event), true)],
  ['lower-hand', (state, event) => hand(state, subject(event), false)],
  [
    'media-state',
    (state, event) =>
      withPeerFields(state, subject(event), {
        ...(typeof event.audio === 'boolean' && { audio: event.audio }),
        ...(typeof event.video === 'boolean' && { video: event.video }),
      }),
  ],
  [
    'screen-share-started',
    (state, event) =>
      withPeerFields(state, subject(event), {
        screenSharing: true,
        ...(typeof event.streamId === 'string' && { screenStreamId: event.streamId }),
      }),
  ],
  [
    'screen-share-stopped',
    (state, event) => withPeerFields(state, subject(event), { screenSharing: false }),
  ],
  [
    'data',
    (state, event) =>
      event.kind === 'typing'
        ? withPeerFields(state, event.from, { typing: event.on === true })
        : state,
  ],

  ['local:lobby', () => EMPTY_ROOM],
  [
    'local:calling',
    (state, { room, username }) => ({
      ...EMPTY_ROOM,
      screen: 'call',
      link: 'connecting',
      room,
      localStream: state.localStream,
      problems: state.problems,
      self: { ...EMPTY_ROOM.self, audio: state.self.audio, video: state.self.video, username },
    }),
  ],
  [
    'local:ended',
    (state, { farewell }) => ({
      ...EMPTY_ROOM,
      screen: 'ended',
      room: state.room,
      farewell: farewell ?? '',
    }),
  ],
  ['local:link', (state, { phase, retryAt }) => ({ ...state, link: phase, retryAt: retryAt ?? null })],
  [
    'local:media',
    (state, { audio, video, localStream, screenStream, problems }) => ({
      ...state,
      localStream,
      screenStream,
      problems: problems ?? state.problems,
      self: { ...state.self, audio, video },
    }),
  ],
  ['local:hand', (state, { raised }) => hand(state, state.self.peerId, raised)],
  ['local:hand-of', (state, { peerId, raised }) => hand(state, peerId, raised)],
  ['local:speaking', speaking],
  ['local:typing-expired', (state, { peerId }) => withPeerFields(state, peerId, { typing: false })],
  ['local:peer', (state, { peerId, fields }) => withPeerFields(state, peerId, fields)],
  ['local:stream', streamArrived],
  ['local:stream-gone', streamGone],
  ['local:sending', (state, { reference, text: words }) => sending(state, reference, words)],
  ['local:refused', (state, { reference, failure }) => refused(state, reference, failure)],
  [
    'local:panel',
    (state, { panel, chatInView }) => ({
      ...state,
      panel,
      chatInView,
      unread: chatInView ? 0 : state.unread,
    }),
  ],
];

const CHANGES = new Map(TABLE);

/**
 * The room was entered, anew or again. Peers that were known keep what the page knows beyond the
 * protocol, their streams above all, if this is the same presence in the room.
 *
 * @param {RoomState} state
 * @param {RoomEvent} event
 * @returns {RoomState}
 */
function entered(state, event) {
  const resumed = event.resumed === true;
  const listed = Array.isArray(event.peers) ? event.peers.filter(isPeer) : [];
  const peers = new Map();
  for (const listedPeer of listed) {
    const peer = resumed ? present(state, listedPeer) : newcomer(listedPeer);
    peers.set(peer.id, assignStreams(peer));
  }
  // A log that is shorter than what we have seen is another one: its numbers do not compare with ours.
  const anotherLog = typeof event.seq === 'number' && event.seq < (state.seq ?? 0);
  const replayed = Array.isArray(event.messages) ? event.messages : [];
  const self = {
    ...state.self,
    peerId: text(event.peerId),
    userId: text(event.userId),
    handRaised: resumed && state.self.handRaised,
  };
  /** @type {RoomState} */
  const next = {
    ...state,
    joined: true,
    self,
    room: text(event.room) ?? state.room,
    host: text(event.host),
    chatEnabled: event.chatEnabled !== false,
    peers,
    messages: anotherLog ? state.messages.map((known) => ({ ...known, seq: null })) : state.messages,
  };
  const caughtUp = replayed.reduce(posted, next);
  return typeof event.seq === 'number' ? { ...caughtUp, seq: event.seq } : caughtUp;
}

/**
 * A listed peer, with what the page knows of it already.
 *
 * @param {RoomState} state
 * @param {Record<string, any>} listed
 * @returns {Peer}
 */
function present(state, listed) {
  const fresh = newcomer(listed);
  const known = state.peers.get(fresh.id);
  return known ? { ...known, ...protocolFields(fresh), typing: false } : fresh;
}

/**
 * @param {Record<string, any>} listed a peer as the protocol lists it
 * @returns {Peer}
 */
function newcomer(listed) {
  return {
    id: String(listed.peerId ?? listed.id),
    userId: String(listed.userId ?? ''),
    username: text(listed.username) || 'Guest',
    audio: listed.audio !== false,
    video: typeof listed.video === 'boolean' ? listed.video : null,
    screenSharing: listed.screenSharing === true,
    handRaised: listed.handRaised === true,
    screenStreamId: null,
    streams: new Map(),
    cameraStream: null,
    screenStream: null,
    typing: false,
    speaking: false,
    link: 'connecting',
    quality: 'disconnected',
    rttMs: null,
    loss: null,
  };
}

/** @param {Peer} peer */
function protocolFields({ userId, username, audio, video, screenSharing, handRaised }) {
  return { userId, username, audio, video, screenSharing, handRaised };
}

/**
 * @param {RoomState} state
 * @param {RoomEvent} event
 */
function streamArrived(state, { peerId, stream }) {
  const peer = state.peers.get(peerId);
  if (!peer) return state;
  return withPeer(state, { ...peer, streams: new Map(peer.streams).set(stream.id, stream) });
}

/**
 * @param {RoomState} state
 * @param {RoomEvent} event
 */
function streamGone(state, { peerId, streamId }) {
  const peer = state.peers.get(peerId);
  if (!peer) return state;
  const streams = new Map(peer.streams);
  streams.delete(streamId);
  return withPeer(state, { ...peer, streams });
}

/**
 * @param {RoomState} state
 * @param {RoomEvent} event
 */
function speaking(state, { peerId, on }) {
  if (peerId === null || peerId === state.self.peerId) {
    return state.self.speaking === on ? state : { ...state, self: { ...state.self, speaking: on } };
  }
  return withPeerFields(state, peerId, { speaking: on });
}

/**
 * @param {RoomState} state
 * @param {unknown} peerId
 * @param {boolean} raised
 */
function hand(state, peerId, raised) {
  if (peerId !== null && peerId === state.self.peerId) {
    return { ...state, self: { ...state.self, handRaised: raised } };
  }
  return withPeerFields(state, peerId, { handRaised: raised });
}

/**
 * @param {RoomState} state
 * @param {unknown} peerId
 * @param {Partial<Peer>} fields
 * @returns {RoomState}
 */
function withPeerFields(state, peerId, fields) {
  const peer = typeof peerId === 'string' ? state.peers.get(peerId) : undefined;
  if (!peer) return state;
  const changed = Object.entries(fields).some(
    ([name, value]) => peer[/** @type {keyof Peer} */ (name)] !== value,
  );
  return changed ? withPeer(state, { ...peer, ...fields }) : state;
}

/**
 * @param {RoomState} state
 * @param {Peer} peer
 * @returns {RoomState}
 */
function withPeer(state, peer) {
  return { ...state, peers: new Map(state.peers).set(peer.id, assignStreams(peer)) };
}

/**
 * @param {RoomState} state
 * @param {unknown} peerId
 * @returns {RoomState}
 */
function withoutPeer(state, peerId) {
  if (typeof peerId !== 'string' || !state.peers.has(peerId)) return state;
  const peers = new Map(state.peers);
  peers.delete(peerId);
  return { ...state, peers };
}

/**
 * Whose state a message is about.
 *
 * @param {RoomEvent} event
 */
function subject(event) {
  return event.peerId ?? event.from;
}

/** @param {any} value */
function isPeer(value) {
  return typeof (value?.peerId ?? value?.id) === 'string';
}

/** @param {unknown} value */
function text(value) {
  return typeof value === 'string' ? value : null;
}
