/**
 * What waits to be sent, and what was sent and is not yet answered.
 *
 * - While there is no joined socket, messages wait here, at most 100; the oldest gives way.
 * - A message with an `id` counts as unanswered until its `ack` or `error` comes. When the socket
 *   is lost, unanswered messages go back to the front: the server knows the id and does not carry
 *   out the same message twice.
 */

/** Most messages held, waiting and unanswered together. */
export const CAPACITY = 100;

/** @typedef {{type: string, id?: string} & Record<string, unknown>} Message */

export class Outbox {
  /** @type {Message[]} */
  #waiting = [];
  /** @type {Map<string, Message>} */
  #unanswered = new Map();
  #onDropped;

  /** @param {(message: Message) => void} [onDropped] told of each message that gave way */
  constructor(onDropped = () => {}) {
    this.#onDropped = onDropped;
  }

  /** Messages that wait to be sent. */
  get size() {
    return this.#waiting.length;
  }

  /**
   * Keeps a message until the socket is back.
   *
   * @param {Message} message
   */
  hold(message) {
    this.#waiting.push(message);
    this.#bound();
  }

  /**
   * Notes that a message was written to the socket.
   *
   * @param {Message} message
   */
  sent(message) {
    if (typeof message.id === 'string') {
      this.#unanswered.set(message.id, message);
      this.#bound();
    }
  }

  /**
   * Notes the answer to a message.
   *
   * @param {unknown} id the `id` of an `ack` or the `ref` of an `error`
   */
  answered(id) {
    if (typeof id === 'string') this.#unanswered.delete(id);
  }

  /** The socket is lost: what was not answered waits again, ahead of what was said since. */
  interrupted() {
    this.#waiting.unshift(...this.#unanswered.values());
    this.#unanswered.clear();
    this.#bound();
  }

  /**
   * Takes out everything that waits, oldest first.
   *
   * @returns {Message[]}
   */
  drain() {
    return this.#waiting.splice(0);
  }

  /**
   * Forgets waiting messages that have lost their meaning.
   *
   * @param {(message: Message) => boolean} stale
   */
  discard(stale) {
    this.#waiting = this.#waiting.filter((message) => !stale(message));
  }

  /** Forgets everything. */
  clear() {
    this.#waiting = [];
    this.#unanswered.clear();
  }

  #bound() {
    while (this.#waiting.length + this.#unanswered.size > CAPACITY) {
      const oldest = this.#oldest();
      if (!oldest) return;
      this.#onDropped(oldest);
    }
  }

  #oldest() {
    for (const [id, message] of this.#unanswered) {
      this.#unanswered.delete(id);
      return message;
    }
    return this.#waiting.shift();
  }
}
