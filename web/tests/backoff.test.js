import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FIRST_DELAY_MS, LONGEST_DELAY_MS, delayBefore } from '../app/signaling/backoff.js';

const most = () => 1 - Number.EPSILON;
const least = () => 0;

test('the first retry comes within a second', () => {
  assert.equal(delayBefore(0, most), FIRST_DELAY_MS);
  assert.equal(delayBefore(0, least), FIRST_DELAY_MS / 2);
});

test('waits double with each attempt', () => {
  assert.deepEqual([0, 1, 2, 3, 4].map((attempt) => delayBefore(attempt, most)), [1000, 2000, 4000, 8000, 16000]);
});

test('no wait is longer than thirty seconds, however many attempts were made', () => {
  for (const attempt of [5, 10, 1000, Number.MAX_SAFE_INTEGER]) {
    assert.equal(delayBefore(attempt, most), LONGEST_DELAY_MS);
    assert.equal(delayBefore(attempt, least), LONGEST_DELAY_MS / 2);
  }
});

test('clients that were cut off together return at different times', () => {
  const delays = new Set(Array.from({ length: 50 }, () => delayBefore(5)));
  assert.ok(delays.size > 40);
});
