// The operators' service over gRPC, by a client that knows nothing but the proto files.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, it } from 'node:test';

import { Client, Metadata, credentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

import { operate } from '../harness/backend.js';
import { suite } from '../harness/stage.js';

const PROTO = fileURLToPath(new URL('../../../proto', import.meta.url));
const definition = loadSync('heliograph/v1/admin.proto', { includeDirs: [PROTO], keepCase: false, longs: Number });
const { AdminService } = loadPackageDefinition(definition).heliograph.v1;

suite('operators over gRPC', (stage) => {
  let admin;
  let nodes;

  before(async () => {
    ({ nodes } = (await operate(stage.server, 'GET', '/admin/nodes')).body);
    // Any process will do, whatever its role.
    admin = new AdminService(nodes[0].grpc, credentials.createInsecure());
    assert.ok(admin instanceof Client);
  });
  after(() => admin?.close());

  function call(method, request, token = stage.server.token('operator', { admin: true })) {
    const metadata = new Metadata();
    if (token) {
      metadata.set('authorization', `Bearer ${token}`);
    }
    return new Promise((resolve, reject) => {
      admin[method](request, metadata, { deadline: Date.now() + 10_000 }, (error, answer) => {
        if (error) {
          reject(error);
        } else {
          resolve(answer);
        }
      });
    });
  }

  it('publishes', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const { id } = await call('publish', { rooms: [roomId], users: [bob.user], event: 'news', args: ['{"a":1}'] });
    assert.match(id, /^[0-9A-Z]{26}$/);
    assert.deepEqual([await alice.next('news'), await bob.next('news')], [{ a: 1 }, { a: 1 }]);
  });

  it('shows rooms, members, logs and sockets', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const { seq } = await alice.post(roomId, 'hello');
    const { rooms } = await call('rooms', {});
    assert.ok(rooms.includes(roomId));
    const { members } = await call('members', { room: roomId });
    assert.deepEqual(members.map((member) => member.id), [alice.user]);
    const { entries } = await call('history', { room: roomId, limit: 1 });
    assert.deepEqual([entries[0].seq, entries[0].event.messagePosted.text], [seq, 'hello']);
    const gateways = nodes.filter((node) => node.role === 'gateway');
    const pages = await Promise.all(gateways.map((gateway) => call('sockets', { node: gateway.id })));
    // A gateway without sockets leaves the field out.
    const sockets = pages.flatMap((page) => page.sockets ?? []);
    assert.equal(sockets.find((socket) => socket.socket === alice.socket.id).user, alice.user);
  });

  it('closes a room and disconnects a user', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    await call('closeRoom', { room: roomId });
    assert.equal((await alice.next('room:deleted')).roomId, roomId);
    assert.deepEqual(await call('disconnect', { user: alice.user }), { sockets: 1 });
    assert.equal(await alice.next('disconnect'), 'io server disconnect');
  });

  it('refuses everybody else, and what cannot be done', async () => {
    const code = async (...asked) => (await call(...asked).catch((error) => error)).code;
    assert.equal(await code('rooms', {}, null), status.UNAUTHENTICATED);
    assert.equal(await code('rooms', {}, 'wrong'), status.UNAUTHENTICATED);
    assert.equal(await code('rooms', {}, stage.server.token('alice')), status.PERMISSION_DENIED);
    assert.equal(await code('members', { room: 'nobody-made-this' }), status.NOT_FOUND);
    assert.equal(await code('publish', { everyone: true, event: 'disconnect' }), status.PERMISSION_DENIED);
    assert.equal(await code('publish', { everyone: true, event: 'news', args: ['{'] }), status.INVALID_ARGUMENT);
    assert.equal(await code('disconnect', {}), status.INVALID_ARGUMENT);
  });
});
