// What a pair of guests tell each other (features S1.*).

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { ISO_TIME, includes } from '../harness/expect.js';
import { pair } from '../harness/guest.js';
import { capitalised } from '../harness/server.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';

suiteInEveryMode('a pair of guests', (stage) => {
  async function matched() {
    const guests = [await stage.guest('ann'), await stage.guest('bob')];
    await pair(...guests);
    return guests;
  }

  it('the partner hears a message, and the sender that it is stored and that the partner has confirmed it', async () => {
    const [ann, bob] = await matched();
    const ack = await ann.say('hello', { clientId: 'c-1', timestamp: '1999-01-01T00:00:00Z' });
    includes(ack, { success: true, status: 'sent', clientId: 'c-1' });
    assert.match(ack.timestamp, ISO_TIME);
    const heard = await bob.next('chat:message');
    assert.deepEqual(heard, {
      id: ack.messageId,
      senderId: ann.user,
      senderUsername: capitalised(ann.user),
      type: 'text',
      content: 'hello',
      timestamp: ack.timestamp,
      seq: heard.seq,
    });
    const { messageId, timestamp } = ack;
    assert.deepEqual(await ann.next('chat:message:sent'), { messageId, timestamp, status: 'sent', clientId: 'c-1' });
    for (const _ of ['once', 'and again, which counts for nothing']) {
      includes(await bob.ask('chat:message:delivered', { messageId }), { success: true });
    }
    includes(await ann.next('chat:message:delivered'), { messageId });
    assert.deepEqual(ann.heard('chat:message:delivered').length, 1);
    assert.deepEqual(ann.heard('chat:message'), []);
  });

  it('files and voice pass as they are, binary data as a data URL', async () => {
    const [ann, bob] = await matched();
    const voice = { url: 'https://example.org/a.ogg', duration: 3 };
    includes(await ann.ask('chat:message', { type: 'voice', content: voice }), { success: true });
    includes(await bob.next('chat:message'), { type: 'voice', content: voice });
    const content = { name: 'a.txt', mimeType: 'text/plain', data: Buffer.from('hi') };
    includes(await ann.ask('chat:message', { type: 'file', content }), { success: true });
    includes(await bob.next('chat:message'), {
      type: 'file',
      content: { name: 'a.txt', mimeType: 'text/plain', data: 'data:text/plain;base64,aGk=' },
    });
  });

  it('a message that is none is refused and told to its sender alone', async () => {
    const [ann, bob] = await matched();
    for (const payload of [{}, { type: 'text' }, { type: 'text', content: '' }, { type: 'picture', content: 'x' }]) {
      const ack = await ann.ask('chat:message', payload);
      includes(ack, { success: false, error: 'Invalid message format', code: 'INVALID_PAYLOAD' });
      includes(await ann.next('chat:error'), { message: 'Invalid message format', event: 'chat:message' });
    }
    await ann.reached(bob);
    assert.equal(bob.heard('chat:message').length, 1);
  });

  it('clearing empties the chat and is told to the partner', async () => {
    const [ann, bob] = await matched();
    includes(await ann.ask('chat:clear'), { success: true });
    assert.deepEqual(await bob.next('chat:cleared'), {
      userId: ann.user,
      username: capitalised(ann.user),
      reason: 'user_cleared',
    });
  });

  it('who leaves is told of, and may do so twice', async () => {
    const [ann, bob] = await matched();
    includes(await ann.ask('leave-room'), { success: true });
    includes(await bob.next('room:user_left'), { userId: ann.user });
    includes(await ann.ask('leave-room'), { success: true });
  });

  it('who closes the room ends it for both', async () => {
    const [ann, bob] = await matched();
    includes(await ann.ask('close-room'), { success: true });
    for (const guest of [ann, bob]) {
      includes(await guest.next('room:closed'), { userId: ann.user, reason: 'closed_by_user' });
    }
    includes(await bob.say('still there?'), { success: false, code: 'NOT_IN_ROOM' });
  });

  it('what was said while the partner was away follows when they are back', async () => {
    const [ann, bob] = await matched();
    bob.lose();
    await bob.next('disconnect');
    await ann.say('are you there?');
    const back = await stage.guestOf(bob.user);
    includes(await back.next('chat:message'), { content: 'are you there?' });
  });

  it('nobody else hears a pair', async () => {
    const [ann, bob] = await matched();
    const eve = await stage.guest('eve');
    await ann.reached(bob);
    await bob.reached(ann);
    assert.deepEqual(eve.heard('chat:message'), []);
    includes(await eve.say('hello?'), { success: false, code: 'NOT_IN_ROOM', error: 'You are not in a chat' });
  });
});

suite('guests who write too much', (stage) => {
  it('are told when they may go on', async () => {
    const guests = [await stage.guest('ann'), await stage.guest('bob')];
    await pair(...guests);
    const [ann] = guests;
    await ann.say('one');
    await ann.say('two');
    const ack = await ann.say('three');
    includes(ack, { success: false, code: 'RATE_LIMITED' });
    assert.equal(typeof ack.resetTime, 'number');
  });
}, { 'limits.guest_chat_messages_per_minute': 2 });
