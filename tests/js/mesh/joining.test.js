// Entering and leaving a mesh room.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { ISO_TIME, includes } from '../harness/expect.js';
import { ORIGIN, capitalised } from '../harness/server.js';
import { suite } from '../harness/stage.js';
import { expiresIn } from '../harness/token.js';

suite('joining a mesh room', (stage) => {
  it('the first thing after a join is who is there', async () => {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    assert.deepEqual(alice.welcome.peers, []);
    includes(alice.welcome, { userId: alice.user, room, host: alice.id, chatEnabled: true, resumed: false });
    assert.equal(typeof alice.welcome.resumeToken, 'string');
    assert.equal(typeof alice.welcome.seq, 'number');
    assert.ok(Array.isArray(alice.welcome.iceServers));
    assert.deepEqual(alice.types().slice(0, 2), ['open', 'peers']);

    const bob = await stage.peer(room, 'bob', { audio: true, video: false });
    assert.equal(bob.welcome.peers.length, 1);
    const [listed] = bob.welcome.peers;
    includes(listed, {
      id: alice.id,
      peerId: alice.id,
      userId: alice.user,
      username: capitalised(alice.user),
      screenSharing: false,
      handRaised: false,
    });
    assert.match(listed.joinedAt, ISO_TIME);
    includes(bob.welcome, { host: alice.id });

    const joined = await alice.next('peer-joined');
    includes(joined, { peerId: bob.id, userId: bob.user, username: capitalised(bob.user) });
    includes(joined.peer, { id: bob.id, audio: true, video: false });
  });

  it('the room may be in the path, in the query, or have the other name in the message', async () => {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    const token = stage.server.token(stage.unique('bob'));
    for (const [path, join] of [
      [`/ws/${room}`, {}],
      [`/ws?room=${room}`, {}],
      ['/ws', { roomId: room }],
    ]) {
      const bob = stage.socket({ path });
      await bob.next('open');
      bob.tell({ type: 'join', token, ...join });
      includes(await bob.next('peers'), { room });
      await alice.next('peer-joined');
      bob.close();
      await alice.next('peer-left');
    }
  });

  it('the token may be in the query, in a header or in a cookie of an allowed origin', async () => {
    const room = stage.room();
    for (const where of ['query', 'header', 'cookie']) {
      const user = stage.unique('alice');
      const token = stage.server.token(user);
      const socket = stage.socket({
        query: { path: `/ws?token=${token}` },
        header: { headers: { Authorization: `Bearer ${token}` } },
        cookie: { headers: { Cookie: `token=${token}`, Origin: ORIGIN } },
      }[where]);
      await socket.next('open');
      socket.tell({ type: 'join', room });
      includes(await socket.next('peers'), { userId: user });
    }
  });

  it('joining the same room again answers with the peers and tells nobody', async () => {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    const bob = await stage.peer(room, 'bob');
    await alice.next('peer-joined');
    bob.tell({ type: 'join', room });
    const again = await bob.next('peers');
    includes(again, { peerId: bob.id });
    assert.equal(again.peers.length, 1);
    await alice.ask({ type: 'chat', text: 'fence' });
    await alice.settled();
    assert.equal(alice.heard('peer-joined').length, 1);
  });

  it('joining another room leaves the first', async () => {
    const [first, second] = [stage.room(), stage.room()];
    const alice = await stage.peer(first, 'alice');
    const bob = await stage.peer(first, 'bob');
    bob.tell({ type: 'join', room: second });
    includes(await bob.next('peers'), { room: second, peers: [] });
    includes(await alice.next('peer-left'), { peerId: bob.id, reason: 'left' });
  });

  it('a leave is heard, and the socket stays open', async () => {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    const bob = await stage.peer(room, 'bob');
    bob.tell({ type: 'leave' });
    const left = await alice.next('peer-left');
    includes(left, { peerId: bob.id, userId: bob.user, username: capitalised(bob.user), reason: 'left' });
    await bob.settled();
  });

  it('a close on purpose is a leave', async () => {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    const bob = await stage.peer(room, 'bob');
    bob.close();
    includes(await alice.next('peer-left'), { peerId: bob.id, reason: 'left' });
  });

  it('two tabs of one user are two peers', async () => {
    const room = stage.room();
    const user = stage.unique('alice');
    const one = await stage.peerOf(room, user);
    const other = await stage.peerOf(room, user);
    assert.notEqual(one.id, other.id);
    includes(other.welcome.peers[0], { id: one.id, userId: user });
    includes(await one.next('peer-joined'), { peerId: other.id, userId: user });
  });

  it('a tab that takes over closes the other', async () => {
    const room = stage.room();
    const user = stage.unique('alice');
    const one = await stage.peerOf(room, user);
    await stage.peerOf(room, user, { takeover: true });
    assert.equal(await one.next('close'), 4409);
  });

  it('the username of the join counts when the token has no name', async () => {
    const room = stage.room();
    const alice = await stage.peer(room, 'alice');
    await stage.peer(room, 'bob', { claims: { name: undefined }, username: 'Bobby' });
    includes(await alice.next('peer-joined'), { username: 'Bobby' });
  });

  it('a token opens only the rooms that its patterns name', async () => {
    const visitor = stage.socket();
    await visitor.next('open');
    const token = stage.server.token(stage.unique('visitor'), { rooms: ['lobby'] });
    visitor.tell({ type: 'join', room: stage.room(), token });
    includes(await visitor.next('error'), { code: 'NOT_ALLOWED' });
  });

  for (const [what, join] of [
    ['without a room', {}],
    ['with an object as room', { room: {} }],
    ['with an empty room', { room: '' }],
  ]) {
    it(`a join ${what} is refused`, async () => {
      const socket = stage.socket();
      await socket.next('open');
      socket.tell({ type: 'join', token: stage.server.token(stage.unique('alice')), ...join });
      includes(await socket.next('error'), { code: 'INVALID_PAYLOAD' });
    });
  }

  it('a bad token is told and closes the socket', async () => {
    const socket = stage.socket();
    await socket.next('open');
    socket.tell({ type: 'join', room: stage.room(), token: 'no token' });
    includes(await socket.next('error'), { code: 'AUTH_FAILED', message: 'Authentication failed' });
    assert.equal(await socket.next('close'), 4401);
  });

  it('an expired token is told and closes the socket', async () => {
    const socket = stage.socket();
    await socket.next('open');
    const token = stage.server.token('alice', { exp: expiresIn(-60) });
    socket.tell({ type: 'join', room: stage.room(), token });
    includes(await socket.next('error'), { code: 'TOKEN_EXPIRED', message: 'Token has expired' });
    assert.equal(await socket.next('close'), 4401);
  });

  it('a token that expires in the room is told and closes the socket', async () => {
    const alice = await stage.peer(stage.room(), 'alice', { claims: { exp: expiresIn(2) } });
    includes(await alice.next('error'), { message: 'Token has expired' });
    assert.equal(await alice.next('close'), 4401);
  });

  it('nobody enters without a token in jwt mode', async () => {
    const socket = stage.socket();
    await socket.next('open');
    socket.tell({ type: 'join', room: stage.room(), username: 'Nobody' });
    includes(await socket.next('error'), { message: 'Authentication failed' });
    assert.equal(await socket.next('close'), 4401);
  });
});

