// Calls: ringing, answering, media states, ending.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { ISO_TIME, includes, refused } from '../harness/expect.js';
import { capitalised } from '../harness/server.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';

suiteInEveryMode('calls', (stage) => {
  async function ringing(...names) {
    const [alice, ...others] = await stage.people('alice', ...names);
    const callId = stage.unique('call');
    const participants = others.map((other) => other.user);
    const ack = await alice.ask('call-initiate', { callId, participants, type: 'video' });
    assert.equal(ack.success, true, JSON.stringify(ack));
    await Promise.all(others.map((other) => other.next('call-incoming')));
    return { alice, others, callId, ack };
  }

  async function active(...names) {
    const call = await ringing(...names);
    for (const other of call.others) {
      const ack = await other.ask('call-accept', { callId: call.callId });
      assert.equal(ack.success, true, JSON.stringify(ack));
    }
    return call;
  }

  it('a call rings on every device of each participant', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const phone = await stage.signIn(bob.user);
    const callId = stage.unique('call');
    const ack = await alice.ask('call-initiate', { callId, participants: [bob.user], type: 'audio' });
    includes(ack, { success: true, callId, ringing: [bob.user], unavailable: [], skipped: [] });
    for (const device of [bob, phone]) {
      includes(await device.next('call-incoming'), {
        callId,
        from: alice.user,
        fromName: capitalised(alice.user),
        type: 'audio',
      });
    }
  });

  it('the server makes an id for a call without one', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const ack = await alice.ask('call-initiate', { participants: [bob.user], type: 'video' });
    assert.match(ack.callId, /^call_/);
    includes(await bob.next('call-incoming'), { callId: ack.callId });
  });

  it('a call to a room rings for its other members', async () => {
    const { people: [alice, bob, carol], roomId } = await stage.peopleInRoom('alice', 'bob', 'carol');
    const ack = await alice.ask('call-initiate', { roomId, type: 'video' });
    assert.deepEqual([...ack.ringing].sort(), [bob.user, carol.user].sort());
    includes(await bob.next('call-incoming'), { roomId });
    includes(await carol.next('call-incoming'), { roomId });
    await bob.settled(roomId, alice);
    assert.equal(alice.heard('call-incoming').length, 0);
  });

  it('participants who are not in the room are skipped', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const [carol] = await stage.people('carol');
    const participants = [bob.user, carol.user];
    const ack = await alice.ask('call-initiate', { roomId, participants, type: 'video' });
    includes(ack, { ringing: [bob.user], skipped: [carol.user] });
  });

  it('a call of nobody but outsiders of the room is refused', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice', 'bob');
    const [carol] = await stage.people('carol');
    const ack = await alice.ask('call-initiate', { roomId, participants: [carol.user], type: 'video' });
    await refused(alice, ack, { event: 'call-initiate', code: 'NOT_ALLOWED' });
  });

  it('a caller who is not in the room is refused', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice', 'bob');
    const [mallory] = await stage.people('mallory');
    const ack = await mallory.ask('call-initiate', { roomId, participants: [alice.user], type: 'video' });
    await refused(mallory, ack, { event: 'call-initiate', code: 'NOT_ALLOWED' });
  });

  it('somebody without a socket is unavailable, and rings when a device comes', async () => {
    const [alice] = await stage.people('alice');
    const late = stage.unique('late');
    const callId = stage.unique('call');
    const ack = await alice.ask('call-initiate', { callId, participants: [late], type: 'video' });
    includes(ack, { unavailable: [late] });
    includes(await alice.next('call-unavailable'), { callId, userId: late, reason: 'offline' });
    const device = await stage.signIn(late);
    includes(await device.next('call-incoming'), { callId, from: alice.user });
  });

  it('the first acceptance tells the caller and the acceptor’s other devices', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const phone = await stage.signIn(bob.user);
    const callId = stage.unique('call');
    await alice.ask('call-initiate', { callId, participants: [bob.user], type: 'video' });
    await phone.next('call-incoming');
    const ack = await bob.ask('call-accept', { callId });
    includes(ack, { success: true, callId });
    const expected = [alice.user, bob.user].sort();
    assert.deepEqual(ack.participants.map((participant) => participant.userId).sort(), expected);
    includes(ack.participants.find((participant) => participant.userId === alice.user), {
      userName: capitalised(alice.user),
      screen: false,
    });
    includes(await alice.next('call-accepted'), { callId, by: bob.user, byName: capitalised(bob.user) });
    includes(await phone.next('call-answered-elsewhere'), { callId, action: 'accepted' });
    assert.equal(bob.heard('call-answered-elsewhere').length, 0);
  });

  it('a further acceptance tells those who are in', async () => {
    const { alice, others: [bob, carol], callId } = await ringing('bob', 'carol');
    await bob.ask('call-accept', { callId });
    await carol.ask('call-accept', { callId });
    includes(await bob.next('call-participant-joined'), {
      callId,
      userId: carol.user,
      userName: capitalised(carol.user),
    });
    includes(await alice.next('call-accepted', (event) => event.by === carol.user), { callId });
  });

  it('accepting twice is a conflict', async () => {
    const { others: [bob], callId } = await active('bob');
    await refused(bob, await bob.ask('call-accept', { callId }), { event: 'call-accept', code: 'CONFLICT' });
  });

  it('of two devices that accept at once one wins', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const phone = await stage.signIn(bob.user);
    const callId = stage.unique('call');
    await alice.ask('call-initiate', { callId, participants: [bob.user], type: 'video' });
    await Promise.all([bob.next('call-incoming'), phone.next('call-incoming')]);
    const acks = await Promise.all([bob, phone].map((device) => device.ask('call-accept', { callId })));
    assert.equal(acks.filter((ack) => ack.success).length, 1);
    assert.equal(acks.find((ack) => !ack.success).code, 'CONFLICT');
  });

  it('a rejection tells the caller why and ends a call that nobody else can answer', async () => {
    const { alice, others: [bob], callId } = await ringing('bob');
    const ack = await bob.ask('call-reject', { callId, reason: 'in a meeting' });
    includes(ack, { success: true, callId });
    includes(await alice.next('call-rejected'), {
      callId,
      by: bob.user,
      byName: capitalised(bob.user),
      reason: 'in a meeting',
    });
    includes(await alice.next('call-ended'), { callId, reason: 'rejected' });
  });

  it('a rejection silences the other devices of the same user', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const phone = await stage.signIn(bob.user);
    const callId = stage.unique('call');
    await alice.ask('call-initiate', { callId, participants: [bob.user], type: 'video' });
    await phone.next('call-incoming');
    await bob.ask('call-reject', { callId });
    includes(await phone.next('call-answered-elsewhere'), { callId, action: 'rejected' });
  });

  it('a rejection by one of two leaves the call ringing for the other', async () => {
    const { alice, others: [bob, carol], callId } = await ringing('bob', 'carol');
    await bob.ask('call-reject', { callId });
    await alice.next('call-rejected');
    includes(await carol.ask('call-accept', { callId }), { success: true });
    assert.equal(alice.heard('call-ended').length, 0);
  });

  it('the caller who gives up stops the ringing', async () => {
    const { alice, others: [bob], callId } = await ringing('bob');
    includes(await alice.ask('call-end', { callId }), { success: true, callId });
    includes(await bob.next('call-ended'), { callId, endedBy: alice.user, reason: 'user-ended' });
  });

  it('either of two participants ends the call for both', async () => {
    const { alice, others: [bob], callId } = await active('bob');
    await bob.ask('call-end', { callId });
    includes(await alice.next('call-ended'), { callId, endedBy: bob.user, reason: 'user-ended' });
  });

  it('a participant who leaves a larger call leaves it to the others', async () => {
    const { alice, others: [bob, carol], callId } = await active('bob', 'carol');
    await carol.ask('call-end', { callId });
    includes(await carol.next('call-ended'), { callId });
    for (const person of [alice, bob]) {
      includes(await person.next('call-participant-left'), {
        callId,
        userId: carol.user,
        userName: capitalised(carol.user),
      });
    }
  });

  it('the caller ends a larger call for all', async () => {
    const { alice, others, callId } = await active('bob', 'carol');
    await alice.ask('call-end', { callId });
    for (const person of others) {
      includes(await person.next('call-ended'), { callId, endedBy: alice.user, reason: 'user-ended' });
    }
  });

  it('ending a call that is over is success', async () => {
    const { alice, others: [bob], callId } = await active('bob');
    await alice.ask('call-end', { callId });
    await bob.next('call-ended');
    includes(await bob.ask('call-end', { callId }), { success: true });
  });

  it('accepting or rejecting a call that is over is refused', async () => {
    const { alice, others: [bob], callId } = await ringing('bob');
    await alice.ask('call-end', { callId });
    await bob.next('call-ended');
    for (const event of ['call-accept', 'call-reject']) {
      await refused(bob, await bob.ask(event, { callId }), { event, code: 'NOT_FOUND', message: 'Not found' });
    }
  });

  it('an id in use by another caller is a conflict', async () => {
    const { others: [bob], callId } = await ringing('bob');
    const [mallory] = await stage.people('mallory');
    const ack = await mallory.ask('call-initiate', { callId, participants: [bob.user], type: 'video' });
    await refused(mallory, ack, { event: 'call-initiate', code: 'CONFLICT' });
  });

  for (const [what, payload, field] of [
    ['without a type', { participants: ['bob'] }, 'type'],
    ['of an unknown type', { participants: ['bob'], type: 'hologram' }, 'type'],
    ['with neither room nor participants', { type: 'video' }, ''],
    ['with participants that are no list', { participants: 'bob', type: 'video' }, 'participants'],
  ]) {
    it(`a call ${what} is refused`, async () => {
      const [alice] = await stage.people('alice');
      const ack = await alice.ask('call-initiate', payload);
      await refused(alice, ack, { event: 'call-initiate', code: 'INVALID_PAYLOAD' });
      assert.match(ack.error, new RegExp(`^Invalid payload: ${field}`));
    });
  }

  for (const [event, told] of [
    ['call-mute', 'call-muted'],
    ['call-unmute', 'call-unmuted'],
    ['call-video-off', 'call-video-off'],
    ['call-video-on', 'call-video-on'],
    ['call-screen-share-start', 'call-screen-share-started'],
    ['call-screen-share-stop', 'call-screen-share-stopped'],
  ]) {
    it(`${event} is heard by the call’s others as ${told}`, async () => {
      const { alice, others: [bob], callId } = await active('bob');
      // Each state is told when it changes: the one before it is set first.
      const before = {
        'call-unmute': 'call-mute',
        'call-video-on': 'call-video-off',
        'call-screen-share-stop': 'call-screen-share-start',
      }[event];
      if (before) {
        await bob.ask(before, { callId });
      }
      includes(await bob.ask(event, { callId }), { success: true });
      const heard = await alice.next(told);
      includes(heard, { callId, userId: bob.user, userName: capitalised(bob.user) });
      assert.match(heard.timestamp, ISO_TIME);
      assert.equal(bob.heard(told).length, 0);
    });
  }

  for (const event of [
    'call-accept', 'call-reject', 'call-end', 'call-mute', 'call-unmute', 'call-video-on', 'call-video-off',
    'call-screen-share-start', 'call-screen-share-stop',
  ]) {
    it(`${event} for an unknown call is refused`, async () => {
      const [alice] = await stage.people('alice');
      const ack = await alice.ask(event, { callId: stage.unique('nowhere') });
      await refused(alice, ack, { event, code: 'NOT_FOUND' });
    });

    it(`${event} by an outsider is refused`, async () => {
      const { callId } = await active('bob');
      const [mallory] = await stage.people('mallory');
      await refused(mallory, await mallory.ask(event, { callId }), { event, code: 'NOT_ALLOWED' });
    });

    it(`${event} without a call is refused`, async () => {
      const [alice] = await stage.people('alice');
      await refused(alice, await alice.ask(event, {}), { event, code: 'INVALID_PAYLOAD' });
    });
  }

  it('a page change in the middle of a call does not end it', async () => {
    const { alice, others: [bob], callId } = await active('bob');
    const page = await stage.signIn(bob.user);
    bob.close();
    includes(await page.ask('call-mute', { callId }), { success: true });
    includes(await alice.next('call-muted'), { callId, userId: bob.user });
    assert.equal(alice.heard('call-participant-left').length + alice.heard('call-ended').length, 0);
  });
});

