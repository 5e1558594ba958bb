/**
 * What we send to one peer: a pair of slots for camera and microphone that exists for the whole
 * connection, and one for the screen that is made when it is first shared.
 *
 * A slot is a transceiver. Muting a camera, or changing the device, replaces the track in its slot,
 * which needs no negotiation. Starting and stopping a share changes the slot's direction, which
 * negotiates by itself. Slots are used again, so that toggling does not make the description grow.
 */

import { noteFailure } from '../log.js';
import { shareOf } from './budget.js';

/**
 * What this page sends to everybody.
 *
 * @typedef {object} Outgoing
 * @property {MediaStream} camera the stream that camera and microphone belong to
 * @property {MediaStreamTrack | null} audio
 * @property {MediaStreamTrack | null} video
 * @property {MediaStream | null} screen
 */

const KINDS = /** @type {const} */ (['audio', 'video']);

export class Senders {
  #connection;
  #outgoing;
  #peers = 1;
  /** @type {Map<'audio' | 'video', RTCRtpTransceiver>} */
  #camera = new Map();
  /** @type {Map<'audio' | 'video', RTCRtpTransceiver>} */
  #screen = new Map();

  /**
   * @param {RTCPeerConnection} connection
   * @param {Outgoing} outgoing
   */
  constructor(connection, outgoing) {
    this.#connection = connection;
    this.#outgoing = outgoing;
  }

  /** Whether there are slots yet: those of the side that waits are made when it is offered to. */
  get bound() {
    return this.#camera.size > 0;
  }

  /** Which of our streams is which, told with every description. */
  get names() {
    return { camera: this.#outgoing.camera.id, screen: this.#outgoing.screen?.id ?? null };
  }

  /** Makes the slots for camera and microphone, in what the other side offered as far as possible. */
  bind() {
    for (const kind of KINDS) {
      const offered = this.#connection
        .getTransceivers()
        .find((slot) => slot.receiver.track.kind === kind && slot.direction !== 'stopped');
      const slot = offered ?? this.#connection.addTransceiver(kind);
      slot.direction = 'sendrecv';
      slot.sender.setStreams?.(this.#outgoing.camera);
      this.#camera.set(kind, slot);
    }
    this.#fillCamera();
  }

  /** Shares the screen with this peer if we share one. To be called when negotiation may begin. */
  bindScreen() {
    if (this.#outgoing.screen) this.#fillScreen();
  }

  /**
   * Sends this from now on.
   *
   * @param {Outgoing} outgoing
   */
  change(outgoing) {
    const sameScreen = outgoing.screen === this.#outgoing.screen;
    this.#outgoing = outgoing;
    if (!this.bound) return;
    this.#fillCamera();
    if (!sameScreen) this.#fillScreen();
  }

  /**
   * Keeps the share of the upstream in step with the number of peers.
   *
   * @param {number} peers
   */
  limit(peers) {
    this.#peers = peers;
    limitSender(this.#camera.get('video')?.sender, shareOf('camera', peers));
    limitSender(this.#screen.get('video')?.sender, shareOf('screen', peers));
  }

  #fillCamera() {
    for (const kind of KINDS) replace(this.#camera.get(kind), this.#outgoing[kind]);
  }

  #fillScreen() {
    const { screen } = this.#outgoing;
    for (const kind of KINDS) {
      const track = screen?.getTracks().find((candidate) => candidate.kind === kind) ?? null;
      let slot = this.#screen.get(kind);
      if (!slot && !track) continue;
      if (!slot) {
        slot = this.#connection.addTransceiver(kind, { direction: 'inactive' });
        this.#screen.set(kind, slot);
      }
      if (screen && track) slot.sender.setStreams?.(screen);
      slot.direction = track ? 'sendonly' : 'inactive';
      replace(slot, track);
    }
    this.limit(this.#peers);
  }
}

/**
 * @param {RTCRtpTransceiver | undefined} slot
 * @param {MediaStreamTrack | null} track
 */
function replace(slot, track) {
  if (!slot || slot.sender.track === track) return;
  slot.sender.replaceTrack(track).catch((error) => noteFailure('peer', 'replacing a track failed', error));
}

/**
 * @param {RTCRtpSender | undefined} sender
 * @param {{maxBitrate: number, scaleResolutionDownBy: number}} share
 */
function limitSender(sender, share) {
  if (!sender) return;
  const parameters = sender.getParameters();
  const [encoding] = parameters.encodings ?? [];
  // Before the first negotiation there is nothing to limit.
  if (!encoding || encoding.maxBitrate === share.maxBitrate) return;
  Object.assign(encoding, share);
  sender.setParameters(parameters).catch((error) => noteFailure('peer', 'limiting a video failed', error));
}
