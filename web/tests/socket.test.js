import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import {
  HEARTBEAT_ANSWER_MS,
  HEARTBEAT_MS,
  JOIN_REFERENCE,
  JOIN_TIMEOUT_MS,
  SignalingSocket,
} from '../app/signaling/socket.js';
import { FakeSocket } from './fake-socket.js';

const PEERS = { type: 'peers', peers: [] };

let statuses;
let heard;

beforeEach(() => {
  FakeSocket.made = [];
  statuses = [];
  heard = [];
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  mock.method(console, 'debug', () => {});
});

function socket(options = {}) {
  return new SignalingSocket({
    url: 'ws://localhost/ws',
    join: () => ({ type: 'join', room: 'standup' }),
    onMessage: (message) => heard.push(message),
    onStatus: (status) => statuses.push(status),
    Socket: FakeSocket,
    ...options,
  });
}

function joined(options) {
  const made = socket(options);
  made.open();
  FakeSocket.last.accept();
  FakeSocket.last.say(PEERS);
  return made;
}

test('join is the first message, and what waited follows once the room was entered', () => {
  const made = socket();
  made.open();
  made.send({ type: 'chat', id: 'a', text: 'early' });
  FakeSocket.last.accept();
  assert.deepEqual(FakeSocket.last.types, ['join']);
  assert.equal(FakeSocket.last.sent[0].id, JOIN_REFERENCE);
  FakeSocket.last.say(PEERS);
  assert.deepEqual(FakeSocket.last.types, ['join', 'chat']);
  assert.equal(statuses.at(-1).phase, 'open');
});

test('opening twice makes one connection', () => {
  const made = socket();
  made.open();
  made.open();
  assert.equal(FakeSocket.made.length, 1);
});

test('a lost connection is made again, after longer and longer waits', () => {
  joined();
  const waits = [];
  for (let attempt = 0; attempt < 7; attempt += 1) {
    FakeSocket.last.end(1006);
    assert.equal(statuses.at(-1).phase, 'waiting');
    waits.push(statuses.at(-1).retryAt - Date.now());
    mock.timers.tick(30_000);
  }
  assert.equal(FakeSocket.made.length, 8);
  waits.forEach((wait, attempt) => {
    const ceiling = Math.min(30_000, 1000 * 2 ** attempt);
    assert.ok(wait >= ceiling / 2 && wait <= ceiling, `wait ${attempt} was ${wait}`);
  });
});

test('the waits start over only when the room was entered, not when a socket opened', () => {
  joined();
  for (let attempt = 0; attempt < 4; attempt += 1) {
    FakeSocket.last.end(1006);
    mock.timers.tick(30_000);
    FakeSocket.last.accept();
  }
  FakeSocket.last.end(1006);
  assert.ok(statuses.at(-1).retryAt - Date.now() >= 8000);
  mock.timers.tick(30_000);
  FakeSocket.last.accept();
  FakeSocket.last.say(PEERS);
  FakeSocket.last.end(1006);
  assert.ok(statuses.at(-1).retryAt - Date.now() <= 1000);
});

for (const code of [1009, 1012, 1013, 4400, 4408]) {
  test(`the page returns after code ${code}`, () => {
    joined();
    FakeSocket.last.end(code);
    assert.equal(statuses.at(-1).phase, 'waiting');
  });
}

for (const code of [1000, 4401, 4403, 4409]) {
  test(`the page stays away after code ${code}`, () => {
    joined();
    FakeSocket.last.end(code);
    assert.deepEqual(statuses.at(-1), { phase: 'closed', code });
    mock.timers.tick(120_000);
    assert.equal(FakeSocket.made.length, 1);
  });
}

test('a heartbeat goes out every 25 seconds and its answer is nobody’s business', () => {
  joined();
  heard.length = 0;
  mock.timers.tick(HEARTBEAT_MS);
  assert.equal(FakeSocket.last.types.at(-1), 'ping');
  FakeSocket.last.say({ type: 'pong' });
  mock.timers.tick(HEARTBEAT_MS);
  assert.equal(FakeSocket.last.types.filter((type) => type === 'ping').length, 2);
  assert.deepEqual(heard, []);
});

test('silence after a heartbeat means that the connection is dead', () => {
  joined();
  const first = FakeSocket.last;
  mock.timers.tick(HEARTBEAT_MS);
  mock.timers.tick(HEARTBEAT_ANSWER_MS);
  assert.equal(statuses.at(-1).phase, 'waiting');
  assert.notEqual(first.closedWith, 1000, 'a close with 1000 would count as leaving');
});

test('anything that is heard answers a heartbeat', () => {
  joined();
  mock.timers.tick(HEARTBEAT_MS);
  FakeSocket.last.say({ type: 'chat', text: 'hello' });
  mock.timers.tick(HEARTBEAT_ANSWER_MS);
  assert.equal(statuses.at(-1).phase, 'open');
});

test('a server that accepts and never answers the join is given up', () => {
  const made = socket();
  made.open();
  FakeSocket.last.accept();
  mock.timers.tick(JOIN_TIMEOUT_MS);
  assert.equal(statuses.at(-1).phase, 'waiting');
});

test('what was sent and not acknowledged is sent again after a reconnection', () => {
  const made = joined();
  made.send({ type: 'chat', id: 'a', text: 'one' });
  made.send({ type: 'chat', id: 'b', text: 'two' });
  FakeSocket.last.say({ type: 'ack', id: 'a', success: true });
  FakeSocket.last.end(1006);
  mock.timers.tick(1000);
  FakeSocket.last.accept();
  FakeSocket.last.say(PEERS);
  assert.deepEqual(FakeSocket.last.sent.slice(1).map(({ id }) => id), ['b']);
});

test('a refused message is not sent again', () => {
  const made = joined();
  made.send({ type: 'chat', id: 'a', text: 'one' });
  FakeSocket.last.say({ type: 'error', code: 'CHAT_DISABLED', ref: 'a' });
  FakeSocket.last.end(1006);
  mock.timers.tick(1000);
  FakeSocket.last.accept();
  FakeSocket.last.say(PEERS);
  assert.deepEqual(FakeSocket.last.types, ['join']);
});

test('leaving says so, closes with 1000 and releases every timer', () => {
  const made = joined();
  const last = FakeSocket.last;
  made.close();
  assert.equal(last.types.at(-1), 'leave');
  assert.equal(last.closedWith, 1000);
  mock.timers.tick(300_000);
  assert.equal(FakeSocket.made.length, 1);
  assert.equal(last.types.filter((type) => type === 'ping').length, 0);
});

test('waiting can be cut short', () => {
  const made = joined();
  FakeSocket.last.end(1006);
  made.retryNow();
  made.retryNow();
  assert.equal(FakeSocket.made.length, 2);
  FakeSocket.last.accept();
  FakeSocket.last.say(PEERS);
  mock.timers.tick(20_000);
  assert.equal(FakeSocket.made.length, 2);
});

test('a socket that was replaced has no say any more', () => {
  const made = joined();
  const first = FakeSocket.last;
  made.reconnect();
  heard.length = 0;
  first.say({ type: 'chat' });
  first.end(4403);
  assert.deepEqual(heard, []);
  assert.equal(statuses.at(-1).phase, 'connecting');
});

test('what is not a message of the protocol is ignored', () => {
  joined();
  heard.length = 0;
  for (const text of ['', '{', '[]', 'null', '1', '{"type":7}']) FakeSocket.last.say(text);
  assert.deepEqual(heard, []);
});
