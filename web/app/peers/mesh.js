/** The connections to everybody in the room: one for each peer, made and ended as the room says. */

import { noteFailure } from '../log.js';
import { PeerLink } from './connection.js';
import { qualityOf } from './quality.js';

/** Time between two looks at the statistics, in milliseconds. */
export const MEASURE_INTERVAL_MS = 2_000;
/** Time between two looks at who speaks, in milliseconds. */
const LOUDNESS_INTERVAL_MS = 200;
/** From this loudness on somebody speaks. */
const SPEAKING = 0.015;
/** How long somebody still counts as speaking after the last sound, in milliseconds. */
const SPEAKING_HOLD_MS = 600;

/**
 * @typedef {object} MeshOptions
 * @property {(event: import('../room/reduce.js').RoomEvent) => void} dispatch to the store
 * @property {(message: {type: string, to: string} & Record<string, unknown>) => void} send
 * @property {import('./ice.js').IceServers} iceServers
 * @property {import('./report.js').Reporter} reporter
 * @property {() => string} room
 */

/**
 * @typedef {object} Entry
 * @property {PeerLink} link
 * @property {import('./quality.js').Sample | null} sample the last one
 * @property {import('../room/state.js').Quality | undefined} quality the last one while connected
 * @property {number} heardAt when the peer was last loud
 */

export class Mesh {
  #options;
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  /** @type {import('./senders.js').Outgoing} */
  #outgoing;
  /** @type {ReturnType<typeof setInterval>[]} */
  #timers = [];

  /**
   * @param {MeshOptions} options
   * @param {import('./senders.js').Outgoing} outgoing
   */
  constructor(options, outgoing) {
    this.#options = options;
    this.#outgoing = outgoing;
  }

  /** Begins to look at statistics and loudness. */
  start() {
    this.#timers = [
      setInterval(() => this.#measure(), MEASURE_INTERVAL_MS),
      setInterval(() => this.#listen(), LOUDNESS_INTERVAL_MS),
    ];
  }

  /**
   * Connects to a peer. Does nothing if there is a connection already.
   *
   * @param {string} ownId
   * @param {string} peerId
   * @param {boolean} initiates
   */
  add(ownId, peerId, initiates) {
    if (this.#entries.has(peerId)) return;
    const { dispatch, iceServers, send } = this.#options;
    const link = new PeerLink({
      ownId,
      peerId,
      initiates,
      iceServers: iceServers.current,
      outgoing: this.#outgoing,
      send: (signal) => send({ ...signal, to: peerId }),
      renewIceServers: () => iceServers.renewed(),
      events: {
        onLink: (state) => this.#linkChanged(peerId, state),
        onFailed: () => this.#report(peerId, 'connection failed'),
        onStream: (stream) => dispatch({ type: 'local:stream', peerId, stream }),
        onStreamGone: (streamId) => dispatch({ type: 'local:stream-gone', peerId, streamId }),
        onScreenNamed: (screenStreamId) =>
          dispatch({ type: 'local:peer', peerId, fields: { screenStreamId } }),
      },
    });
    this.#entries.set(peerId, { link, sample: null, quality: undefined, heardAt: -Infinity });
    this.#share();
  }

  /**
   * Ends the connection to a peer.
   *
   * @param {string} peerId
   */
  remove(peerId) {
    const entry = this.#entries.get(peerId);
    if (!entry) return;
    this.#report(peerId);
    entry.link.close();
    this.#entries.delete(peerId);
    this.#share();
  }

  /**
   * Ends every connection but those to these peers.
   *
   * @param {ReadonlySet<string>} peerIds
   */
  retain(peerIds) {
    for (const peerId of [...this.#entries.keys()]) {
      if (!peerIds.has(peerId)) this.remove(peerId);
    }
  }

  /** Signaling is back after an interruption. */
  signalingRestored() {
    for (const { link } of this.#entries.values()) link.signalingRestored();
  }

  /**
   * Hands a signal to the connection it belongs to; one of a peer that is unknown is dropped.
   *
   * @param {import('./negotiation.js').Signal} signal
   */
  handle(signal) {
    this.#entries.get(signal.from)?.link.handle(signal);
  }

  /**
   * Sends this to everybody from now on.
   *
   * @param {import('./senders.js').Outgoing} outgoing
   */
  change(outgoing) {
    this.#outgoing = outgoing;
    for (const { link } of this.#entries.values()) link.change(outgoing);
  }

  /** Ends everything. */
  close() {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    this.retain(new Set());
  }

  /**
   * @param {string} peerId
   * @param {'connecting' | 'connected' | 'reconnecting'} link
   */
  #linkChanged(peerId, link) {
    const quality = link === 'connected' ? 'excellent' : 'disconnected';
    this.#options.dispatch({ type: 'local:peer', peerId, fields: { link, quality } });
    if (link === 'connected') this.#share();
  }

  #share() {
    for (const { link } of this.#entries.values()) link.limit(this.#entries.size);
  }

  async #measure() {
    await Promise.all([...this.#entries].map(([peerId, entry]) => this.#measureOne(peerId, entry)));
  }

  /**
   * @param {string} peerId
   * @param {Entry} entry
   */
  async #measureOne(peerId, entry) {
    try {
      const measured = await entry.link.measure();
      if (this.#entries.get(peerId) !== entry) return;
      const { connected } = entry.link;
      const { loss, rttMs } = measured;
      const quality = qualityOf({ connected, loss, rttMs });
      if (connected) Object.assign(entry, { sample: measured, quality });
      this.#options.dispatch({ type: 'local:peer', peerId, fields: { quality, rttMs, loss } });
    } catch (error) {
      noteFailure('peer', 'reading statistics failed', error);
    }
  }

  #listen() {
    const now = performance.now();
    for (const [peerId, entry] of this.#entries) {
      if (entry.link.loudness() > SPEAKING) entry.heardAt = now;
      const on = now - entry.heardAt < SPEAKING_HOLD_MS;
      this.#options.dispatch({ type: 'local:speaking', peerId, on });
    }
  }

  /**
   * @param {string} peerId
   * @param {string} [error]
   */
  #report(peerId, error) {
    const entry = this.#entries.get(peerId);
    if (!entry) return;
    const { link, quality, sample } = entry;
    this.#options.reporter.report(peerId, {
      roomId: this.#options.room(),
      setupMs: link.setupMs ?? undefined,
      quality: error ? 'disconnected' : quality,
      packetLoss: sample?.loss ?? undefined,
      rttMs: sample?.rttMs ?? undefined,
      bitrate: sample?.bitrate ?? undefined,
      error,
    });
  }
}
