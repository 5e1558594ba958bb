/** Typing marks: ours, sent no more often than needed, and those of others, which expire by themselves. */

/** How long a mark of somebody else holds without being renewed, in milliseconds. */
export const EXPIRES_MS = 6_000;
/** How often our mark is renewed while we type, in milliseconds. */
export const RENEW_MS = 3_000;

/** Our own mark. It is withdrawn when the text is sent, emptied, or left alone. */
export class OwnTyping {
  #send;
  #renewedAt = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #idle;

  /** @param {(on: boolean) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /**
   * The text has changed.
   *
   * @param {string} text
   * @param {number} now milliseconds
   */
  changed(text, now) {
    if (text.trim() === '') {
      this.stop();
      return;
    }
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.stop(), EXPIRES_MS);
    if (now - this.#renewedAt < RENEW_MS) return;
    this.#renewedAt = now;
    this.#send(true);
  }

  /** Nothing is being typed any more. */
  stop() {
    clearTimeout(this.#idle);
    if (this.#renewedAt === -Infinity) return;
    this.#renewedAt = -Infinity;
    this.#send(false);
  }
}

/** The marks of others: one timer each. */
export class OthersTyping {
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  #timers = new Map();
  #expired;

  /** @param {(peerId: string) => void} expired */
  constructor(expired) {
    this.#expired = expired;
  }

  /**
   * A peer's mark was set, renewed or withdrawn.
   *
   * @param {string} peerId
   * @param {boolean} on
   */
  heard(peerId, on) {
    clearTimeout(this.#timers.get(peerId));
    this.#timers.delete(peerId);
    if (!on) return;
    const timer = setTimeout(() => {
      this.#timers.delete(peerId);
      this.#expired(peerId);
    }, EXPIRES_MS);
    this.#timers.set(peerId, timer);
  }

  /** Forgets everybody. */
  clear() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
