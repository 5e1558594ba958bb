// The checker itself: histories made by hand, each with one thing wrong.

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { violations } from './checker.js';

const LOG = ['a', 'b', 'c'].map((content, place) => ({ seq: place + 1, id: `id-${content}`, content }));

const heard = (who, ...seqs) => seqs.map((seq) => ({ what: 'heard', who, room: 'r', ...LOG[seq - 1] }));
const joined = (who, seq = 0) => ({ what: 'joined', who, room: 'r', seq });
const acked = (seq) => ({ what: 'acked', who: 'alice', room: 'r', ...LOG[seq - 1] });

function judged(facts, log = LOG) {
  return violations(facts, new Map([['r', log]])).map((violation) => violation.says);
}

it('a history in which everything is right', () => {
  const facts = [joined('alice'), joined('bob', 1), acked(1), acked(3), ...heard('alice', 1, 2, 3), ...heard('bob', 2, 3)];
  assert.deepEqual(judged(facts), []);
});

it('an acknowledged message that is lost', () => {
  assert.deepEqual(judged([acked(3)], LOG.slice(0, 2)), ['"c" was acknowledged as 3 of r and is not there']);
});

it('a message that was acknowledged under another number', () => {
  assert.deepEqual(judged([{ ...acked(2), seq: 3 }]), ['"b" was acknowledged as 3 of r and is not there']);
});

it('a message that is stored twice', () => {
  const log = [...LOG, { seq: 4, id: 'id-again', content: 'b' }];
  assert.deepEqual(judged([], log), ['"b" is in the log of r again at 4']);
});

it('a hole in the numbers', () => {
  assert.deepEqual(judged([], [LOG[0], LOG[2]]), ['the log of r has 3 at place 2']);
});

it('a member who never heard a message', () => {
  assert.deepEqual(judged([joined('bob'), ...heard('bob', 1, 3)]), ['bob never heard 2 of r ("b")']);
});

it('a member who heard a message twice', () => {
  assert.deepEqual(judged([joined('bob', 2), ...heard('bob', 3, 3)]), ['bob heard 3 of r twice']);
});

it('two members who heard the messages in different orders', () => {
  assert.deepEqual(judged([joined('bob'), ...heard('bob', 1, 3, 2)]), ['bob heard 2 of r after 3']);
});

it('a member who heard something else than what is stored', () => {
  const [wrong] = heard('bob', 3);
  const facts = [joined('bob', 2), { ...wrong, id: 'id-other' }];
  assert.deepEqual(judged(facts), ['bob heard "c" as 3 of r, where the log has another message']);
});
