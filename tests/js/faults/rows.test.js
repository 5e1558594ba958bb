// What fails, one thing at a time, and what users see of it: a test for each row of the table of failures in
// docs/architecture.md. Bounds are those of the table with room for a machine that has much else to do.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import WebSocket from 'ws';

import { includes } from '../harness/expect.js';
import { Mesh } from '../harness/mesh.js';
import { Synapse } from '../harness/synapse.js';
import { until } from '../harness/wait.js';
import { LEASE_S, Site } from './site.js';

/** Within what the work of a dead process is done by another: the lease, a second, and what a loaded machine adds. */
const TAKEN_OVER_MS = (LEASE_S + 1) * 1_000 + 7_000;

/** Within what everything goes on when a server is back: two seconds, and what a loaded machine adds. */
const RESUMED_MS = 12_000;

/** Within what a command that cannot be carried out is refused: its deadline, and what a loaded machine adds. */
const REFUSED_MS = 12_000;

/** Enough rooms for every room-router to have some. */
const ROOMS = 12;

const WEBSOCKET = { transports: ['websocket'] };
const RETURNS = { ...WEBSOCKET, reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 500 };

describe('what fails', { timeout: 600_000 }, () => {
  let site;
  let clients = [];
  let count = 0;

  before(async () => {
    site = await Site.open('rows');
  });
  after(() => site?.close());
  afterEach(async () => {
    clients.forEach((client) => client.close());
    clients = [];
    await site.heal();
  });

  const unique = (stem) => {
    count += 1;
    return `${stem}-${count}`;
  };
  const keep = (client) => {
    clients.push(client);
    return client;
  };
  const signIn = async (gateway, name, options = WEBSOCKET) => (
    keep(await Synapse.signIn(site.gateway(gateway), unique(name), options))
  );
  /** People on both gateways, in the same rooms. */
  const peopleInRooms = async (number) => {
    const people = [await signIn(0, 'alice', RETURNS), await signIn(1, 'bob', RETURNS)];
    const rooms = Array.from({ length: number }, () => unique('room'));
    for (const room of rooms) {
      for (const person of people) {
        await person.join(room);
      }
    }
    return { people, rooms };
  };
  const contents = (person, room) => (
    person.heard('message:new', ({ roomId }) => roomId === room).map(({ content }) => content)
  );
  const hear = (person, room, expected) => until(
    `${person.user} hears ${expected} in ${room}`,
    () => contents(person, room).length >= expected.length,
    TAKEN_OVER_MS,
  ).then(() => assert.deepEqual(contents(person, room), expected));
  /** Posts until it is acknowledged, as a client does that sends again under the same reference. */
  const postAtLast = (person, roomId, content, patience) => until(`"${content}" is acknowledged`, async () => {
    const ack = await ask(person, 'message:send', { roomId, content, clientId: content }, patience);
    return ack.success;
  }, patience);
  const ask = (person, event, payload, patience) => (
    person.socket.timeout(patience).emitWithAck(event, payload)
  );

  it('a gateway: who returns is recovered, who does not is gone', async () => {
    const alice = await signIn(1, 'alice');
    const bob = await signIn(0, 'bob', RETURNS);
    const carol = await signIn(0, 'carol');
    const room = unique('room');
    for (const person of [alice, bob, carol]) {
      await person.join(room);
    }
    await alice.post(room, 'before');
    await bob.next('message:new', ({ content }) => content === 'before');
    bob.socket.once('disconnect', () => { bob.socket.io.uri = site.gateways[1]; });
    await site.order('kill gateway-0');
    await alice.post(room, 'meanwhile');
    await until('bob is back', () => bob.heard('connect').length === 2, TAKEN_OVER_MS);
    assert.equal(bob.socket.recovered, true);
    await alice.next('user:offline', ({ userId }) => userId === carol.user, TAKEN_OVER_MS);
    await alice.post(room, 'after');
    await hear(bob, room, ['before', 'meanwhile', 'after']);
    assert.deepEqual(alice.heard('user:offline', ({ userId }) => userId === bob.user), []);
    await site.order('restart gateway-0');
  });

  it('a room-router: a pause in its partitions, then everything in order', async () => {
    const { people, rooms } = await peopleInRooms(ROOMS);
    const [alice] = people;
    for (const router of ['room-router-0', 'room-router-1']) {
      await site.order(`kill ${router}`);
      await Promise.all(rooms.flatMap((roomId) => ['one', 'two'].map(async (word) => {
        const content = `${word} without ${router}`;
        includes(await ask(alice, 'message:send', { roomId, content }, TAKEN_OVER_MS), { success: true });
      })));
      await site.order(`restart ${router}`);
    }
    const expected = ['room-router-0', 'room-router-1'].flatMap((router) => [`one without ${router}`, `two without ${router}`]);
    await Promise.all(people.flatMap((person) => rooms.map((room) => hear(person, room, expected))));
    assert.ok(people.every((person) => person.heard('disconnect').length === 0));
  });

  it('a room-router that has stored and not told: it is heard in quiet rooms', async () => {
    const alice = await signIn(0, 'alice');
    const bob = await signIn(1, 'bob');
    const rooms = Array.from({ length: ROOMS }, () => unique('quiet'));
    for (const room of rooms) {
      await alice.join(room);
      await bob.join(room);
    }
    // It hears commands and is not heard.
    await site.order('link room-router-0 bus mute');
    rooms.forEach((roomId) => alice.tell('message:send', { roomId, content: 'stored' }));
    await until('everything is stored', async () => {
      const logs = await Promise.all(rooms.map((room) => site.log(room, bob.user)));
      return logs.every((log) => log.length === 1);
    });
    // Nor does anybody send again: who has posted dies as well.
    await site.order('kill gateway-0');
    await site.order('kill room-router-0');
    const silent = rooms.filter((room) => contents(bob, room).length === 0);
    assert.ok(silent.length > 0, 'no room was the business of the router that was not heard');
    // What waits on its way is lost with the connection.
    await site.order('link room-router-0 bus cut');
    await Promise.all(rooms.map((room) => hear(bob, room, ['stored'])));
    await site.order('link room-router-0 bus sound');
    await site.order('restart room-router-0');
    await site.order('restart gateway-0');
  });

  it('a presence service: presence changes late', async () => {
    for (const service of ['presence-0', 'presence-1']) {
      const { people: [alice, bob], rooms: [room] } = await peopleInRooms(1);
      await site.order(`kill ${service}`);
      const others = await Promise.all(Array.from({ length: 6 }, () => unique('carol')).map(async (user) => {
        const other = keep(new Synapse(site.gateway(1), { ...RETURNS, auth: { token: site.token(user) } }));
        await other.next('authenticated', undefined, TAKEN_OVER_MS);
        other.user = user;
        return other;
      }));
      const users = others.map(({ user }) => user);
      for (const other of others) {
        await until(`${other.user} is in`, async () => (
          (await ask(other, 'room:join', { roomId: room }, TAKEN_OVER_MS)).success
        ), TAKEN_OVER_MS);
      }
      await until('they are seen', async () => (await site.present(alice.user, users)).length === users.length, TAKEN_OVER_MS);
      others.forEach((other) => other.close());
      await until('they are gone', async () => (await site.present(alice.user, users)).length === 0, TAKEN_OVER_MS);
      await alice.post(room, 'still here');
      await hear(bob, room, ['still here']);
      await site.order(`restart ${service}`);
    }
  });

  it('NATS: sockets stay, commands are refused and can be tried again, and then everything goes on', async () => {
    const { people, rooms: [room] } = await peopleInRooms(1);
    const [alice] = people;
    await alice.post(room, 'before');
    await site.order('kill nats');
    const refusal = await ask(alice, 'message:send', { roomId: room, content: 'meanwhile', clientId: 'meanwhile' }, REFUSED_MS);
    includes(refusal, { success: false, code: 'UNAVAILABLE', retryable: true });
    await site.order('restart nats');
    await postAtLast(alice, room, 'meanwhile', RESUMED_MS);
    await Promise.all(people.map((person) => hear(person, room, ['before', 'meanwhile'])));
    assert.ok(people.every((person) => person.heard('disconnect').length === 0));
  });

  it('Redis: the same, and what is not stored flows on', async () => {
    const { people, rooms: [room] } = await peopleInRooms(1);
    const [alice, bob] = people;
    const { callId } = await alice.ask('call-initiate', { participants: [bob.user], type: 'video' });
    await bob.next('call-incoming');
    includes(await bob.ask('call-accept', { callId }), { success: true });
    await alice.post(room, 'before');
    await bob.next('message:new');
    // None of all has typed, sent data or signalled before.
    const meshRoom = unique('mesh');
    const peers = [];
    for (const gateway of [0, 1]) {
      peers.push(await Mesh.enter(site.gateway(gateway), meshRoom, unique('peer')));
    }
    await peers[0].next('peer-joined');
    const eve = await signIn(0, 'eve');
    await site.order('kill redis');
    eve.tell('typing:start', { roomId: room });
    eve.tell('webrtc-signal', { to: bob.user, callId, signal: { renegotiate: true } });
    for (const [from, to] of [[alice, bob], [bob, alice]]) {
      from.tell('typing:start', { roomId: room });
      await to.next('user:typing');
      from.tell('typing:stop', { roomId: room });
      await to.next('user:stop-typing');
      from.tell('webrtc-signal', { to: to.user, callId, signal: { renegotiate: true } });
      await to.next('webrtc-signal');
    }
    for (const [from, to] of [peers, peers.toReversed()]) {
      from.tell({ type: 'candidate', to: to.id, candidate: null });
      includes(await to.next('candidate'), { from: from.id });
      from.tell({ type: 'data', cursor: [1, 2] });
      includes(await to.next('data'), { from: from.id, cursor: [1, 2] });
    }
    const refusal = await ask(alice, 'message:send', { roomId: room, content: 'meanwhile', clientId: 'meanwhile' }, REFUSED_MS);
    includes(refusal, { success: false, code: 'UNAVAILABLE', retryable: true });
    // Who is in neither the room nor the call is not heard, whoever remembers them.
    assert.deepEqual(bob.heard('user:typing', ({ userId }) => userId === eve.user), []);
    assert.equal(bob.heard('webrtc-signal').length, 1);
    await site.order('restart redis');
    await postAtLast(alice, room, 'meanwhile', RESUMED_MS);
    await Promise.all(people.map((person) => hear(person, room, ['before', 'meanwhile'])));
    assert.ok(people.every((person) => person.heard('disconnect').length === 0));
    assert.ok(peers.every((peer) => peer.heard('close').length === 0));
    peers.forEach((peer) => peer.close());
  });

  it('etcd: nothing changes until it is back, and then others take over again', async () => {
    const { people, rooms } = await peopleInRooms(ROOMS);
    const [alice, bob] = people;
    await site.order('kill etcd');
    // Long enough for every lease to have ended.
    const end = Date.now() + 3 * LEASE_S * 1_000;
    const expected = [];
    while (Date.now() < end) {
      const content = `message ${expected.length}`;
      await Promise.all(rooms.map((room) => alice.post(room, content)));
      expected.push(content);
    }
    await Promise.all(rooms.map((room) => hear(bob, room, expected)));
    assert.ok(people.every((person) => person.heard('disconnect').length === 0));
    await site.order('restart etcd');
    await site.order('kill room-router-1');
    await Promise.all(rooms.map((room) => postAtLast(alice, room, 'after', RESUMED_MS + TAKEN_OVER_MS)));
    await Promise.all(rooms.map((room) => hear(bob, room, [...expected, 'after'])));
    await site.order('restart room-router-1');
  });

  it('a client that does not read is cut, and nobody else notices', async () => {
    const { people: [alice, bob], rooms: [room] } = await peopleInRooms(1);
    const slow = new WebSocket(`${site.gateway(0).websocketUrl}/socket.io/?EIO=4&transport=websocket`);
    const user = unique('slow');
    slow.on('message', (data) => {
      if (data.toString().startsWith('0')) {
        slow.send(`40${JSON.stringify({ token: site.token(user) })}`);
      } else if (data.toString().startsWith('42["authenticated"')) {
        slow.send(`420${JSON.stringify(['room:join', { roomId: room }])}`);
      } else if (data.toString().startsWith('430')) {
        slow.pause();
      }
    });
    slow.on('error', () => {});
    await until('it does not read', () => slow.isPaused);
    const before = await site.metric('heliograph_transport_slow_consumers');
    const attachment = { data: 'x'.repeat(100_000) };
    let sent = 0;
    await until('it is cut', async () => {
      sent += 1;
      includes(await alice.ask('message:send', { roomId: room, content: `${sent}`, attachments: [attachment] }), { success: true });
      return (await site.metric('heliograph_transport_slow_consumers')) > before;
    }, 60_000);
    slow.terminate();
    await hear(bob, room, Array.from({ length: sent }, (_, number) => `${number + 1}`));
  });
});

