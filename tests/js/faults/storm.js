// A storm: people talk in many rooms while a nemesis breaks things; then everything heals and the history is judged.
//
// usage: node storm.js [--seconds N] [--seed S] [--people N] [--rooms N] [--only KIND,…] [--targets NAME,…]
//
// Its lines `figures of …` are added up over many storms by `cargo xtask faults`.

import { parseArgs } from 'node:util';
import { writeFileSync } from 'node:fs';

import { until } from '../harness/wait.js';
import { Caller, unfinished } from './callers.js';
import { Chance } from './chance.js';
import { violations } from './checker.js';
import { History } from './history.js';
import { Nemesis } from './nemesis.js';
import { MeshTalker, SocketIoTalker } from './people.js';
import { LEASE_S, RING_S, Site } from './site.js';

/** How long healing may take. */
const HEALING_MS = 60_000;

/**
 * Within what calls that ring are over: their time to ring, the lease of a process that had set the deadline, two seconds
 * within which its successor looks for it, and what a loaded machine adds.
 */
const RINGING_MS = (RING_S + LEASE_S + 2) * 1_000 + 4_000;

/** Within what those who left are gone: the lease, the grace of a lost socket, and a takeover. */
const REAPING_MS = 15_000;

/** People who leave with a gateway. */
const LEAVERS = 3;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    people: { type: 'string', default: '18' },
    rooms: { type: 'string', default: '6' },
    only: { type: 'string' },
    targets: { type: 'string' },
  },
});
const seed = Number(values.seed);
const title = `storm-${seed}`;
console.log(`storm of ${values.seconds} s, seed ${seed}`);

const site = await Site.open(title);
const history = new History();
const chance = new Chance(seed);
const rooms = Array.from({ length: Number(values.rooms) }, (_, number) => `room-${number}`);
const MODES = [{ transports: ['websocket'] }, { transports: ['polling'] }, {}];
const people = Array.from({ length: Number(values.people) }, (_, number) => {
  const own = [rooms[number % rooms.length], rooms[(number * 5 + 1) % rooms.length]];
  return number % 4 === 3
    ? new MeshTalker(site, history, `mesh-${number}`, own[0])
    : new SocketIoTalker(site, history, `user-${number}`, [...new Set(own)], MODES[number % MODES.length]);
});
people.push(new SocketIoTalker(site, history, 'callee', [rooms[0]], MODES[0]));
people.push(new Caller(site, history, 'caller', 'callee', [rooms[0]], MODES[2]));
// Those who leave for good with the first gateway that loses them.
const leavers = Array.from({ length: LEAVERS }, (_, number) => {
  const leaver = new SocketIoTalker(site, history, `leaver-${number}`, [rooms[0]], { ...MODES[0], reconnection: false });
  leaver.socket.once('disconnect', () => leaver.leave());
  return leaver;
});
const found = [];
try {
  await until('everybody is inside', () => [...people, ...leavers].every((person) => person.isInside()), HEALING_MS);
  const talking = people.map((person) => person.talk(50 + chance.between(0, 150)));
  const nemesis = new Nemesis(site, history, chance, { kinds: values.only?.split(','), targets: values.targets?.split(',') });
  const storm = nemesis.run(2);
  await new Promise((resolve) => { setTimeout(resolve, Number(values.seconds) * 1_000); });
  nemesis.stopped = true;
  await storm;
  history.add('fault', { kind: 'over' });
  people.forEach((person) => { person.quiet = true; });
  await Promise.all(talking);
  await until('everybody is back', () => people.every((person) => person.isInside()), HEALING_MS);

  const logs = new Map();
  const reader = (room) => people.find((person) => person.rooms.includes(room)).user;
  for (const room of rooms) {
    logs.set(room, await site.log(room, reader(room)));
  }
  const ends = (person) => person.rooms.every((room) => (person.last.get(room) ?? 0) >= (logs.get(room).at(-1)?.seq ?? 0));
  // Whoever has not heard the end by then has missed something, which the checker says in its own words.
  await until('everybody has heard the end', () => people.every(ends), HEALING_MS).catch(() => {});
  found.push(...violations(history.facts.filter(({ who }) => !who?.startsWith('leaver-')), logs));

  let ringing = [];
  const silence = async () => {
    ringing = await unfinished(site, history);
    return ringing.length === 0;
  };
  await until('no call rings', silence, RINGING_MS)
    .catch(() => found.push({ says: `calls that nobody answered and that are not over: ${ringing.join(' ')}` }));
  leavers.forEach((leaver) => leaver.leave());
  let present = [];
  const gone = async () => {
    present = await site.present(reader(rooms[0]), leavers.map((leaver) => leaver.user));
    return present.length === 0;
  };
  await until('those who left are gone', gone, REAPING_MS)
    .catch(() => found.push({ says: `they left and are not seen as gone: ${present.join(' ')}` }));

  people.forEach((person) => person.leave());
  const left = async () => (await site.metric('heliograph_gateway_sockets')) === 0
    && (await site.metric('heliograph_gateway_rooms')) === 0;
  await until('no socket and no room is left', left, HEALING_MS)
    .catch((error) => found.push({ says: error.message }));
  let lasting = [];
  const fading = async () => {
    lasting = await site.lastingKeys();
    return lasting.length === 0;
  };
  await until('no key is left for good', fading, HEALING_MS)
    .catch(() => found.push({ says: `keys without a time to live: ${lasting.slice(0, 20).join(' ')} (${lasting.length})` }));

  const count = (what) => history.of(what).length;
  const connected = history.of('connected');
  console.log([
    `figures of faults: ${[...nemesis.faults].map(([kind, number]) => `${kind} ${number}`).join(', ')}`,
    `figures of messages: sent ${count('sent')}, acknowledged ${count('acked')}, refused or unanswered at first ${count('refused')}, heard ${count('heard')}`,
    `figures of connections: lost ${count('disconnected')}, recovered ${connected.filter((fact) => fact.recovered).length}, new ${connected.filter((fact) => !fact.recovered).length}`,
  ].join('\n'));
} catch (error) {
  found.push({ says: `the storm did not come to its end: ${error.message}` });
  const missing = people.filter((person) => !person.isInside()).map((person) => person.user);
  console.log(`not inside: ${missing.join(' ')}`);
} finally {
  await site.close();
}
console.log(`figures of violations: found ${found.length}`);
if (found.length > 0) {
  const [first] = found;
  const file = site.logFile.replace(/\.log$/, '.story');
  writeFileSync(file, history.story().join('\n'));
  console.log(`VIOLATED, seed ${seed}; the whole story is in ${file}`);
  found.slice(0, 20).forEach((violation) => console.log(`  ${violation.says}`));
  console.log('the story of the first:');
  history.story(first).slice(-120).forEach((line) => console.log(`  ${line}`));
}
process.exit(found.length > 0 ? 1 : 0);
