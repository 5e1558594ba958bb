// A deploy: every process of a cluster is asked to stop and started again, one after the other, while people talk.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { until } from '../harness/wait.js';
import { violations } from './checker.js';
import { History } from './history.js';
import { MeshTalker, SocketIoTalker } from './people.js';
import { Site } from './site.js';

const PROCESSES = ['gateway-0', 'gateway-1', 'room-router-0', 'room-router-1', 'presence-0', 'presence-1'];

/** More than a gateway closes in one step for each step of its drain, so that the drain lasts its whole period. */
const PEOPLE = 60;

const DRAIN_S = 3;

const ROOMS = 6;

/** How long everybody may take to be back and to have heard everything. */
const PATIENCE_MS = 30_000;

/** Of those whom a gateway lets go, how many may go within a quarter of the drain. */
const AT_ONCE = 0.75;

const MODES = [{ transports: ['websocket'] }, { transports: ['polling'] }, {}];

describe('a rolling restart', { timeout: 180_000 }, () => {
  let site;
  const history = new History();
  let people = [];

  before(async () => {
    site = await Site.open('rolling', { 'public.drain_period': `${DRAIN_S}s`, 'presence.loss_grace': '5s' });
  });
  after(() => {
    people.forEach((person) => person.leave());
    return site?.close();
  });

  it('loses and doubles no acknowledged message, lets clients go little by little, and everybody is recovered', async (test) => {
    const rooms = Array.from({ length: ROOMS }, (_, number) => `room-${number}`);
    people = Array.from({ length: PEOPLE }, (_, number) => {
      const room = rooms[number % ROOMS];
      return number % 6 === 5
        ? new MeshTalker(site, history, `mesh-${number}`, room)
        : new SocketIoTalker(site, history, `user-${number}`, [room], MODES[number % MODES.length]);
    });
    await until('everybody is inside', () => people.every((person) => person.isInside()), PATIENCE_MS);
    const talking = people.map((person) => person.talk(300));
    for (const process of PROCESSES) {
      const before = history.facts.length;
      await site.order(`stop ${process}`);
      const lost = history.facts.slice(before).filter(({ what }) => what === 'disconnected').map(({ at }) => at);
      await site.order(`restart ${process}`);
      await until('everybody is back', () => people.every((person) => person.isInside()), PATIENCE_MS);
      if (!process.startsWith('gateway')) {
        assert.deepEqual(lost, [], `clients have noticed the restart of ${process}`);
        continue;
      }
      const most = Math.max(...lost.map((at) => lost.filter((other) => at <= other && other < at + DRAIN_S * 250).length));
      test.diagnostic(`${process}: ${lost.length} let go within ${lost.at(-1) - lost[0]} ms, at most ${most} of them in ${DRAIN_S * 250} ms`);
      assert.ok(lost.length >= PEOPLE / 4, `${process} had ${lost.length} clients`);
      assert.ok(most <= lost.length * AT_ONCE, `${process} has let ${most} of ${lost.length} clients go at once`);
    }
    people.forEach((person) => { person.quiet = true; });
    await Promise.all(talking);

    const logs = new Map();
    for (const room of rooms) {
      logs.set(room, await site.log(room, people.find((person) => person.rooms.includes(room)).user));
    }
    const hasEnd = (person) => person.rooms.every((room) => (person.last.get(room) ?? 0) >= (logs.get(room).at(-1)?.seq ?? 0));
    // Whoever has not heard the end by then has missed something, which the checker says in its own words.
    await until('everybody has heard the end', () => people.every(hasEnd), PATIENCE_MS).catch(() => {});
    assert.deepEqual(violations(history.facts, logs).map(({ says }) => says), []);

    const returns = history.of('connected').slice(PEOPLE);
    const [sent, acked, lost] = ['sent', 'acked', 'disconnected'].map((what) => history.of(what).length);
    test.diagnostic(`${sent} messages sent, ${acked} acknowledged; ${lost} connections closed, ${returns.length} returns`);
    assert.equal(acked, sent);
    assert.deepEqual(returns.filter(({ recovered }) => !recovered).map(({ who }) => who), []);
  });
});
