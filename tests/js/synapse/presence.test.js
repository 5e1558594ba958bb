// Who is online, and who is told.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { ISO_TIME, includes, refused } from '../harness/expect.js';
import { capitalised } from '../harness/server.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';

const SHORT_GRACES = { 'presence.loss_grace': '300ms', 'presence.offline_grace': '300ms' };

suiteInEveryMode('presence', (stage) => {
  it('those who share a room hear that somebody comes and goes', async () => {
    const { people: [alice, bob] } = await stage.peopleInRoom('alice', 'bob');
    bob.close();
    const gone = await alice.next('user:offline');
    includes(gone, { userId: bob.user });
    assert.match(gone.lastSeen, ISO_TIME);
    await stage.signIn(bob.user);
    includes(await alice.next('user:online'), { userId: bob.user, userName: capitalised(bob.user) });
  });

  it('a user is offline when the last device is gone, not before', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const phone = await stage.signIn(bob.user);
    bob.close();
    await alice.settled(roomId, phone);
    assert.equal(alice.heard('user:offline').length, 0);
    phone.close();
    includes(await alice.next('user:offline'), { userId: bob.user });
  });

  it('strangers are told nothing', async () => {
    const { people: [, bob] } = await stage.peopleInRoom('alice', 'bob');
    const { people: [stranger], roomId } = await stage.peopleInRoom('stranger');
    includes(await bob.ask('presence:update', { status: 'busy' }), { success: true });
    await stranger.settled(roomId);
    assert.equal(stranger.heard('user:presence').length, 0);
  });

  for (const status of ['away', 'busy', 'online']) {
    it(`the status ${status} is told to those who share a room`, async () => {
      const { people: [alice, bob] } = await stage.peopleInRoom('alice', 'bob');
      if (status === 'online') {
        await bob.ask('presence:update', { status: 'away' });
      }
      includes(await bob.ask('presence:update', { status }), { success: true, status });
      const heard = await alice.next('user:presence', (presence) => presence.status === status);
      includes(heard, { userId: bob.user });
      assert.ok('lastSeen' in heard);
    });
  }

  it('invisible looks offline, and visible again looks online', async () => {
    const { people: [alice, bob] } = await stage.peopleInRoom('alice', 'bob');
    await bob.ask('presence:update', { status: 'offline' });
    includes(await alice.next('user:offline'), { userId: bob.user });
    await bob.ask('presence:update', { status: 'online' });
    includes(await alice.next('user:online'), { userId: bob.user });
  });

  for (const payload of [{}, { status: 'sleeping' }, { status: 1 }]) {
    it(`the status in ${JSON.stringify(payload)} is refused`, async () => {
      const [alice] = await stage.people('alice');
      const ack = await alice.ask('presence:update', payload);
      await refused(alice, ack, { event: 'presence:update', code: 'INVALID_PAYLOAD' });
    });
  }
}, SHORT_GRACES);

suite('presence for everyone', (stage) => {
  it('tells strangers too if the deployment says so', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    bob.close();
    includes(await alice.next('user:offline', (event) => event.userId === bob.user), { userId: bob.user });
  });
}, { ...SHORT_GRACES, 'presence.audience': 'everyone' });
