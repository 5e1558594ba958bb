import assert from 'node:assert/strict';
import { test } from 'node:test';

import { reduce } from '../app/room/reduce.js';
import { isHost, mayChat, typists } from '../app/room/state.js';
import { after, inCall, listed, peersMessage } from './room.js';

const peer = (state, id) => state.peers.get(id);
const follow = (state, ...events) => events.reduce(reduce, state);

test('entering a room fills it with those who are there', () => {
  const state = inCall('ann', listed('bob', { video: false, handRaised: true }));
  assert.deepEqual([...state.peers.keys()], ['ann', 'bob']);
  assert.equal(peer(state, 'bob').video, false);
  assert.equal(peer(state, 'bob').handRaised, true);
  assert.equal(state.self.peerId, 'me');
  assert.equal(state.joined, true);
});

test('calling keeps the camera and microphone that were chosen before', () => {
  const localStream = { id: 'cam' };
  const state = after(
    { type: 'local:media', audio: true, video: false, localStream, screenStream: null },
    { type: 'local:calling', room: 'standup', username: 'Me' },
  );
  assert.equal(state.localStream, localStream);
  assert.equal(state.self.audio, true);
  assert.equal(state.self.username, 'Me');
});

test('people come and go', () => {
  const state = follow(
    inCall('ann'),
    { type: 'peer-joined', peerId: 'bob', peer: listed('bob') },
    { type: 'peer-left', peerId: 'ann' },
  );
  assert.deepEqual([...state.peers.keys()], ['bob']);
});

test('a resumed presence keeps the streams of those who stayed', () => {
  const stream = { id: 's1' };
  const before = follow(inCall('ann', 'bob'), { type: 'local:stream', peerId: 'ann', stream });
  const state = reduce(before, peersMessage({ resumed: true, peers: [listed('ann', { audio: false })] }));
  assert.equal(peer(state, 'ann').cameraStream, stream);
  assert.equal(peer(state, 'ann').audio, false);
  assert.equal(state.peers.has('bob'), false);
});

test('a new presence begins with new connections and a lowered hand', () => {
  const before = follow(
    inCall('ann'),
    { type: 'local:stream', peerId: 'ann', stream: { id: 's1' } },
    { type: 'local:hand', raised: true },
  );
  const state = reduce(before, peersMessage({ peers: [listed('ann')], peerId: 'me2' }));
  assert.equal(peer(state, 'ann').cameraStream, null);
  assert.equal(state.self.handRaised, false);
});

test('a client that never said whether its camera is on is not taken to have it off', () => {
  assert.equal(peer(inCall(listed('ann', { video: undefined })), 'ann').video, null);
});

test('media states change only what they name', () => {
  const state = follow(inCall('ann'), { type: 'media-state', peerId: 'ann', from: 'ann', audio: false });
  assert.equal(peer(state, 'ann').audio, false);
  assert.equal(peer(state, 'ann').video, true);
});

test('camera and screen are told apart by the stream that was named, in either order', () => {
  const camera = { id: 'cam' };
  const screen = { id: 'scr' };
  const arrive = (stream) => ({ type: 'local:stream', peerId: 'ann', stream });
  const started = { type: 'screen-share-started', peerId: 'ann', streamId: 'scr' };
  for (const events of [
    [arrive(camera), started, arrive(screen)],
    [arrive(camera), arrive(screen), started],
    [started, arrive(screen), arrive(camera)],
  ]) {
    const state = follow(inCall('ann'), ...events);
    assert.equal(peer(state, 'ann').cameraStream, camera);
    assert.equal(peer(state, 'ann').screenStream, screen);
  }
});

test('a sharer who names no stream is understood by the order in which streams came', () => {
  const state = follow(
    inCall(listed('ann', { screenSharing: true })),
    { type: 'local:stream', peerId: 'ann', stream: { id: 'a' } },
    { type: 'local:stream', peerId: 'ann', stream: { id: 'b' } },
  );
  assert.equal(peer(state, 'ann').cameraStream.id, 'a');
  assert.equal(peer(state, 'ann').screenStream.id, 'b');
});

