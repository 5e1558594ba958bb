// A mesh peer and a synapse user in one room.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes, refused } from '../harness/expect.js';
import { capitalised } from '../harness/server.js';
import { suite } from '../harness/stage.js';

suite('one room, two vocabularies', (stage) => {
  async function both() {
    const roomId = stage.room();
    const peer = await stage.peer(roomId, 'peer');
    const [user] = await stage.people('user');
    await user.join(roomId);
    return { roomId, peer, user };
  }

  it('a text from mesh arrives in synapse, and one from synapse in mesh, in one order', async () => {
    const { roomId, peer, user } = await both();
    await peer.ask({ type: 'chat', text: 'from mesh' });
    const inSynapse = await user.next('message:new');
    includes(inSynapse, { content: 'from mesh', userId: peer.user, roomId });
    const ack = await user.post(roomId, 'from synapse');
    await peer.next('chat', (chat) => chat.text === 'from mesh');
    const inMesh = await peer.next('chat');
    includes(inMesh, {
      id: ack.messageId,
      seq: ack.seq,
      text: 'from synapse',
      from: null,
      userId: user.user,
      username: capitalised(user.user),
      timestamp: ack.createdAt,
    });
    assert.ok(inMesh.seq > inSynapse.seq);
  });

  it('both see the same id and the same position', async () => {
    const { peer, user } = await both();
    await peer.ask({ type: 'chat', text: 'one message' });
    const [here, there] = await Promise.all([user.next('message:new'), peer.next('chat')]);
    assert.equal(here.id, there.id);
    assert.equal(here.seq, there.seq);
  });

  it('an attachment without a field for it becomes a line of text', async () => {
    const { roomId, peer, user } = await both();
    const attachments = [{ name: 'plan.pdf', url: 'https://example.org/plan.pdf' }];
    await user.ask('message:send', { roomId, content: '', attachments });
    const heard = await peer.next('chat');
    assert.match(heard.text, /^\[file\] plan\.pdf/);
    assert.deepEqual(heard.attachments, attachments);
  });

  it('joins and leaves of mesh peers are heard in synapse', async () => {
    const { roomId, user } = await both();
    const late = await stage.peer(roomId, 'late');
    includes(await user.next('user:joined-room'), { userId: late.user, roomId });
    late.tell({ type: 'leave' });
    includes(await user.next('user:left-room'), { userId: late.user, roomId });
  });

  it('a synapse user is no peer, because nobody can signal to it', async () => {
    const { roomId, peer, user } = await both();
    const late = await stage.peer(roomId, 'late');
    assert.deepEqual(late.welcome.peers.map((one) => one.id), [peer.id]);
    await user.post(roomId, 'fence');
    await peer.next('chat');
    assert.equal(peer.heard('peer-joined', (joined) => joined.userId === user.user).length, 0);
  });

  it('the chat switch of mesh acts on synapse', async () => {
    const { roomId, peer, user } = await both();
    await peer.ask({ type: 'chat-disabled' });
    const ack = await user.ask('message:send', { roomId, content: 'x' });
    await refused(user, ack, { event: 'message:send', code: 'CHAT_DISABLED', message: 'Chat is disabled' });
  });

  it('presence is one for all vocabularies', async () => {
    const { roomId, user } = await both();
    const late = await stage.peer(roomId, 'late');
    await user.next('user:joined-room');
    late.close();
    includes(await user.next('user:offline'), { userId: late.user });
  });
});

suite('one call, two vocabularies', (stage) => {
  it('a mesh peer that joins the room of a call accepts it', async () => {
    const [alice] = await stage.people('alice');
    const bob = stage.unique('bob');
    const { callId } = await alice.ask('call-initiate', { participants: [bob], type: 'video' });
    const peer = await stage.peerOf(`call:${callId}`, bob);
    includes(await alice.next('call-accepted'), { callId, by: bob });
    await peer.ask({ type: 'media-state', audio: false });
    includes(await alice.next('call-muted'), { callId, userId: bob });
  });

  it('offers cross, each in its own form', async () => {
    const [alice] = await stage.people('alice');
    const bob = stage.unique('bob');
    const { callId } = await alice.ask('call-initiate', { participants: [bob], type: 'video' });
    const peer = await stage.peerOf(`call:${callId}`, bob);
    const signal = { type: 'offer', sdp: 'v=0\r\n' };
    includes(await alice.ask('webrtc-signal', { to: bob, callId, signal }), { success: true });
    const offer = await peer.next('offer');
    includes(offer, { userId: alice.user, sdp: { type: 'offer', sdp: 'v=0\r\n' } });
    await peer.ask({ type: 'answer', to: offer.from, sdp: { type: 'answer', sdp: 'v=1\r\n' } });
    includes(await alice.next('webrtc-signal'), {
      from: bob,
      callId,
      signal: { type: 'answer', sdp: 'v=1\r\n' },
    });
  });

  it('a signal that mesh cannot express is refused, not lost', async () => {
    const [alice] = await stage.people('alice');
    const bob = stage.unique('bob');
    const { callId } = await alice.ask('call-initiate', { participants: [bob], type: 'video' });
    await stage.peerOf(`call:${callId}`, bob);
    const ack = await alice.ask('webrtc-signal', { to: bob, callId, signal: { renegotiate: true } });
    includes(ack, { success: false, code: 'INVALID_PAYLOAD' });
  });

  it('an outsider cannot enter the room of a call', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const { callId } = await alice.ask('call-initiate', { participants: [bob.user], type: 'video' });
    const mallory = stage.socket();
    await mallory.next('open');
    mallory.tell({ type: 'join', room: `call:${callId}`, token: stage.server.token(stage.unique('mallory')) });
    includes(await mallory.next('error'), { code: 'NOT_ALLOWED' });
  });
});
