/** The one place that holds the state. Handlers read it fresh; views hear of changes once per turn. */

import { reduce } from './reduce.js';
import { EMPTY_ROOM } from './state.js';

/**
 * @typedef {import('./state.js').RoomState} RoomState
 * @typedef {import('./reduce.js').RoomEvent} RoomEvent
 */

export class Store {
  /** @type {RoomState} */
  #state = EMPTY_ROOM;
  /** @type {RoomState} */
  #shown = EMPTY_ROOM;
  /** @type {Set<(state: RoomState, before: RoomState) => void>} */
  #subscribers = new Set();
  #notifying = false;

  /** The state as it is now. */
  get state() {
    return this.#state;
  }

  /**
   * Applies an event. Subscribers are told after the present turn, once for all its events.
   *
   * @param {RoomEvent} event
   */
  dispatch(event) {
    this.#state = reduce(this.#state, event);
    if (this.#state === this.#shown || this.#notifying) return;
    this.#notifying = true;
    queueMicrotask(() => this.#notify());
  }

  /**
   * Calls `subscriber` with the state now, and with the state and the one before after each change.
   *
   * @param {(state: RoomState, before: RoomState) => void} subscriber
   */
  subscribe(subscriber) {
    this.#subscribers.add(subscriber);
    subscriber(this.#state, this.#state);
  }

  #notify() {
    this.#notifying = false;
    const before = this.#shown;
    this.#shown = this.#state;
    for (const subscriber of this.#subscribers) subscriber(this.#shown, before);
  }
}
