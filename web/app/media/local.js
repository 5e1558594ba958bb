/**
 * The own camera, microphone and screen.
 *
 * - The stream object stays the same for the life of the page, so that its id tells the others that
 *   it is the camera; tracks come and go in it.
 * - Muting keeps the microphone open, to be back at once. Turning the camera off releases it, so
 *   that its light goes out.
 * - Changes are carried out one after the other: what was asked last holds in the end.
 */

import { note, noteFailure } from '../log.js';
import { INSECURE, problemOf } from './problems.js';

/** @typedef {import('./problems.js').Problem} Problem */
/** @typedef {'audio' | 'video'} Kind */

/** @type {Record<Kind, MediaTrackConstraints>} */
const WANTED = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } },
};

/** Screens change seldom and must be sharp. */
const SCREEN_OPTIONS = {
  video: { frameRate: { ideal: 15, max: 30 } },
  audio: true,
  selfBrowserSurface: 'exclude',
  surfaceSwitching: 'include',
  systemAudio: 'include',
};

export class LocalMedia {
  /** Camera and microphone as far as they are open. */
  stream = new MediaStream();
  /** @type {MediaStream | null} the shared screen */
  screen = null;
  /** @type {Record<Kind, Problem | null>} why a device could not be had */
  problems = { audio: null, video: null };

  /** @type {Record<Kind, string | null>} */
  #devices;
  #onChange;
  #onLost;
  #microphoneOn = false;
  /** Devices and the screen change independently: muting must not wait for a screen to be picked. */
  #turns = { devices: Promise.resolve(), screen: Promise.resolve() };

  /**
   * @param {object} options
   * @param {Record<Kind, string | null>} options.devices ids of the devices to use, null for the default
   * @param {() => void} options.onChange something is on, off or different now
   * @param {(kind: Kind) => void} options.onLost a device went away while it was used
   */
  constructor({ devices, onChange, onLost }) {
    this.#devices = { ...devices };
    this.#onChange = onChange;
    this.#onLost = onLost;
  }

  /** The microphone's track, also while muted. */
  get audioTrack() {
    return this.stream.getAudioTracks()[0] ?? null;
  }

  /** The camera's track. */
  get videoTrack() {
    return this.stream.getVideoTracks()[0] ?? null;
  }

  /** Whether the others can hear us. */
  get microphoneOn() {
    return this.#microphoneOn && this.audioTrack !== null;
  }

  /** Whether the others can see us. */
  get cameraOn() {
    return this.videoTrack !== null;
  }

  /** What is sent to everybody. */
  get outgoing() {
    return { camera: this.stream, audio: this.audioTrack, video: this.videoTrack, screen: this.screen };
  }

  /** All of it as an event for the store. */
  get event() {
    return {
      type: 'local:media',
      audio: this.microphoneOn,
      video: this.cameraOn,
      localStream: this.stream,
      screenStream: this.screen,
      problems: { ...this.problems },
    };
  }

  /**
   * Opens what is wanted. Both are asked for at once, for one question to the person; if that fails,
   * each alone, because one of them may be missing.
   *
   * @param {{audio: boolean, video: boolean}} wanted
   */
  open(wanted) {
    return this.#inTurn('devices', async () => {
      /** @type {Kind[]} */
      const kinds = [];
      if (wanted.audio && !this.audioTrack) kinds.push('audio');
      if (wanted.video && !this.videoTrack) kinds.push('video');
      if (kinds.length === 2 && navigator.mediaDevices && (await this.#acquireBoth())) kinds.length = 0;
      for (const kind of kinds) await this.#acquire(kind);
      this.#setMicrophone(wanted.audio);
    });
  }

