/**
 * A call from joining to leaving: what the page does about messages from the server, and what it
 * tells the server when the person does something.
 *
 * - A message changes the state first, then has its effects; so a peer is in the store before any
 *   of its tracks arrives, and effects read the state as it is after the message.
 * - What the person does takes effect here at once and is sent, or waits while there is no socket.
 */

import { note } from './log.js';
import { Mesh } from './peers/mesh.js';
import { announcement } from './room/announce.js';
import { OthersTyping, OwnTyping } from './room/typing.js';
import { AUTHENTICATION_CLOSED, closing } from './signaling/closing.js';
import { JOIN_REFERENCE, SignalingSocket } from './signaling/socket.js';
import { explain, explainRefusal, passes } from './words.js';

/** Messages that mean something only to the presence in the room that sent them. */
const SIGNALS = new Set(['offer', 'answer', 'candidate']);
/** Refusals that a new token may overcome. */
const AUTHENTICATION = new Set(['AUTH_FAILED', 'AUTH_REQUIRED', 'TOKEN_EXPIRED', 'SESSION_ENDED']);

/**
 * @typedef {import('./room/reduce.js').RoomEvent} RoomEvent
 * @typedef {import('./room/state.js').RoomState} RoomState
 *
 * @typedef {object} CallOptions
 * @property {string} url of the signaling endpoint
 * @property {import('./room/store.js').Store} store
 * @property {import('./media/local.js').LocalMedia} media
 * @property {import('./identity.js').Identity} identity
 * @property {import('./peers/ice.js').IceServers} iceServers
 * @property {import('./peers/report.js').Reporter} reporter
 * @property {(words: string) => void} announce something happened that may be of interest
 * @property {(words: string) => void} complain something that the person did has failed
 * @property {(message: import('./room/state.js').ChatMessage) => void} onChat somebody else wrote
 */

export class Call {
  #options;
  #store;
  #socket;
  #mesh;
  #ownTyping;
  #othersTyping;
  /** @type {string | null} */
  #resumeToken = null;
  #renewed = false;
  /** Makes references of this page differ from those of the user's other pages. */
  #prefix = [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(36)).join('');
  #references = 0;

