// A peer of the mesh vocabulary, on a plain WebSocket.

import WebSocket from 'ws';

import { Journal } from './journal.js';
import { PATIENCE_MS } from './wait.js';

let references = 0;

/** A connected or connecting peer and what it has heard. */
export class Mesh {
  #journal = new Journal();

  /** Opens a socket to `path`, with `headers` on the handshake. */
  constructor(server, { path = '/ws', headers = {} } = {}) {
    this.socket = new WebSocket(`${server.websocketUrl}${path}`, { headers });
    this.socket.on('open', () => this.#journal.add('open', undefined));
    this.socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      this.#journal.add(message.type, message);
    });
    this.socket.on('unexpected-response', (_, response) => {
      this.#journal.add('refused', response.statusCode);
    });
    this.socket.on('close', (code) => this.#journal.add('close', code));
    this.socket.on('error', () => {});
  }

  /** A peer of `user` that has entered `room`; its `peers` answer is `welcome`. */
  static async enter(server, room, user, { claims = {}, ...join } = {}) {
    const peer = new Mesh(server);
    peer.user = user;
    await peer.next('open');
    peer.tell({ type: 'join', room, token: server.token(user, claims), ...join });
    peer.welcome = await peer.next('peers');
    peer.id = peer.welcome.peerId;
    return peer;
  }

  /** Sends a message. */
  tell(message) {
    this.socket.send(JSON.stringify(message));
  }

  /** Sends a message with a reference and gives the `ack` or `error` that answers it. */
  ask(message) {
    references += 1;
    const id = `reference-${references}`;
    this.tell({ ...message, id });
    return this.next(['ack', 'error'], (answer) => answer.id === id || answer.ref === id);
  }

  /** The next message of that type that fits `where`; `open`, `close` and `refused` count as types. */
  next(type, where, patience = PATIENCE_MS) {
    return this.#journal.next(type, where, patience);
  }

  /** All messages of that type so far. */
  heard(type, where) {
    return this.#journal.all(type, where);
  }

  /** The types of everything heard so far. */
  types() {
    return this.#journal.names();
  }

  /** Waits until everything sent to this peer so far has arrived: it sends a ping and hears the pong. */
  async settled() {
    references += 1;
    const fence = references;
    this.tell({ type: 'ping', fence });
    await this.next('pong', (pong) => pong.fence === fence);
  }

  /** Cuts the connection as a lost network would: no close frame. */
  lose() {
    this.socket.terminate();
  }

  /** Closes as a person does who goes away on purpose. */
  close() {
    this.socket.close(1000);
  }
}
