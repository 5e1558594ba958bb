// The conformance example as a cluster: sockets on different nodes, and nodes that die.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Client, startConformance, startConformanceOver } from '../harness/conformance.js';
import { SHARED } from '../harness/server.js';
import { MODES, lose } from '../harness/synapse.js';
import { startValve } from '../harness/valve.js';
import { until } from '../harness/wait.js';

const RETURNS = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 };

for (const { mode, options } of MODES) {
  describe(`the contract on several nodes, ${mode}`, { timeout: 120_000 }, () => {
    let server;

    before(async () => {
      server = await startConformance('--profile', 'clients');
    });
    after(() => server?.stop());

    /** A client of each node, all in one room, and each with an offset. */
    async function everywhere(room) {
      const clients = server.nodes.map((node) => new Client(node, { ...options, ...RETURNS }));
      await Promise.all(clients.map((client) => client.next('auth')));
      await Promise.all(clients.map((client) => client.ask('x-join', room)));
      return clients;
    }

    function numbers(client) {
      return client.heard('x-to').map(([, number]) => number);
    }

    it('rooms and broadcasts reach every node, once and in one order', async () => {
      const clients = await everywhere('everyone');
      for (let number = 0; number < 30; number += 1) {
        clients[number % clients.length].socket.emit('x-broadcast', number);
      }
      const orders = await Promise.all(clients.map(async (client) => {
        await until('all was heard', () => client.heard('x-broadcast').length === 30);
        return client.heard('x-broadcast').map(([number]) => number);
      }));
      assert.deepEqual(orders[1], orders[0]);
      assert.deepEqual(orders[2], orders[0]);
      clients[0].socket.emit('x-to', 'everyone', 'hello');
      assert.equal((await clients[1].next('x-to'))[1], 'hello');
      assert.equal((await clients[2].next('x-to'))[1], 'hello');
      assert.deepEqual(clients[0].heard('x-to'), []);
      clients.forEach((client) => client.socket.disconnect());
    });

    it('a client goes to another node and is recovered', async () => {
      const [one, other, third] = await everywhere('wandering');
      const { id } = one.socket;
      one.socket.io.uri = server.nodes[1].url;
      lose(one.socket);
      await one.next('disconnect');
      for (let number = 0; number < 5; number += 1) {
        other.socket.emit('x-to', 'wandering', number);
      }
      await until('they were heard elsewhere', () => numbers(third).length === 5);
      await one.next('connect');
      await one.next('connect');
      await until('they were heard', () => numbers(one).length >= 5);
      assert.deepEqual([one.socket.recovered, one.socket.id], [true, id]);
      assert.deepEqual(one.heard('x-to'), third.heard('x-to'));
      [one, other, third].forEach((client) => client.socket.disconnect());
    });

    it('a client is recovered although its node was killed', async () => {
      const [one, other, third] = await everywhere('surviving');
      const { id } = one.socket;
      one.socket.io.uri = server.nodes[2].url;
      // Half of it before and half of it after, some of it perhaps in between.
      for (let number = 0; number < 10; number += 1) {
        other.socket.emit('x-to', 'surviving', number);
      }
      await server.nodes[0].kill();
      for (let number = 10; number < 20; number += 1) {
        other.socket.emit('x-to', 'surviving', number);
      }
      await one.next('connect');
      await one.next('connect');
      await until('all was heard', () => numbers(one).length >= 20 && numbers(third).length >= 20);
      assert.deepEqual([one.socket.recovered, one.socket.id], [true, id]);
      assert.deepEqual(numbers(one), Array.from({ length: 20 }, (_, number) => number));
      assert.deepEqual(one.heard('x-to'), third.heard('x-to'));
      [one, other, third].forEach((client) => client.socket.disconnect());
    });
  });
}

describe('the contract over a store that takes its time', { timeout: 120_000 }, () => {
  const EVENTS = 12;
  let server;
  let valve;

  before(async () => {
    valve = await startValve(SHARED.store);
    server = await startConformanceOver({ ...SHARED, store: valve.url }, '--profile', 'clients');
  });
  after(async () => {
    await server?.stop();
    valve?.stop();
  });

  it('heartbeats go on while events wait for it, and then each is answered in its turn', async () => {
    const client = new Client(server.nodes[0], { transports: ['websocket'] });
    await client.next('auth');
    const other = new Client(server.nodes[0], { transports: ['websocket'] });
    await other.next('auth');
    const pings = [];
    client.socket.io.on('ping', () => pings.push(Date.now()));
    valve.set('closed');
    const answers = [];
    for (let number = 0; number < EVENTS; number += 1) {
      client.socket.emit('x-join', `room-${number}`, () => answers.push(number));
    }
    // What needs no store is answered meanwhile.
    await new Promise((resolve) => {
      other.socket.emit('message-with-ack', 1, resolve);
    });
    assert.deepEqual(answers, [], 'nothing has waited for the store');
    await until('three heartbeats have passed', () => pings.length >= 3);
    valve.set('open');
    await until('all are answered', () => answers.length === EVENTS);
    assert.deepEqual(answers, Array.from({ length: EVENTS }, (_, number) => number));
    assert.deepEqual(client.heard('disconnect'), []);
    client.socket.disconnect();
    other.socket.disconnect();
  });
});
