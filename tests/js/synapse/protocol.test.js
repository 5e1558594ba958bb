// What a stock Socket.IO client meets beside the vocabulary's events.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes } from '../harness/expect.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';
import { until } from '../harness/wait.js';

suiteInEveryMode('the protocol', (stage) => {
  it('an unknown event is answered as such', async () => {
    const [alice] = await stage.people('alice');
    includes(await alice.ask('no:such:event', {}), { success: false, code: 'UNKNOWN_EVENT', error: 'Unknown event' });
  });

  it('an unknown event without acknowledgement is ignored', async () => {
    const [alice] = await stage.people('alice');
    const roomId = stage.room();
    alice.tell('no:such:event', {});
    await alice.join(roomId);
    await alice.settled(roomId);
    assert.equal(alice.heard('error').length, 0);
  });

  it('an event of another vocabulary is unknown to a socket that speaks synapse', async () => {
    const alice = await stage.signIn(stage.unique('alice'), {
      query: { vocabulary: 'synapse' },
    });
    includes(await alice.ask('sendMsg', { toUserId: 'bob', msg: 'hello' }), { code: 'UNKNOWN_EVENT' });
  });

  it('a namespace that does not exist is refused and the others go on', async () => {
    const [alice] = await stage.people('alice');
    const other = alice.socket.io.socket('/nowhere', {});
    const error = await new Promise((resolve) => {
      other.once('connect_error', resolve);
      other.connect();
    });
    assert.equal(error.message, 'Invalid namespace');
    other.disconnect();
    await alice.join(stage.room());
  });

  it('the id of a socket is not the secret id of its session', async () => {
    const [alice] = await stage.people('alice');
    assert.notEqual(alice.socket.id, alice.socket.io.engine.id);
  });

  it('many messages in both directions at once all arrive, in order', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const text = 'x'.repeat(900);
    const sends = Array.from({ length: 60 }, (_, index) => {
      alice.tell('typing:start', { roomId });
      return alice.post(roomId, `${index} ${text}`);
    });
    await Promise.all(sends);
    for (let index = 0; index < sends.length; index += 1) {
      const { content } = await bob.next('message:new');
      assert.equal(content, `${index} ${text}`);
    }
  });
});

suite('the default mode', (stage) => {
  it('starts with polling and goes over to WebSocket without losing anything', async () => {
    const roomId = stage.room();
    const alice = await stage.signIn(stage.unique('alice'));
    const names = [];
    alice.socket.io.engine.on('upgrade', (transport) => names.push(transport.name));
    await alice.join(roomId);
    const sends = Array.from({ length: 40 }, (_, index) => alice.post(roomId, `${index}`));
    await Promise.all(sends);
    await until('the transport is a WebSocket', () => alice.socket.io.engine.transport.name === 'websocket');
    for (let index = 0; index < sends.length; index += 1) {
      includes(await alice.next('message:new'), { content: `${index}` });
    }
  });
}, {}, {});

suite('a namespace of another vocabulary beside the main one', (stage) => {
  it('an event with a reserved name costs only its sender', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    // The stock client refuses to emit reserved names, so the packet is written by hand.
    alice.socket.io.engine.write('2["disconnecting",{}]');
    await bob.post(roomId, 'still here');
    includes(await bob.next('message:new'), { content: 'still here' });
  });
});

suite('connection limits', (stage) => {
  it('a user with too many sockets is refused one more', async () => {
    const user = stage.unique('alice');
    for (let index = 0; index < 3; index += 1) {
      await stage.signIn(user);
    }
    const client = stage.client({ auth: { token: stage.server.token(user) } });
    includes(await client.next('connect_error'), { message: 'Too many connections' });
  });
}, { 'limits.sockets_per_user': 3 });

suite('event rates', (stage) => {
  it('joins beyond the limit are refused, and only of that socket', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const acks = await Promise.all(
      Array.from({ length: 8 }, () => alice.ask('room:join', { roomId: stage.room() })),
    );
    const refusals = acks.filter((ack) => !ack.success);
    assert.ok(refusals.length >= 1);
    includes(refusals[0], { code: 'RATE_LIMITED', error: 'Too many requests. Please slow down.' });
    await bob.join(stage.room());
  });
}, { 'limits.membership.per_second': 1, 'limits.membership.burst': 5 });
