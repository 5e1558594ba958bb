import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CAPACITY, Outbox } from '../app/signaling/outbox.js';

const numbered = (count) => Array.from({ length: count }, (_, index) => ({ type: 'chat', id: `m${index}` }));

test('messages that waited leave in the order in which they came', () => {
  const outbox = new Outbox();
  numbered(3).forEach((message) => outbox.hold(message));
  assert.deepEqual(outbox.drain().map(({ id }) => id), ['m0', 'm1', 'm2']);
  assert.equal(outbox.size, 0);
});

test('beyond a hundred messages the oldest gives way, and that is told', () => {
  const dropped = [];
  const outbox = new Outbox((message) => dropped.push(message.id));
  numbered(CAPACITY + 2).forEach((message) => outbox.hold(message));
  assert.deepEqual(dropped, ['m0', 'm1']);
  assert.equal(outbox.size, CAPACITY);
  assert.equal(outbox.drain()[0].id, 'm2');
});

test('an unanswered message goes out again, ahead of what was said later', () => {
  const outbox = new Outbox();
  const [first, second, third] = numbered(3);
  outbox.sent(first);
  outbox.sent(second);
  outbox.answered('m0');
  outbox.interrupted();
  outbox.hold(third);
  assert.deepEqual(outbox.drain().map(({ id }) => id), ['m1', 'm2']);
});

test('a message without an id is not sent twice', () => {
  const outbox = new Outbox();
  outbox.sent({ type: 'candidate' });
  outbox.interrupted();
  assert.equal(outbox.size, 0);
});

test('unanswered messages count towards the bound', () => {
  const dropped = [];
  const outbox = new Outbox((message) => dropped.push(message.id));
  numbered(CAPACITY).forEach((message) => outbox.sent(message));
  outbox.hold({ type: 'chat', id: 'late' });
  assert.deepEqual(dropped, ['m0']);
});

test('signals for connections that are gone can be discarded', () => {
  const outbox = new Outbox();
  outbox.hold({ type: 'offer' });
  outbox.hold({ type: 'chat', id: 'kept' });
  outbox.discard(({ type }) => type === 'offer');
  assert.deepEqual(outbox.drain().map(({ type }) => type), ['chat']);
});

test('nothing is left after clearing', () => {
  const outbox = new Outbox();
  const [first, second] = numbered(2);
  outbox.hold(first);
  outbox.sent(second);
  outbox.clear();
  outbox.interrupted();
  assert.deepEqual(outbox.drain(), []);
});
