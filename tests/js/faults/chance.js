// Chance that can be repeated: everything follows from a seed.

/** Numbers from a seed (mulberry32). */
export class Chance {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 to 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** An integer from `least` to below `most`. */
  between(least, most) {
    return least + Math.floor(this.next() * (most - least));
  }

  /** One of these. */
  of(things) {
    return things[this.between(0, things.length)];
  }
}
