// Two people in a call whose pages are served by two gateways.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { Person } from '../harness/browser.js';
import { startServer } from '../harness/server.js';
import { until } from '../harness/wait.js';

describe('the call page on two gateways', { timeout: 300_000 }, () => {
  let server;
  const people = [];

  after(async () => {
    await Promise.all(people.map((person) => person.goAway()));
    await server?.stop();
  });

  it('video frames flow both ways', async () => {
    server = await startServer({ 'auth.mode': 'open' });
    people.push(...await Promise.all(['Alice', 'Bob'].map((name) => Person.sitDown(name))));
    const [alice, bob] = people;
    for (const [place, person] of people.entries()) {
      await person.enter(server.gateways[place], 'standup');
    }
    await alice.sees(bob);
    await bob.sees(alice);
    for (const person of people) {
      const before = await person.framesDecoded();
      await until(`frames reach ${person.name}`, async () => (await person.framesDecoded()) > before + 10, 30_000);
      assert.deepEqual(person.errors, []);
    }
    await alice.screenshot('two-gateways');
  });
});
