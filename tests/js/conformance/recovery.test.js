// Connection state recovery, met by the stock JavaScript client.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Client, startConformance } from '../harness/conformance.js';
import { MODES, lose } from '../harness/synapse.js';

for (const { mode, options } of MODES) {
  describe(`recovery, ${mode}`, () => {
    let server;

    before(async () => {
      server = await startConformance('--profile', 'clients');
    });
    after(() => server?.stop());

    async function pair() {
      const one = new Client(server, { ...options, reconnection: true, reconnectionDelay: 300 });
      const other = new Client(server, options);
      await Promise.all([one.next('connect'), other.next('connect')]);
      await Promise.all([one.ask('x-join', 'room'), other.ask('x-join', 'room')]);
      // A client has an offset to come back with from the first event on.
      other.socket.emit('x-to', 'room', 'before');
      await one.next('x-to');
      return { one, other };
    }

    it('what was missed comes once and in order, with the same id and the same rooms', async () => {
      const { one, other } = await pair();
      const { id } = one.socket;
      lose(one.socket);
      await one.next('disconnect');
      other.socket.emit('x-to', 'room', 'first');
      other.socket.emit('x-broadcast', 'second');
      other.socket.emit('x-to', 'room', 'third', Buffer.from([1]));
      await other.next('x-broadcast');
      await one.next('connect');
      assert.equal(one.socket.recovered, true);
      assert.equal(one.socket.id, id);
      assert.deepEqual((await one.next('x-to')).slice(0, 2), ['room', 'first']);
      assert.deepEqual((await one.next('x-broadcast')).slice(0, 1), ['second']);
      assert.deepEqual((await one.next('x-to')).slice(0, 3), ['room', 'third', Buffer.from([1])]);
      other.socket.emit('x-to', 'room', 'after');
      assert.deepEqual((await one.next('x-to')).slice(0, 2), ['room', 'after']);
      assert.equal(one.heard('x-to').length, 4);
      one.socket.disconnect();
      other.socket.disconnect();
    });

    it('a connection that the server dropped can be recovered', async () => {
      const { one, other } = await pair();
      one.socket.emit('x-drop');
      await one.next('disconnect');
      await one.next('connect');
      assert.equal(one.socket.recovered, true);
      one.socket.disconnect();
      other.socket.disconnect();
    });

    it('who left on purpose starts afresh', async () => {
      const { one, other } = await pair();
      const { id } = one.socket;
      one.socket.disconnect();
      one.socket.connect();
      await one.next('connect');
      assert.equal(one.socket.recovered, false);
      assert.notEqual(one.socket.id, id);
      one.socket.disconnect();
      other.socket.disconnect();
    });
  });
}
