/**
 * The signaling socket: one WebSocket at a time, joined again after each loss.
 *
 * - `join` is the first message on every open; what waited is sent after the answer (`peers`).
 * - A heartbeat goes out every 25 s. Silence after it means that the connection is dead, even if
 *   the browser has not noticed.
 * - After an abnormal close the socket waits (see backoff) and returns. The wait starts over only
 *   once a join succeeded, so that a server that accepts and drops is not hammered.
 */

import { note } from '../log.js';
import { delayBefore } from './backoff.js';
import { closing } from './closing.js';
import { Outbox } from './outbox.js';

/** Time between heartbeats, in milliseconds. */
export const HEARTBEAT_MS = 25_000;
/** How long the answer to a heartbeat may take, in milliseconds. */
export const HEARTBEAT_ANSWER_MS = 10_000;
/** How long opening and joining may take, in milliseconds. */
export const JOIN_TIMEOUT_MS = 15_000;
/** The `id` of the `join` message, and so the `ref` of its refusal. */
export const JOIN_REFERENCE = 'join';

/** The person left: the server announces it at once. */
const LEFT = 1000;
/** The page gave the connection up. Not {@link LEFT}, which would end what a resume could restore. */
const GIVEN_UP = 4000;

/** @typedef {import('./outbox.js').Message} Message */

/**
 * @typedef {object} Status
 * @property {'connecting' | 'open' | 'waiting' | 'closed'} phase
 * @property {number} [retryAt] when the next attempt is made, as `Date.now()` counts
 * @property {number} [code] with `closed`: the closing code
 */

/**
 * @typedef {object} SocketOptions
 * @property {string} url
 * @property {() => Message} join makes the `join` message for this attempt
 * @property {(message: Message) => void} onMessage every message but heartbeat answers
 * @property {(status: Status) => void} onStatus
 * @property {(message: Message) => void} [onDropped] a waiting message gave way to newer ones
 * @property {new (url: string) => WebSocket} [Socket]
 */

export class SignalingSocket {
  #options;
  #Socket;
  /** @type {WebSocket | null} */
  #socket = null;
  #outbox;
  #wanted = false;
  #joined = false;
  #attempt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #deadline;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #heartbeat;

  /** @param {SocketOptions} options */
  constructor(options) {
    this.#options = options;
    this.#Socket = options.Socket ?? WebSocket;
    this.#outbox = new Outbox(options.onDropped);
  }

  /** Connects and stays connected until {@link close} or a final closing code. */
  open() {
    this.#wanted = true;
    this.#attempt = 0;
    this.#connect();
  }

  /** Connects now instead of waiting for the next attempt. Does nothing unless it is waiting. */
  retryNow() {
    if (this.#wanted && !this.#socket) this.#connect();
  }

  /** Gives up the present connection, which may be dead, and connects again at once. */
  reconnect() {
    this.#release(GIVEN_UP);
    this.#outbox.interrupted();
    this.open();
  }

  /** Drops a joined or half-open connection as lost; the next attempt waits its turn. */
  abandon() {
    if (this.#socket) this.#lost(GIVEN_UP);
  }

  /**
   * Sends a message, or keeps it until the room is joined again.
   *
   * @param {Message} message
   */
  send(message) {
    if (this.#joined && this.#socket) {
      this.#write(this.#socket, message);
    } else if (this.#wanted) {
      this.#outbox.hold(message);
    }
  }

  /**
   * Forgets waiting messages that have lost their meaning.
   *
   * @param {(message: Message) => boolean} stale
   */
  discard(stale) {
    this.#outbox.discard(stale);
  }

  /** Leaves the room and stays away. */
  close() {
    const socket = this.#socket;
    if (socket && this.#joined) socket.send(JSON.stringify({ type: 'leave' }));
    this.#wanted = false;
    this.#release(LEFT);
    this.#outbox.clear();
  }

  #connect() {
    clearTimeout(this.#retry);
    if (this.#socket) return;
    this.#options.onStatus({ phase: 'connecting' });
    const socket = new this.#Socket(this.#options.url);
    this.#socket = socket;
    this.#deadline = setTimeout(() => this.#lost(GIVEN_UP), JOIN_TIMEOUT_MS);
    socket.onopen = () => {
      note('socket', 'open');
      socket.send(JSON.stringify({ ...this.#options.join(), type: 'join', id: JOIN_REFERENCE }));
    };
    socket.onmessage = (event) => this.#receive(socket, event.data);
    socket.onclose = (event) => this.#lost(event.code);
  }

  /**
   * @param {WebSocket} socket
   * @param {unknown} data
   */
  #receive(socket, data) {
    const message = parse(data);
    if (!message) return;
    if (this.#joined) clearTimeout(this.#deadline);
    if (message.type === 'pong') return;
    if (message.type === 'ack') this.#outbox.answered(message.id);
    if (message.type === 'error') this.#outbox.answered(message.ref);
    this.#options.onMessage(message);
    // The handler may have closed this socket, for instance because the join was refused.
    if (message.type === 'peers' && socket === this.#socket && !this.#joined) this.#enter(socket);
  }

  /** @param {WebSocket} socket */
  #enter(socket) {
    this.#joined = true;
    this.#attempt = 0;
    clearTimeout(this.#deadline);
    this.#heartbeat = setInterval(() => this.#beat(socket), HEARTBEAT_MS);
    for (const message of this.#outbox.drain()) this.#write(socket, message);
    this.#options.onStatus({ phase: 'open' });
  }

  /** @param {WebSocket} socket */
  #beat(socket) {
    socket.send(JSON.stringify({ type: 'ping' }));
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#lost(GIVEN_UP), HEARTBEAT_ANSWER_MS);
  }

  /**
   * @param {WebSocket} socket
   * @param {Message} message
   */
  #write(socket, message) {
    this.#outbox.sent(message);
    socket.send(JSON.stringify(message));
  }

  /** @param {number} code */
  #lost(code) {
    note('socket', 'closed', code);
    this.#release(GIVEN_UP);
    this.#outbox.interrupted();
    if (!this.#wanted) return;
    if (!closing(code).returns) {
      this.#wanted = false;
      this.#options.onStatus({ phase: 'closed', code });
      return;
    }
    const delay = delayBefore(this.#attempt);
    this.#attempt += 1;
    this.#retry = setTimeout(() => this.#connect(), delay);
    this.#options.onStatus({ phase: 'waiting', retryAt: Date.now() + delay });
  }

  /**
   * Lets go of the socket and of every timer, so that nothing late can touch the next one.
   *
   * @param {number} code told to the server if the socket is still open
   */
  #release(code) {
    clearTimeout(this.#retry);
    clearTimeout(this.#deadline);
    clearInterval(this.#heartbeat);
    const socket = this.#socket;
    this.#socket = null;
    this.#joined = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }
}

/**
 * @param {unknown} data
 * @returns {Message | null} null for what is not a message of the protocol
 */
function parse(data) {
  if (typeof data !== 'string') return null;
  try {
    const value = JSON.parse(data);
    return typeof value?.type === 'string' ? value : null;
  } catch {
    return null;
  }
}
