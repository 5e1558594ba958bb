// The HTTP interface of the public port, for synapse and mesh.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { ISO_TIME, includes } from '../harness/expect.js';
import { ORIGIN, capitalised } from '../harness/server.js';
import { suite } from '../harness/stage.js';
import { until } from '../harness/wait.js';
import { expiresIn } from '../harness/token.js';

suite('HTTP', (stage) => {
  async function call(method, path, { user, token, body, headers = {} } = {}) {
    const bearer = token ?? (user === undefined ? undefined : stage.server.token(user));
    const response = await fetch(`${stage.server.url}${path}`, {
      method,
      headers: { ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
  }

  it('health says ok and counts connections', async () => {
    await stage.people('alice');
    // Each gateway counts its own.
    await until('a gateway has a connection', async () => {
      const { status, body } = await call('GET', '/health');
      assert.equal(status, 200);
      includes(body, { status: 'ok' });
      assert.equal(typeof body.uptime, 'number');
      return body.connections >= 1;
    });
  });

  it('a call session is made before the call and followed afterwards', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    // The stock client sends the body without a content type, which fetch calls text/plain.
    const made = await call('POST', '/api/call-sessions', {
      user: alice.user,
      body: { roomId, type: 'video', participants: [bob.user] },
    });
    assert.equal(made.status, 201);
    includes(made.body, { roomId, type: 'video', status: 'created' });
    assert.match(made.body.callId, /^call_/);
    assert.match(made.body.createdAt, ISO_TIME);
    assert.match(made.body.expiresAt, ISO_TIME);
    assert.ok(Array.isArray(made.body.iceServers));

    const { callId } = made.body;
    const stolen = await bob.ask('call-initiate', { callId, roomId, participants: [alice.user], type: 'video' });
    includes(stolen, { success: false });
    includes(await alice.ask('call-initiate', { callId, roomId, participants: [bob.user], type: 'video' }), {
      success: true,
      callId,
    });
    await bob.ask('call-accept', { callId });
    const seen = await call('GET', `/api/call-sessions/${callId}`, { user: bob.user });
    includes(seen.body, { callId, status: 'active', type: 'video' });
    assert.deepEqual(
      seen.body.participants.map((participant) => participant.userId).sort(),
      [alice.user, bob.user].sort(),
    );
    const outsider = await call('GET', `/api/call-sessions/${callId}`, { user: 'mallory' });
    assert.equal(outsider.status, 403);
  });

  it('a call session that nobody made is not found', async () => {
    const { status, body } = await call('GET', '/api/call-sessions/call_none', { user: 'alice' });
    assert.equal(status, 404);
    includes(body, { code: 'NOT_FOUND' });
  });

  it('a body that is not what was asked for is refused', async () => {
    for (const body of [{}, { type: 'hologram' }, [], 'text']) {
      const answer = await call('POST', '/api/call-sessions', { user: 'alice', body });
      assert.equal(answer.status, 400);
      includes(answer.body, { code: 'INVALID_PAYLOAD' });
    }
    const response = await fetch(`${stage.server.url}/api/call-sessions`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${stage.server.token('alice')}` },
      body: '{not json',
    });
    assert.equal(response.status, 400);
  });

  it('a body beyond the limit is refused', async () => {
    const answer = await call('POST', '/api/call-sessions', {
      user: 'alice',
      body: { roomId: 'x'.repeat(1_100_000) },
    });
    assert.equal(answer.status, 413);
  });

  for (const [method, path] of [
    ['POST', '/api/call-sessions'],
    ['GET', '/api/rooms'],
    ['GET', '/api/ice-servers'],
    ['GET', '/api/rooms/some/messages'],
    ['GET', '/api/presence?users=alice'],
  ]) {
    it(`${method} ${path} without a token is refused`, async () => {
      const { status, body } = await call(method, path);
      assert.equal(status, 401);
      assert.equal(typeof body.error, 'string');
      assert.equal(typeof body.code, 'string');
    });
  }

  it('a wrong token and an expired one are told apart', async () => {
    includes((await call('GET', '/api/rooms', { token: 'wrong' })).body, {
      error: 'Authentication failed',
      code: 'AUTH_FAILED',
    });
    const expired = stage.server.token('alice', { exp: expiresIn(-60) });
    includes((await call('GET', '/api/rooms', { token: expired })).body, {
      error: 'Token has expired',
      code: 'TOKEN_EXPIRED',
    });
  });

  it('a cookie counts with an allowed origin only', async () => {
    const Cookie = `token=${stage.server.token('alice')}`;
    assert.equal((await call('GET', '/api/rooms', { headers: { Cookie, Origin: ORIGIN } })).status, 200);
    const foreign = await call('GET', '/api/rooms', { headers: { Cookie, Origin: 'http://evil.localhost' } });
    assert.equal(foreign.status, 401);
  });

  it('history is paged both ways, for members only', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const seqs = [];
    for (let index = 0; index < 5; index += 1) {
      seqs.push((await alice.post(roomId, `${index}`)).seq);
    }
    const path = `/api/rooms/${roomId}/messages`;
    const newest = await call('GET', `${path}?limit=2`, { user: alice.user });
    assert.deepEqual(newest.body.messages.map((message) => message.content), ['3', '4']);
    assert.equal(newest.body.more, true);
    includes(newest.body.messages[0], {
      roomId,
      userId: alice.user,
      userName: capitalised(alice.user),
      type: 'text',
      attachments: [],
      seq: seqs[3],
    });
    const older = await call('GET', `${path}?before=${seqs[3]}&limit=2`, { user: alice.user });
    assert.deepEqual(older.body.messages.map((message) => message.content), ['1', '2']);
    const newer = await call('GET', `${path}?after=${seqs[2]}`, { user: alice.user });
    assert.deepEqual(newer.body.messages.map((message) => message.content), ['3', '4']);
    assert.equal(newer.body.more, false);
    assert.equal((await call('GET', path, { user: 'mallory' })).status, 403);
    assert.equal((await call('GET', `${path}?limit=0`, { user: alice.user })).status, 400);
  });

  it('the rooms of a user are listed with what came since they were there', async () => {
    const { people: [alice, bob], roomId } = await stage.peopleInRoom('alice', 'bob');
    const unread = async () => {
      const { body } = await call('GET', '/api/rooms', { user: bob.user });
      return body.rooms.find((room) => room.roomId === roomId).unread;
    };
    await alice.post(roomId, 'while bob is there');
    assert.equal(await unread(), 0);
    await bob.ask('room:leave', { roomId });
    await alice.next('user:left-room');
    await alice.post(roomId, 'one');
    await alice.post(roomId, 'two');
    assert.equal(await unread(), 2);
    // A device that only listens has read nothing.
    const phone = await stage.signIn(bob.user);
    includes(phone.welcome, { rooms: [roomId] });
    assert.equal(await unread(), 2);
    await phone.join(roomId);
    assert.equal(await unread(), 0);
    await alice.post(roomId, 'read on the phone');
    await phone.settled(roomId, alice);
    phone.lose();
    await alice.next('user:left-room');
    assert.equal(await unread(), 0);
    await alice.post(roomId, 'three');
    assert.equal(await unread(), 1);
  });

  it('the rooms of a user are listed with their last message', async () => {
    const { people: [alice], roomId } = await stage.peopleInRoom('alice');
    const { seq } = await alice.post(roomId, 'the last word');
    const { body } = await call('GET', '/api/rooms', { user: alice.user });
    const rooms = Array.isArray(body) ? body : body.rooms;
    const room = rooms.find((one) => (one.roomId ?? one.id) === roomId);
    includes(room, { lastSeq: seq });
    includes(room.lastMessage, { content: 'the last word' });
  });

  it('presence is told of those who share a room', async () => {
    const { people: [alice, bob] } = await stage.peopleInRoom('alice', 'bob');
    const [stranger] = await stage.people('stranger');
    const { body } = await call('GET', `/api/presence?users=${bob.user},${stranger.user}`, { user: alice.user });
    const list = Array.isArray(body) ? body : body.users;
    assert.deepEqual(list.map((one) => one.userId), [bob.user]);
    includes(list[0], { status: 'online' });
  });

  it('ICE servers come with a time to live', async () => {
    const { status, body } = await call('GET', '/api/ice-servers', { user: 'alice' });
    assert.equal(status, 200);
    assert.ok(body.iceServers.every((server) => server.urls.length > 0));
    assert.equal(typeof body.ttl, 'number');
  });

  it('a guest gets a session and renews it under the same name', async () => {
    const made = await call('POST', '/api/guest/session', { body: { username: 'Visitor' } });
    assert.equal(made.status, 201);
    includes(made.body, { renewed: false });
    includes(made.body.user, { username: 'Visitor', isGuest: true, id: made.body.user.userId });
    assert.match(made.body.expiresAt, ISO_TIME);
    const { token, user } = made.body;
    const renewed = await call('POST', '/api/guest/session', { token, body: {} });
    assert.equal(renewed.status, 200);
    includes(renewed.body, { renewed: true });
    includes(renewed.body.user, { userId: user.userId });

    const guest = stage.client({ auth: { token } });
    includes(await guest.next('authenticated'), { userId: user.userId, userName: 'Visitor' });
  });

  it('a guest without a name gets one', async () => {
    const { body } = await call('POST', '/api/guest/session', { body: {} });
    assert.match(body.user.username, /^Guest-\d{4}$/);
  });

  it('statistics of a call are taken', async () => {
    const body = { vocabulary: 'mesh', roomId: 'standup', setupMs: 420, quality: 'good', packetLoss: 0.5, rttMs: 40 };
    assert.equal((await call('POST', '/api/webrtc-stats', { user: 'alice', body })).status, 204);
  });

  it('the interface describes itself', async () => {
    const { status, body } = await call('GET', '/api/openapi.json');
    assert.equal(status, 200);
    for (const path of ['/api/call-sessions', '/api/guest/session', '/api/ice-servers', '/health']) {
      assert.ok(path in body.paths, path);
    }
  });

  it('the number of connected users is told', async () => {
    await stage.people('alice', 'bob');
    const { body } = await call('GET', '/api/connected-users', { user: 'alice' });
    assert.ok(body.count >= 2);
  });

  it('a preflight of an allowed origin is answered with credentials, a foreign one is not', async () => {
    const preflight = (origin) => fetch(`${stage.server.url}/api/call-sessions`, {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
    });
    const allowed = await preflight(ORIGIN);
    assert.equal(allowed.headers.get('access-control-allow-origin'), ORIGIN);
    assert.equal(allowed.headers.get('access-control-allow-credentials'), 'true');
    const foreign = await preflight('http://evil.localhost');
    assert.equal(foreign.headers.get('access-control-allow-origin'), null);
  });

  it('an unknown path is not found', async () => {
    assert.equal((await fetch(`${stage.server.url}/api/nothing`)).status, 404);
  });
}, { 'auth.guests': true });

suite('the operations port', (stage) => {
  it('answers about health, readiness and metrics', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      assert.equal((await fetch(`${stage.server.operationsUrl}${path}`)).status, 200, path);
    }
    const metrics = await (await fetch(`${stage.server.operationsUrl}/metrics`)).text();
    assert.match(metrics, /^# TYPE heliograph_/m);
  });

  it('is not served on the public port', async () => {
    for (const path of ['/metrics', '/admin/sockets']) {
      assert.equal((await fetch(`${stage.server.url}${path}`)).status, 404, path);
    }
  });
});
