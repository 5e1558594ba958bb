/** What the page remembers between visits, in this browser only. */

import { noteFailure } from './log.js';

const KEY = 'heliograph';

/**
 * @typedef {object} Preferences
 * @property {string} username
 * @property {boolean} microphone on when joining
 * @property {boolean} camera on when joining
 * @property {string | null} audioinput id of the device, null for the default
 * @property {string | null} videoinput
 * @property {string | null} audiooutput
 * @property {boolean} shortcuts whether single keys act
 */

/** @type {Preferences} */
const DEFAULTS = {
  username: '',
  microphone: true,
  camera: true,
  audioinput: null,
  videoinput: null,
  audiooutput: null,
  shortcuts: true,
};

/**
 * @returns {Preferences}
 */
export function preferences() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return { ...DEFAULTS, ...stored };
  } catch (error) {
    noteFailure('preferences', 'not readable', error);
    return { ...DEFAULTS };
  }
}

/**
 * Remembers some of them.
 *
 * @param {Partial<Preferences>} changes
 */
export function prefer(changes) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...preferences(), ...changes }));
  } catch (error) {
    // Private windows may refuse; the choice then holds for this visit only.
    noteFailure('preferences', 'not remembered', error);
  }
}
