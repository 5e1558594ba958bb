// What a client has heard, in order, and waiting for more of it.

import { PATIENCE_MS } from './wait.js';

/**
 * Entries `{name, payload}` in the order in which they came.
 *
 * `next` takes each entry once, so that two calls in a row wait for two events; `all` looks without taking.
 */
export class Journal {
  #entries = [];
  #waiting = [];

  /** Writes an entry down and wakes who waits for it. */
  add(name, payload) {
    const entry = { name, payload, taken: false };
    this.#entries.push(entry);
    const index = this.#waiting.findIndex((wait) => wait.matches(entry));
    if (index >= 0) {
      entry.taken = true;
      const [wait] = this.#waiting.splice(index, 1);
      wait.resolve(payload);
    }
  }

  /**
   * The first payload under `name`, or under one of several names, that was not taken and fits `where`; waits for it
   * if need be.
   */
  next(name, where = () => true, patience = PATIENCE_MS) {
    const names = [name].flat();
    const matches = (entry) => !entry.taken && names.includes(entry.name) && where(entry.payload);
    const entry = this.#entries.find(matches);
    if (entry) {
      entry.taken = true;
      return Promise.resolve(entry.payload);
    }
    const { stack } = new Error(`waited in vain for ${names}`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== wait);
        const heard = this.#entries.map((one) => `${one.name} ${JSON.stringify(one.payload)}`).slice(-12);
        const error = new Error(`waited ${patience} ms in vain for ${names}; heard last:\n  ${heard.join('\n  ')}`);
        error.stack = `${error.message}\n${stack}`;
        reject(error);
      }, patience);
      const wait = {
        matches,
        resolve: (payload) => {
          clearTimeout(timer);
          resolve(payload);
        },
      };
      this.#waiting.push(wait);
    });
  }

  /** Every payload under `name` so far that fits `where`. */
  all(name, where = () => true) {
    return this.#entries.filter((entry) => entry.name === name && where(entry.payload)).map((entry) => entry.payload);
  }

  /** The names of all entries so far, in order. */
  names() {
    return this.#entries.map((entry) => entry.name);
  }
}
