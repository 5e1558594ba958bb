// What only a cluster can show: clients on different gateways, and gateways that die.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import { Mesh } from '../harness/mesh.js';
import { startServer } from '../harness/server.js';
import { Slowness } from '../harness/slowness.js';
import { MODES, Synapse } from '../harness/synapse.js';
import { until } from '../harness/wait.js';

/** The lease of a node in seconds: the shortest that etcd grants. */
const LEASE_S = 2;

const RETURNS = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 };

/** Lets a stock client reconnect to another gateway than the one that it knows. */
function moveTo(client, gateway) {
  client.socket.io.uri = gateway.url;
}

function contents(client, roomId) {
  return client.heard('message:new', (message) => message.roomId === roomId).map((message) => message.content);
}

describe('two gateways', { timeout: 300_000 }, () => {
  let server;
  let clients = [];
  let count = 0;

  before(async () => {
    server = await startServer({ 'presence.loss_grace': '2s', 'etcd.lease': `${LEASE_S}s` });
  });
  after(() => server?.stop());
  afterEach(() => {
    clients.forEach((client) => client.close());
    clients = [];
  });

  const unique = (stem) => {
    count += 1;
    return `${stem}-${count}`;
  };
  const keep = (client) => {
    clients.push(client);
    return client;
  };
  const signIn = async (gateway, name, options = { transports: ['websocket'] }) => (
    keep(await Synapse.signIn(gateway, unique(name), options))
  );

  it('are one server: everybody hears everything in one order', async () => {
    const [one, two] = server.gateways;
    const people = [await signIn(one, 'alice'), await signIn(two, 'bob'), await signIn(two, 'carol')];
    const roomId = unique('room');
    for (const person of people) {
      await person.join(roomId);
    }
    await Promise.all(people.flatMap((person, who) => (
      Array.from({ length: 20 }, (_, number) => person.post(roomId, `${who}-${number}`))
    )));
    await until('everybody has heard everything', () => people.every((person) => contents(person, roomId).length === 60));
    const [first, ...others] = people.map((person) => contents(person, roomId));
    for (const other of others) {
      assert.deepEqual(other, first);
    }
    assert.equal(new Set(first).size, 60);
  });

  it('a mesh peer and a synapse user on different gateways hear each other', async () => {
    const [one, two] = server.gateways;
    const alice = await signIn(one, 'alice');
    const roomId = unique('room');
    await alice.join(roomId);
    const bob = keep(await Mesh.enter(two, roomId, unique('bob')));
    await alice.post(roomId, 'hello');
    await bob.next('chat', (chat) => chat.text === 'hello');
    await bob.ask({ type: 'chat', text: 'hello yourself' });
    await alice.next('message:new', (message) => message.content === 'hello yourself');
  });

  it('a room in which nobody speaks costs nothing', async (test) => {
    const [one, two] = server.gateways;
    const [alice, bob] = [await signIn(one, 'alice'), await signIn(two, 'bob')];
    for (const roomId of Array.from({ length: 40 }, () => unique('quiet'))) {
      await alice.join(roomId);
      await bob.join(roomId);
    }
    const spent = async () => ({
      commands: await server.metric('heliograph_rooms_commands_total') + await server.metric('heliograph_presence_commands_total'),
      items: await server.metric('heliograph_rooms_outward_items_total') + await server.metric('heliograph_presence_outward_items_total'),
      parcels: await server.metric('heliograph_rooms_outward_parcels_total') + await server.metric('heliograph_presence_outward_parcels_total'),
    });
    // What the joins have brought about is over when nothing more comes.
    let before = await spent();
    await until('everything is quiet', async () => {
      const now = await spent();
      const quiet = now.items === before.items && now.commands === before.commands;
      before = quiet ? before : now;
      return quiet;
    });
    const began = Date.now();
    await until('each service has said several times how much it has sent', async () => (await spent()).parcels >= before.parcels + 24);
    const [after, seconds] = [await spent(), (Date.now() - began) / 1_000];
    test.diagnostic(`${after.parcels - before.parcels} parcels in ${seconds} s`);
    assert.deepEqual([after.commands, after.items], [before.commands, before.items]);
    // Each of four services to each of two gateways, once a second.
    assert.ok(after.parcels - before.parcels <= 8 * (seconds + 2), `${after.parcels - before.parcels} parcels in ${seconds} s`);
  });

  for (const { mode, options } of MODES) {
    it(`a client whose gateway is killed is recovered by another one, ${mode}`, async () => {
      const [one, two] = server.gateways;
      const roomId = unique('room');
      const alice = await signIn(two, 'alice');
      await alice.join(roomId);
      const bob = await signIn(one, 'bob', { ...options, ...RETURNS });
      await bob.join(roomId);
      await alice.post(roomId, 'before');
      await bob.next('message:new', (message) => message.content === 'before');
      const { id } = bob.socket;
      moveTo(bob, two);
      one.kill();
      await bob.next('disconnect');
      await Promise.all(['one', 'two', 'three'].map((content) => alice.post(roomId, content)));
      await until('bob is back', () => bob.socket.connected);
      assert.equal(bob.socket.recovered, true);
      assert.equal(bob.socket.id, id);
      await bob.settled(roomId, alice);
      assert.deepEqual(contents(bob, roomId).slice(0, 4), ['before', 'one', 'two', 'three']);
      await bob.post(roomId, 'thanks');
      await alice.next('message:new', (message) => message.content === 'thanks');
      // For the next test.
      await server.stop();
      await server.start();
    });
  }

  it('the users of a killed gateway are seen as gone within the lease and a second', async (test) => {
    const [one, two] = server.gateways;
    const roomId = unique('room');
    const alice = await signIn(two, 'alice');
    await alice.join(roomId);
    const bob = await signIn(one, 'bob');
    await bob.join(roomId);
    await alice.next('user:joined-room', (event) => event.userId === bob.user);
    const slowness = new Slowness(() => alice.post(roomId, 'still here'));
    one.kill();
    const killed = Date.now();
    await alice.next('user:left-room', (event) => event.userId === bob.user, 20_000);
    const after = Date.now() - killed;
    const slow = await slowness.stop();
    // Somebody has to notice, three others are told one after the other: presence, the room, the gateway.
    const bound = (LEASE_S + 1) * 1_000 + 4 * slow;
    test.diagnostic(`seen as gone after ${after} ms; the bound is ${bound} ms, the slowest answer took ${slow} ms`);
    assert.ok(after < bound, `seen as gone after ${after} ms and not ${bound}`);
  });
});
