import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { KEPT_CANDIDATES, Negotiation, decide, descriptionOf, isPolite } from '../app/peers/negotiation.js';
import { FakeConnection } from './fake-connection.js';

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  mock.method(console, 'info', () => {});
});

/** Lets everything that is under way come to its end. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Two sides whose signals wait in a list until they are delivered. */
function pair() {
  const wire = [];
  const sides = {};
  for (const [name, polite] of [['polite', true], ['impolite', false]]) {
    const connection = new FakeConnection(name);
    const other = polite ? 'impolite' : 'polite';
    const send = (signal) => wire.push({ to: other, signal: structuredClone(signal) });
    sides[name] = { connection, negotiation: new Negotiation({ connection, polite, send }) };
  }
  async function deliver() {
    await settle();
    while (wire.length > 0) {
      const { to, signal } = wire.shift();
      await sides[to].negotiation.handle(signal);
      await settle();
    }
  }
  return { ...sides, wire, deliver };
}

test('of two peers exactly one is polite', () => {
  for (const [a, b] of [['p1', 'p2'], ['Z', 'a'], ['peer_10', 'peer_9']]) {
    assert.notEqual(isPolite(a, b), isPolite(b, a));
  }
});

test('an offer is accepted when nothing is under way', () => {
  for (const polite of [true, false]) {
    assert.equal(decide({ type: 'offer', polite, makingOffer: false, signalingState: 'stable' }), 'accept');
  }
});

test('when offers cross only the polite side accepts', () => {
  const crossings = [
    { makingOffer: true, signalingState: 'stable' },
    { makingOffer: false, signalingState: 'have-local-offer' },
  ];
  for (const crossing of crossings) {
    assert.equal(decide({ type: 'offer', polite: true, ...crossing }), 'accept');
    assert.equal(decide({ type: 'offer', polite: false, ...crossing }), 'ignore');
  }
});

test('an answer that nobody waits for is ignored', () => {
  const situation = { type: 'answer', polite: true, makingOffer: false };
  assert.equal(decide({ ...situation, signalingState: 'have-local-offer' }), 'accept');
  assert.equal(decide({ ...situation, signalingState: 'stable' }), 'ignore');
});

test('one offer and one answer make both sides stable', async () => {
  const { polite, impolite, deliver } = pair();
  polite.connection.onnegotiationneeded();
  await deliver();
  assert.equal(polite.connection.signalingState, 'stable');
  assert.equal(impolite.connection.signalingState, 'stable');
  assert.equal(polite.connection.remoteDescription.sdp, 'impolite-answer-1');
});

test('crossing offers end with the impolite side’s offer on both sides', async () => {
  const { polite, impolite, deliver } = pair();
  polite.connection.onnegotiationneeded();
  impolite.connection.onnegotiationneeded();
  await deliver();
  assert.equal(polite.connection.signalingState, 'stable');
  assert.equal(impolite.connection.signalingState, 'stable');
  assert.equal(polite.connection.remoteDescription.sdp, 'impolite-offer-1');
  assert.equal(impolite.connection.remoteDescription.type, 'answer');
});

test('candidates wait until the remote description is set', async () => {
  const { polite } = pair();
  await polite.negotiation.handle({ type: 'candidate', candidate: { candidate: 'one' } });
  await polite.negotiation.handle({ type: 'candidate', candidate: { candidate: 'two' } });
  assert.deepEqual(polite.connection.candidates, []);
  await polite.negotiation.handle({ type: 'offer', sdp: { type: 'offer', sdp: 'x' } });
  await polite.negotiation.handle({ type: 'candidate', candidate: null });
  assert.deepEqual(polite.connection.candidates, ['one', 'two', null]);
});

test('the number of candidates that wait is bounded', async () => {
  const { polite } = pair();
  for (let index = 0; index < KEPT_CANDIDATES + 10; index += 1) {
    await polite.negotiation.handle({ type: 'candidate', candidate: { candidate: String(index) } });
  }
  await polite.negotiation.handle({ type: 'offer', sdp: 'x' });
  assert.equal(polite.connection.candidates.length, KEPT_CANDIDATES);
});

test('signals that come at once are handled in their order', async () => {
  const { impolite } = pair();
  impolite.negotiation.handle({ type: 'offer', sdp: 'x' });
  await impolite.negotiation.handle({ type: 'candidate', candidate: { candidate: 'after' } });
  assert.deepEqual(impolite.connection.candidates, ['after']);
});

test('an offer that got lost is sent again until it is answered', async () => {
  const { polite, impolite, wire, deliver } = pair();
  polite.connection.onnegotiationneeded();
  await settle();
  wire.length = 0;
  mock.timers.tick(20_000);
  assert.equal(wire.length, 1);
  assert.equal(wire[0].signal.type, 'offer');
  await deliver();
  assert.equal(polite.connection.signalingState, 'stable');
  assert.equal(impolite.connection.signalingState, 'stable');
  mock.timers.tick(120_000);
  assert.equal(wire.length, 0);
});

test('a repeated offer whose answer was under way does no harm', async () => {
  const { polite, impolite, deliver } = pair();
  polite.connection.onnegotiationneeded();
  await settle();
  polite.negotiation.repeatOffer();
  await deliver();
  assert.equal(polite.connection.signalingState, 'stable');
  assert.equal(impolite.connection.signalingState, 'stable');
});

test('after closing nothing is sent and nothing is handled', async () => {
  const { polite, wire } = pair();
  polite.connection.onnegotiationneeded();
  await settle();
  wire.length = 0;
  polite.negotiation.close();
  mock.timers.tick(120_000);
  await polite.negotiation.handle({ type: 'answer', sdp: 'x' });
  assert.equal(wire.length, 0);
  assert.equal(polite.connection.signalingState, 'have-local-offer');
});

test('a description may be an object or bare text', () => {
  assert.deepEqual(descriptionOf({ type: 'offer', sdp: 'v=0' }), { type: 'offer', sdp: 'v=0' });
  assert.deepEqual(descriptionOf({ type: 'answer', sdp: { type: 'answer', sdp: 'v=0' } }), { type: 'answer', sdp: 'v=0' });
});

test('what is no description is not taken for one', () => {
  for (const signal of [
    { type: 'offer' },
    { type: 'offer', sdp: null },
    { type: 'offer', sdp: { type: 'answer', sdp: 'v=0' } },
    { type: 'offer', sdp: { type: 'offer', sdp: 7 } },
    { type: 'rollback', sdp: 'v=0' },
  ]) {
    assert.equal(descriptionOf(signal), null);
  }
});
