/** The line above the stage that says that the connection to the server is lost, and when it is tried again. */

import { byId, setText } from './element.js';

export class Banner {
  #root = byId('banner', HTMLElement);
  #text = byId('banner-text', HTMLElement);
  #retry = byId('retry-now', HTMLButtonElement);
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #countdown;

  /**
   * @param {import('../room/store.js').Store} store
   * @param {() => void} retryNow
   */
  constructor(store, retryNow) {
    this.#retry.addEventListener('click', retryNow);
    store.subscribe((state) => this.#show(state));
  }

  /** @param {import('../room/state.js').RoomState} state */
  #show({ screen, link, joined, retryAt }) {
    clearInterval(this.#countdown);
    this.#root.hidden = screen !== 'call' || link === 'open';
    if (this.#root.hidden) return;
    this.#retry.hidden = link !== 'waiting';
    if (link === 'waiting' && retryAt !== null) {
      this.#count(retryAt);
      this.#countdown = setInterval(() => this.#count(retryAt), 1000);
    } else {
      setText(this.#text, joined ? 'Connecting again' : 'Entering the room');
    }
  }

  /** @param {number} retryAt */
  #count(retryAt) {
    const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    const offline = navigator.onLine ? 'The connection to the server is lost.' : 'You are offline.';
    setText(this.#text, `${offline} Trying again in ${seconds} s.`);
  }
}
