// What happens is counted.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { suite } from '../harness/stage.js';
import { expiresIn } from '../harness/token.js';
import { until } from '../harness/wait.js';

suite('metrics', (stage) => {
  /** Does something and waits until the metric has risen. */
  async function counts(name, labels, happen) {
    const before = await stage.server.metric(name, labels);
    await happen();
    await until(`${name} ${labels} has risen`, async () => (await stage.server.metric(name, labels)) > before);
  }

  it('a refusal is counted by its code', async () => {
    const [alice] = await stage.people('alice');
    await counts('heliograph_gateway_refusals_total', 'NOT_IN_ROOM', () => (
      alice.ask('message:send', { roomId: stage.room(), content: 'x' })
    ));
  });

  it('a limit that is hit is counted', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    await alice.post(roomId, 'one');
    await alice.post(roomId, 'two');
    await counts('heliograph_gateway_refusals_total', 'RATE_LIMITED', () => (
      alice.ask('message:send', { roomId, content: 'three' })
    ));
  });

  it('a refused connection is counted by its code', async () => {
    await counts('heliograph_gateway_refused_total', 'TOKEN_EXPIRED', async () => {
      const token = stage.server.token('alice', { exp: expiresIn(-60) });
      await stage.client({ auth: { token } }).next('connect_error');
    });
  });

  it('an identity that a payload claims in vain is counted', async () => {
    const [alice] = await stage.people('alice');
    const token = stage.server.token(alice.user);
    await counts('heliograph_gateway_identity_mismatches_total', '', () => (
      alice.ask('authenticate', { token, userId: 'mallory' })
    ));
  });

  it('so is one in any other payload, and a true one is not', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const bob = await stage.peer(roomId, 'bob');
    const mismatches = 'heliograph_gateway_identity_mismatches_total';
    await counts(mismatches, '', () => alice.ask('typing:start', { roomId, userId: 'mallory' }));
    await counts(mismatches, '', () => bob.ask({ type: 'data', from: 'mallory' }));
    await counts(mismatches, '', async () => {
      const carol = stage.socket();
      await carol.next('open');
      carol.tell({ type: 'join', room: roomId, token: stage.server.token('carol'), userId: 'mallory' });
      await carol.next('peers');
    });
    const before = await stage.server.metric(mismatches);
    await alice.ask('typing:start', { roomId, userId: alice.user, senderId: alice.socket.id });
    await bob.ask({ type: 'data', from: bob.id, userId: bob.user });
    assert.equal(await stage.server.metric(mismatches), before);
  });

  it('sockets are counted while they live', async () => {
    const sockets = () => stage.server.metric('heliograph_gateway_sockets', 'synapse');
    await until('earlier sockets are gone', async () => (await sockets()) === 0);
    const [alice] = await stage.people('alice');
    assert.equal(await sockets(), 1);
    alice.close();
    await until('the socket is gone', async () => (await sockets()) === 0);
  });

  it('messages and calls are counted', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    await counts('heliograph_rooms_messages_total', '', () => alice.post(roomId, 'x'));
    await counts('heliograph_rooms_calls_total', 'ringing', () => (
      alice.ask('call-initiate', { participants: [bob.user], type: 'video' })
    ));
  });
}, { 'limits.messages_per_minute': 2 });
