import assert from 'node:assert/strict';
import { test } from 'node:test';

import { announcement } from '../app/room/announce.js';
import { closing } from '../app/signaling/closing.js';
import { typingWords } from '../app/views/chat.js';
import { explain, explainRefusal, passes } from '../app/words.js';
import { inCall, listed, peersMessage } from './room.js';
import { reduce } from '../app/room/reduce.js';

const CODES = [
  'AUTH_REQUIRED', 'AUTH_FAILED', 'TOKEN_EXPIRED', 'SESSION_ENDED', 'INVALID_PAYLOAD', 'NOT_FOUND', 'NOT_ALLOWED',
  'NOT_IN_ROOM', 'CONFLICT', 'USER_NOT_CONNECTED', 'CHAT_DISABLED', 'ROOM_CLOSED', 'ROOM_FULL', 'RATE_LIMITED',
  'TOO_LARGE', 'UNKNOWN_EVENT', 'UNAVAILABLE',
];

test('every refusal is told as a sentence without codes', () => {
  for (const code of CODES) {
    for (const words of [explain({ code }), explainRefusal({ code })]) {
      assert.match(words, /^[A-Z][^_]*\.$/u, code);
    }
  }
});

test('a limit says when it is over', () => {
  assert.equal(explain({ code: 'RATE_LIMITED', resetTime: 12_500 }, 2000), 'That was too fast. Try again in 11 s.');
});

test('a join is tried again only if the refusal may pass', () => {
  assert.equal(passes({ code: 'UNAVAILABLE' }), true);
  assert.equal(passes({ code: 'NOT_FOUND', retryable: true }), true);
  assert.equal(passes({ code: 'ROOM_FULL' }), false);
});

test('final closings are explained, except the one that the person chose', () => {
  for (const code of [4401, 4403, 4409]) assert.match(closing(code).words, /\.$/u);
  assert.equal(closing(1000).words, '');
});

test('joins, leaves, hands and shares are announced by name', () => {
  const state = inCall(listed('ann', { handRaised: true, screenSharing: true }));
  const said = [
    { type: 'peer-joined', peerId: 'bob', username: 'Bob', peer: listed('bob') },
    { type: 'peer-left', peerId: 'ann', reason: 'left' },
    { type: 'peer-left', peerId: 'ann', reason: 'disconnected' },
    { type: 'raise-hand', peerId: 'ann' },
    { type: 'lower-hand', peerId: 'ann' },
    { type: 'lower-hand', peerId: 'me', from: 'ann' },
    { type: 'screen-share-started', peerId: 'ann' },
    { type: 'screen-share-stopped', peerId: 'ann' },
  ].map((message) => announcement(state, message));
  assert.deepEqual(said, [
    'Bob joined', 'ann left', 'ann lost the connection', 'ann raised a hand', "ann's hand is down",
    'The host lowered your hand', 'ann is sharing a screen', 'ann stopped sharing',
  ]);
});

test('the chat switch is announced differently to the host', () => {
  const host = inCall('ann');
  const guest = reduce(host, peersMessage({ host: 'ann', peers: [listed('ann')] }));
  assert.equal(announcement(host, { type: 'chat-disabled', from: 'me' }), 'Chat is off for everyone else');
  assert.equal(announcement(guest, { type: 'chat-disabled', from: 'ann' }), 'The host turned chat off');
});

test('what is of no interest is not announced', () => {
  const state = inCall('ann');
  for (const message of [{ type: 'pong' }, { type: 'media-state', peerId: 'ann' }, { type: 'host-changed', host: 'ann' }]) {
    assert.equal(announcement(state, message), null);
  }
});

test('those who type are named as long as they are few', () => {
  assert.equal(typingWords([]), '');
  assert.equal(typingWords(['Ann']), 'Ann is typing');
  assert.equal(typingWords(['Ann', 'Bob']), 'Ann and Bob are typing');
  assert.equal(typingWords(['Ann', 'Bob', 'Cy']), 'Several people are typing');
});
