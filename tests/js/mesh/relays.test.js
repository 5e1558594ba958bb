// Offers, answers, candidates and data from peer to peer.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes } from '../harness/expect.js';
import { capitalised } from '../harness/server.js';
import { suite } from '../harness/stage.js';

suite('relays between mesh peers', (stage) => {
  async function pair() {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    const bob = await stage.peer(room, 'bob');
    await alice.next('peer-joined');
    return { room, alice, bob };
  }

  for (const [type, fields] of [
    ['offer', { sdp: { type: 'offer', sdp: 'v=0\r\n' } }],
    ['answer', { sdp: { type: 'answer', sdp: 'v=0\r\n' } }],
    ['candidate', { candidate: { candidate: 'candidate:1 1 udp', sdpMid: '0', sdpMLineIndex: 0 } }],
    ['candidate', { candidate: null }],
    ['offer', { description: 'a string under another name', z: 1, a: [2] }],
    ['data', { anything: { deep: [1, { two: null }] } }],
  ]) {
    it(`${type} with ${Object.keys(fields).join(', ')} passes unchanged, with its sender`, async () => {
      const { alice, bob } = await pair();
      bob.tell({ type, to: alice.id, from: 'mallory', userId: 'mallory', ...fields });
      const heard = await alice.next(type);
      includes(heard, {
        type,
        from: bob.id,
        userId: bob.user,
        username: capitalised(bob.user),
        ...fields,
      });
    });
  }

  it('the addressee may be called target', async () => {
    const { alice, bob } = await pair();
    bob.tell({ type: 'offer', target: alice.id, sdp: 'v=0' });
    includes(await alice.next('offer'), { from: bob.id, sdp: 'v=0' });
  });

  it('only the addressee hears a relay', async () => {
    const { room, alice, bob } = await pair();
    const carol = await stage.peer(room, 'carol');
    await bob.ask({ type: 'offer', to: alice.id, sdp: 'v=0' });
    await alice.next('offer');
    await bob.ask({ type: 'chat', text: 'fence' });
    await carol.next('chat');
    assert.equal(carol.heard('offer').length, 0);
  });

  it('data without an addressee goes to all others', async () => {
    const { room, alice, bob } = await pair();
    const carol = await stage.peer(room, 'carol');
    alice.tell({ type: 'data', game: 'chess', move: 'e4' });
    for (const other of [bob, carol]) {
      includes(await other.next('data'), { from: alice.id, game: 'chess', move: 'e4' });
    }
    await alice.settled();
    assert.equal(alice.heard('data').length, 0);
  });

  it('relays of one peer to another keep their order', async () => {
    const { alice, bob } = await pair();
    for (let index = 0; index < 100; index += 1) {
      bob.tell({ type: 'candidate', to: alice.id, candidate: { candidate: `${index}` } });
    }
    for (let index = 0; index < 100; index += 1) {
      includes((await alice.next('candidate')).candidate, { candidate: `${index}` });
    }
  });

  it('a newcomer is announced before its first relay', async () => {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    const bob = await stage.peer(room, 'bob');
    bob.tell({ type: 'offer', to: alice.id, sdp: 'v=0' });
    await alice.next('offer');
    const types = alice.types();
    assert.ok(types.indexOf('peer-joined') < types.indexOf('offer'), types.join(' '));
  });

  for (const type of ['offer', 'answer', 'candidate', 'data']) {
    it(`${type} to a peer who is not there is refused`, async () => {
      const { alice } = await pair();
      const answer = await alice.ask({ type, to: 'nobody', sdp: 'v=0', candidate: null });
      includes(answer, { type: 'error', code: 'USER_NOT_CONNECTED', to: 'nobody' });
      if (type !== 'data') {
        includes(answer, { message: 'Peer not connected' });
      }
    });
  }

  it('a relay to a peer of another room is refused', async () => {
    const { alice } = await pair();
    const stranger = await stage.peer(stage.room(), 'stranger');
    const answer = await alice.ask({ type: 'offer', to: stranger.id, sdp: 'v=0' });
    includes(answer, { type: 'error', code: 'USER_NOT_CONNECTED' });
    await stranger.settled();
    assert.equal(stranger.heard('offer').length, 0);
  });

  it('an offer of more than 64 KiB is refused', async () => {
    const { alice, bob } = await pair();
    const answer = await bob.ask({ type: 'offer', to: alice.id, sdp: 'x'.repeat(65 * 1024) });
    includes(answer, { type: 'error', code: 'TOO_LARGE' });
  });

  it('data of more than 16 KiB is refused', async () => {
    const { bob } = await pair();
    includes(await bob.ask({ type: 'data', blob: 'x'.repeat(17 * 1024) }), { type: 'error', code: 'TOO_LARGE' });
  });

  for (const type of ['offer', 'answer', 'candidate', 'data', 'raise-hand', 'screen-share-started', 'media-state', 'chat']) {
    it(`${type} before a join is refused`, async () => {
      const { alice } = await pair();
      const socket = stage.socket({ path: `/ws?token=${stage.server.token(stage.unique('early'))}` });
      await socket.next('open');
      const answer = await socket.ask({ type, to: alice.id, text: 'x', audio: true });
      includes(answer, { type: 'error', code: 'NOT_IN_ROOM' });
    });
  }

  it('an unknown type is refused and never relayed', async () => {
    const { alice, bob } = await pair();
    includes(await bob.ask({ type: 'peer-left', peerId: bob.id, to: alice.id }), {
      type: 'error',
      code: 'UNKNOWN_EVENT',
    });
    await bob.ask({ type: 'chat', text: 'fence' });
    await alice.next('chat');
    assert.equal(alice.heard('peer-left').length, 0);
  });
});
