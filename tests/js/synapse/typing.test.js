// Typing marks.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { refused } from '../harness/expect.js';
import { capitalised } from '../harness/server.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';

suiteInEveryMode('typing', (stage) => {
  it('the others hear that somebody types and stops', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    alice.tell('typing:start', { roomId });
    assert.deepEqual(await bob.next('user:typing'), {
      userId: alice.user,
      userName: capitalised(alice.user),
      roomId,
    });
    alice.tell('typing:stop', { roomId });
    assert.deepEqual(await bob.next('user:stop-typing'), { userId: alice.user, roomId });
  });

  it('repeated starts are told once', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    alice.tell('typing:start', { roomId });
    alice.tell('typing:start', { roomId });
    alice.tell('typing:start', { roomId });
    await bob.next('user:typing');
    await bob.settled(roomId, alice);
    assert.equal(bob.heard('user:typing').length, 1);
  });

  it('no device of the typist hears it', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const phone = await stage.signIn(alice.user);
    await phone.join(roomId);
    alice.tell('typing:start', { roomId });
    await bob.next('user:typing');
    await phone.settled(roomId, alice);
    await alice.settled(roomId);
    assert.equal(phone.heard('user:typing').length + alice.heard('user:typing').length, 0);
  });

  it('leaving the room withdraws the mark', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    alice.tell('typing:start', { roomId });
    await bob.next('user:typing');
    await alice.ask('room:leave', { roomId });
    assert.deepEqual(await bob.next('user:stop-typing'), { userId: alice.user, roomId });
  });

  it('disconnecting withdraws the mark', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    alice.tell('typing:start', { roomId });
    await bob.next('user:typing');
    alice.close();
    assert.deepEqual(await bob.next('user:stop-typing'), { userId: alice.user, roomId });
  });

  for (const event of ['typing:start', 'typing:stop']) {
    it(`${event} in a room of others is refused`, async () => {
      const { roomId } = await stage.peopleInRoom('alice');
      const [mallory] = await stage.people('mallory');
      const ack = await mallory.ask(event, { roomId });
      await refused(mallory, ack, { event, code: 'NOT_IN_ROOM' });
    });

    it(`${event} without a room is refused`, async () => {
      const [alice] = await stage.people('alice');
      await refused(alice, await alice.ask(event, {}), { event, code: 'INVALID_PAYLOAD' });
    });
  }
});

suite('a typist who forgets to stop', (stage) => {
  it('stops by the server’s clock', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    alice.tell('typing:start', { roomId });
    await bob.next('user:typing');
    assert.deepEqual(await bob.next('user:stop-typing'), { userId: alice.user, roomId });
  });
}, { 'limits.typing_timeout': '500ms' });
