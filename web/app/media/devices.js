/** Which cameras, microphones and speakers there are. */

import { noteFailure } from '../log.js';

/**
 * @typedef {object} Device
 * @property {string} id
 * @property {string} label
 */

/** @typedef {Record<MediaDeviceKind, Device[]>} Devices */

/** @type {Record<MediaDeviceKind, string>} */
const UNNAMED = { audioinput: 'Microphone', videoinput: 'Camera', audiooutput: 'Speaker' };

/**
 * The devices there are. Before permission is given, browsers hide names and ids.
 *
 * @returns {Promise<Devices>}
 */
export async function listDevices() {
  /** @type {Devices} */
  const devices = { audioinput: [], videoinput: [], audiooutput: [] };
  try {
    for (const { kind, deviceId, label } of await navigator.mediaDevices.enumerateDevices()) {
      if (deviceId === '') continue;
      devices[kind].push({ id: deviceId, label: label || `${UNNAMED[kind]} ${devices[kind].length + 1}` });
    }
  } catch (error) {
    noteFailure('media', 'listing devices failed', error);
  }
  return devices;
}

/** Whether the page may choose where sound comes out. */
export function canChooseSpeaker() {
  return 'setSinkId' in HTMLMediaElement.prototype;
}

/** Whether the page may share the screen; phones mostly cannot. */
export function canShareScreen() {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
}
