// Assertions that many scenarios share.

import assert from 'node:assert/strict';

/** Milliseconds, UTC, as every time on the wire. */
export const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** An acknowledgement that refuses an event, and the `error` event that goes with it. */
export async function refused(client, ack, { event, code, message }) {
  assert.equal(ack.success, false, JSON.stringify(ack));
  assert.equal(ack.code, code, JSON.stringify(ack));
  assert.equal(ack.event, event);
  assert.equal(typeof ack.error, 'string');
  if (message !== undefined) {
    assert.equal(ack.error, message);
  }
  const error = await client.next('error', (one) => one.event === event);
  assert.equal(error.code, code);
  assert.equal(error.message, ack.error);
}

/** An object that has at least the given fields. */
export function includes(actual, expected) {
  for (const [field, value] of Object.entries(expected)) {
    assert.deepEqual(actual?.[field], value, `${field} of ${JSON.stringify(actual)}`);
  }
}