  /** @param {CallOptions} options */
  constructor(options) {
    const { store, media } = options;
    this.#options = options;
    this.#store = store;
    this.#socket = new SignalingSocket({
      url: options.url,
      join: () => this.#joinMessage(),
      onMessage: (message) => this.#receive(message),
      onStatus: (status) => this.#statusChanged(status),
      onDropped: (message) => this.#dropped(message),
    });
    this.#mesh = new Mesh(
      {
        dispatch: (event) => store.dispatch(event),
        send: (message) => this.#socket.send(message),
        iceServers: options.iceServers,
        reporter: options.reporter,
        room: () => store.state.room,
      },
      media.outgoing,
    );
    this.#ownTyping = new OwnTyping((on) => this.#sendTyping(on));
    this.#othersTyping = new OthersTyping((peerId) =>
      store.dispatch({ type: 'local:typing-expired', peerId }),
    );
  }

  /**
   * Enters a room.
   *
   * @param {string} room
   * @param {string} username
   */
  start(room, username) {
    this.#store.dispatch({ type: 'local:calling', room, username });
    this.#mesh.start();
    this.#socket.open();
  }

  /**
   * Leaves, releases everything, and shows why.
   *
   * @param {string} [farewell] why, in words; empty when the person chose to
   */
  leave(farewell = '') {
    this.#socket.close();
    this.#mesh.close();
    this.#ownTyping.stop();
    this.#othersTyping.clear();
    this.#options.media.close();
    this.#store.dispatch({ type: 'local:ended', farewell });
  }

  /** Tries to connect now instead of waiting. */
  retryNow() {
    this.#socket.retryNow();
  }

  /** Camera, microphone or screen have changed: the others are told, and sent it. */
  mediaChanged() {
    const { media } = this.#options;
    const { self, screenStream: sharedBefore } = this.#store.state;
    const { microphoneOn: audio, cameraOn: video, screen } = media;
    this.#store.dispatch(media.event);
    if (self.audio !== audio || self.video !== video) this.#tell({ type: 'media-state', audio, video });
    if (screen !== sharedBefore) {
      if (sharedBefore) this.#tell({ type: 'screen-share-stopped', streamId: sharedBefore.id });
      if (screen) this.#tell(shareStarted(screen));
    }
    this.#mesh.change(media.outgoing);
  }

  /** Raises the hand, or lowers it. */
  toggleHand() {
    const raised = !this.#store.state.self.handRaised;
    this.#store.dispatch({ type: 'local:hand', raised });
    this.#tell({ type: raised ? 'raise-hand' : 'lower-hand' });
  }

  /**
   * As host: lowers somebody's hand.
   *
   * @param {string} peerId
   */
  lowerHandOf(peerId) {
    this.#store.dispatch({ type: 'local:hand-of', peerId, raised: false });
    this.#tell({ type: 'lower-hand', peerId });
  }

  /**
   * As host: lets everybody write to the chat, or only the host.
   *
   * @param {boolean} on
   */
  setChat(on) {
    this.#tell({ type: on ? 'chat-enabled' : 'chat-disabled' });
  }

  /**
   * Writes to the chat.
   *
   * @param {string} text 1 to 1000 characters
   * @param {string} [reference] of a refused message that is sent again
   */
  chat(text, reference = this.#reference('chat')) {
    this.#ownTyping.stop();
    this.#store.dispatch({ type: 'local:sending', reference, text });
    this.#socket.send({ type: 'chat', text, id: reference });
  }

  /**
   * The text being written has changed.
   *
   * @param {string} text
   */
  typing(text) {
    this.#ownTyping.changed(text, performance.now());
  }

  #joinMessage() {
    const { media, identity } = this.#options;
    const { room, seq, self } = this.#store.state;
    return {
      type: 'join',
      room,
      username: self.username,
      audio: media.microphoneOn,
      video: media.cameraOn,
      ...(identity.token && { token: identity.token }),
      ...(this.#resumeToken && { resume: this.#resumeToken }),
      ...(seq !== null && { since: seq }),
    };
  }

  /** @param {RoomEvent} message */
  #receive(message) {
    if (message.type.startsWith('local:')) return;
    const before = this.#store.state;
    this.#store.dispatch(message);
    this.#handlers.get(message.type)?.(message, before);
    const words = announcement(before, message);
    if (words) this.#options.announce(words);
  }

  #handlers = new Map(
    /** @type {[type: string, handle: (message: RoomEvent, before: RoomState) => void][]} */ ([
      ['peers', (message, before) => this.#entered(message, before)],
      ['peer-joined', (message) => this.#peerJoined(message)],
      ['peer-left', (message) => this.#peerLeft(message)],
      ['offer', (message) => this.#mesh.handle(message)],
      ['answer', (message) => this.#mesh.handle(message)],
      ['candidate', (message) => this.#mesh.handle(message)],
      ['chat', (message, before) => this.#chatHeard(message, before)],
      ['data', (message) => this.#dataHeard(message)],
      ['error', (message) => this.#refused(message)],
      ['room-closed', () => this.leave('This room was closed.')],
    ]),
  );

  /**
   * @param {RoomEvent} message
   * @param {RoomState} before
   */
  #entered(message, before) {
    const { self, peers } = this.#store.state;
    const { iceServers, media } = this.#options;
    const resumed = message.resumed === true;
    note('room', resumed ? 'resumed' : 'joined', self.peerId, peers.size);
    this.#renewed = false;
    this.#resumeToken = typeof message.resumeToken === 'string' ? message.resumeToken : null;
    iceServers.take(message.iceServers);

    // A new presence in the room means new connections; what waits for the old ones is stale.
    this.#mesh.retain(resumed ? new Set(peers.keys()) : new Set());
    if (!resumed) {
      this.#socket.discard(({ type }) => SIGNALS.has(type));
      if (before.joined) this.#tellAgain(before);
    }
    // Who arrives offers. After an interruption this also covers peers that came meanwhile, whose
    // own offers may be lost.
    for (const peerId of peers.keys()) this.#mesh.add(self.peerId ?? '', peerId, true);
    if (resumed) this.#mesh.signalingRestored();
    this.#mesh.change(media.outgoing);
  }

  /**
   * The server has forgotten us during an interruption: what it knew is said again.
   *
   * @param {RoomState} before
   */
  #tellAgain(before) {
    const { screen } = this.#options.media;
    if (screen) this.#tell(shareStarted(screen));
    if (before.self.handRaised) this.toggleHand();
  }

  /** @param {RoomEvent} message */
  #peerJoined({ peerId, peer }) {
    const id = String(peerId ?? peer?.peerId);
    this.#mesh.add(this.#store.state.self.peerId ?? '', id, false);
  }

  /** @param {RoomEvent} message */
  #peerLeft({ peerId }) {
    this.#othersTyping.heard(peerId, false);
    this.#mesh.remove(peerId);
  }

  /**
   * @param {RoomEvent} message
   * @param {RoomState} before
   */
  #chatHeard(message, before) {
    const written = this.#store.state.messages.find(({ id }) => id === message.id);
    const known = before.messages.some(({ id }) => id === message.id);
    if (written && !known && !written.own) this.#options.onChat(written);
  }

  /** @param {RoomEvent} message */
  #dataHeard({ kind, from, on }) {
    if (kind === 'typing' && this.#store.state.peers.has(from)) {
      this.#othersTyping.heard(from, on === true);
    }
  }

  /** @param {RoomEvent} error */
  #refused(error) {
    note('room', 'refused', error.code, error.ref);
    const { ref } = error;
    if (AUTHENTICATION.has(error.code)) {
      this.#authenticate(error);
    } else if (ref === JOIN_REFERENCE) {
      if (passes(error)) this.#socket.abandon();
      else this.leave(explainRefusal(error));
    } else if (typeof ref === 'string' && ref.startsWith('chat')) {
      this.#store.dispatch({ type: 'local:refused', reference: ref, failure: explain(error) });
      this.#options.complain(explain(error));
    } else if (typeof ref === 'string') {
      this.#options.complain(explain(error));
    }
    // Without a reference it is about a signal or a typing mark, for a peer who has just gone.
  }

  /** @param {RoomEvent} error */
  async #authenticate(error) {
    const again = !this.#renewed;
    this.#renewed = true;
    const { identity } = this.#options;
    if (again && (await identity.renew(this.#store.state.self.username))) {
      if (this.#store.state.screen === 'call') this.#socket.reconnect();
    } else if (this.#store.state.screen === 'call') {
      this.leave(explainRefusal(error));
    }
  }

  /** @param {import('./signaling/socket.js').Status} status */
  #statusChanged({ phase, retryAt, code }) {
    this.#store.dispatch({ type: 'local:link', phase, retryAt });
    if (phase !== 'closed') return;
    // The error that came before says more, and is being dealt with.
    if (code === AUTHENTICATION_CLOSED && this.#renewed) return;
    this.leave(closing(code ?? 0).words);
  }

  /** @param {import('./signaling/outbox.js').Message} message */
  #dropped({ type, id }) {
    if (type !== 'chat') return;
    const failure = 'It waited too long for the connection.';
    this.#store.dispatch({ type: 'local:refused', reference: id, failure });
  }

  /** @param {boolean} on */
  #sendTyping(on) {
    // Worth nothing later: it does not wait for the connection.
    if (this.#store.state.link === 'open') this.#socket.send({ type: 'data', kind: 'typing', on });
  }

  /**
   * Sends a change of state. With an id it is sent again if the connection is lost before the answer.
   *
   * @param {{type: string} & Record<string, unknown>} message
   */
  #tell(message) {
    if (this.#store.state.screen === 'call') {
      this.#socket.send({ ...message, id: this.#reference('state') });
    }
  }

  /** @param {'chat' | 'state'} kind */
  #reference(kind) {
    this.#references += 1;
    return `${kind}-${this.#prefix}-${this.#references}`;
  }
}

/** @param {MediaStream} screen */
function shareStarted(screen) {
  return { type: 'screen-share-started', streamId: screen.id, trackId: screen.getVideoTracks()[0]?.id };
}
