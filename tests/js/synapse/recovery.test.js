// Connection state recovery with the stock client: what is given back, and when it is honest to give nothing.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes } from '../harness/expect.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';

const RETURNS = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 50 };

/** Keeps a client away: `back()` lets it try again. */
function away(client) {
  client.socket.io.reconnection(false);
  client.lose();
  return () => {
    client.socket.io.reconnection(true);
    client.socket.connect();
  };
}

/** The contents of the messages that a client has heard in a room, in their order. */
function contents(client, roomId) {
  return client.heard('message:new', (message) => message.roomId === roomId).map((message) => message.content);
}

suiteInEveryMode('recovery', (stage) => {
  async function pair() {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const bob = await stage.signIn(stage.unique('bob'), RETURNS);
    await bob.join(roomId);
    await bob.next('connect');
    return { alice, bob, roomId };
  }

  it('a client that has heard nothing yet is given everything since it joined', async () => {
    const { alice, bob, roomId } = await pair();
    const back = away(bob);
    await bob.next('disconnect');
    await alice.post(roomId, 'one');
    await alice.post(roomId, 'two');
    back();
    await bob.next('connect');
    assert.equal(bob.socket.recovered, true);
    await bob.settled(roomId, alice);
    assert.deepEqual(contents(bob, roomId).slice(0, 2), ['one', 'two']);
  });

  it('every room goes on where it was, also those that moved at different times', async () => {
    const { alice, bob, roomId } = await pair();
    const other = stage.room();
    const third = stage.room();
    for (const room of [other, third]) {
      await alice.join(room);
      await bob.join(room);
    }
    await alice.post(roomId, 'here before');
    await alice.post(other, 'there before');
    await bob.settled(roomId, alice);
    const back = away(bob);
    await bob.next('disconnect');
    await alice.post(third, 'elsewhere');
    await alice.post(roomId, 'here');
    await alice.post(other, 'there');
    back();
    await bob.next('connect');
    assert.equal(bob.socket.recovered, true);
    for (const room of [roomId, other, third]) {
      await bob.settled(room, alice);
    }
    const own = (room) => contents(bob, room).filter((content) => !content.startsWith('fence'));
    assert.deepEqual(own(roomId), ['here before', 'here']);
    assert.deepEqual(own(other), ['there before', 'there']);
    assert.deepEqual(own(third), ['elsewhere']);
  });

  it('a session can be recovered again and again', async () => {
    const { alice, bob, roomId } = await pair();
    const { id } = bob.socket;
    for (const content of ['first', 'second', 'third']) {
      const back = away(bob);
      await bob.next('disconnect');
      await alice.post(roomId, content);
      back();
      await bob.next('connect');
      assert.equal(bob.socket.recovered, true);
      assert.equal(bob.socket.id, id);
    }
    await bob.settled(roomId, alice);
    assert.deepEqual(contents(bob, roomId).slice(0, 3), ['first', 'second', 'third']);
  });

  it('a client that returns while its old connection seems alive takes the session over', async () => {
    const { alice, bob, roomId } = await pair();
    await bob.settled(roomId, alice);
    const { id, _pid: pid, _lastOffset: offset } = bob.socket;
    const twin = stage.client({ auth: { token: stage.server.token(bob.user), pid, offset } });
    await twin.next('connect');
    assert.equal(twin.socket.id, id);
    bob.socket.io.reconnection(false);
    await bob.next('disconnect');
    await twin.settled(roomId, alice);
    await alice.settled(roomId, twin);
    assert.equal(alice.heard('user:left-room').length, 0);
  });

  it('after a goodbye nothing is given back', async () => {
    const { alice, bob, roomId } = await pair();
    const { id, _pid: pid, _lastOffset: offset } = bob.socket;
    bob.close();
    await alice.next('user:left-room');
    const later = stage.client({ auth: { token: stage.server.token(bob.user), pid, offset } });
    await later.next('connect');
    assert.notEqual(later.socket.id, id);
    includes(await later.next('authenticated'), { rooms: [roomId] });
  });

  it('a session of somebody else is not given', async () => {
    const { bob, roomId, alice } = await pair();
    const { id, _pid: pid } = bob.socket;
    const mallory = stage.client({ auth: { token: stage.server.token(stage.unique('mallory')), pid } });
    await mallory.next('connect');
    assert.notEqual(mallory.socket.id, id);
    await bob.settled(roomId, alice);
  });

  it('a claim that is none is a new session, without an error', async () => {
    for (const claim of [{ pid: 'nonsense' }, { pid: 7, offset: {} }, { pid: `${'x'.repeat(20)}.${'0'.repeat(32)}` }]) {
      const client = stage.client({ auth: { token: stage.server.token(stage.unique('user')), ...claim } });
      await client.next('connect');
      await client.next('authenticated');
    }
  });

  it('a token that opens fewer rooms than before recovers nothing', async () => {
    const { alice, bob, roomId } = await pair();
    const { id } = bob.socket;
    const back = away(bob);
    await bob.next('disconnect');
    bob.socket.auth = { token: stage.server.token(bob.user, { rooms: ['elsewhere-*'] }) };
    back();
    await bob.next('connect');
    assert.equal(bob.socket.recovered, false);
    assert.notEqual(bob.socket.id, id);
    includes(await bob.next('authenticated', (welcome) => welcome.socketId === bob.socket.id), { rooms: [] });
    await alice.post(roomId, 'secret');
    await alice.settled(roomId);
    assert.deepEqual(contents(bob, roomId), []);
  });

  it('a client may decline: it gets no private id and no offsets', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const token = stage.server.token(stage.unique('bob'));
    const bob = stage.client({ auth: { token, recovery: false } });
    const args = [];
    bob.socket.on('message:new', (...all) => args.push(all.length));
    await bob.next('authenticated');
    await bob.join(roomId);
    await bob.settled(roomId, alice);
    assert.equal(bob.socket._pid, undefined);
    assert.deepEqual(args, [1]);
  });
}, { 'presence.loss_grace': '30s' });

