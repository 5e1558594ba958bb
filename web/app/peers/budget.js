/**
 * How much of the upstream each video may take. In a full mesh every peer is sent an own copy, so
 * the share of one shrinks with their number.
 */

/** What all copies of one video together should stay below, in bits per second. */
const UPSTREAM = 4_000_000;
const CAMERA = { least: 150_000, most: 1_500_000 };
const SCREEN = { least: 300_000, most: 2_500_000 };

/**
 * The limits for one copy of a video.
 *
 * @param {'camera' | 'screen'} purpose
 * @param {number} peers how many copies are sent
 * @returns {{maxBitrate: number, scaleResolutionDownBy: number}}
 */
export function shareOf(purpose, peers) {
  const { least, most } = purpose === 'screen' ? SCREEN : CAMERA;
  const maxBitrate = Math.round(Math.min(most, Math.max(least, UPSTREAM / Math.max(1, peers))));
  // A screen must stay legible: fewer frames rather than fewer pixels.
  const scaleResolutionDownBy = purpose === 'screen' ? 1 : scale(peers);
  return { maxBitrate, scaleResolutionDownBy };
}

/** @param {number} peers */
function scale(peers) {
  if (peers <= 3) return 1;
  return peers <= 6 ? 2 : 4;
}
