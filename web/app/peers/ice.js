/** The servers that help two browsers find a way to each other; relay credentials are limited in time. */

import { noteFailure } from '../log.js';

/** How long servers are used before they are asked for again, if the answer does not say; milliseconds. */
const DEFAULT_LIFE_MS = 10 * 60_000;

export class IceServers {
  /** @type {RTCIceServer[]} */
  #servers = [];
  #staleAt = 0;
  #headers;
  #request;

  /**
   * @param {() => Record<string, string>} headers headers that identify the user, if any
   * @param {typeof fetch} [request]
   */
  constructor(headers, request = (...args) => fetch(...args)) {
    this.#headers = headers;
    this.#request = request;
  }

  /** The servers known now. */
  get current() {
    return this.#servers;
  }

  /**
   * Takes servers that came with the room.
   *
   * @param {unknown} servers
   * @param {number} [lifeMs]
   */
  take(servers, lifeMs = DEFAULT_LIFE_MS) {
    if (!Array.isArray(servers)) return;
    this.#servers = servers.filter((server) => server?.urls);
    // Asking at half the time leaves room for a connection that takes long.
    this.#staleAt = Date.now() + lifeMs / 2;
  }

  /**
   * The servers, asked for again if they are old. If that fails the known ones are used.
   *
   * @returns {Promise<RTCIceServer[]>}
   */
  async renewed() {
    if (Date.now() < this.#staleAt) return this.#servers;
    try {
      const response = await this.#request('/api/ice-servers', { headers: this.#headers() });
      if (!response.ok) return this.#servers;
      const { iceServers, ttl } = await response.json();
      this.take(iceServers, typeof ttl === 'number' ? ttl * 1000 : undefined);
    } catch (error) {
      noteFailure('ice', 'the list of servers was not renewed', error);
    }
    return this.#servers;
  }
}
