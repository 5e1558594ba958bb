// What a client of the default namespace speaks shows by its first event (features SX.1, S1.7, S1.8).

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes } from '../harness/expect.js';
import { suite } from '../harness/stage.js';

suite('recognition', (stage) => {
  it('a client that has said nothing is greeted as a guest as well, and its first event makes it one', async () => {
    const ann = await stage.guestOf(stage.unique('ann'), { auth: { vocabulary: undefined } });
    await ann.next('authenticated');
    includes(await ann.ask('user:match'), { success: true });
    includes(await ann.ask('message:send', { roomId: 'r', content: 'x' }), { code: 'UNKNOWN_EVENT' });
  });

  it('a client that has spoken synapse stays with it', async () => {
    const [ann] = await stage.people('ann');
    await ann.join(stage.room());
    includes(await ann.ask('user:match'), { success: false, code: 'UNKNOWN_EVENT' });
  });

  it('an event of a guest without a token is refused and ends the connection', async () => {
    const nobody = stage.client();
    await nobody.next('connect');
    nobody.tell('chat:message', { type: 'text', content: 'x' });
    includes(await nobody.next('error'), { message: 'Authentication failed' });
    assert.equal(await nobody.next('disconnect'), 'io server disconnect');
  });

  it('a guest who declares it and has no token is not let in', async () => {
    const nobody = stage.client({ auth: { vocabulary: 'guest-chat' } });
    includes(await nobody.next('connect_error'), { message: 'Authentication failed' });
  });

  it('a vocabulary that there is not is refused', async () => {
    const nobody = stage.client({ auth: { vocabulary: 'klingon' } });
    assert.match((await nobody.next('connect_error')).message, /vocabulary must be one of/);
  });

  it('a token that ends is told in the words of the vocabulary', async () => {
    const exp = Math.floor(Date.now() / 1000) + 2;
    const ann = await stage.guest('ann', { claims: { exp } });
    includes(await ann.next('connection:error'), { message: 'Token has expired' });
    await ann.next('disconnect');
  });
});
