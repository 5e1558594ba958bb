/**
 * Who the page is to the server. Three cases:
 *
 * - The server admits guests without a token: there is none.
 * - The link carried one (`#token=…`). The fragment is never sent to a server; it is taken out of the
 *   address bar at once and kept for this tab.
 * - The server asks for one: the page takes a guest session, and renews it when it expires.
 */

import { noteFailure } from './log.js';

const KEY = 'heliograph.token';

export class Identity {
  /** @type {string | null} */
  #token = null;
  #isGuest = false;
  #request;

  /** @param {typeof fetch} [request] */
  constructor(request = (...args) => fetch(...args)) {
    this.#request = request;
  }

  /** Takes the token from the page's address, or the one this tab took before. */
  read() {
    const fragment = new URLSearchParams(location.hash.slice(1));
    const given = fragment.get('token');
    try {
      if (given) sessionStorage.setItem(KEY, given);
      this.#token = sessionStorage.getItem(KEY);
    } catch (error) {
      noteFailure('identity', 'not remembered', error);
      this.#token = given;
    }
    if (given) history.replaceState(null, '', location.pathname + location.search);
  }

  /** The token, null if there is none. */
  get token() {
    return this.#token;
  }

  /** The headers that identify the user in HTTP requests. */
  get headers() {
    /** @type {Record<string, string>} */
    const headers = {};
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    return headers;
  }

  /**
   * The server refused us: takes a guest session, or renews ours. A token that somebody else gave us
   * is not replaced, because a guest is not the person it was made for.
   *
   * @param {string} username
   * @returns {Promise<boolean>} whether trying again makes sense
   */
  async renew(username) {
    if (this.#token && !this.#isGuest) return false;
    try {
      const response = await this.#request('/api/guest/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...this.headers },
        body: JSON.stringify({ username }),
      });
      if (!response.ok) return false;
      const { token } = await response.json();
      this.#token = typeof token === 'string' ? token : null;
      this.#isGuest = true;
      return this.#token !== null;
    } catch (error) {
      noteFailure('identity', 'no guest session', error);
      return false;
    }
  }
}
