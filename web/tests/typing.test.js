import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { EXPIRES_MS, OthersTyping, OwnTyping, RENEW_MS } from '../app/room/typing.js';

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
});

test('our mark is renewed seldom, however fast we type', () => {
  const sent = [];
  const typing = new OwnTyping((on) => sent.push(on));
  for (let now = 0; now < RENEW_MS * 2; now += 100) typing.changed('abc', now);
  assert.deepEqual(sent, [true, true]);
});

test('our mark is withdrawn once when the text is sent or emptied', () => {
  const sent = [];
  const typing = new OwnTyping((on) => sent.push(on));
  typing.changed('a', 0);
  typing.changed('  ', 10);
  typing.stop();
  assert.deepEqual(sent, [true, false]);
});

test('our mark is withdrawn when we stop in the middle', () => {
  const sent = [];
  new OwnTyping((on) => sent.push(on)).changed('a', 0);
  mock.timers.tick(EXPIRES_MS);
  assert.deepEqual(sent, [true, false]);
});

test('the mark of somebody who is heard no more expires', () => {
  const expired = [];
  const others = new OthersTyping((peerId) => expired.push(peerId));
  others.heard('ann', true);
  mock.timers.tick(EXPIRES_MS - 1);
  others.heard('ann', true);
  mock.timers.tick(EXPIRES_MS - 1);
  assert.deepEqual(expired, []);
  mock.timers.tick(1);
  assert.deepEqual(expired, ['ann']);
});

test('a mark that was withdrawn does not expire later', () => {
  const expired = [];
  const others = new OthersTyping((peerId) => expired.push(peerId));
  others.heard('ann', true);
  others.heard('ann', false);
  others.heard('bob', true);
  others.clear();
  mock.timers.tick(EXPIRES_MS * 2);
  assert.deepEqual(expired, []);
});
