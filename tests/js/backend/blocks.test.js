// Blocks that operators set for vocabularies whose clients cannot.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { operate } from '../harness/backend.js';
import { suite } from '../harness/stage.js';

suite('blocks', (stage) => {
  it('a block that is set is there until it is taken back, and no user can set one', async () => {
    const [alice, bob] = await stage.people('alice', 'bob');
    const call = () => alice.ask('call-initiate', { participants: [bob.user], type: 'audio' });
    const path = `/admin/users/${bob.user}/blocks/${alice.user}`;
    assert.equal((await operate(stage.server, 'PUT', path)).status, 204);
    assert.equal((await operate(stage.server, 'PUT', path)).status, 204);
    // Whom somebody has blocked is not told so: they seem to be away.
    assert.deepEqual((await call()).ringing, []);
    assert.equal((await operate(stage.server, 'DELETE', path)).status, 204);
    assert.deepEqual((await call()).ringing, [bob.user]);
    const response = await fetch(`${stage.server.operationsUrl}${path}`, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${stage.server.token('mallory')}` },
    });
    assert.equal(response.status, 403);
  });
});
