// The life of a mesh socket: heartbeats, malformed messages, interruptions.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes } from '../harness/expect.js';
import { suite } from '../harness/stage.js';

suite('a mesh socket', (stage) => {
  it('answers a heartbeat under either name with its own fields', async () => {
    const alice = await stage.peer(stage.room(), 'alice');
    alice.tell({ type: 'ping', sent: 123, note: 'x' });
    includes(await alice.next('pong'), { sent: 123, note: 'x' });
    alice.tell({ type: 'heartbeat', beat: 7 });
    includes(await alice.next('pong'), { beat: 7 });
  });

  it('a message with an id is acknowledged', async () => {
    const alice = await stage.peer(stage.room(), 'alice');
    includes(await alice.ask({ type: 'raise-hand' }), { type: 'ack', success: true });
  });

  it('the third malformed message in a row closes the socket', async () => {
    const alice = await stage.peer(stage.room(), 'alice');
    alice.socket.send('not json');
    includes(await alice.next('error'), { code: 'INVALID_PAYLOAD' });
    alice.socket.send('[1]');
    includes(await alice.next('error'), { code: 'INVALID_PAYLOAD' });
    alice.socket.send('{"kind":"no type"}');
    assert.equal(await alice.next('close'), 4400);
  });

  it('binary is malformed too', async () => {
    const alice = await stage.peer(stage.room(), 'alice');
    alice.socket.send(Buffer.from([1, 2, 3]));
    includes(await alice.next('error'), { code: 'INVALID_PAYLOAD' });
  });

  it('a good message in between is forgiven', async () => {
    const alice = await stage.peer(stage.room(), 'alice');
    for (let index = 0; index < 4; index += 1) {
      alice.socket.send('not json');
      await alice.next('error');
      await alice.settled();
    }
  });

  it('a frame beyond the limit closes the socket', async () => {
    const alice = await stage.peer(stage.room(), 'alice');
    alice.socket.send(JSON.stringify({ type: 'data', blob: 'x'.repeat(1_100_000) }));
    assert.equal(await alice.next('close'), 1009);
  });

  it('an interruption is resumed: same peer, nothing missed, nobody told', async () => {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    const bob = await stage.peer(room, 'bob');
    await alice.ask({ type: 'chat', text: 'before' });
    const { seq } = await bob.next('chat');
    bob.lose();
    await alice.ask({ type: 'chat', text: 'missed' });
    const back = await stage.peerOf(room, bob.user, { resume: bob.welcome.resumeToken, since: seq });
    includes(back.welcome, { peerId: bob.id, resumed: true });
    const replayed = [...(back.welcome.messages ?? []), ...back.heard('chat')].map((message) => message.text);
    assert.deepEqual(replayed, ['missed']);
    await back.ask({ type: 'chat', text: 'fence' });
    await alice.next('chat', (chat) => chat.text === 'fence');
    assert.equal(alice.heard('peer-left').length, 0);
    assert.equal(alice.heard('peer-joined').length, 1);
  });

  it('a resume token of somebody else is worth nothing', async () => {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    const mallory = await stage.peer(room, 'mallory', { resume: alice.welcome.resumeToken });
    includes(mallory.welcome, { resumed: false });
    assert.notEqual(mallory.id, alice.id);
  });

  it('who comes back without a resume ends the ghost of before', async () => {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    const bob = await stage.peer(room, 'bob');
    bob.lose();
    const back = await stage.peerOf(room, bob.user);
    includes(await alice.next('peer-left'), { peerId: bob.id });
    includes(await alice.next('peer-joined', (joined) => joined.peerId === back.id), { userId: bob.user });
  });
});

suite('a mesh peer that is gone', (stage) => {
  it('has left when the grace is over, with its hand and its screen', async () => {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    const bob = await stage.peer(room, 'bob');
    await bob.ask({ type: 'raise-hand' });
    bob.lose();
    includes(await alice.next('peer-left'), { peerId: bob.id, reason: 'disconnected' });
    const late = await stage.peer(room, 'late');
    assert.deepEqual(late.welcome.peers.map((peer) => peer.id), [alice.id]);
  });
}, { 'presence.loss_grace': '300ms' });

suite('a planned restart', (stage) => {
  it('closes mesh sockets with 1012 and ends', async () => {
    const alice = await stage.peer(stage.room(), 'alice');
    const ended = stage.server.terminate();
    assert.equal(await alice.next('close'), 1012);
    assert.equal((await ended).code, 0);
  });
}, { 'public.drain_period': '1s' });
