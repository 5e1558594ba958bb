/**
 * The connection to one peer: negotiation, what is sent, what arrives, and its repair.
 *
 * - The newcomer of two offers; the other waits, and offers itself only if nothing comes.
 * - A connection that fails, or does not come about, is repaired by an ICE restart, again and again
 *   with growing pauses, for as long as the peer is in the room. One that is merely interrupted gets
 *   a moment first.
 */

import { note } from '../log.js';
import { delayBefore } from '../signaling/backoff.js';
import { Negotiation, isPolite } from './negotiation.js';
import { sample } from './quality.js';
import { Senders } from './senders.js';

/** How long to wait for the newcomer's offer, in milliseconds. */
export const OFFER_TIMEOUT_MS = 10_000;
/** How long connecting may take once both sides agree, in milliseconds. */
export const SETUP_TIMEOUT_MS = 15_000;
/** How long an interruption may last before the connection is restarted, in milliseconds. */
export const INTERRUPTION_MS = 4_000;

/**
 * @typedef {object} PeerLinkOptions
 * @property {string} ownId
 * @property {string} peerId
 * @property {boolean} initiates whether this side offers first
 * @property {RTCIceServer[]} iceServers
 * @property {import('./senders.js').Outgoing} outgoing
 * @property {(signal: import('./negotiation.js').Signal) => void} send
 * @property {() => Promise<RTCIceServer[]>} renewIceServers asked before a restart
 * @property {PeerLinkEvents} events
 */

/**
 * @typedef {object} PeerLinkEvents
 * @property {(link: 'connecting' | 'connected' | 'reconnecting') => void} onLink
 * @property {() => void} onFailed
 * @property {(stream: MediaStream) => void} onStream a stream arrives, or has one more track
 * @property {(streamId: string) => void} onStreamGone the last track of a stream has ended
 * @property {(screenStreamId: string | null) => void} onScreenNamed which stream is the screen
 */

export class PeerLink {
  #options;
  #connection;
  #negotiation;
  #senders;
  #restarts = 0;
  #createdAt = performance.now();
  /** @type {number | null} */
  #setupMs = null;
  /** @type {import('./quality.js').Totals | null} */
  #totals = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {PeerLinkOptions} options */
  constructor(options) {
    this.#options = options;
    const connection = new RTCPeerConnection({
      iceServers: options.iceServers,
      bundlePolicy: 'max-bundle',
    });
    this.#connection = connection;
    this.#senders = new Senders(connection, options.outgoing);
    connection.ontrack = (event) => this.#track(event);
    connection.onconnectionstatechange = () => this.#connectionState();
    connection.onsignalingstatechange = () => this.#signalingState();
    this.#negotiation = new Negotiation({
      connection,
      polite: isPolite(options.ownId, options.peerId),
      send: (signal) => options.send({ ...signal, ...this.#streamNames(signal.type) }),
      beforeApplying: (description) => this.#described(description),
      beforeAnswer: () => this.#bind(),
    });
    if (options.initiates) this.#start();
    else this.#timer = setTimeout(() => this.#start(), OFFER_TIMEOUT_MS);
  }

  /** Milliseconds from the beginning to the first connection, null until then. */
  get setupMs() {
    return this.#setupMs;
  }

  /** Whether media can flow now. */
  get connected() {
    return this.#connection.connectionState === 'connected';
  }

  /**
   * Handles an `offer`, `answer` or `candidate` of the peer.
   *
   * @param {import('./negotiation.js').Signal} signal
   */
  handle(signal) {
    return this.#negotiation.handle(signal);
  }

  /**
   * Sends this from now on.
   *
   * @param {import('./senders.js').Outgoing} outgoing
   */
  change(outgoing) {
    this.#senders.change(outgoing);
  }

  /**
   * Keeps the share of the upstream in step with the number of peers.
   *
   * @param {number} peers
   */
  limit(peers) {
    this.#senders.limit(peers);
  }

