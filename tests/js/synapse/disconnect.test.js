// What a disconnect leaves behind, and what a short interruption does not change.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes } from '../harness/expect.js';
import { capitalised } from '../harness/server.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';
import { until } from '../harness/wait.js';

suiteInEveryMode('disconnect', (stage) => {
  it('the others hear a leave at once when somebody disconnects on purpose', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    bob.close();
    assert.deepEqual(await alice.next('user:left-room'), {
      userId: bob.user,
      userName: capitalised(bob.user),
      roomId,
    });
  });

  it('a lost transport is a leave when nobody comes back in the grace', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    bob.lose();
    includes(await alice.next('user:left-room'), { userId: bob.user, roomId });
  });

  it('an interruption is recovered: same id, same rooms, nothing missed, nobody told', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const bob = await stage.signIn(stage.unique('bob'), { reconnection: true, reconnectionDelay: 50 });
    await bob.join(roomId);
    await alice.post(roomId, 'before');
    await bob.next('message:new');
    await bob.next('connect');
    const { id } = bob.socket;

    bob.lose();
    await bob.next('disconnect');
    for (const content of ['first', 'second', 'third']) {
      await alice.post(roomId, content);
    }
    await bob.next('connect');

    assert.equal(bob.socket.recovered, true);
    assert.equal(bob.socket.id, id);
    const heard = [];
    for (let index = 0; index < 3; index += 1) {
      heard.push((await bob.next('message:new')).content);
    }
    assert.deepEqual(heard, ['first', 'second', 'third']);
    await bob.settled(roomId, alice);
    assert.equal(alice.heard('user:left-room').length, 0);
  });

  it('what was done before an interruption is not done twice', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const bob = await stage.signIn(stage.unique('bob'), { reconnection: true, reconnectionDelay: 50 });
    await bob.join(roomId);
    await bob.next('connect');
    const { messageId } = await bob.post(roomId, 'once', { clientId: 'temp-9' });
    bob.lose();
    await bob.next('disconnect');
    await bob.next('connect');
    includes(await bob.post(roomId, 'once', { clientId: 'temp-9' }), { messageId });
    await alice.settled(roomId, bob);
    assert.equal(alice.heard('message:new', (message) => message.content === 'once').length, 1);
  });

  it('a recovery with a token that has expired is refused', async () => {
    const user = stage.unique('bob');
    const auth = { token: stage.server.token(user) };
    const bob = stage.client({ auth, reconnection: true, reconnectionDelay: 50 });
    await bob.next('authenticated');
    await bob.next('connect');
    auth.token = stage.server.token(user, { exp: Math.floor(Date.now() / 1000) - 60 });
    bob.lose();
    includes(await bob.next('connect_error', (error) => error.data), { message: 'Token has expired' });
  });
}, { 'presence.loss_grace': '1s', 'presence.offline_grace': '100ms' });

suite('after many clients', (stage) => {
  it('nothing of them remains, and nothing was logged: a hundred come, use the server and go', async () => {
    // What is said at the start has been said when somebody has got in.
    await stage.people('first');
    const log = stage.server.log();
    for (let round = 0; round < 5; round += 1) {
      const names = Array.from({ length: 20 }, (_, index) => `visitor${index}`);
      const { people, roomId } = await stage.peopleInRoom(...names);
      await Promise.all(people.map((person) => person.post(roomId, 'hello')));
      people.forEach((person) => person.tell('typing:start', { roomId }));
      stage.clear();
    }
    await until('no connection is left', async () => {
      const health = await (await fetch(`${stage.server.url}/health`)).json();
      return health.connections === 0;
    });
    await until('no socket is left', async () => (await stage.server.metric('heliograph_gateway_sockets')) === 0);
    await until('no room is attended', async () => (await stage.server.metric('heliograph_gateway_rooms')) === 0);
    assert.equal(stage.server.log(), log);
  });
}, { 'presence.loss_grace': '200ms' });
