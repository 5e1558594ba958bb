// WebRTC signals from user to user.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes, refused } from '../harness/expect.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';

suiteInEveryMode('signals', (stage) => {
  async function call() {
    const [alice, bob] = await stage.people('alice', 'bob');
    const { callId } = await alice.ask('call-initiate', { participants: [bob.user], type: 'video' });
    await bob.next('call-incoming');
    return { alice, bob, callId };
  }

  it('the addressee gets the signal as it was sent, and who sent it', async () => {
    const { alice, bob, callId } = await call();
    await bob.ask('call-accept', { callId });
    const signal = { type: 'offer', sdp: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n', extra: { z: 1, a: [true, null] } };
    const ack = await alice.ask('webrtc-signal', { to: bob.user, callId, signal, from: 'mallory' });
    includes(ack, { success: true });
    const heard = await bob.next('webrtc-signal');
    assert.deepEqual(heard, { from: alice.user, callId, signal });
    assert.deepEqual(Object.keys(heard.signal), ['type', 'sdp', 'extra']);
  });

  it('signals of one sender keep their order', async () => {
    const { alice, bob, callId } = await call();
    await bob.ask('call-accept', { callId });
    for (let index = 0; index < 50; index += 1) {
      alice.tell('webrtc-signal', { to: bob.user, callId, signal: { candidate: { candidate: `${index}` } } });
    }
    for (let index = 0; index < 50; index += 1) {
      const { signal } = await bob.next('webrtc-signal');
      assert.equal(signal.candidate.candidate, `${index}`);
    }
  });

  it('a signal reaches who is still ringing', async () => {
    const { alice, bob, callId } = await call();
    includes(await alice.ask('webrtc-signal', { to: bob.user, callId, signal: { renegotiate: true } }), {
      success: true,
    });
    includes(await bob.next('webrtc-signal'), { from: alice.user, signal: { renegotiate: true } });
  });

  it('a signal goes to the device that is in the call, not to the others', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const phone = await stage.signIn(bob.user);
    const { callId } = await alice.ask('call-initiate', { participants: [bob.user], type: 'video' });
    await Promise.all([bob.next('call-incoming'), phone.next('call-incoming')]);
    await phone.ask('call-accept', { callId });
    await alice.ask('webrtc-signal', { to: bob.user, callId, signal: { sdp: 'for the phone' } });
    includes(await phone.next('webrtc-signal'), { signal: { sdp: 'for the phone' } });
    assert.equal(bob.heard('webrtc-signal').length, 0);
  });

  it('a signal in an unknown call makes a call of the two', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const callId = stage.unique('adhoc');
    await alice.ask('webrtc-signal', { to: bob.user, callId, signal: { sdp: 'offer' } });
    includes(await bob.next('webrtc-signal'), { from: alice.user, callId });
    includes(await bob.ask('webrtc-signal', { to: alice.user, callId, signal: { sdp: 'answer' } }), { success: true });
    includes(await alice.next('webrtc-signal'), { from: bob.user, callId });
  });

  it('a signal to somebody without a socket is refused', async () => {
    const [alice] = await stage.people('alice');
    const ack = await alice.ask('webrtc-signal', {
      to: stage.unique('nobody'),
      callId: stage.unique('call'),
      signal: {},
    });
    await refused(alice, ack, {
      event: 'webrtc-signal',
      code: 'USER_NOT_CONNECTED',
      message: 'User not connected',
    });
  });

  it('a signal into a call of others is refused', async () => {
    const { bob, callId } = await call();
    const [mallory] = await stage.people('mallory');
    const ack = await mallory.ask('webrtc-signal', { to: bob.user, callId, signal: {} });
    await refused(mallory, ack, { event: 'webrtc-signal', code: 'NOT_ALLOWED' });
    assert.equal(bob.heard('webrtc-signal').length, 0);
  });

  it('a signal of more than 64 KiB is refused', async () => {
    const { alice, bob, callId } = await call();
    const signal = { sdp: 'x'.repeat(65 * 1024) };
    const ack = await alice.ask('webrtc-signal', { to: bob.user, callId, signal });
    await refused(alice, ack, { event: 'webrtc-signal', code: 'TOO_LARGE', message: 'Payload too large' });
  });

  for (const [what, change, field] of [
    ['without an addressee', { to: undefined }, 'to'],
    ['without a call', { callId: undefined }, 'callId'],
    ['without a signal', { signal: undefined }, 'signal'],
    ['with a text as signal', { signal: 'offer' }, 'signal'],
  ]) {
    it(`a signal ${what} is refused`, async () => {
      const { alice, bob, callId } = await call();
      const ack = await alice.ask('webrtc-signal', { to: bob.user, callId, signal: {}, ...change });
      await refused(alice, ack, { event: 'webrtc-signal', code: 'INVALID_PAYLOAD' });
      assert.match(ack.error, new RegExp(`^Invalid payload: ${field}`));
    });
  }

  it('a signal sent while the addressee changes pages waits for the next socket', async () => {
    const { people: [alice, bob] } = await stage.peopleInRoom('alice', 'bob');
    const { callId } = await alice.ask('call-initiate', { participants: [bob.user], type: 'video' });
    await bob.next('call-incoming');
    await bob.ask('call-accept', { callId });
    bob.close();
    await alice.next('user:left-room');
    await alice.ask('webrtc-signal', { to: bob.user, callId, signal: { sdp: 'the only offer' } });
    const page = await stage.signIn(bob.user);
    includes(await page.next('webrtc-signal'), { from: alice.user, signal: { sdp: 'the only offer' } });
  });
});

suite('signals after the grace', (stage) => {
  it('are refused', async () => {
    const [alice, bob, carol] = await stage.people('alice', 'bob', 'carol');
    const participants = [bob.user, carol.user];
    const { callId } = await alice.ask('call-initiate', { participants, type: 'video' });
    await bob.ask('call-accept', { callId });
    await carol.ask('call-accept', { callId });
    bob.close();
    await alice.next('call-participant-left');
    const ack = await alice.ask('webrtc-signal', { to: bob.user, callId, signal: {} });
    assert.match(ack.code, /^(USER_NOT_CONNECTED|NOT_ALLOWED)$/);
  });
}, { 'presence.loss_grace': '300ms', 'presence.call_grace': '300ms' });
