// Who a synapse socket is: handshake token, `authenticate`, refusals, expiry.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { includes, refused } from '../harness/expect.js';
import { ORIGIN, SECRET, capitalised } from '../harness/server.js';
import { suite, suiteInEveryMode } from '../harness/stage.js';
import { expiresIn, sign } from '../harness/token.js';

suiteInEveryMode('identity', (stage) => {
  it('a handshake token alone signs the socket in', async () => {
    const user = stage.unique('alice');
    const alice = await stage.signIn(user);
    includes(alice.welcome, { userId: user, userName: capitalised(user), socketId: alice.socket.id, rooms: [] });
  });

  it('the authenticate event alone signs the socket in', async () => {
    const user = stage.unique('alice');
    const alice = stage.client();
    await alice.next('connect');
    const ack = await alice.ask('authenticate', { token: stage.server.token(user), userId: 'mallory' });
    includes(ack, { success: true, userId: user, userName: capitalised(user), socketId: alice.socket.id, rooms: [] });
    includes(await alice.next('authenticated'), { userId: user });
  });

  it('a stock client that uses both is signed in once and told so twice over', async () => {
    const user = stage.unique('alice');
    const alice = await stage.signIn(user);
    const ack = await alice.ask('authenticate', {
      token: stage.server.token(user),
      userId: user,
      userName: 'Another Name',
    });
    includes(ack, { success: true, userId: user, userName: capitalised(user) });
  });

  it('a name from the client counts when the token has none', async () => {
    const user = stage.unique('alice');
    const alice = stage.client();
    const token = sign({ sub: user }, SECRET);
    const ack = await alice.ask('authenticate', { token, userName: 'Alice Liddell' });
    includes(ack, { success: true, userId: user, userName: 'Alice Liddell' });
  });

  it('a token of somebody else on a signed-in socket changes nothing', async () => {
    const [alice] = await stage.people('alice');
    const ack = await alice.ask('authenticate', { token: stage.server.token('mallory') });
    await refused(alice, ack, { event: 'authenticate', code: 'AUTH_FAILED', message: 'Authentication failed' });
    const roomId = stage.room();
    await alice.join(roomId);
    await alice.post(roomId, 'still me');
    includes(await alice.next('message:new'), { userId: alice.user });
  });

  it('an event before authentication is refused', async () => {
    const nobody = stage.client();
    const ack = await nobody.ask('room:join', { roomId: stage.room() });
    await refused(nobody, ack, { event: 'room:join', code: 'AUTH_REQUIRED', message: 'Authentication failed' });
  });

  it('a handshake token with a wrong signature is refused', async () => {
    const client = stage.client({ auth: { token: sign({ sub: 'alice' }, 'some other secret of 32 characters') } });
    assert.deepEqual(await client.next('connect_error'), {
      message: 'Authentication failed',
      data: { code: 'AUTH_FAILED' },
    });
  });

  it('a handshake token that is no token is refused', async () => {
    const client = stage.client({ auth: { token: 'not.a.token' } });
    includes(await client.next('connect_error'), { message: 'Authentication failed' });
  });

  it('an expired handshake token is refused with its own message', async () => {
    const token = stage.server.token('alice', { exp: expiresIn(-60) });
    const client = stage.client({ auth: { token } });
    assert.deepEqual(await client.next('connect_error'), {
      message: 'Token has expired',
      data: { code: 'TOKEN_EXPIRED' },
    });
  });

  it('an expired token in the authenticate event is refused with its own message', async () => {
    const client = stage.client();
    const token = stage.server.token('alice', { exp: expiresIn(-60) });
    const ack = await client.ask('authenticate', { token });
    await refused(client, ack, { event: 'authenticate', code: 'TOKEN_EXPIRED', message: 'Token has expired' });
  });

  it('the third failed authentication ends the connection on purpose', async () => {
    const client = stage.client();
    await client.next('connect');
    client.tell('authenticate', { token: 'one' });
    client.tell('authenticate', { token: 'two' });
    client.tell('authenticate', { token: 'three' });
    assert.equal(await client.next('disconnect'), 'io server disconnect');
    assert.ok(client.heard('error', (error) => error.code === 'AUTH_FAILED').length >= 2);
  });

  it('a token that expires while connected closes the transport after saying so', async () => {
    const user = stage.unique('alice');
    const alice = await stage.signIn(user, { claims: { exp: expiresIn(2) } });
    includes(await alice.next('error'), { message: 'Token has expired', code: 'TOKEN_EXPIRED' });
    assert.match(await alice.next('disconnect'), /^transport (close|error)$/);
  });

  it('a token renewed in time keeps the socket', async () => {
    const user = stage.unique('alice');
    const first = expiresIn(2);
    const alice = await stage.signIn(user, { claims: { exp: first } });
    const renewed = stage.server.token(user, { exp: first + 2 });
    includes(await alice.ask('authenticate', { token: renewed }), { success: true });
    await alice.next('error', (error) => error.code === 'TOKEN_EXPIRED');
    assert.ok(Date.now() >= (first + 1) * 1000, 'the first token still counted');
  });

  it('a leading Bearer is tolerated', async () => {
    const user = stage.unique('alice');
    const client = stage.client({ auth: { token: `Bearer ${stage.server.token(user)}` } });
    includes(await client.next('authenticated'), { userId: user });
  });

  it('the token may be in the query', async () => {
    const user = stage.unique('alice');
    const client = stage.client({ query: { token: stage.server.token(user) } });
    includes(await client.next('authenticated'), { userId: user });
  });

  it('the token may be in the Authorization header', async () => {
    const user = stage.unique('alice');
    const extraHeaders = { Authorization: `Bearer ${stage.server.token(user)}` };
    includes(await stage.client({ extraHeaders }).next('authenticated'), { userId: user });
  });

  it('the token may be in a cookie of an allowed origin', async () => {
    const user = stage.unique('alice');
    const extraHeaders = { Cookie: `theme=dark; token=${stage.server.token(user)}`, Origin: ORIGIN };
    includes(await stage.client({ extraHeaders }).next('authenticated'), { userId: user });
  });

  it('the token of the CONNECT packet goes before the one in the header', async () => {
    const user = stage.unique('alice');
    const client = stage.client({
      auth: { token: stage.server.token(user) },
      extraHeaders: { Authorization: `Bearer ${stage.server.token('mallory')}` },
    });
    includes(await client.next('authenticated'), { userId: user });
  });

  it('other claims name the user and the name too', async () => {
    const user = stage.unique('alice');
    const client = stage.client({ auth: { token: sign({ userId: user, firstName: 'Alice' }, SECRET) } });
    includes(await client.next('authenticated'), { userId: user, userName: 'Alice' });
  });
});