  /**
   * Mutes or unmutes, opening the microphone if it is not open yet.
   *
   * @param {boolean} on
   */
  setMicrophone(on) {
    // At once, whatever else is under way: nobody may be heard after muting.
    this.#setMicrophone(on);
    return this.#inTurn('devices', async () => {
      if (on && this.#microphoneOn && !this.audioTrack) await this.#acquire('audio');
    });
  }

  /**
   * Turns the camera on or off.
   *
   * @param {boolean} on
   */
  setCamera(on) {
    return this.#inTurn('devices', async () => {
      if (on && !this.videoTrack) await this.#acquire('video');
      if (!on) this.#drop('video');
    });
  }

  /**
   * Uses another device, at once if that kind is on.
   *
   * @param {Kind} kind
   * @param {string} deviceId
   */
  choose(kind, deviceId) {
    return this.#inTurn('devices', async () => {
      const before = this.#devices[kind];
      this.#devices[kind] = deviceId;
      const inUse = kind === 'audio' ? this.audioTrack : this.videoTrack;
      if (!inUse && !this.problems[kind]) return;
      // Many devices, cameras of phones above all, cannot be open beside another.
      this.#drop(kind);
      if (await this.#acquire(kind)) return;
      this.#devices[kind] = before;
      const { [kind]: problem } = this.problems;
      await this.#acquire(kind);
      this.problems[kind] ??= problem;
    });
  }

  /**
   * Shares the screen that the person picks. Picking none changes nothing.
   *
   * @returns {Promise<unknown>}
   */
  startScreen() {
    return this.#inTurn('screen', async () => {
      if (this.screen) return;
      try {
        const screen = await navigator.mediaDevices.getDisplayMedia(SCREEN_OPTIONS);
        const [track] = screen.getVideoTracks();
        if (!track) return;
        track.contentHint = 'detail';
        // The browser has its own button to stop sharing.
        track.onended = () => this.stopScreen();
        this.screen = screen;
      } catch (error) {
        noteFailure('media', 'no screen was shared', error);
      }
    });
  }

  /** Stops sharing. */
  stopScreen() {
    return this.#inTurn('screen', async () => {
      for (const track of this.screen?.getTracks() ?? []) stop(track);
      this.screen = null;
    });
  }

  /** Releases every device. */
  close() {
    const devices = this.#inTurn('devices', async () => {
      this.#drop('audio');
      this.#drop('video');
    });
    return Promise.all([devices, this.stopScreen()]);
  }

  /**
   * @param {'devices' | 'screen'} lane
   * @param {() => Promise<void>} change
   */
  #inTurn(lane, change) {
    this.#turns[lane] = this.#turns[lane]
      .then(change)
      .catch((error) => noteFailure('media', 'a change failed', error))
      .then(() => this.#onChange());
    return this.#turns[lane];
  }

  async #acquireBoth() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: this.#constraints('audio'),
        video: this.#constraints('video'),
      });
      for (const track of stream.getTracks()) this.#adopt(track);
      return true;
    } catch (error) {
      noteFailure('media', 'camera and microphone together could not be opened', error);
      return false;
    }
  }

  /**
   * @param {Kind} kind
   * @returns {Promise<boolean>}
   */
  async #acquire(kind) {
    if (!navigator.mediaDevices) {
      this.problems[kind] = INSECURE;
      return false;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ [kind]: this.#constraints(kind) });
      for (const track of stream.getTracks()) this.#adopt(track);
      return true;
    } catch (error) {
      const problem = problemOf(kind, error);
      if (problem.kind === 'missing' && this.#devices[kind] !== null) {
        // The remembered device is gone; there may be another.
        this.#devices[kind] = null;
        return this.#acquire(kind);
      }
      noteFailure('media', `opening ${kind} failed`, error);
      this.problems[kind] = problem;
      return false;
    }
  }

  /** @param {Kind} kind */
  #constraints(kind) {
    const deviceId = this.#devices[kind];
    return deviceId === null ? WANTED[kind] : { ...WANTED[kind], deviceId: { exact: deviceId } };
  }

  /** @param {MediaStreamTrack} track */
  #adopt(track) {
    const kind = /** @type {Kind} */ (track.kind);
    this.problems[kind] = null;
    track.enabled = kind === 'video' || this.#microphoneOn;
    track.onended = () => {
      note('media', 'a device went away', kind);
      this.#inTurn('devices', async () => this.#drop(kind));
      this.#onLost(kind);
    };
    this.stream.addTrack(track);
  }

  /** @param {Kind} kind */
  #drop(kind) {
    for (const track of this.stream.getTracks()) {
      if (track.kind !== kind) continue;
      stop(track);
      this.stream.removeTrack(track);
    }
  }

  /** @param {boolean} on */
  #setMicrophone(on) {
    this.#microphoneOn = on;
    const track = this.audioTrack;
    if (track) track.enabled = on;
  }
}

/** @param {MediaStreamTrack} track */
function stop(track) {
  track.onended = null;
  track.stop();
}