suite('guests of a mesh room', (stage) => {
  it('enter without a token in open mode, under the name that they give', async () => {
    const room = stage.room();
    const one = stage.socket();
    await one.next('open');
    one.tell({ type: 'join', room, username: 'Alice' });
    const welcome = await one.next('peers');
    assert.match(welcome.userId, /^guest_/);
    const other = stage.socket({ path: `/ws/${room}?username=Alice` });
    await other.next('open');
    other.tell({ type: 'join' });
    const { peers, userId } = await other.next('peers');
    includes(peers[0], { username: 'Alice', userId: welcome.userId });
    assert.notEqual(userId, welcome.userId, 'a name is not an identity');
  });
}, { 'auth.mode': 'open' });

suite('a full mesh room', (stage) => {
  it('refuses the next peer', async () => {
    const room = stage.room();
    for (let index = 0; index < 3; index += 1) {
      await stage.peer(room, 'guest');
    }
    const socket = stage.socket();
    await socket.next('open');
    socket.tell({ type: 'join', room, token: stage.server.token(stage.unique('late')) });
    includes(await socket.next('error'), { code: 'ROOM_FULL', message: 'Room is full' });
  });
}, { 'mesh.max_peers': 3 });

suite('a mesh socket that does not join', (stage) => {
  it('is closed after its time', async () => {
    const socket = stage.socket();
    assert.equal(await socket.next('close'), 4408);
  });
}, { 'auth.deadline': '500ms' });
