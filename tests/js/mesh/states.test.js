// Hands, screens, media states, the chat and its switch, the host.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { ISO_TIME, includes } from '../harness/expect.js';
import { capitalised } from '../harness/server.js';
import { suite } from '../harness/stage.js';

suite('states of mesh peers', (stage) => {
  async function trio() {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    const bob = await stage.peer(room, 'bob');
    const carol = await stage.peer(room, 'carol');
    return { room, alice, bob, carol };
  }

  for (const [type, fields] of [
    ['screen-share-started', { streamId: 'stream-1', trackId: 'track-1', label: 'my screen' }],
    ['screen-share-stopped', { streamId: 'stream-1' }],
    ['raise-hand', {}],
    ['lower-hand', {}],
  ]) {
    it(`the others hear ${type} under the same name`, async () => {
      const { alice, bob, carol } = await trio();
      if (type === 'screen-share-stopped') {
        bob.tell({ type: 'screen-share-started', streamId: 'stream-1' });
      }
      if (type === 'lower-hand') {
        bob.tell({ type: 'raise-hand' });
      }
      includes(await bob.ask({ type, ...fields }), { type: 'ack', success: true });
      for (const other of [alice, carol]) {
        includes(await other.next(type), {
          ...fields,
          from: bob.id,
          peerId: bob.id,
          userId: bob.user,
          username: capitalised(bob.user),
        });
      }
      assert.equal(bob.heard(type).length, 0);
    });
  }

  it('a late joiner sees the states in the list', async () => {
    const { room, bob } = await trio();
    await bob.ask({ type: 'raise-hand' });
    await bob.ask({ type: 'screen-share-started' });
    await bob.ask({ type: 'media-state', audio: false, video: true });
    const late = await stage.peer(room, 'late');
    includes(late.welcome.peers.find((peer) => peer.id === bob.id), {
      handRaised: true,
      screenSharing: true,
      audio: false,
      video: true,
    });
  });

  it('fast toggling keeps its order', async () => {
    const { alice, bob } = await trio();
    for (let index = 0; index < 10; index += 1) {
      bob.tell({ type: 'screen-share-started', index });
      bob.tell({ type: 'screen-share-stopped', index });
    }
    await bob.ask({ type: 'raise-hand' });
    await alice.next('raise-hand');
    const toggles = alice.types().filter((type) => type.startsWith('screen-share'));
    assert.deepEqual(toggles, Array.from({ length: 10 }).flatMap(() => [
      'screen-share-started',
      'screen-share-stopped',
    ]));
  });

  it('several peers may share at once', async () => {
    const { alice, bob, carol } = await trio();
    await bob.ask({ type: 'screen-share-started' });
    await carol.ask({ type: 'screen-share-started' });
    await alice.next('screen-share-started', (share) => share.from === bob.id);
    await alice.next('screen-share-started', (share) => share.from === carol.id);
  });

  it('the media state is heard by the others', async () => {
    const { alice, bob } = await trio();
    await bob.ask({ type: 'media-state', audio: true, video: false });
    includes(await alice.next('media-state'), {
      from: bob.id,
      peerId: bob.id,
      userId: bob.user,
      username: capitalised(bob.user),
      audio: true,
      video: false,
    });
  });

  it('the host lowers somebody’s hand, and nobody else does', async () => {
    const { alice, bob, carol } = await trio();
    await carol.ask({ type: 'raise-hand' });
    includes(await bob.ask({ type: 'lower-hand', peerId: carol.id }), { type: 'error', code: 'NOT_ALLOWED' });
    includes(await alice.ask({ type: 'lower-hand', peerId: carol.id }), { type: 'ack', success: true });
    includes(await carol.next('lower-hand'), { from: alice.id, peerId: carol.id });
    includes(await bob.next('lower-hand'), { from: alice.id, peerId: carol.id });
  });

  it('the longest-present peer becomes host when the host leaves', async () => {
    const { alice, bob, carol } = await trio();
    alice.tell({ type: 'leave' });
    for (const other of [bob, carol]) {
      includes(await other.next('host-changed'), { host: bob.id });
    }
  });
});

