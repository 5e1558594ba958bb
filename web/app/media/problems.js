/** Why a camera, microphone or screen could not be had, in words. */

const DEVICES = { audio: 'microphone', video: 'camera' };

/**
 * @typedef {object} Problem
 * @property {'insecure' | 'refused' | 'missing' | 'busy' | 'other'} kind
 * @property {string} words
 */

/**
 * @param {'audio' | 'video'} kind
 * @param {unknown} error what getUserMedia threw
 * @returns {Problem}
 */
export function problemOf(kind, error) {
  const device = DEVICES[kind];
  switch (error instanceof Error ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return {
        kind: 'refused',
        words: `Your browser blocks the ${device}. Allow it in the address bar to use it here.`,
      };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { kind: 'missing', words: `No ${device} was found.` };
    case 'NotReadableError':
    case 'AbortError':
      return { kind: 'busy', words: `The ${device} is in use by another program.` };
    default:
      return { kind: 'other', words: `The ${device} could not be started.` };
  }
}

/** The problem of a page that was not loaded over a secure connection. */
export const INSECURE = Object.freeze({
  kind: /** @type {const} */ ('insecure'),
  words: 'Browsers give camera and microphone only to pages opened with https.',
});