suite('identity over WebSocket', (stage) => {
  it('a page of a foreign origin gets in neither with a cookie nor at all', async () => {
    const extraHeaders = { Cookie: `token=${stage.server.token('alice')}`, Origin: 'http://evil.localhost' };
    const client = stage.client({ extraHeaders });
    await client.next('connect_error');
    assert.equal(client.heard('connect').length, 0);
  });

  it('tokens never appear in the log', async () => {
    const token = stage.server.token('alice');
    const good = stage.client({ query: { token } });
    await good.next('authenticated');
    const bad = stage.client({ auth: { token: `${token}broken` } });
    await bad.next('connect_error');
    assert.ok(!stage.server.log().includes(token));
  });
});

suite('the authentication deadline', (stage) => {
  it('disconnects a socket that never authenticates', async () => {
    const silent = stage.client();
    await silent.next('connect');
    assert.equal(await silent.next('disconnect'), 'io server disconnect');
  });

  it('spares a socket that did', async () => {
    const [alice] = await stage.people('alice');
    const silent = stage.client();
    await silent.next('disconnect');
    assert.ok(alice.socket.connected);
  });
}, { 'auth.deadline': '1s' });

suite('open mode', (stage) => {
  it('takes the name that the handshake gives', async () => {
    const client = stage.client({ auth: { userId: 'carol', userName: 'Carol' } });
    includes(await client.next('authenticated'), { userId: 'carol', userName: 'Carol' });
  });

  it('takes the claims of a token without looking at its signature', async () => {
    const token = sign({ sub: 'dave', name: 'Dave' }, 'a secret that the server does not know');
    includes(await stage.client({ auth: { token } }).next('authenticated'), { userId: 'dave', userName: 'Dave' });
  });

  it('refuses an expired token all the same', async () => {
    const token = sign({ sub: 'dave', exp: expiresIn(-60) }, 'a secret that the server does not know');
    includes(await stage.client({ auth: { token } }).next('connect_error'), { message: 'Token has expired' });
  });

  it('takes the authenticate event at its word', async () => {
    const client = stage.client();
    const ack = await client.ask('authenticate', { userId: 'erin', userName: 'Erin' });
    includes(ack, { success: true, userId: 'erin', userName: 'Erin' });
  });

  it('makes a guest of who gives no name', async () => {
    const client = stage.client();
    const ack = await client.ask('room:join', { roomId: stage.room() });
    assert.equal(ack.success, true);
    assert.match(ack.members[0].id, /^guest_/);
  });
}, { 'auth.mode': 'open' });
