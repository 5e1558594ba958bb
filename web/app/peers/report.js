/** Reports of how a peer connection went, for the operators of the server. Losing one is no loss. */

import { noteFailure } from '../log.js';

/** At most one report for each peer in this time, in milliseconds. */
export const REPORT_INTERVAL_MS = 60_000;
/** Most peers remembered for that. */
const REMEMBERED = 256;

/**
 * @typedef {object} Report
 * @property {string} roomId
 * @property {number} [setupMs] from the first signal to connected
 * @property {import('../room/state.js').Quality} [quality] the last one seen while connected
 * @property {number} [packetLoss] share, 0 to 1
 * @property {number} [rttMs]
 * @property {number} [bitrate] received, bits per second
 * @property {string} [error]
 */

export class Reporter {
  /** @type {Map<string, number>} */
  #reportedAt = new Map();
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

  /**
   * Sends a report, unless there was one about this peer a moment ago.
   *
   * @param {string} peerId
   * @param {Report} report
   * @param {number} [now] milliseconds
   * @returns {boolean} whether it was sent
   */
  report(peerId, report, now = Date.now()) {
    const last = this.#reportedAt.get(peerId);
    if (last !== undefined && now - last < REPORT_INTERVAL_MS) return false;
    this.#remember(peerId, now);
    this.#request('/api/webrtc-stats', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.#headers() },
      body: JSON.stringify({ vocabulary: 'mesh', ...report }),
      // The page may be on its way out.
      keepalive: true,
    }).catch((error) => noteFailure('report', 'not delivered', error));
    return true;
  }

  /**
   * @param {string} peerId
   * @param {number} now
   */
  #remember(peerId, now) {
    this.#reportedAt.delete(peerId);
    this.#reportedAt.set(peerId, now);
    if (this.#reportedAt.size <= REMEMBERED) return;
    const [oldest] = this.#reportedAt.keys();
    if (oldest !== undefined) this.#reportedAt.delete(oldest);
  }
}