describe('a reconnect storm', { timeout: 300_000 }, () => {
  const PEOPLE = 300;
  const PER_SECOND = 60;
  let site;

  before(async () => {
    site = await Site.open('reconnect-storm', { 'public.accept_per_second': PER_SECOND, 'public.accept_burst': PER_SECOND });
  });
  after(() => site?.close());

  it('is let in at the rate that is set, and everybody is recovered', async () => {
    const people = await Promise.all(Array.from({ length: PEOPLE }, (_, number) => (
      Synapse.signIn(site.gateway(0), `user-${number}`, { ...RETURNS, reconnectionDelayMax: 2_000 })
    )));
    await Promise.all(people.map((person, number) => person.join(`room-${number % 30}`)));
    people.forEach(({ socket }) => socket.once('disconnect', () => { socket.io.uri = site.gateways[1]; }));
    const killed = Date.now();
    await site.order('kill gateway-0');
    await until('everybody is back', () => people.every((person) => person.heard('connect').length === 2), 60_000);
    const took = Date.now() - killed;
    assert.ok(took > (PEOPLE / PER_SECOND - 2) * 1_000, `${PEOPLE} people were back after ${took} ms`);
    assert.deepEqual(people.filter(({ socket }) => !socket.recovered).map(({ user }) => user), []);
    people.forEach((person) => person.close());
  });
});
