// What operators see of rooms (S3.35).

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { operate } from '../harness/backend.js';
import { includes } from '../harness/expect.js';
import { suite } from '../harness/stage.js';

suite('rooms for operators', (stage) => {
  const ask = (path) => operate(stage.server, 'GET', path);

  it('S3.35: all rooms are listed page by page', async () => {
    const [alice] = await stage.people('alice');
    const rooms = [];
    for (let number = 0; number < 5; number += 1) {
      const room = stage.room();
      await alice.join(room);
      rooms.push(room);
    }
    const listed = [];
    let after;
    for (let more = true; more; after = listed.at(-1)) {
      const { status, body } = await ask(`/admin/rooms?limit=2${after ? `&after=${encodeURIComponent(after)}` : ''}`);
      assert.equal(status, 200);
      assert.ok(body.rooms.length <= 2);
      listed.push(...body.rooms.map((room) => room.id));
      more = body.more;
    }
    assert.equal(new Set(listed).size, listed.length);
    for (const room of rooms) {
      assert.ok(listed.includes(room), `${room} in ${listed}`);
    }
  });

  it('S3.35: a room is shown with its members and its messages', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const posted = await alice.post(roomId, 'hello');
    const { body: room } = await ask(`/admin/rooms/${roomId}`);
    includes(room, { id: roomId, lastSeq: posted.seq, more: false });
    assert.deepEqual(room.members.map((member) => member.id).sort(), [alice.user, bob.user].sort());
    const { body: page } = await ask(`/admin/rooms/${roomId}/messages?limit=1`);
    includes(page.messages[0], { roomId, userId: alice.user, content: 'hello', seq: posted.seq });
    assert.equal(page.more, false);
  });

  it('what is not there, and what cannot be asked, is said', async () => {
    assert.equal((await ask('/admin/rooms/nobody-made-this')).status, 404);
    assert.equal((await ask('/admin/rooms?limit=0')).status, 400);
    assert.equal((await ask('/admin/rooms?limit=many')).status, 400);
    assert.equal((await ask('/admin/rooms/a/messages?before=1&after=1')).status, 400);
    const { body } = await ask('/admin/openapi.json');
    assert.ok(body.paths['/admin/publish']);
  });
});
