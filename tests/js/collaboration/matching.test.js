// People wait, are matched and answer on the namespaces `/queue` and `/matching` (features S4.17 to S4.22).

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes } from '../harness/expect.js';
import { suiteInEveryMode } from '../harness/stage.js';

suiteInEveryMode('queues and matches', (stage) => {
  /** Somebody with a socket on each of the two namespaces. */
  async function somebody(name) {
    const user = stage.unique(name);
    const auth = { token: stage.server.token(user) };
    const [queue, matching] = ['/queue', '/matching'].map((namespace) => stage.client({ auth, namespace }));
    await Promise.all([queue, matching].map((client) => client.next('connect')));
    return { user, queue, matching };
  }

  /** Two who are proposed to each other in a queue of their own. */
  async function proposed() {
    const [ann, bob, name] = [await somebody('ann'), await somebody('bob'), stage.unique('queue')];
    includes(await ann.queue.ask('join_queue', { queue: name }), { success: true, queue: name, position: 1, size: 1 });
    await bob.queue.ask('join_queue', { queue: name });
    const [anns, bobs] = [await ann.matching.next('match_found'), await bob.matching.next('match_found')];
    assert.equal(anns.matchId, bobs.matchId);
    includes(anns.peer, { userId: bob.user });
    includes(bobs.peer, { userId: ann.user });
    return { ann, bob, name, matchId: anns.matchId };
  }

  it('who waits is told their place, and that they have left (S4.17, S4.18)', async () => {
    const [ann, name] = [await somebody('ann'), stage.unique('queue')];
    await ann.queue.ask('join_queue', { queue: name });
    includes(await ann.queue.next('queue_status'), { queue: name, status: 'waiting', position: 1 });
    includes(await ann.queue.ask('leave_queue', {}), { success: true });
    includes(await ann.queue.next('queue_status', (one) => one.status === 'left'), { queue: name });
  });

  it('two who both accept have a session (S4.19, S4.20)', async () => {
    const { ann, bob, matchId } = await proposed();
    includes(await ann.matching.ask('match_response', { matchId, response: 'accept' }), { success: true, matchId });
    includes(await bob.matching.next('match_response'), { matchId, userId: ann.user, response: 'accept' });
    includes(await bob.matching.ask('match_response', { matchId, accepted: true }), { success: true });
    const [anns, bobs] = [await ann.matching.next('match_confirmed'), await bob.queue.next('match_confirmed')];
    assert.equal(anns.sessionId, bobs.sessionId);
    assert.match(anns.sessionId, /^session_/);
  });

  it('who declines is out, and the other waits again (S4.20)', async () => {
    const { ann, bob, name, matchId } = await proposed();
    await ann.matching.ask('match_response', { matchId, response: 'decline' });
    includes(await bob.matching.next('match_cancelled'), { matchId, reason: 'declined', requeued: true });
    includes(await ann.matching.next('match_cancelled'), { matchId, reason: 'declined', requeued: false });
    includes(await bob.queue.ask('queue_status', {}), { success: true, queue: name, status: 'waiting', position: 1 });
  });

  it('people who do not want each other are not matched', async () => {
    const [ann, bob, cat, queue] = [await somebody('ann'), await somebody('bob'), await somebody('cat'), stage.unique('q')];
    await ann.queue.ask('join_queue', { queue, criteria: { offers: ['go'], wants: ['rust'] } });
    await bob.queue.ask('join_queue', { queue, criteria: { offers: ['c'], wants: ['go'] } });
    await cat.queue.ask('join_queue', { queue, criteria: { offers: ['rust'], wants: ['go'] } });
    includes((await cat.matching.next('match_found')).peer, { userId: ann.user });
    assert.deepEqual(bob.matching.heard('match_found'), []);
  });

  it('an unknown match is not found, and a bad answer is none', async () => {
    const { matching } = await somebody('ann');
    includes(await matching.ask('match_response', { matchId: 'match_none', response: 'accept' }), { code: 'NOT_FOUND' });
    includes(await matching.next('error'), { event: 'match_response', code: 'NOT_FOUND' });
    includes(await matching.ask('match_response', { matchId: 'match_none' }), { code: 'INVALID_PAYLOAD' });
  });
});
