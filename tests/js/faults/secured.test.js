// Passwords and certificates everywhere: NATS, Redis and etcd let in only who has both, and so do the processes among
// each other. Whoever comes as a client notices nothing of it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Synapse } from '../harness/synapse.js';
import { until } from '../harness/wait.js';
import { Site } from './site.js';

const contents = (person, room) => person.heard('message:new', ({ roomId }) => roomId === room).map(({ content }) => content);

describe('a cluster with passwords and certificates everywhere', { timeout: 300_000 }, () => {
  let site;

  before(async () => {
    site = await Site.open('secured', {}, ['--secured']);
  });
  after(() => site?.close());

  it('carries messages between two gateways, and keeps them', async () => {
    const alice = await Synapse.signIn(site.gateway(0), 'alice', { transports: ['websocket'] });
    const bob = await Synapse.signIn(site.gateway(1), 'bob', { transports: ['websocket'] });
    await alice.join('room');
    await bob.join('room');
    await alice.post('room', 'from alice');
    await bob.post('room', 'from bob');
    await until('both hear both', () => [alice, bob].every((person) => contents(person, 'room').length === 2));
    assert.deepEqual(contents(alice, 'room'), ['from alice', 'from bob']);
    assert.deepEqual(contents(bob, 'room'), ['from alice', 'from bob']);
    // By gRPC from a room-router.
    assert.deepEqual((await site.log('room', 'alice')).map(({ content }) => content), ['from alice', 'from bob']);
    alice.close();
    bob.close();
  });

  it('relays what arrives at another gateway than the one of its session', async () => {
    const balancer = { url: site.url, websocketUrl: site.websocketUrl, token: (user) => site.token(user) };
    const before = await site.metric('heliograph_grpc_answers', 'ok');
    const carol = await Synapse.signIn(balancer, 'carol', { transports: ['polling'] });
    const dave = await Synapse.signIn(balancer, 'dave', { transports: ['polling', 'websocket'] });
    await carol.join('relayed');
    await dave.join('relayed');
    await carol.post('relayed', 'by polling');
    await until('dave hears it', () => contents(dave, 'relayed').length === 1);
    assert.ok(await site.metric('heliograph_grpc_answers', 'ok') > before);
    assert.equal(await site.metric('heliograph_grpc_refused'), 0);
    carol.close();
    dave.close();
  });

  it('goes on when each server was restarted, with the same passwords and certificates', async () => {
    const alice = await Synapse.signIn(site.gateway(0), 'alice', { transports: ['websocket'] });
    await alice.join('lasting');
    for (const server of ['nats', 'redis', 'etcd']) {
      await site.order(`kill ${server}`);
      await site.order(`restart ${server}`);
      await until(`a message passes after ${server} was restarted`, async () => {
        const payload = { roomId: 'lasting', content: server, clientId: server };
        return (await alice.socket.timeout(12_000).emitWithAck('message:send', payload)).success;
      }, 30_000);
    }
    assert.deepEqual((await site.log('lasting', 'alice')).map(({ content }) => content), ['nats', 'redis', 'etcd']);
    alice.close();
  });
});
