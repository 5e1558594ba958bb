import assert from 'node:assert/strict';
import { test } from 'node:test';

import { reduce } from '../app/room/reduce.js';
import { KEPT_MESSAGES } from '../app/room/transcript.js';
import { chat, inCall, peersMessage } from './room.js';

const texts = (state) => state.messages.map(({ text }) => text);
const follow = (state, ...events) => events.reduce(reduce, state);
const own = (seq, fields) => chat(seq, { from: 'me', userId: 'user-me', ...fields });

test('messages of others count as unread until the chat is looked at', () => {
  const away = follow(inCall('ann'), chat(1), chat(2));
  assert.equal(away.unread, 2);
  const looking = follow(away, { type: 'local:panel', panel: 'chat', chatInView: true });
  assert.equal(looking.unread, 0);
  assert.equal(follow(looking, chat(3)).unread, 0);
});

test('a chat in a hidden tab is not in view', () => {
  const hidden = follow(inCall('ann'), { type: 'local:panel', panel: 'chat', chatInView: false });
  assert.equal(follow(hidden, chat(1)).unread, 1);
});

test('own messages are never unread', () => {
  assert.equal(follow(inCall('ann'), own(1)).unread, 0);
});

test('a replay does not show a message twice', () => {
  const state = follow(
    inCall('ann'),
    chat(1),
    chat(2),
    peersMessage({ resumed: true, seq: 3, messages: [chat(2), chat(3)] }),
  );
  assert.deepEqual(texts(state), ['text 1', 'text 2', 'text 3']);
  assert.equal(state.seq, 3);
});

test('messages stand in the order of the room', () => {
  assert.deepEqual(texts(follow(inCall('ann'), chat(2), chat(1), chat(3))), ['text 1', 'text 2', 'text 3']);
});

test('the newest messages are kept, up to a bound', () => {
  const events = Array.from({ length: KEPT_MESSAGES + 5 }, (_, index) => chat(index + 1));
  const state = follow(inCall('ann'), ...events);
  assert.equal(state.messages.length, KEPT_MESSAGES);
  assert.equal(state.messages[0].seq, 6);
});

test('what is being sent is replaced by the room’s echo', () => {
  const sending = follow(
    inCall('ann'),
    { type: 'local:sending', reference: 'a', text: 'one' },
    { type: 'local:sending', reference: 'b', text: 'two' },
  );
  const named = follow(sending, own(1, { ref: 'b' }));
  assert.deepEqual(named.pending.map(({ reference }) => reference), ['a']);
  const nameless = follow(sending, own(1));
  assert.deepEqual(nameless.pending.map(({ reference }) => reference), ['b']);
});

test('a message that had arrived before it was sent again is not pending any more', () => {
  const state = follow(
    inCall('ann'),
    own(1),
    { type: 'local:sending', reference: 'a', text: 'one' },
    { type: 'ack', id: 'a', success: true, messageId: 'msg_1' },
  );
  assert.deepEqual(state.pending, []);
});

test('a refused message stays with its reason and can be sent again', () => {
  const refused = follow(
    inCall('ann'),
    { type: 'local:sending', reference: 'a', text: 'one' },
    { type: 'local:refused', reference: 'a', failure: 'no' },
  );
  assert.deepEqual(refused.pending, [{ reference: 'a', text: 'one', failure: 'no' }]);
  assert.equal(follow(refused, own(1)).pending.length, 1);
  const again = follow(refused, { type: 'local:sending', reference: 'a', text: 'one' });
  assert.deepEqual(again.pending, [{ reference: 'a', text: 'one', failure: null }]);
});

test('messages of the same user from an earlier connection are own', () => {
  assert.equal(follow(inCall('ann'), own(1, { from: 'old-me' })).messages[0].own, true);
});

test('a message without id or text is not shown', () => {
  assert.deepEqual(texts(follow(inCall('ann'), chat(1, { id: 7 }), chat(2, { text: null }))), []);
});

test('after the room was made anew its messages stand below the old ones', () => {
  const state = follow(inCall('ann'), chat(7), chat(8), peersMessage({ seq: 0 }), chat(1, { id: 'new' }));
  assert.deepEqual(texts(state), ['text 7', 'text 8', 'text 1']);
});
