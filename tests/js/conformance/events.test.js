// The contract of the conformance example, met by the stock JavaScript client.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import { Client, startConformance } from '../harness/conformance.js';
import { MODES } from '../harness/synapse.js';

// A stock client shows the offset of recovery as one more argument, so what the arguments are is seen without it.
const PROFILE = ['--profile', 'clients', '--recovery', 'off'];

for (const { mode, options } of MODES) {
  describe(`the contract, ${mode}`, () => {
    let server;
    let clients = [];

    before(async () => {
      server = await startConformance(...PROFILE);
    });
    after(() => server?.stop());
    afterEach(() => {
      clients.forEach((client) => client.socket.disconnect());
      clients = [];
    });

    async function connected(more = {}) {
      const client = new Client(server, { ...options, ...more });
      clients.push(client);
      await client.next('connect');
      return client;
    }

    it('the payload of CONNECT comes back', async () => {
      const client = await connected({ auth: { token: '123', nested: [1, null] } });
      assert.deepEqual(await client.next('auth'), [{ token: '123', nested: [1, null] }]);
    });

    it('arguments of every kind come back as they were', async () => {
      const client = await connected();
      const args = [1, '2', true, null, { deep: [{ er: 'ä\u{1F600}\u2028' }] }, [], 0.5, -1e21];
      client.socket.emit('message', ...args);
      assert.deepEqual(await client.next('message-back'), args);
    });

    it('binary in any position comes back, and in acknowledgements too', async () => {
      const client = await connected();
      const args = [Buffer.from([1, 2, 3]), { inside: [Buffer.from([]), Buffer.alloc(70_000, 7)] }, 'text'];
      client.socket.emit('message', ...args);
      assert.deepEqual(await client.next('message-back'), args);
      assert.deepEqual(await client.ask('message-with-ack', ...args), args);
    });

    it('a packet right behind CONNECT is not lost', async () => {
      const client = new Client(server, options);
      clients.push(client);
      // The stock client writes what was buffered in the same turn in which it learns that it is connected.
      client.socket.emit('message', 'early');
      assert.deepEqual(await client.next('message-back'), ['early']);
    });

    it('a thousand events come back in order', async () => {
      const client = await connected();
      for (let index = 0; index < 1000; index += 1) {
        client.socket.emit('message', index);
      }
      for (let index = 0; index < 1000; index += 1) {
        assert.deepEqual(await client.next('message-back'), [index]);
      }
    });

    it('several namespaces share a connection, and one can be left', async () => {
      const client = await connected();
      const custom = new Client(server, { manager: client.socket.io, namespace: '/custom', auth: { a: 1 } });
      assert.deepEqual(await custom.next('auth'), [{ a: 1 }]);
      custom.socket.disconnect();
      assert.deepEqual(await client.ask('message-with-ack', 1), [1]);
    });

    it('an unknown namespace is refused and the connection stays', async () => {
      const client = await connected();
      const other = new Client(server, { manager: client.socket.io, namespace: '/other' });
      assert.equal((await other.next('connect_error'))[0].message, 'Invalid namespace');
      assert.deepEqual(await client.ask('message-with-ack', 1), [1]);
      other.socket.disconnect();
    });

    it('a guarded namespace lets in who knows the word', async () => {
      const client = await connected();
      const manager = client.socket.io;
      const stranger = new Client(server, { manager, namespace: '/x-guarded' });
      const [error] = await stranger.next('connect_error');
      assert.deepEqual([error.message, error.data], ['not authorized', { code: 401 }]);
      const friend = await connected({ namespace: '/x-guarded', auth: { token: 'letmein' } });
      assert.deepEqual(await friend.next('auth'), [{ token: 'letmein' }]);
    });

    it('a broadcast reaches everybody once, the sender too', async () => {
      const [one, other] = [await connected(), await connected()];
      one.socket.emit('x-broadcast', 'a', { b: 1 }, Buffer.from([9]));
      for (const client of [one, other]) {
        assert.deepEqual(await client.next('x-broadcast'), ['a', { b: 1 }, Buffer.from([9])]);
      }
    });

    it('an event to a room reaches its members except the sender', async () => {
      const [one, other, outside] = [await connected(), await connected(), await connected()];
      assert.deepEqual(await one.ask('x-join', 'room'), [true]);
      assert.deepEqual(await other.ask('x-join', 'room'), [true]);
      one.socket.emit('x-to', 'room', 'hello');
      assert.deepEqual(await other.next('x-to'), ['room', 'hello']);
      await other.ask('x-leave', 'room');
      one.socket.emit('x-to', 'room', 'nobody hears this');
      one.socket.emit('x-broadcast', 'fence');
      await Promise.all([one, other, outside].map((client) => client.next('x-broadcast')));
      assert.equal(one.heard('x-to').length + outside.heard('x-to').length, 0);
      assert.equal(other.heard('x-to').length, 1);
    });

    it('the server can ask, and learns when there is no answer', async () => {
      const client = await connected();
      client.socket.on('x-question', (...args) => {
        const answer = args.pop();
        if (args[0] === 'answer me') {
          answer(Buffer.from([4, 2]));
        }
      });
      assert.deepEqual(await client.ask('x-ask', 'answer me'), ['ok', Buffer.from([4, 2])]);
      assert.deepEqual(await client.ask('x-ask', 'ignore me'), ['timeout', null]);
    });

    it('the server can close a namespace, a client, or the connection alone', async () => {
      const kicked = await connected();
      kicked.socket.emit('x-kick', false);
      assert.deepEqual(await kicked.next('disconnect'), ['io server disconnect']);
      const closed = await connected();
      closed.socket.emit('x-kick', true);
      assert.deepEqual(await closed.next('disconnect'), ['io server disconnect']);
      const dropped = await connected();
      dropped.socket.emit('x-drop');
      assert.match((await dropped.next('disconnect'))[0], /^transport (close|error)$/);
    });

    it('a message of almost the largest size goes both ways', async () => {
      const client = await connected();
      const text = 'x'.repeat(990_000);
      assert.deepEqual(await client.ask('message-with-ack', text), [text]);
    });
  });
}