test('when a share stops the camera stays', () => {
  const state = follow(
    inCall('ann'),
    { type: 'local:stream', peerId: 'ann', stream: { id: 'cam' } },
    { type: 'local:stream', peerId: 'ann', stream: { id: 'scr' } },
    { type: 'screen-share-started', peerId: 'ann', streamId: 'scr' },
    { type: 'screen-share-stopped', peerId: 'ann' },
  );
  assert.equal(peer(state, 'ann').cameraStream.id, 'cam');
  assert.equal(peer(state, 'ann').screenStream, null);
});

test('toggling a share fast ends in the state that was said last', () => {
  const toggles = Array.from({ length: 9 }, (_, index) => ({
    type: index % 2 === 0 ? 'screen-share-started' : 'screen-share-stopped', peerId: 'ann', streamId: `s${index}`,
  }));
  assert.equal(peer(follow(inCall('ann'), ...toggles), 'ann').screenSharing, true);
  assert.equal(peer(follow(inCall('ann'), ...toggles.slice(1, 8)), 'ann').screenSharing, false);
});

test('a hand belongs to the peer that the message is about, not to its sender', () => {
  const state = follow(
    inCall(listed('ann', { handRaised: true }), 'bob'),
    { type: 'lower-hand', from: 'bob', peerId: 'ann' },
  );
  assert.equal(peer(state, 'ann').handRaised, false);
});

test('the host can lower our hand', () => {
  const state = follow(
    inCall('ann'),
    { type: 'local:hand', raised: true },
    { type: 'lower-hand', from: 'ann', peerId: 'me' },
  );
  assert.equal(state.self.handRaised, false);
});

test('only the host may write while the chat is off', () => {
  const off = follow(inCall('ann'), { type: 'chat-disabled', from: 'me' });
  assert.equal(isHost(off), true);
  assert.equal(mayChat(off), true);
  const guest = follow(off, { type: 'host-changed', host: 'ann' });
  assert.equal(mayChat(guest), false);
  assert.equal(mayChat(follow(guest, { type: 'chat-enabled' })), true);
});

test('typing ends with its message, with its withdrawal, and by itself', () => {
  const typing = follow(inCall('ann', 'bob'), { type: 'data', kind: 'typing', on: true, from: 'ann' });
  assert.deepEqual(typists(typing), ['ann']);
  for (const event of [
    { type: 'chat', id: 'm', text: 'x', from: 'ann' },
    { type: 'data', kind: 'typing', on: false, from: 'ann' },
    { type: 'local:typing-expired', peerId: 'ann' },
  ]) {
    assert.deepEqual(typists(reduce(typing, event)), []);
  }
});

test('what is unknown or about nobody changes nothing, not even the object', () => {
  const state = inCall('ann');
  for (const event of [
    { type: 'constructor' },
    { type: 'from-the-future', peerId: 'ann' },
    { type: 'raise-hand', peerId: 'nobody' },
    { type: 'media-state', peerId: { id: 'ann' }, audio: false },
    { type: 'media-state', peerId: 'ann', audio: 'yes' },
    { type: 'peer-joined', peer: 'ann' },
    { type: 'peer-left', peerId: 7 },
    { type: 'data', from: 'ann' },
    { type: 'local:stream', peerId: 'gone', stream: { id: 's' } },
  ]) {
    assert.equal(reduce(state, event), state, event.type);
  }
});

test('no event changes a state that was handed out', () => {
  const state = Object.freeze(inCall('ann'));
  const before = [...state.peers];
  follow(state, { type: 'peer-joined', peer: listed('bob') }, { type: 'raise-hand', peerId: 'ann' });
  assert.deepEqual([...state.peers], before);
});

test('after leaving nothing of the call remains but the room', () => {
  const state = reduce(inCall('ann'), { type: 'local:ended', farewell: '' });
  assert.equal(state.screen, 'ended');
  assert.equal(state.room, 'standup');
  assert.equal(state.peers.size, 0);
});