suite('the chat of a mesh room', (stage) => {
  async function pair() {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    const bob = await stage.peer(room, 'bob');
    return { room, alice, bob };
  }

  it('everybody hears a text, the author too', async () => {
    const { alice, bob } = await pair();
    bob.tell({ type: 'chat', text: 'hello <b>there</b>' });
    const heard = await alice.next('chat');
    includes(heard, {
      from: bob.id,
      userId: bob.user,
      username: capitalised(bob.user),
      text: 'hello there',
    });
    assert.match(heard.id, /^msg_/);
    assert.match(heard.timestamp, ISO_TIME);
    assert.equal(typeof heard.seq, 'number');
    includes(await bob.next('chat'), { id: heard.id, seq: heard.seq, text: 'hello there' });
  });

  it('the field may be called message', async () => {
    const { alice, bob } = await pair();
    bob.tell({ type: 'chat', message: 'hello' });
    includes(await alice.next('chat'), { text: 'hello' });
  });

  it('a reference makes a repeat harmless', async () => {
    const { alice, bob } = await pair();
    bob.tell({ type: 'chat', text: 'once', id: 'ref-1' });
    bob.tell({ type: 'chat', text: 'once', id: 'ref-1' });
    await bob.next('ack', (ack) => ack.id === 'ref-1');
    await bob.next('ack', (ack) => ack.id === 'ref-1');
    await bob.ask({ type: 'chat', text: 'fence' });
    await alice.next('chat', (chat) => chat.text === 'fence');
    assert.equal(alice.heard('chat', (chat) => chat.text === 'once').length, 1);
  });

  for (const [what, fields] of [
    ['without text', {}],
    ['of white space', { text: '  ' }],
    ['of 1001 characters', { text: 'x'.repeat(1001) }],
    ['that is a number', { text: 5 }],
  ]) {
    it(`a text ${what} is refused`, async () => {
      const { bob } = await pair();
      includes(await bob.ask({ type: 'chat', ...fields }), { type: 'error', code: 'INVALID_PAYLOAD' });
    });
  }

  it('the host switches the chat off and on, and everybody hears it', async () => {
    const { room, alice, bob } = await pair();
    await alice.ask({ type: 'chat-disabled' });
    for (const peer of [alice, bob]) {
      includes(await peer.next('chat-disabled'), {
        from: alice.id,
        userId: alice.user,
        username: capitalised(alice.user),
      });
    }
    includes(await bob.ask({ type: 'chat', text: 'x' }), {
      type: 'error',
      code: 'CHAT_DISABLED',
      message: 'Chat is disabled',
    });
    includes(await alice.ask({ type: 'chat', text: 'the host may' }), { type: 'ack', success: true });
    includes((await stage.peer(room, 'late')).welcome, { chatEnabled: false });
    await alice.ask({ type: 'chat-enabled' });
    await bob.next('chat-enabled');
    includes(await bob.ask({ type: 'chat', text: 'again' }), { type: 'ack', success: true });
  });

  it('nobody but the host switches the chat, except an operator', async () => {
    const { room, bob } = await pair();
    for (const type of ['chat-disabled', 'chat-enabled']) {
      includes(await bob.ask({ type }), { type: 'error', code: 'NOT_ALLOWED' });
    }
    const operator = await stage.peer(room, 'operator', { claims: { admin: true } });
    includes(await operator.ask({ type: 'chat-disabled' }), { type: 'ack', success: true });
    await bob.next('chat-disabled');
  });

  it('a join with a position brings what was written since', async () => {
    const { room, alice, bob } = await pair();
    await alice.ask({ type: 'chat', text: 'seen' });
    const { seq: since } = await bob.next('chat');
    bob.close();
    await alice.next('peer-left');
    await alice.ask({ type: 'chat', text: 'missed' });
    const back = await stage.peerOf(room, bob.user, { since });
    assert.deepEqual(back.welcome.messages.map((message) => message.text), ['missed']);
  });
});

suite('the message rate of mesh', (stage) => {
  it('is a limit of the user', async () => {
    const alice = await stage.peer(stage.room(), 'alice');
    await alice.ask({ type: 'chat', text: 'one' });
    await alice.ask({ type: 'chat', text: 'two' });
    const answer = await alice.ask({ type: 'chat', text: 'three' });
    includes(answer, { type: 'error', code: 'RATE_LIMITED' });
    assert.ok(answer.resetTime > Date.now());
  });
}, { 'limits.messages_per_minute': 2 });
