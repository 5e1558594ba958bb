// Reactions to messages.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { ISO_TIME, includes, refused } from '../harness/expect.js';
import { capitalised } from '../harness/server.js';
import { suiteInEveryMode } from '../harness/stage.js';

suiteInEveryMode('reactions', (stage) => {
  async function message() {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const { messageId } = await alice.post(roomId, 'react to this');
    return { alice, bob, roomId, messageId };
  }

  it('everybody hears a reaction', async () => {
    const { alice, bob, roomId, messageId } = await message();
    const ack = await bob.ask('message:react', { messageId, roomId, emoji: '👍' });
    includes(ack, { success: true, messageId, emoji: '👍' });
    assert.match(ack.timestamp, ISO_TIME);
    for (const person of [alice, bob]) {
      const heard = await person.next('message:reaction-added');
      includes(heard, { messageId, roomId, emoji: '👍', userId: bob.user, userName: capitalised(bob.user) });
      assert.match(heard.timestamp, ISO_TIME);
    }
  });

  it('a reaction taken back is heard too', async () => {
    const { alice, bob, roomId, messageId } = await message();
    await bob.ask('message:react', { messageId, roomId, emoji: '🎉' });
    includes(await bob.ask('message:unreact', { messageId, roomId, emoji: '🎉' }), { success: true, messageId });
    includes(await alice.next('message:reaction-removed'), { messageId, roomId, emoji: '🎉', userId: bob.user });
  });

  it('the same reaction twice is told once', async () => {
    const { alice, bob, roomId, messageId } = await message();
    await bob.ask('message:react', { messageId, roomId, emoji: '👍' });
    includes(await bob.ask('message:react', { messageId, roomId, emoji: '👍' }), { success: true });
    await alice.settled(roomId, bob);
    assert.equal(alice.heard('message:reaction-added').length, 1);
  });

  it('two people may give the same reaction, and one person several', async () => {
    const { alice, bob, roomId, messageId } = await message();
    await bob.ask('message:react', { messageId, roomId, emoji: '👍' });
    await bob.ask('message:react', { messageId, roomId, emoji: '👎' });
    await alice.ask('message:react', { messageId, roomId, emoji: '👍' });
    await bob.settled(roomId, alice);
    assert.equal(bob.heard('message:reaction-added').length, 3);
  });

  it('taking back what was never given is success without a word', async () => {
    const { alice, bob, roomId, messageId } = await message();
    includes(await bob.ask('message:unreact', { messageId, roomId, emoji: '👍' }), { success: true });
    await alice.settled(roomId, bob);
    assert.equal(alice.heard('message:reaction-removed').length, 0);
  });

  for (const event of ['message:react', 'message:unreact']) {
    it(`${event} on a message that does not exist is refused`, async () => {
      const { bob, roomId } = await message();
      const ack = await bob.ask(event, { messageId: 'msg_none', roomId, emoji: '👍' });
      await refused(bob, ack, { event, code: 'NOT_FOUND', message: 'Not found' });
    });

    it(`${event} in a room of others is refused`, async () => {
      const { roomId, messageId } = await message();
      const [mallory] = await stage.people('mallory');
      const ack = await mallory.ask(event, { messageId, roomId, emoji: '👍' });
      await refused(mallory, ack, { event, code: 'NOT_IN_ROOM' });
    });

    it(`${event} without an emoji, or with a long text for one, is refused`, async () => {
      const { bob, roomId, messageId } = await message();
      for (const emoji of [undefined, '', 7, 'x'.repeat(33)]) {
        const ack = await bob.ask(event, { messageId, roomId, emoji });
        await refused(bob, ack, { event, code: 'INVALID_PAYLOAD' });
      }
    });
  }
});
