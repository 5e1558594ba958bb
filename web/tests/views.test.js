import assert from 'node:assert/strict';
import { test } from 'node:test';

import { colourOf, initials } from '../app/views/avatar.js';
import { arrange } from '../app/views/layout.js';
import { splitLinks } from '../app/views/links.js';
import { peopleOf } from '../app/views/people.js';
import { tilesOf } from '../app/views/stage.js';
import { inCall, listed } from './room.js';

const STAGES = [
  { width: 1264, height: 612 },
  { width: 374, height: 700 },
  { width: 800, height: 300 },
  { width: 2500, height: 1300 },
];

const overlap = (a, b) =>
  a.x < b.x + b.width - 0.01 && b.x < a.x + a.width - 0.01 && a.y < b.y + b.height - 0.01 && b.y < a.y + a.height - 0.01;

test('tiles stay on the stage and never overlap, whatever its shape', () => {
  for (const stage of STAGES) {
    for (const cameras of [1, 2, 3, 4, 5, 7, 12, 32]) {
      for (const screens of [0, 1, 2]) {
        const placed = arrange({ ...stage, gap: 8, cameras, screens });
        const rects = [...placed.cameras, ...placed.screens];
        assert.equal(rects.length, cameras + screens);
        rects.forEach((rect, index) => {
          assert.ok(rect.x >= -0.01 && rect.x + rect.width <= stage.width + 0.01);
          assert.ok(rect.y >= -0.01 && rect.y + rect.height <= stage.height + 0.01);
          assert.ok(rect.width > 0 && rect.height > 0);
          for (const other of rects.slice(index + 1)) assert.ok(!overlap(rect, other));
        });
      }
    }
  }
});

test('two people are beside one another on a desk and below one another on a phone', () => {
  const desk = arrange({ width: 1264, height: 612, gap: 8, cameras: 2, screens: 0 }).cameras;
  assert.equal(desk[0].y, desk[1].y);
  const phone = arrange({ width: 374, height: 700, gap: 8, cameras: 2, screens: 0 }).cameras;
  assert.equal(phone[0].x, phone[1].x);
});

test('a shared screen is larger than all cameras together', () => {
  for (const stage of STAGES) {
    const { cameras, screens } = arrange({ ...stage, gap: 8, cameras: 6, screens: 1 });
    const area = (rects) => rects.reduce((sum, { width, height }) => sum + width * height, 0);
    assert.ok(area(screens) > area(cameras));
  }
});

test('the camera has a tile beside the screen of the same person', () => {
  const state = inCall(listed('ann'));
  state.peers.set('ann', { ...state.peers.get('ann'), screenStream: { id: 's' } });
  assert.deepEqual(tilesOf(state).map(({ key }) => key), ['camera:ann', 'screen:ann', 'self']);
});

test('people are listed with ourselves first and raised hands next', () => {
  const people = peopleOf(inCall('ann', listed('bob', { handRaised: true })));
  assert.deepEqual(people.map(({ id }) => id), ['self', 'bob', 'ann']);
  assert.equal(people[1].mayLower, true);
});

test('web addresses in a text become links and nothing is lost', () => {
  const text = 'See https://example.org/a?b=1 (or http://x.example/), not javascript:alert(1).';
  const parts = splitLinks(text);
  assert.equal(parts.map((part) => part.text).join(''), text);
  assert.deepEqual(
    parts.filter(({ link }) => link).map((part) => part.text),
    ['https://example.org/a?b=1', 'http://x.example/'],
  );
});

test('markup and other schemes stay plain text', () => {
  for (const text of ['<img src=x onerror=alert(1)>', 'data:text/html,hi', 'javascript://x', 'https://']) {
    assert.deepEqual(splitLinks(text).filter(({ link }) => link), []);
  }
});

test('initials come from the first and the last word', () => {
  assert.equal(initials('Alice Maria Marlow'), 'AM');
  assert.equal(initials('bob'), 'B');
  assert.equal(initials('  '), '?');
  assert.equal(initials('😀 smile'), '😀S');
});

test('everybody has one of eight colours, always the same', () => {
  for (const name of ['', 'Ann', '李雷', '😀']) {
    assert.equal(colourOf(name), colourOf(name));
    assert.ok(colourOf(name) >= 0 && colourOf(name) < 8);
  }
});