suite('the ring timeout', (stage) => {
  it('ends a call that nobody answers', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const { callId } = await alice.ask('call-initiate', { participants: [bob.user], type: 'video' });
    for (const person of [alice, bob]) {
      includes(await person.next('call-ended'), { callId, endedBy: null, reason: 'no-answer' });
    }
  });

  it('leaves an answered call alone and stops the ringing of the rest', async () => {
    const [alice, bob, carol] = await stage.people('alice', 'bob', 'carol');
    const participants = [bob.user, carol.user];
    const { callId } = await alice.ask('call-initiate', { participants, type: 'video' });
    includes(await bob.ask('call-accept', { callId }), { success: true });
    includes(await carol.next('call-ended'), { callId, reason: 'no-answer' });
    assert.equal(alice.heard('call-ended').length, 0);
    includes(await bob.ask('call-mute', { callId }), { success: true });
  });
}, { 'calls.ring_timeout': '500ms' });

suite('a participant who is gone', (stage) => {
  it('has left when the grace is over, and with two the call ends', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const { callId } = await alice.ask('call-initiate', { participants: [bob.user], type: 'video' });
    await bob.ask('call-accept', { callId });
    bob.close();
    includes(await alice.next('call-participant-left'), { callId, userId: bob.user });
    includes(await alice.next('call-ended'), { callId, reason: 'participants-left' });
  });
}, { 'presence.loss_grace': '300ms', 'presence.call_grace': '300ms' });