suite('recovery after the grace', (stage) => {
  it('gives the session back though the others had seen it leave', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const bob = await stage.signIn(stage.unique('bob'), RETURNS);
    await bob.join(roomId);
    await bob.next('connect');
    const back = away(bob);
    includes(await alice.next('user:left-room'), { userId: bob.user, roomId });
    await alice.post(roomId, 'while away');
    back();
    await bob.next('connect');
    assert.equal(bob.socket.recovered, true);
    includes(await bob.next('message:new'), { content: 'while away' });
    includes(await alice.next('user:joined-room', (joined) => joined.userId === bob.user), { roomId });
    await bob.settled(roomId, alice);
  });

  it('gives rooms back silently that the client had not joined itself', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const member = stage.unique('bob');
    const before = await stage.signIn(member);
    await before.join(roomId);
    before.close();
    await alice.next('user:left-room');
    const bob = await stage.signIn(member, RETURNS);
    includes(bob.welcome, { rooms: [roomId] });
    await bob.next('connect');
    const back = away(bob);
    await alice.next('user:offline');
    back();
    await bob.next('connect');
    assert.equal(bob.socket.recovered, true);
    await bob.settled(roomId, alice);
    await alice.settled(roomId);
    assert.equal(alice.heard('user:joined-room', (joined) => joined.userId === member).length, 1);
  });
}, { 'presence.loss_grace': '100ms' });

suite('recovery of a long absence', (stage) => {
  async function missing(count) {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const bob = await stage.signIn(stage.unique('bob'), RETURNS);
    await bob.join(roomId);
    await bob.next('connect');
    const back = away(bob);
    await bob.next('disconnect');
    await Promise.all(Array.from({ length: count }, (_, index) => alice.post(roomId, `${index}`)));
    back();
    await bob.next('connect');
    return { alice, bob, roomId };
  }

  it('reads as many pages as it takes', async () => {
    const { alice, bob, roomId } = await missing(450);
    assert.equal(bob.socket.recovered, true);
    await bob.settled(roomId, alice);
    assert.deepEqual(contents(bob, roomId).slice(0, 450), Array.from({ length: 450 }, (_, index) => `${index}`));
  });

  it('is told that it was not recovered when it missed more than may be sent again', async () => {
    const { bob } = await missing(501);
    assert.equal(bob.socket.recovered, false);
  });
}, { 'presence.loss_grace': '30s', 'engine.replay_limit': 500, 'limits.messages_per_minute': 10000 });

suite('recovery from a log that was cut', (stage) => {
  it('is told that it was not recovered, and never given a part', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const bob = await stage.signIn(stage.unique('bob'), RETURNS);
    await bob.join(roomId);
    await bob.next('connect');
    const back = away(bob);
    await bob.next('disconnect');
    for (let index = 0; index < 12; index += 1) {
      await alice.post(roomId, `${index}`);
    }
    back();
    await bob.next('connect');
    assert.equal(bob.socket.recovered, false);
    await bob.next('authenticated');
    await bob.settled(roomId, alice);
    assert.equal(contents(bob, roomId).length, 1);
  });
}, { 'presence.loss_grace': '30s', 'rooms.log_entries': 10 });

suite('recovery that is switched off', (stage) => {
  it('gives no private id', async () => {
    const [alice] = await stage.people('alice');
    assert.equal(alice.socket._pid, undefined);
  });
}, { 'engine.recovery': false });
