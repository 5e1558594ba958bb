// Two named users chat in a room of their own (features S3.*).

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { ISO_TIME, includes } from '../harness/expect.js';
import { capitalised } from '../harness/server.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';

suiteInEveryMode('direct chat', (stage) => {
  /** Clients of two users who have the chat with each other open. */
  async function chatting() {
    const people = await stage.people('ann', 'bob');
    const [ann, bob] = people;
    includes(await ann.ask('joinChat', { toUserId: bob.user }), { success: true });
    includes(await bob.ask('joinChat', { toUserId: ann.user }), { success: true });
    return people;
  }

  it('both have the same room, whoever begins (S3.17, S3.18)', async () => {
    const [ann, bob] = await chatting();
    const roomId = [ann.user, bob.user].sort().join('_');
    assert.deepEqual(await ann.next('joinedRoom'), { roomId });
    assert.deepEqual(await bob.next('joinedRoom'), { roomId });
  });

  it('both hear a message, under the name that is spelt so, with the time of the server (S3.22 to S3.24)', async () => {
    const [ann, bob] = await chatting();
    const payload = { toUserId: bob.user, msg: 'hello', fromUserId: bob.user, fromUserName: 'Eve' };
    const ack = await ann.ask('sendMsg', payload);
    includes(ack, { success: true, status: 'received' });
    for (const each of [ann, bob]) {
      const heard = await each.next('RecievedMsg');
      includes(heard, {
        name: capitalised(ann.user),
        fromUserId: ann.user,
        toUserId: bob.user,
        msg: 'hello',
        id: ack.messageId,
        messageId: ack.messageId,
        sequence: ack.sequence,
      });
      assert.match(heard.timestamp, ISO_TIME);
    }
    includes(await ann.next('messageSent'), { success: true, messageId: ack.messageId });
  });

  it('the sending socket finds its own reference again, and a repeat is one message (S3.45, S3.46)', async () => {
    const [ann, bob] = await chatting();
    const send = () => ann.ask('sendMsg', { toUserId: bob.user, msg: 'once', tempId: 'temp_1' });
    const [first, again] = [await send(), await send()];
    assert.equal(first.messageId, again.messageId);
    const mine = await ann.next('RecievedMsg');
    includes(mine, { tempId: 'temp_1' });
    includes(mine.serverMsg, { id: first.messageId, msg: 'once' });
    assert.ok(!('tempId' in (await bob.next('RecievedMsg'))));
    await ann.ask('sendMsg', { toUserId: bob.user, msg: 'fence' });
    await bob.next('RecievedMsg', (message) => message.msg === 'fence');
    assert.equal(bob.heard('RecievedMsg', (message) => message.msg === 'once').length, 1);
  });

  it('tags do not reach anybody (S3.54)', async () => {
    const [ann, bob] = await chatting();
    await ann.ask('sendMsg', { toUserId: bob.user, msg: 'a <b onclick="x()">b</b> <script>evil()</script>c < d' });
    includes(await bob.next('RecievedMsg'), { msg: 'a b c < d' });
  });

  it('what cannot be sent is refused in the words of the vocabulary, to the sender alone (S3.53)', async () => {
    const [ann, bob] = await chatting();
    for (const [payload, message] of [
      [{ toUserId: bob.user }, 'Invalid message'],
      [{ toUserId: bob.user, msg: 7 }, 'Invalid message'],
      [{ toUserId: bob.user, msg: 'x'.repeat(1001) }, 'Message must be 1-1000 characters'],
      [{ toUserId: ann.user, msg: 'to myself' }, 'Invalid recipient'],
    ]) {
      includes(await ann.ask('sendMsg', { ...payload, tempId: 'temp_2' }), { success: false, error: message });
      includes(await ann.next('error'), { message, event: 'sendMsg' });
      assert.deepEqual(await ann.next('sendError'), { tempId: 'temp_2', error: message });
    }
    await ann.ask('sendMsg', { toUserId: bob.user, msg: 'fence' });
    includes(await bob.next('RecievedMsg'), { msg: 'fence' });
  });

  it('what was sent before the chat was opened follows the opening (S3.43)', async () => {
    const [ann, bob] = await stage.people('ann', 'bob');
    await ann.ask('joinChat', { toUserId: bob.user });
    await ann.ask('sendMsg', { toUserId: bob.user, msg: 'one' });
    await ann.ask('sendMsg', { toUserId: bob.user, msg: 'two' });
    await bob.ask('joinChat', { toUserId: ann.user });
    includes(await bob.next('RecievedMsg'), { msg: 'one', sequence: 1 });
    includes(await bob.next('RecievedMsg'), { msg: 'two', sequence: 2 });
  });

  it('who has left a chat does not hear it, and a third user never does (S3.25, S3.27)', async () => {
    const [ann, bob] = await chatting();
    const [eve] = await stage.people('eve');
    await eve.ask('joinChat', { toUserId: bob.user });
    await bob.ask('leaveChat', { toUserId: ann.user });
    await ann.ask('sendMsg', { toUserId: bob.user, msg: 'unheard' });
    await eve.ask('sendMsg', { toUserId: bob.user, msg: 'mine' });
    await eve.next('RecievedMsg', (message) => message.msg === 'mine');
    assert.deepEqual(bob.heard('RecievedMsg'), []);
    assert.equal(eve.heard('RecievedMsg').length, 1);
  });

  it('typing is told to the other one (S3.36)', async () => {
    const [ann, bob] = await chatting();
    ann.tell('typing', { toUserId: bob.user });
    includes(await bob.next('userTyping'), { fromUserId: ann.user, isTyping: true });
    ann.tell('typing', { toUserId: bob.user, isTyping: false });
    includes(await bob.next('userTyping'), { fromUserId: ann.user, isTyping: false });
    assert.deepEqual(ann.heard('userTyping'), []);
  });

  it('who is blocked is told so, until they are not any more (S3.52)', async () => {
    const [ann, bob] = await chatting();
    includes(await bob.ask('blockUser', { userId: ann.user }), { success: true });
    includes(await ann.ask('sendMsg', { toUserId: bob.user, msg: 'x' }), {
      success: false,
      code: 'BLOCKED',
      error: 'Cannot send message to this user',
    });
    includes(await bob.ask('unblockUser', { userId: ann.user }), { success: true });
    includes(await ann.ask('sendMsg', { toUserId: bob.user, msg: 'again' }), { success: true });
  });

  it('groups have messages of their own (S3.30)', async () => {
    const [ann, bob] = await stage.people('ann', 'bob');
    const groupId = stage.unique('g');
    for (const each of [ann, bob]) {
      includes(await each.ask('joinGroup', { groupId }), { success: true, roomId: `group_${groupId}` });
    }
    await ann.ask('sendGroupMsg', { groupId, msg: 'all of you' });
    for (const each of [ann, bob]) {
      includes(await each.next('groupMessage'), { groupId, fromUserId: ann.user, msg: 'all of you' });
    }
  });
});

suite('direct chat, too fast', (stage) => {
  it('the message beyond the limit is refused with the time when the next may come (S3.55)', async () => {
    const [ann, bob] = await stage.people('ann', 'bob');
    await ann.ask('joinChat', { toUserId: bob.user });
    await ann.ask('sendMsg', { toUserId: bob.user, msg: 'one' });
    await ann.ask('sendMsg', { toUserId: bob.user, msg: 'two' });
    const ack = await ann.ask('sendMsg', { toUserId: bob.user, msg: 'three' });
    includes(ack, { success: false, code: 'RATE_LIMITED' });
    const told = await ann.next('rateLimitExceeded');
    assert.equal(told.resetTime, ack.resetTime);
    assert.equal(typeof told.message, 'string');
  });
}, { 'limits.direct_chat_messages_per_minute': 2 });
