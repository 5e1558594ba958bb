// Guests look for each other: who is matched with whom, and who is told what (features S1.*).

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes } from '../harness/expect.js';
import { pair } from '../harness/guest.js';
import { capitalised } from '../harness/server.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';

suiteInEveryMode('guests look for each other', (stage) => {
  it('a guest is told who it is (S1.5)', async () => {
    const ann = await stage.guest('ann', { claims: { sid: 'session_1' } });
    assert.deepEqual(ann.welcome, {
      userId: ann.user,
      username: capitalised(ann.user),
      socketId: ann.socket.id,
      isGuest: true,
      sessionId: 'session_1',
    });
  });

  it('two who look are matched, and each hears of the other', async () => {
    const [ann, bob] = [await stage.guest('ann'), await stage.guest('bob')];
    includes(await ann.ask('user:match'), { success: true, status: 'searching' });
    assert.equal(typeof (await ann.next('user:match:searching')).message, 'string');
    await bob.ask('user:match', {});
    const [told, other] = [await ann.next('user:matched'), await bob.next('user:matched')];
    assert.deepEqual(told.matchedUser, {
      userId: bob.user,
      username: capitalised(bob.user),
      isGuest: true,
      id: bob.user,
    });
    includes(other.matchedUser, { userId: ann.user });
    assert.equal(told.matchId, other.matchId);
    assert.equal(told.roomId, other.roomId);
    assert.notEqual(told.initiator, other.initiator);
    assert.equal((await ann.next('room:user_joined')).userId, bob.user);
    assert.equal((await bob.next('room:user_joined')).userId, ann.user);
  });

  it('who takes the search back is told so and is matched with nobody', async () => {
    const [ann, bob, cat] = [await stage.guest('ann'), await stage.guest('bob'), await stage.guest('cat')];
    await ann.search();
    includes(await ann.ask('user:match:cancel'), { success: true });
    await ann.next('user:match:cancelled');
    await pair(bob, cat);
    assert.deepEqual(ann.heard('user:matched'), []);
  });

  it('two tabs of one guest are not matched with each other', async () => {
    const ann = await stage.guest('ann');
    const tab = await stage.guestOf(ann.user);
    await ann.search();
    await tab.search();
    const bob = await stage.guest('bob');
    await bob.search();
    includes((await bob.next('user:matched')).matchedUser, { userId: ann.user });
    for (const each of [ann, tab]) {
      includes((await each.next('user:matched')).matchedUser, { userId: bob.user });
    }
  });

  it('who looks again leaves the pair', async () => {
    const [ann, bob] = [await stage.guest('ann'), await stage.guest('bob')];
    await pair(ann, bob);
    await ann.search();
    includes(await bob.next('room:user_left'), { userId: ann.user, username: capitalised(ann.user) });
    includes(await ann.say('anybody?'), { success: false, code: 'NOT_IN_ROOM', error: 'You are not in a chat' });
  });
});

suite('guests who find nobody', (stage) => {
  it('are told when the search is over', async () => {
    const ann = await stage.guest('ann');
    await ann.search();
    assert.equal(typeof (await ann.next('user:match:no_users')).message, 'string');
  });
}, { 'matching.search_timeout': '300ms' });
