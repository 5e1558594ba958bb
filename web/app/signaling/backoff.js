/** How long to wait before trying again: doubling, bounded, and spread so that clients do not return together. */

/** Longest wait before the first retry, in milliseconds. */
export const FIRST_DELAY_MS = 1_000;
/** Longest wait at all, in milliseconds. */
export const LONGEST_DELAY_MS = 30_000;

/**
 * The wait before retry number `attempt`.
 *
 * The ceiling doubles from 1 s to 30 s; the wait is somewhere in the upper half below it.
 *
 * @param {number} attempt retries made so far, from 0
 * @param {() => number} [random] a number from 0 up to 1
 * @returns {number} milliseconds
 */
export function delayBefore(attempt, random = Math.random) {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, attempt));
  return Math.round(ceiling * (0.5 + random() * 0.5));
}
