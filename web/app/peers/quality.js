/** Connection quality from statistics (docs/protocol.md, mesh: quality). */

/** @typedef {import('../room/state.js').Quality} Quality */

/**
 * What one look at a connection's statistics says.
 *
 * @typedef {object} Sample
 * @property {number | null} rttMs round trip, null while unknown
 * @property {number | null} loss share of packets lost since the last look, 0 to 1, null without traffic
 * @property {number | null} bitrate received, bits per second since the last look
 * @property {Totals} totals to be given to the next look
 */

/**
 * @typedef {object} Totals
 * @property {number} received packets
 * @property {number} lost packets
 * @property {number} bytes
 * @property {number} at milliseconds
 */

/**
 * The quality of a connection: excellent below 1 % loss and 100 ms, good below 3 % and 300 ms, poor
 * beyond. What is not known does not count against it.
 *
 * @param {object} measured
 * @param {boolean} measured.connected
 * @param {number | null} measured.loss
 * @param {number | null} measured.rttMs
 * @returns {Quality}
 */
export function qualityOf({ connected, loss, rttMs }) {
  if (!connected) return 'disconnected';
  const lost = loss ?? 0;
  const trip = rttMs ?? 0;
  if (lost < 0.01 && trip < 100) return 'excellent';
  return lost < 0.03 && trip < 300 ? 'good' : 'poor';
}

/**
 * Reads a statistics report.
 *
 * Loss is the worse of the two directions: what we miss by our own count, what the other side
 * reports about us.
 *
 * @param {Iterable<Record<string, any>>} report the values of an `RTCStatsReport`
 * @param {Totals | null} before totals of the last look
 * @param {number} now milliseconds
 * @returns {Sample}
 */
export function sample(report, before, now) {
  const totals = { received: 0, lost: 0, bytes: 0, at: now };
  let rttMs = null;
  let lossThere = null;
  for (const entry of report) {
    if (entry.type === 'inbound-rtp') {
      totals.received += entry.packetsReceived ?? 0;
      totals.lost += entry.packetsLost ?? 0;
      totals.bytes += entry.bytesReceived ?? 0;
    } else if (entry.type === 'remote-inbound-rtp') {
      lossThere = worse(lossThere, entry.fractionLost);
    } else if (isPairInUse(entry) && typeof entry.currentRoundTripTime === 'number') {
      rttMs = entry.currentRoundTripTime * 1000;
    }
  }
  return { rttMs, loss: worse(lossHere(totals, before), lossThere), bitrate: bitrate(totals, before), totals };
}

/** @param {Record<string, any>} entry */
function isPairInUse(entry) {
  return entry.type === 'candidate-pair' && entry.nominated === true && entry.state === 'succeeded';
}

/**
 * @param {Totals} totals
 * @param {Totals | null} before
 */
function lossHere(totals, before) {
  // Counts start over when a stream ends, and duplicates make the number of lost packets fall.
  const lost = Math.max(0, totals.lost - (before?.lost ?? 0));
  const received = Math.max(0, totals.received - (before?.received ?? 0));
  return lost + received > 0 ? lost / (lost + received) : null;
}

/**
 * @param {Totals} totals
 * @param {Totals | null} before
 */
function bitrate(totals, before) {
  if (!before || totals.at <= before.at || totals.bytes < before.bytes) return null;
  return Math.round(((totals.bytes - before.bytes) * 8 * 1000) / (totals.at - before.at));
}

/**
 * @param {number | null} a
 * @param {unknown} b
 */
function worse(a, b) {
  if (typeof b !== 'number') return a;
  return a === null ? b : Math.max(a, b);
}
