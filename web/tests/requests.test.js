import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { Identity } from '../app/identity.js';
import { IceServers } from '../app/peers/ice.js';
import { REPORT_INTERVAL_MS, Reporter } from '../app/peers/report.js';

beforeEach(() => {
  mock.timers.reset();
  mock.method(console, 'info', () => {});
});

/** A fetch that answers this and keeps what was asked. */
function answering(status, body) {
  const asked = [];
  const request = async (url, options) => {
    asked.push({ url, ...options });
    return { ok: status < 300, status, json: async () => body };
  };
  return { asked, request };
}

const failing = async () => {
  throw new TypeError('no network');
};

test('there is at most one report a minute about a peer', () => {
  const { asked, request } = answering(204);
  const reporter = new Reporter(() => ({}), request);
  assert.equal(reporter.report('ann', { roomId: 'r' }, 0), true);
  assert.equal(reporter.report('ann', { roomId: 'r' }, REPORT_INTERVAL_MS - 1), false);
  assert.equal(reporter.report('bob', { roomId: 'r' }, REPORT_INTERVAL_MS - 1), true);
  assert.equal(reporter.report('ann', { roomId: 'r' }, REPORT_INTERVAL_MS), true);
  assert.equal(asked.length, 3);
  assert.deepEqual(JSON.parse(asked[0].body), { vocabulary: 'mesh', roomId: 'r' });
});

test('a report that is not delivered disturbs nobody', async () => {
  const reporter = new Reporter(() => ({}), failing);
  assert.equal(reporter.report('ann', { roomId: 'r' }, 0), true);
  await new Promise((resolve) => setImmediate(resolve));
});

test('fresh relay credentials are used as they are', async () => {
  const { asked, request } = answering(200, { iceServers: [], ttl: 600 });
  const servers = new IceServers(() => ({}), request);
  servers.take([{ urls: 'stun:a' }]);
  assert.deepEqual(await servers.renewed(), [{ urls: 'stun:a' }]);
  assert.equal(asked.length, 0);
});

test('old relay credentials are renewed before a restart', async () => {
  mock.timers.enable({ apis: ['Date'] });
  const { request } = answering(200, { iceServers: [{ urls: 'turn:b' }], ttl: 600 });
  const servers = new IceServers(() => ({}), request);
  servers.take([{ urls: 'turn:a' }], 600_000);
  mock.timers.tick(300_000);
  assert.deepEqual(await servers.renewed(), [{ urls: 'turn:b' }]);
});

test('if they cannot be renewed the known ones are kept', async () => {
  const servers = new IceServers(() => ({}), failing);
  servers.take([{ urls: 'turn:a' }], 0);
  assert.deepEqual(await servers.renewed(), [{ urls: 'turn:a' }]);
});

test('what is not a list of servers is not taken', () => {
  const servers = new IceServers(() => ({}));
  servers.take(undefined);
  servers.take([null, {}, { urls: 'stun:a' }]);
  assert.deepEqual(servers.current, [{ urls: 'stun:a' }]);
});

test('a refused page takes a guest session, and renews it with the old token', async () => {
  const { asked, request } = answering(201, { token: 'one' });
  const identity = new Identity(request);
  assert.deepEqual(identity.headers, {});
  assert.equal(await identity.renew('Ann'), true);
  assert.deepEqual(identity.headers, { authorization: 'Bearer one' });
  assert.equal(await identity.renew('Ann'), true);
  assert.equal(asked[0].headers.authorization, undefined);
  assert.equal(asked[1].headers.authorization, 'Bearer one');
});

test('without a guest session there is no point in trying again', async () => {
  assert.equal(await new Identity(answering(403, {}).request).renew('Ann'), false);
  assert.equal(await new Identity(failing).renew('Ann'), false);
});
