/**
 * Perfect negotiation with one peer: either side may offer at any time, and both end with one
 * agreed description (W3C WebRTC 1.0, section 10.7).
 *
 * - When two offers cross, the impolite side ignores the other's, the polite side gives its own up.
 * - Candidates wait until the remote description is set; those of an ignored offer are ignored too.
 * - Messages are handled one after the other, in the order they came.
 * - An offer that finds no answer is sent again: it may have been lost with a connection.
 *
 * The peer connection is given from outside, so that the rules can be tested without a browser.
 */

import { noteFailure } from '../log.js';
import { delayBefore } from '../signaling/backoff.js';

/** Most candidates kept while there is no remote description. */
export const KEPT_CANDIDATES = 256;
/** Most messages of one peer that wait to be handled; what comes beyond is dropped. */
export const WAITING_MESSAGES = 512;
/** How long an offer may stay without an answer at first, in milliseconds. */
export const ANSWER_TIMEOUT_MS = 8_000;

/** @typedef {{type: string} & Record<string, any>} Signal */

/**
 * Whether we give way to `peerId` when two offers cross. Exactly one of two peers does.
 *
 * @param {string} ownId
 * @param {string} peerId
 */
export function isPolite(ownId, peerId) {
  return ownId < peerId;
}

/**
 * What to do with a description that came.
 *
 * @param {object} situation
 * @param {string} situation.type `offer` or `answer`
 * @param {boolean} situation.polite
 * @param {boolean} situation.makingOffer an own offer is being made at this moment
 * @param {string} situation.signalingState of the peer connection
 * @returns {'accept' | 'ignore'} an accepted offer rolls back an own one that crossed it
 */
export function decide({ type, polite, makingOffer, signalingState }) {
  if (type === 'answer') return signalingState === 'have-local-offer' ? 'accept' : 'ignore';
  if (type !== 'offer') return 'ignore';
  const crossed = makingOffer || signalingState !== 'stable';
  return crossed && !polite ? 'ignore' : 'accept';
}

/**
 * @typedef {object} NegotiationOptions
 * @property {RTCPeerConnection} connection
 * @property {boolean} polite
 * @property {(signal: Signal) => void} send
 * @property {(description: Signal) => void} [beforeApplying] called before a description is applied
 * @property {() => void} [beforeAnswer] called between applying an offer and answering it
 */

export class Negotiation {
  #options;
  #connection;
  #makingOffer = false;
  #ignoringOffer = false;
  #closed = false;
  /** @type {(RTCIceCandidateInit | null)[]} */
  #candidates = [];
  #tail = Promise.resolve();
  #waiting = 0;
  #repeats = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #answerTimer;

  /** @param {NegotiationOptions} options */
  constructor(options) {
    this.#options = options;
    this.#connection = options.connection;
    this.#connection.onnegotiationneeded = () => this.#offer();
    this.#connection.onicecandidate = ({ candidate }) => options.send({ type: 'candidate', candidate });
  }

  /**
   * Handles a signal of the peer after those that came before it.
   *
   * @param {Signal} signal
   * @returns {Promise<void>} resolves when it was dealt with; never rejects
   */
  handle(signal) {
    if (this.#closed || this.#waiting >= WAITING_MESSAGES) return Promise.resolve();
    this.#waiting += 1;
    this.#tail = this.#tail
      .then(() => (this.#closed ? undefined : this.#dispatch(signal)))
      .catch((error) => noteFailure('peer', `${signal.type} failed`, error))
      .finally(() => {
        this.#waiting -= 1;
      });
    return this.#tail;
  }

  /** Sends an offer that is still open again, with the candidates found since. */
  repeatOffer() {
    const offer = this.#connection.localDescription;
    if (this.#closed || this.#connection.signalingState !== 'have-local-offer' || !offer) return;
    this.#options.send({ type: 'offer', sdp: offer });
    this.#awaitAnswer();
  }

  /** Ends the negotiation; the peer connection is closed by its owner. */
  close() {
    this.#closed = true;
    this.#candidates = [];
    clearTimeout(this.#answerTimer);
    this.#connection.onnegotiationneeded = null;
    this.#connection.onicecandidate = null;
  }

  async #offer() {
    try {
      this.#makingOffer = true;
      await this.#connection.setLocalDescription();
      const offer = this.#connection.localDescription;
      // An offer of the other side may have been accepted meanwhile; ours is rolled back then.
      if (this.#closed || offer?.type !== 'offer') return;
      this.#repeats = 0;
      this.#options.send({ type: 'offer', sdp: offer });
      this.#awaitAnswer();
    } catch (error) {
      if (!this.#closed) noteFailure('peer', 'offering failed', error);
    } finally {
      this.#makingOffer = false;
    }
  }

  #awaitAnswer() {
    clearTimeout(this.#answerTimer);
    const patience = ANSWER_TIMEOUT_MS + delayBefore(this.#repeats);
    this.#repeats += 1;
    this.#answerTimer = setTimeout(() => this.repeatOffer(), patience);
  }

  /** @param {Signal} signal */
  async #dispatch(signal) {
    if (signal.type === 'candidate') {
      await this.#candidate(signal.candidate ?? null);
      return;
    }
    const description = descriptionOf(signal);
    if (description) await this.#description(signal, description);
  }

  /**
   * @param {Signal} signal
   * @param {RTCSessionDescriptionInit} description
   */
  async #description(signal, description) {
    const { type } = description;
    const decision = decide({
      type,
      polite: this.#options.polite,
      makingOffer: this.#makingOffer,
      signalingState: this.#connection.signalingState,
    });
    if (type === 'offer') this.#ignoringOffer = decision === 'ignore';
    if (decision === 'ignore') return;

    clearTimeout(this.#answerTimer);
    this.#options.beforeApplying?.(signal);
    await this.#connection.setRemoteDescription(description);
    await this.#releaseCandidates();
    if (type !== 'offer' || this.#closed) return;
    this.#options.beforeAnswer?.();
    await this.#connection.setLocalDescription();
    const answer = this.#connection.localDescription;
    if (!this.#closed && answer?.type === 'answer') this.#options.send({ type: 'answer', sdp: answer });
  }

  /** @param {RTCIceCandidateInit | null} candidate */
  async #candidate(candidate) {
    if (this.#connection.remoteDescription) {
      await this.#add(candidate);
    } else if (this.#candidates.length < KEPT_CANDIDATES) {
      this.#candidates.push(candidate);
    }
  }

  async #releaseCandidates() {
    for (const candidate of this.#candidates.splice(0)) await this.#add(candidate);
  }

  /** @param {RTCIceCandidateInit | null} candidate */
  async #add(candidate) {
    try {
      await this.#connection.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      // Candidates of an offer that was ignored belong to no description.
      if (!this.#ignoringOffer) noteFailure('peer', 'a candidate was refused', error);
    }
  }
}

/**
 * The description in a signal. Ours is an object in `sdp`; other clients put the bare text there.
 *
 * @param {Signal} signal
 * @returns {RTCSessionDescriptionInit | null}
 */
export function descriptionOf(signal) {
  const { type, sdp } = signal;
  if (type !== 'offer' && type !== 'answer') return null;
  if (typeof sdp === 'string') return { type, sdp };
  if (sdp?.type === type && typeof sdp.sdp === 'string') return { type, sdp: sdp.sdp };
  return null;
}
