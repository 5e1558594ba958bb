import assert from 'node:assert/strict';
import { test } from 'node:test';

import { shareOf } from '../app/peers/budget.js';
import { qualityOf, sample } from '../app/peers/quality.js';

const connected = (loss, rttMs) => qualityOf({ connected: true, loss, rttMs });

test('less than one percent lost and less than 100 ms is excellent', () => {
  assert.equal(connected(0, 0), 'excellent');
  assert.equal(connected(0.0099, 99.9), 'excellent');
});

test('at one percent or 100 ms it is good, below three percent and 300 ms', () => {
  assert.equal(connected(0.01, 0), 'good');
  assert.equal(connected(0, 100), 'good');
  assert.equal(connected(0.0299, 299.9), 'good');
});

test('at three percent or 300 ms it is poor', () => {
  assert.equal(connected(0.03, 0), 'poor');
  assert.equal(connected(0, 300), 'poor');
  assert.equal(connected(1, 5000), 'poor');
});

test('a connection that is not up is disconnected, whatever was measured', () => {
  assert.equal(qualityOf({ connected: false, loss: 0, rttMs: 1 }), 'disconnected');
});

test('what is not known does not count against a connection', () => {
  assert.equal(connected(null, null), 'excellent');
  assert.equal(connected(null, 350), 'poor');
});

const report = (received, lost, bytes = 0) => [
  { type: 'inbound-rtp', packetsReceived: received, packetsLost: lost, bytesReceived: bytes },
  { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.042 },
  { type: 'candidate-pair', nominated: false, state: 'succeeded', currentRoundTripTime: 9 },
  { type: 'codec' },
];

test('the round trip is that of the pair in use', () => {
  assert.equal(sample(report(1, 0), null, 0).rttMs, 42);
});

test('loss counts since the last look only', () => {
  const first = sample(report(900, 100), null, 0);
  assert.equal(first.loss, 0.1);
  const second = sample(report(1900, 100), first.totals, 2000);
  assert.equal(second.loss, 0);
});

test('loss that the other side reports counts as well', () => {
  const entries = [...report(1000, 0), { type: 'remote-inbound-rtp', fractionLost: 0.05 }];
  assert.equal(sample(entries, null, 0).loss, 0.05);
});

test('without traffic nothing is known', () => {
  assert.deepEqual(sample([], null, 0), {
    rttMs: null, loss: null, bitrate: null, totals: { received: 0, lost: 0, bytes: 0, at: 0 },
  });
});

test('counts that start over do not make numbers negative', () => {
  const before = { received: 5000, lost: 50, bytes: 9000, at: 0 };
  const { loss, bitrate } = sample(report(10, 0, 100), before, 1000);
  assert.equal(loss, null);
  assert.equal(bitrate, null);
});

test('the bitrate is in bits per second', () => {
  const before = { received: 0, lost: 0, bytes: 1000, at: 0 };
  assert.equal(sample(report(1, 0, 251_000), before, 2000).bitrate, 1_000_000);
});

test('the more peers, the less of the upstream each gets, within bounds', () => {
  const shares = [1, 2, 4, 8, 16, 31].map((peers) => shareOf('camera', peers).maxBitrate);
  assert.deepEqual(shares, [...shares].sort((a, b) => b - a));
  assert.ok(Math.max(...shares) <= 1_500_000);
  assert.ok(Math.min(...shares) >= 100_000);
});

test('a screen keeps all its pixels', () => {
  assert.equal(shareOf('screen', 12).scaleResolutionDownBy, 1);
});
