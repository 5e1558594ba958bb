// Joining and leaving rooms.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes, refused } from '../harness/expect.js';
import { capitalised } from '../harness/server.js';
import { suiteInEveryMode } from '../harness/stage.js';

suiteInEveryMode('rooms', (stage) => {
  it('a join tells the members and the position, and the others hear it', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const roomId = stage.room();
    await alice.join(roomId);
    const ack = await bob.join(roomId);
    includes(ack, { roomId });
    assert.equal(typeof ack.seq, 'number');
    assert.deepEqual(
      ack.members.map((member) => member.id).sort(),
      [alice.user, bob.user].sort(),
    );
    includes(ack.members.find((member) => member.id === alice.user), { name: capitalised(alice.user), image: null });
    assert.deepEqual(await alice.next('user:joined-room'), {
      userId: bob.user,
      userName: capitalised(bob.user),
      roomId,
    });
  });

  it('nobody hears of their own join', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    await bob.settled(roomId, alice);
    assert.equal(bob.heard('user:joined-room').length, 0);
  });

  it('who joins is not told of those who joined before, however soon', async () => {
    for (let round = 0; round < 40; round += 1) {
      const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
      await bob.settled(roomId, alice);
      assert.deepEqual(bob.heard('user:joined-room'), []);
      stage.clear();
    }
  });

  it('a second device of a user joins without a word', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    await alice.next('user:joined-room');
    const phone = await stage.signIn(bob.user);
    await phone.join(roomId);
    await alice.settled(roomId, phone);
    assert.equal(alice.heard('user:joined-room').length, 1);
  });

  it('the others hear a leave, and only the last device of a user leaves', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const phone = await stage.signIn(bob.user);
    await phone.join(roomId);
    includes(await phone.ask('room:leave', { roomId }), { success: true, roomId });
    await alice.settled(roomId, bob);
    assert.equal(alice.heard('user:left-room').length, 0);
    await bob.ask('room:leave', { roomId });
    assert.deepEqual(await alice.next('user:left-room'), {
      userId: bob.user,
      userName: capitalised(bob.user),
      roomId,
    });
  });

  it('leaving a room in which one is not is success', async () => {
    const [alice] = await stage.people('alice');
    includes(await alice.ask('room:leave', { roomId: stage.room() }), { success: true });
  });

  it('who has left hears nothing more but remains a member who may post', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    await bob.ask('room:leave', { roomId });
    await alice.post(roomId, 'bob does not hear this live');
    const ack = await bob.post(roomId, 'from outside');
    assert.equal(typeof ack.messageId, 'string');
    await alice.next('message:new', (message) => message.content === 'from outside');
    assert.equal(bob.heard('message:new').length, 0);
  });

  it('who leaves for good is no member any more', async () => {
    const { people: [, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    await bob.ask('room:leave', { roomId, permanent: true });
    const ack = await bob.ask('message:send', { roomId, content: 'hello' });
    await refused(bob, ack, { event: 'message:send', code: 'NOT_IN_ROOM', message: 'You are not in this room' });
  });

  it('a member who connects again attends the room without a join', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    await alice.next('user:joined-room');
    const phone = await stage.signIn(bob.user);
    assert.deepEqual(phone.welcome.rooms, [roomId]);
    await alice.post(roomId, 'for every device');
    includes(await phone.next('message:new'), { content: 'for every device' });
    assert.equal(alice.heard('user:joined-room').length, 1);
  });

  it('a join with a position brings what was missed, oldest first', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const { seq: since } = await alice.post(roomId, 'seen');
    await bob.ask('room:leave', { roomId });
    for (const content of ['first', 'second', 'third']) {
      await alice.post(roomId, content);
    }
    const ack = await bob.join(roomId, { since });
    assert.deepEqual(ack.messages.map((message) => message.content), ['first', 'second', 'third']);
    includes(ack.messages[0], { roomId, userId: alice.user });
    assert.equal(ack.more ?? false, false);
  });

  it('at most two hundred missed messages come with a join, the newest', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const { seq: since } = await alice.post(roomId, 'seen');
    await bob.ask('room:leave', { roomId });
    const sends = Array.from({ length: 210 }, (_, index) => alice.post(roomId, `missed ${index}`));
    await Promise.all(sends);
    const ack = await bob.join(roomId, { since });
    assert.equal(ack.messages.length, 200);
    assert.equal(ack.more, true);
    const seqs = ack.messages.map((message) => message.seq);
    assert.deepEqual(seqs, [...seqs].sort((one, other) => one - other));
  });

  it('a token opens only the rooms that its patterns name', async () => {
    const user = stage.unique('visitor');
    const visitor = await stage.signIn(user, { claims: { rooms: ['lobby-*', 'hall'] } });
    await visitor.join('hall');
    await visitor.join(stage.unique('lobby'));
    const ack = await visitor.ask('room:join', { roomId: stage.room() });
    await refused(visitor, ack, { event: 'room:join', code: 'NOT_ALLOWED', message: 'Not allowed' });
  });

  it('rooms of two other people, calls and topics cannot be entered by their names', async () => {
    const [mallory] = await stage.people('mallory');
    for (const roomId of ['direct:alice_bob', 'call:some-call', 'match:some-match', 'user:alice']) {
      const ack = await mallory.ask('room:join', { roomId });
      assert.equal(ack.success, false, roomId);
      assert.match(ack.code, /^(NOT_ALLOWED|NOT_FOUND|INVALID_PAYLOAD)$/, roomId);
    }
  });

  it('the two users of a pair room may enter it', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const roomId = `direct:${[alice.user, bob.user].sort().join('_')}`;
    await alice.join(roomId);
    await bob.join(roomId);
    await bob.post(roomId, 'between us');
    includes(await alice.next('message:new'), { content: 'between us', roomId });
  });

  for (const [what, payload] of [
    ['without an id', {}],
    ['with an empty id', { roomId: '' }],
    ['with an object as id', { roomId: {} }],
    ['with a control character in the id', { roomId: 'a\u0007b' }],
    ['with an id of 129 characters', { roomId: 'r'.repeat(129) }],
  ]) {
    it(`a join ${what} is refused`, async () => {
      const [alice] = await stage.people('alice');
      const ack = await alice.ask('room:join', payload);
      await refused(alice, ack, { event: 'room:join', code: 'INVALID_PAYLOAD' });
      assert.match(ack.error, /^Invalid payload: roomId/);
    });
  }

  it('an integer as room id is its decimal string', async () => {
    const [alice] = await stage.people('alice');
    includes(await alice.join(4711), { roomId: '4711' });
  });
});
