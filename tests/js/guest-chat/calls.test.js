// A pair of guests call each other: the first offer rings, the first answer accepts (features S1.*).

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes } from '../harness/expect.js';
import { pair } from '../harness/guest.js';
import { capitalised } from '../harness/server.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';

const OFFER = { offer: { type: 'offer', sdp: 'v=0\r\n' }, type: 'video' };
const ANSWER = { answer: { type: 'answer', sdp: 'v=0\r\n' } };

async function matched(stage) {
  const guests = [await stage.guest('ann'), await stage.guest('bob')];
  await pair(...guests);
  return guests;
}

suiteInEveryMode('guests call each other', (stage) => {
  it('offer, answer and candidates reach the partner as they are', async () => {
    const [ann, bob] = await matched(stage);
    const from = { from: ann.user, fromUsername: capitalised(ann.user) };
    includes(await ann.ask('webrtc:offer', OFFER), { success: true });
    assert.deepEqual(await bob.next('webrtc:offer'), { ...OFFER, ...from });
    includes(await bob.ask('webrtc:answer', ANSWER), { success: true });
    assert.deepEqual(await ann.next('webrtc:answer'), {
      ...ANSWER,
      from: bob.user,
      fromUsername: capitalised(bob.user),
    });
    ann.tell('webrtc:ice-candidate', { candidate: null });
    assert.deepEqual(await bob.next('webrtc:ice-candidate'), { candidate: null, from: ann.user });
  });

  it('ending a call is told to the partner, and a next call rings again', async () => {
    const [ann, bob] = await matched(stage);
    for (const attempt of [1, 2]) {
      await ann.ask('webrtc:offer', OFFER);
      await bob.next('webrtc:offer');
      await bob.ask('webrtc:answer', ANSWER);
      await ann.next('webrtc:answer');
      includes(await ann.ask('webrtc:call-end'), { success: true });
      includes(await bob.next('webrtc:call-end'), { from: ann.user });
      assert.deepEqual(ann.heard('webrtc:call-end'), [], `attempt ${attempt}`);
    }
    includes(await ann.ask('webrtc:call-end'), { success: true });
  });

  it('a call can be refused, and given up by who rings', async () => {
    const [ann, bob] = await matched(stage);
    await ann.ask('webrtc:offer', OFFER);
    await bob.next('webrtc:offer');
    includes(await bob.ask('webrtc:call-reject'), { success: true });
    includes(await ann.next('webrtc:call-reject'), { from: bob.user });
    await ann.ask('webrtc:offer', OFFER);
    await bob.next('webrtc:offer');
    includes(await ann.ask('webrtc:call-timeout'), { success: true });
    includes(await bob.next('webrtc:call-timeout'), { from: ann.user });
  });

  it('the other tabs of who answers stop ringing', async () => {
    const [ann, bob] = await matched(stage);
    const tab = await stage.guestOf(bob.user);
    await tab.next('room:user_joined');
    await ann.ask('webrtc:offer', OFFER);
    await Promise.all([bob, tab].map((each) => each.next('webrtc:offer')));
    await bob.ask('webrtc:answer', ANSWER);
    await tab.next('webrtc:call-end');
    ann.tell('webrtc:ice-candidate', { candidate: null });
    await bob.next('webrtc:ice-candidate');
    assert.deepEqual(tab.heard('webrtc:ice-candidate'), []);
  });

  it('who leaves the pair ends the call', async () => {
    const [ann, bob] = await matched(stage);
    await ann.ask('webrtc:offer', OFFER);
    await bob.ask('webrtc:answer', ANSWER);
    await ann.ask('leave-room');
    includes(await bob.next('webrtc:call-end'), { from: ann.user });
    await bob.next('room:user_left');
  });

  it('a signal that is none, or has nobody to go to, is refused', async () => {
    const [ann] = await matched(stage);
    includes(await ann.ask('webrtc:offer', { offer: 7 }), { success: false, error: 'Invalid signal' });
    includes(await ann.next('webrtc:error'), { message: 'Invalid signal' });
    const eve = await stage.guest('eve');
    includes(await eve.ask('webrtc:offer', OFFER), { success: false, code: 'USER_NOT_CONNECTED' });
    includes(await eve.next('webrtc:error'), { message: 'User not connected' });
  });
});

suite('guests who do not answer', (stage) => {
  it('both hear that the call has timed out, each from the other', async () => {
    const [ann, bob] = await matched(stage);
    await ann.ask('webrtc:offer', OFFER);
    includes(await bob.next('webrtc:call-timeout'), { from: ann.user });
    includes(await ann.next('webrtc:call-timeout'), { from: bob.user });
  });
}, { 'calls.ring_timeout': '300ms' });