  /** Signaling is back: says again what may have been lost, repairs what broke meanwhile. */
  signalingRestored() {
    this.#negotiation.repeatOffer();
    const state = this.#connection.connectionState;
    if (state === 'failed' || state === 'disconnected') this.#restart();
  }

  /** @returns {Promise<import('./quality.js').Sample>} */
  async measure() {
    const report = await this.#connection.getStats();
    const measured = sample(report.values(), this.#totals, performance.now());
    this.#totals = measured.totals;
    return measured;
  }

  /** How loud the peer is just now, 0 to 1. */
  loudness() {
    const receivers = this.#connection.getReceivers().filter(({ track }) => track.kind === 'audio');
    const levels = receivers.flatMap((receiver) =>
      receiver.getSynchronizationSources().map((source) => source.audioLevel ?? 0),
    );
    return Math.max(0, ...levels);
  }

  /** Ends the connection and everything that belongs to it. */
  close() {
    clearTimeout(this.#timer);
    this.#negotiation.close();
    this.#connection.ontrack = null;
    this.#connection.onconnectionstatechange = null;
    this.#connection.onsignalingstatechange = null;
    this.#connection.close();
  }

  #start() {
    if (this.#senders.bound) return;
    this.#bind();
    this.#senders.bindScreen();
  }

  #bind() {
    if (!this.#senders.bound) this.#senders.bind();
  }

  /** @param {import('./negotiation.js').Signal} description */
  #described({ streams }) {
    // The offer that this side waited for has come.
    if (!this.#senders.bound) clearTimeout(this.#timer);
    const screen = streams?.screen;
    if (streams) this.#options.events.onScreenNamed(typeof screen === 'string' ? screen : null);
  }

  /** @param {string} type */
  #streamNames(type) {
    if (type === 'candidate') return {};
    return { streams: this.#senders.names };
  }

  #signalingState() {
    if (this.#connection.signalingState !== 'stable' || !this.#senders.bound) return;
    // The side that waited shares its screen once the first exchange is done.
    this.#senders.bindScreen();
    // Candidates that got lost leave a connection waiting for ever: it never comes to fail.
    if (!this.connected) this.#restartIn(SETUP_TIMEOUT_MS + delayBefore(this.#restarts));
  }

  /** @param {RTCTrackEvent} event */
  #track({ streams, track }) {
    const stream = streams[0] ?? new MediaStream([track]);
    const { onStream, onStreamGone } = this.#options.events;
    onStream(stream);
    stream.onremovetrack = () => {
      if (stream.getTracks().length === 0) onStreamGone(stream.id);
    };
  }

  #connectionState() {
    const state = this.#connection.connectionState;
    note('peer', state, this.#options.peerId);
    if (state === 'connected') {
      this.#setupMs ??= Math.round(performance.now() - this.#createdAt);
      this.#restarts = 0;
      clearTimeout(this.#timer);
      this.#options.events.onLink('connected');
    } else if (state === 'disconnected') {
      this.#options.events.onLink('reconnecting');
      this.#restartIn(INTERRUPTION_MS);
    } else if (state === 'failed') {
      this.#options.events.onLink(this.#setupMs === null ? 'connecting' : 'reconnecting');
      this.#options.events.onFailed();
      this.#restartIn(this.#restarts === 0 ? 0 : delayBefore(this.#restarts));
    }
  }

  /** @param {number} delay milliseconds */
  #restartIn(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#restart(), delay);
  }

  async #restart() {
    this.#restarts += 1;
    note('peer', 'restarting', this.#options.peerId, this.#restarts);
    // Relay credentials are limited in time, so a long call may need new ones.
    const iceServers = await this.#options.renewIceServers();
    if (this.#connection.connectionState === 'closed') return;
    this.#connection.setConfiguration({ iceServers, bundlePolicy: 'max-bundle' });
    this.#connection.restartIce();
  }
}
