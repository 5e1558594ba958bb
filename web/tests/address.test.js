import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LONGEST_ROOM, cleanRoom, invitation, roomIn, suggestRoom } from '../app/address.js';

const at = (path) => new URL(path, 'https://meet.example');

test('a room is found in the query and in the path', () => {
  assert.equal(roomIn(at('/?room=standup')), 'standup');
  assert.equal(roomIn(at('/room/standup')), 'standup');
  assert.equal(roomIn(at('/room/caf%C3%A9%20am%20Eck/')), 'café am Eck');
});

test('an address without a room names none', () => {
  for (const path of ['/', '/?room=', '/room/', '/room/a/b', '/room/%E0%A4%A']) assert.equal(roomIn(at(path)), '');
});

test('an invitation leads to the room it was made for, and carries nothing else', () => {
  for (const room of ['standup', 'a&b=c#d', 'café/1', 'call:call_1']) {
    const link = new URL(invitation(at('/?room=other&x=1#token=secret'), room));
    assert.equal(roomIn(link), room);
    assert.equal(link.hash, '');
    assert.equal(link.searchParams.has('x'), false);
  }
});

test('control characters and surplus length are taken out of a room', () => {
  assert.equal(cleanRoom(' a\u0000b\n '), 'ab');
  assert.equal(cleanRoom('x'.repeat(500)).length, LONGEST_ROOM);
});

test('suggested rooms are easy to say and differ', () => {
  const rooms = Array.from({ length: 20 }, () => suggestRoom());
  for (const room of rooms) assert.match(room, /^[a-z]+-[a-z]+-\d{4}$/u);
  assert.ok(new Set(rooms).size > 15);
  assert.match(suggestRoom(() => 0.999999), /^[a-z]+-[a-z]+-9999$/u);
});
