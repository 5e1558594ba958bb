// What operators do, and what clients see of it.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes } from '../harness/expect.js';
import { suite } from '../harness/stage.js';

suite('operators', (stage) => {
  async function operate(method, path) {
    const token = stage.server.token('operator', { admin: true });
    const response = await fetch(`${stage.server.operationsUrl}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}` },
    });
    assert.ok(response.ok, `${path}: ${response.status}`);
    return response;
  }

  it('a room that is closed is gone for every vocabulary, and mesh peers should not come back', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const peer = await stage.peer(roomId, 'peer');
    await operate('DELETE', `/admin/rooms/${roomId}`);
    includes(await alice.next('room:deleted'), { roomId });
    await peer.next('room-closed');
    assert.equal(await peer.next('close'), 4403);
    includes(await alice.ask('message:send', { roomId, content: 'x' }), { success: false });
  });

  it('a user who is disconnected is so on every device, and stays away', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const phone = await stage.signIn(alice.user, { reconnection: true, reconnectionDelay: 50 });
    const peer = await stage.peerOf(roomId, alice.user);
    const [bob] = await stage.people('bob');
    await operate('POST', `/admin/users/${alice.user}/disconnect`);
    for (const device of [alice, phone]) {
      assert.equal(await device.next('disconnect'), 'io server disconnect');
    }
    assert.equal(await peer.next('close'), 4403);
    assert.equal(phone.socket.active, false);
    assert.ok(bob.socket.connected);
  });

  it('nobody else operates', async () => {
    const user = stage.server.token('alice');
    for (const [headers, status] of [[{}, 401], [{ Authorization: `Bearer ${user}` }, 403]]) {
      const response = await fetch(`${stage.server.operationsUrl}/admin/nodes`, { headers });
      assert.equal(response.status, status);
    }
  });

  it('the nodes are listed with their roles', async () => {
    const { nodes } = await (await operate('GET', '/admin/nodes')).json();
    const roles = nodes.map((node) => node.role);
    for (const role of ['gateway', 'room-router', 'presence']) {
      assert.ok(roles.includes(role), roles.join());
    }
  });
});
