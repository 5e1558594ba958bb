// How slow the machine is at the moment: what a bound of the product has to be given beside itself.

import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 50;

/** Asks something again and again, and remembers the slowest answer, waiting for the turn to ask included. */
export class Slowness {
  #stopped = false;
  #slowest = 0;
  #asking;

  /** `ask` gives a promise of an answer. */
  constructor(ask) {
    this.#asking = this.#measure(ask);
  }

  async #measure(ask) {
    while (!this.#stopped) {
      const began = Date.now();
      await pause(EVERY_MS);
      await ask();
      this.#slowest = Math.max(this.#slowest, Date.now() - began - EVERY_MS);
    }
  }

  /** The slowest answer, in milliseconds. */
  async stop() {
    this.#stopped = true;
    await this.#asking;
    return this.#slowest;
  }
}
