// Messages in a room: what everybody hears, what the sender is told, what is refused.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { ISO_TIME, includes, refused } from '../harness/expect.js';
import { capitalised } from '../harness/server.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';

suiteInEveryMode('messages', (stage) => {
  it('everybody in the room hears a message, the sender too', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const ack = await alice.post(roomId, 'hello');
    assert.match(ack.messageId, /^msg_/);
    assert.match(ack.createdAt, ISO_TIME);
    const expected = {
      id: ack.messageId,
      content: 'hello',
      userId: alice.user,
      roomId,
      createdAt: ack.createdAt,
      user: { id: alice.user, name: capitalised(alice.user), image: null },
      attachments: [],
      seq: ack.seq,
    };
    assert.deepEqual(await bob.next('message:new'), expected);
    assert.deepEqual(await alice.next('message:new'), expected);
  });

  it('the picture of the token travels with the message', async () => {
    const user = stage.unique('alice');
    const alice = await stage.signIn(user, { claims: { picture: 'https://example.org/alice.png' } });
    const roomId = stage.room();
    await alice.join(roomId);
    await alice.post(roomId, 'look');
    includes((await alice.next('message:new')).user, { image: 'https://example.org/alice.png' });
  });

  it('a member is heard under the name of the token, whatever the payload says', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    await alice.post(roomId, 'it is me', { userId: bob.user, userName: 'Bob', senderId: bob.user });
    includes(await bob.next('message:new'), { userId: alice.user });
  });

  it('the client reference comes back to the sending socket only', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const phone = await stage.signIn(alice.user);
    await phone.join(roomId);
    const ack = await alice.post(roomId, 'hello', { clientId: 'temp-1' });
    includes(ack, { clientId: 'temp-1' });
    includes(await alice.next('message:new'), { clientId: 'temp-1' });
    for (const other of [bob, phone]) {
      assert.ok(!('clientId' in (await other.next('message:new'))));
    }
  });

  it('a repeated send with the same reference is one message', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const first = await alice.post(roomId, 'once', { clientId: 'temp-2' });
    const again = await alice.post(roomId, 'once', { clientId: 'temp-2' });
    includes(again, { messageId: first.messageId, seq: first.seq, createdAt: first.createdAt });
    await bob.settled(roomId, alice);
    assert.equal(bob.heard('message:new', (message) => message.content === 'once').length, 1);
  });

  it('the same reference of two users makes two messages', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const one = await alice.post(roomId, 'mine', { clientId: 'temp-3' });
    const other = await bob.post(roomId, 'mine too', { clientId: 'temp-3' });
    assert.notEqual(one.messageId, other.messageId);
  });

  it('all members hear messages sent at once in one order, without holes', async () => {
    const { people, roomId } = await stage.peopleInRoom('alice', 'bob', 'carol');
    const sends = people.flatMap((person) => Array.from(
      { length: 20 },
      (_, index) => person.post(roomId, `${person.user} ${index}`),
    ));
    await Promise.all(sends);
    const logs = await Promise.all(people.map(async (person) => {
      const log = [];
      while (log.length < sends.length) {
        log.push(await person.next('message:new'));
      }
      return log;
    }));
    const seqs = logs[0].map((message) => message.seq);
    assert.deepEqual(seqs, seqs.map((_, index) => seqs[0] + index));
    for (const log of logs.slice(1)) {
      assert.deepEqual(log.map((message) => message.id), logs[0].map((message) => message.id));
    }
    for (const person of people) {
      const own = logs[0].filter((message) => message.userId === person.user).map((message) => message.content);
      assert.deepEqual(own, own.map((_, index) => `${person.user} ${index}`));
    }
  });

  it('attachments travel, and with them the text may be empty', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const attachments = [{ url: 'https://example.org/a.pdf', name: 'a.pdf', size: 1234, mimeType: 'application/pdf' }];
    await alice.post(roomId, '', { attachments });
    const message = await bob.next('message:new');
    includes(message, { content: '', attachments });
  });

  it('tags are taken out and nothing is escaped', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    for (const [sent, heard] of [
      ['1 < 2 & 3', '1 < 2 & 3'],
      ['<b>bold</b> & "quoted"', 'bold & "quoted"'],
      ['a<script>alert(1)</script>b', 'ab'],
      ['<scr<b>ipt>x', 'ipt>x'],
    ]) {
      await alice.post(roomId, sent);
      const { content } = await bob.next('message:new');
      if (sent === '<scr<b>ipt>x') {
        assert.doesNotMatch(content, /<[a-z/!?]/i);
      } else {
        assert.equal(content, heard);
      }
    }
  });

  it('who is not a member may not post', async () => {
    const { roomId } = await stage.peopleInRoom('alice');
    const [mallory] = await stage.people('mallory');
    const ack = await mallory.ask('message:send', { roomId, content: 'let me in' });
    await refused(mallory, ack, {
      event: 'message:send',
      code: 'NOT_IN_ROOM',
      message: 'You are not in this room',
    });
  });

  for (const [what, payload, field] of [
    ['without a room', { content: 'x' }, 'roomId'],
    ['without content', {}, 'content'],
    ['with a number as content', { content: 5 }, 'content'],
    ['that is empty', { content: '' }, 'content'],
    ['of white space', { content: ' \n\t ' }, 'content'],
    ['of tags alone', { content: '<b></b>' }, 'content'],
    ['of 1001 characters', { content: 'x'.repeat(1001) }, 'content'],
    ['with attachments that are no list', { content: 'x', attachments: 'file' }, 'attachments'],
    ['with an attachment that is no object', { content: 'x', attachments: ['file'] }, 'attachments'],
    ['with a reference of 65 characters', { content: 'x', clientId: 'c'.repeat(65) }, 'clientId'],
  ]) {
    it(`a message ${what} is refused`, async () => {
      const { people: [alice], roomId } = await stage.peopleInRoom('alice');
      const ack = await alice.ask('message:send', { ...(field === 'roomId' ? {} : { roomId }), ...payload });
      await refused(alice, ack, { event: 'message:send', code: 'INVALID_PAYLOAD' });
      assert.match(ack.error, new RegExp(`^Invalid payload: ${field}`));
    });
  }

  it('a message of 1000 characters, counted as JavaScript counts, is accepted', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const content = '\u{1F600}'.repeat(500);
    await alice.post(roomId, content);
    includes(await bob.next('message:new'), { content });
  });

  it('too many attachments, or too much of them, are refused', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const many = Array.from({ length: 11 }, (_, index) => ({ name: `${index}` }));
    const large = [{ data: 'x'.repeat(257 * 1024) }];
    for (const attachments of [many, large]) {
      const ack = await alice.ask('message:send', { roomId, content: 'x', attachments });
      await refused(alice, ack, { event: 'message:send', code: 'TOO_LARGE', message: 'Payload too large' });
    }
  });

  it('a refusal without an acknowledgement comes as an error event', async () => {
    const [alice] = await stage.people('alice');
    alice.tell('message:send', { roomId: stage.room(), content: 'x' });
    includes(await alice.next('error'), {
      message: 'You are not in this room',
      code: 'NOT_IN_ROOM',
      event: 'message:send',
    });
  });

  it('a bad message harms neither the socket nor the next message', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    alice.tell('message:send', null);
    alice.tell('message:send', 'text');
    alice.tell('message:send', [1, 2]);
    await alice.post(roomId, 'still here');
    includes(await bob.next('message:new'), { content: 'still here' });
  });
});

suite('the message rate', (stage) => {
  it('is a limit of the user over all sockets, and says when it ends', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const phone = await stage.signIn(alice.user);
    await phone.join(roomId);
    await alice.post(roomId, 'one');
    await phone.post(roomId, 'two');
    await alice.post(roomId, 'three');
    const ack = await phone.ask('message:send', { roomId, content: 'four' });
    await refused(phone, ack, {
      event: 'message:send',
      code: 'RATE_LIMITED',
      message: 'Too many messages. Please slow down.',
    });
    assert.ok(ack.resetTime > Date.now() && ack.resetTime <= Date.now() + 60_000, `${ack.resetTime}`);
  });

  it('does not touch anybody else', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    for (const content of ['one', 'two', 'three']) {
      await alice.post(roomId, content);
    }
    includes(await alice.ask('message:send', { roomId, content: 'four' }), { success: false });
    await bob.post(roomId, 'mine');
  });
}, { 'limits.messages_per_minute': 3 });
