// What backends publish, and who hears it (S0.71, S3.31 to S3.34).

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { operate } from '../harness/backend.js';
import { suite } from '../harness/stage.js';

suite('publishing', (stage) => {
  const publish = async (publication) => {
    const answer = await operate(stage.server, 'POST', '/admin/publish', publication);
    assert.equal(answer.status, 202, JSON.stringify(answer));
    assert.equal(typeof answer.body.id, 'string');
  };

  /** All arguments with which a client hears an event, each time. */
  const listen = (client, event) => {
    const heard = [];
    client.socket.on(event, (...args) => heard.push(args));
    return heard;
  };

  it('S3.31: a notification reaches all devices of a user, and nobody else', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const phone = await stage.signIn(alice.user);
    const peer = await stage.peerOf(stage.room(), alice.user);
    await publish({ users: [alice.user], event: 'notification', args: [{ type: 'friend_request', from: 'bob' }] });
    for (const device of [alice, phone]) {
      assert.deepEqual(await device.next('notification'), { type: 'friend_request', from: 'bob' });
    }
    assert.deepEqual(await peer.next('notification'), { type: 'notification', from: 'bob' });
    await publish({ users: [alice.user, bob.user], event: 'fence', args: [] });
    await bob.next('fence');
    assert.deepEqual(bob.heard('notification'), []);
  });

  it('S3.32: an announcement is heard by everyone', async () => {
    const people = await stage.people('alice', 'bob');
    const peer = await stage.peer(stage.room(), 'peer');
    const message = stage.unique('maintenance');
    await publish({ everyone: true, event: 'announcement', args: [{ message }] });
    for (const client of [...people, peer]) {
      assert.equal((await client.next('announcement', (one) => one.message === message)).message, message);
    }
  });

  it('S0.71, S3.33: an event of an application\'s own has all its arguments, and comes once however many targets fit', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const other = stage.room();
    await alice.join(other);
    const heard = listen(alice, 'order.shipped');
    const publication = { event: 'order.shipped', args: [{ order: 1 }, 'two', [3], null] };
    await publish({ ...publication, rooms: [roomId, other, roomId], users: [alice.user, bob.user] });
    await bob.next('order.shipped');
    await publish({ rooms: [roomId], event: 'fence', args: [] });
    await alice.next('fence');
    assert.deepEqual(heard, [[{ order: 1 }, 'two', [3], null]]);
  });

  it('S3.33: a socket that is excepted does not hear what its user is told', async () => {
    const [alice] = await stage.people('alice');
    const phone = await stage.signIn(alice.user);
    const event = 'news';
    await publish({ users: [alice.user], exceptSockets: [phone.socket.id], event, args: [1] });
    await publish({ users: [alice.user], event: 'fence', args: [] });
    await phone.next('fence');
    assert.deepEqual(phone.heard(event), []);
    assert.equal(await alice.next(event), 1);
  });

  it('S3.34: a room hears what is published to it, in order, and nobody outside', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const [carol] = await stage.people('carol');
    const peer = await stage.peer(roomId, 'peer');
    for (let number = 0; number < 20; number += 1) {
      await publish({ rooms: [roomId], event: 'newPost', args: [{ number }] });
    }
    await alice.next('newPost', (post) => post.number === 19);
    await peer.next('newPost', (post) => post.number === 19);
    const numbers = [...Array(20).keys()];
    assert.deepEqual(alice.heard('newPost').map((post) => post.number), numbers);
    assert.deepEqual(peer.heard('newPost').map((post) => post.number), numbers);
    await publish({ rooms: [roomId], users: [carol.user], event: 'fence', args: [] });
    await carol.next('fence');
    assert.deepEqual(carol.heard('newPost'), []);
  });

  for (const [what, publication, status, code] of [
    ['a reserved name', { everyone: true, event: 'disconnect' }, 403, 'NOT_ALLOWED'],
    ['a name of the server', { everyone: true, event: 'message:new' }, 403, 'NOT_ALLOWED'],
    ['no name', { everyone: true }, 400, 'INVALID_PAYLOAD'],
    ['nobody', { event: 'news' }, 400, 'INVALID_PAYLOAD'],
    ['a room that is none', { rooms: [''], event: 'news' }, 400, 'INVALID_PAYLOAD'],
    ['a field that nobody knows', { everyone: true, event: 'news', to: [] }, 400, 'INVALID_PAYLOAD'],
    ['arguments that are too large', { everyone: true, event: 'news', args: ['x'.repeat(70_000)] }, 413, 'TOO_LARGE'],
    ['too many users', { users: Array(501).fill('a'), event: 'news' }, 400, 'INVALID_PAYLOAD'],
  ]) {
    it(`${what} is refused`, async () => {
      const answer = await operate(stage.server, 'POST', '/admin/publish', publication);
      assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(answer.body));
    });
  }

  it('a body that is no JSON, and a token that is no operator\'s, are refused', async () => {
    const ask = (token, body) =>
      fetch(`${stage.server.operationsUrl}/admin/publish`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}` },
        body,
      });
    assert.equal((await ask(stage.server.token('operator', { admin: true }), '{')).status, 400);
    assert.equal((await ask(stage.server.token('alice'), '{}')).status, 403);
  });
});
