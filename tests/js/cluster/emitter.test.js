// Backends that use @socket.io/redis-emitter, unchanged, against gateways that share a Redis.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';

import { Emitter } from '@socket.io/redis-emitter';
import { createClient } from 'redis';

import { SHARED } from '../harness/server.js';
import { suite } from '../harness/stage.js';
import { until } from '../harness/wait.js';

const KEY = `emitted-${process.pid}`;

suite(
  'the Socket.IO Redis emitter',
  (stage) => {
    let client;
    let emitter;

    before(async () => {
      client = createClient({ url: SHARED.store });
      await client.connect();
      emitter = new Emitter(client, { key: KEY });
      const listening = () => stage.server.log().split('listens to what is published').length - 1;
      await until('every gateway listens', () => listening() >= stage.server.gateways.length);
    });
    after(() => client?.destroy());

    /** Alice at one gateway, Bob at the other, both in a room. */
    const apart = async () => {
      const [one, two] = stage.server.gateways;
      const room = stage.room();
      const alice = await stage.signInAt(one, stage.unique('alice'));
      const bob = await stage.signInAt(two, stage.unique('bob'));
      await alice.join(room);
      await bob.join(room);
      return { alice, bob, room };
    };

    it('reaches a room on every gateway, each socket once and in order', async () => {
      const { alice, bob, room } = await apart();
      const other = stage.room();
      await alice.join(other);
      for (let number = 0; number < 50; number += 1) {
        emitter.to(room).to(other).emit('order.shipped', { number, text: 'é', list: [1.5, null, true] }, 'more');
      }
      for (const person of [alice, bob]) {
        await person.next('order.shipped', (order) => order.number === 49);
        assert.deepEqual(
          person.heard('order.shipped').map((order) => order.number),
          [...Array(50).keys()],
        );
      }
      assert.deepEqual(bob.heard('order.shipped')[7], { number: 7, text: 'é', list: [1.5, null, true] });
    });

    it('reaches one room, all devices of a user, one socket, and everyone', async () => {
      const { alice, bob, room } = await apart();
      const phone = await stage.signInAt(stage.server.gateways[1], alice.user);
      emitter.to(room).emit('one', 1);
      emitter.to(`user:${alice.user}`).emit('two', 2);
      emitter.to(bob.socket.id).emit('three', 3);
      emitter.emit('four', 4);
      assert.equal(await bob.next('one'), 1);
      assert.deepEqual([await alice.next('two'), await phone.next('two')], [2, 2]);
      assert.equal(await bob.next('three'), 3);
      for (const person of [alice, bob, phone]) {
        assert.equal(await person.next('four'), 4);
      }
      assert.deepEqual(bob.heard('two'), []);
      assert.deepEqual(phone.heard('three'), []);
    });

    it('does not reach those who are excepted', async () => {
      const { alice, bob, room } = await apart();
      emitter.to(room).except(`user:${bob.user}`).emit('news', 1);
      emitter.to(room).emit('fence', 2);
      await bob.next('fence');
      assert.equal(await alice.next('news'), 1);
      assert.deepEqual(bob.heard('news'), []);
    });

    it('disconnects sockets', async () => {
      const { alice, bob } = await apart();
      emitter.in(`user:${alice.user}`).disconnectSockets(true);
      assert.equal(await alice.next('disconnect'), 'io server disconnect');
      assert.ok(bob.socket.connected);
    });

    for (const [what, ask, reason] of [
      ['another namespace', () => emitter.of('/chat').emit('news'), 'namespace'],
      ['a name of the server', () => emitter.emit('message:new', {}), 'name'],
      ['binary data', () => emitter.emit('news', Buffer.from('x')), 'binary'],
      ['rooms for sockets', () => emitter.socketsJoin('a'), 'request'],
      ['what is no message', () => client.publish(`${KEY}#/#`, 'x'), 'unreadable'],
    ]) {
      it(`asks in vain for ${what}, which every gateway counts`, async () => {
        const counted = () => stage.server.metric('heliograph_gateway_emitted_total', `case="${reason}"`);
        const before = await counted();
        await ask();
        await until('it is counted', async () => (await counted()) === before + stage.server.gateways.length);
      });
    }
  },
  { 'emitter.enabled': true, 'emitter.key': KEY },
);
