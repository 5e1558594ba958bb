/** The sound of the others: which speaker it comes out of, and what to do if the browser holds it back. */

import { noteFailure } from '../log.js';
import { canChooseSpeaker } from '../media/devices.js';

export class Sound {
  /** @type {Set<HTMLAudioElement>} */
  #elements = new Set();
  #speaker;
  #onBlocked;

  /**
   * @param {string | null} speaker id of the device, null for the default
   * @param {() => void} onBlocked the browser wants the person to do something first
   */
  constructor(speaker, onBlocked) {
    this.#speaker = speaker;
    this.#onBlocked = onBlocked;
  }

  /**
   * Plays what arrives in this element.
   *
   * @param {HTMLAudioElement} audio
   */
  play(audio) {
    this.#elements.add(audio);
    this.#route(audio);
    audio.play().catch((error) => {
      if (error.name === 'NotAllowedError') this.#onBlocked();
    });
  }

  /**
   * Forgets an element that was taken away.
   *
   * @param {HTMLAudioElement} audio
   */
  forget(audio) {
    this.#elements.delete(audio);
  }

  /** Plays everything again, now that the person did something. */
  unblock() {
    for (const audio of this.#elements) this.play(audio);
  }

  /**
   * Uses another speaker.
   *
   * @param {string} deviceId
   */
  choose(deviceId) {
    this.#speaker = deviceId;
    for (const audio of this.#elements) this.#route(audio);
  }

  /** @param {HTMLAudioElement} audio */
  #route(audio) {
    if (this.#speaker === null || !canChooseSpeaker()) return;
    audio.setSinkId(this.#speaker).catch((error) => noteFailure('media', 'the speaker was refused', error));
  }
}
