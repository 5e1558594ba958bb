// A user of the synapse vocabulary, on the stock Socket.IO client.

import { io } from 'socket.io-client';

import { Journal } from './journal.js';
import { PATIENCE_MS, within } from './wait.js';

/** The three ways in which a stock client reaches the server. */
export const MODES = [
  { mode: 'over polling only', options: { transports: ['polling'] } },
  { mode: 'over WebSocket only', options: { transports: ['websocket'] } },
  { mode: 'in the default mode', options: {} },
];

/** Ends the transport of a stock client without leaving the namespace, as a lost network does. */
export function lose(socket) {
  const { engine } = socket.io;
  if (engine.transport.name === 'websocket') {
    engine.transport.ws.terminate();
  } else {
    engine.close();
  }
}

let fences = 0;

/** A connected or connecting client and what it has heard. */
export class Synapse {
  #journal = new Journal();

  /** Makes a client. `options` are the stock client's own; it does not reconnect unless they say so. */
  constructor(server, { namespace = '', ...options } = {}) {
    this.socket = io(`${server.url}${namespace}`, { forceNew: true, reconnection: false, ...options });
    this.socket.onAny((name, ...payloads) => this.#journal.add(name, payloads[0]));
    this.socket.on('connect', () => this.#journal.add('connect', undefined));
    this.socket.on('connect_error', (error) => {
      this.#journal.add('connect_error', { message: error.message, data: error.data });
    });
    this.socket.on('disconnect', (reason) => this.#journal.add('disconnect', reason));
  }

  /** A client that has connected with a token of `user` and has been authenticated. */
  static async signIn(server, user, { claims = {}, ...options } = {}) {
    const token = server.token(user, claims);
    const client = new Synapse(server, { auth: { token }, ...options });
    client.user = user;
    client.welcome = await client.next('authenticated');
    return client;
  }

  /** Several people at once, in the order of `users`. */
  static all(server, users, options = {}) {
    return Promise.all(users.map((user) => Synapse.signIn(server, user, options)));
  }

  /** Emits and gives the acknowledgement. */
  ask(event, payload = {}) {
    return within(
      `the acknowledgement of ${event}`,
      new Promise((resolve) => {
        this.socket.emit(event, payload, resolve);
      }),
    );
  }

  /** Emits without asking for an acknowledgement. */
  tell(event, payload = {}) {
    this.socket.emit(event, payload);
  }

  /** Joins a room and gives the acknowledgement, which must be a success. */
  async join(roomId, more = {}) {
    const ack = await this.ask('room:join', { roomId, ...more });
    if (!ack.success) {
      throw new Error(`${this.user} cannot join ${roomId}: ${ack.error}`);
    }
    return ack;
  }

  /** Posts a text and gives the acknowledgement, which must be a success. */
  async post(roomId, content, more = {}) {
    const ack = await this.ask('message:send', { roomId, content, ...more });
    if (!ack.success) {
      throw new Error(`${this.user} cannot post to ${roomId}: ${ack.error}`);
    }
    return ack;
  }

  /** The next event of that name that fits `where`. */
  next(event, where, patience = PATIENCE_MS) {
    return this.#journal.next(event, where, patience);
  }

  /** All events of that name so far. */
  heard(event, where) {
    return this.#journal.all(event, where);
  }

  /** The names of everything heard so far. */
  names() {
    return this.#journal.names();
  }

  /**
   * Waits until this client has heard what was sent before now: `author` posts to a room in which both are, and
   * this client hears it. What did not come before that will not come.
   */
  async settled(roomId, author = this) {
    fences += 1;
    const content = `fence ${fences}`;
    await author.post(roomId, content);
    await this.next('message:new', (message) => message.content === content);
  }

  /** Ends the transport without leaving the namespace, as a lost network does. */
  lose() {
    lose(this.socket);
  }

  /** Leaves as `disconnect()` does. */
  close() {
    this.socket.disconnect();
  }
}
