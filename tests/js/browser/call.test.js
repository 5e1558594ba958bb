// People who use the call page as it is meant to be used: they type, click and press keys.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import { Person } from '../harness/browser.js';
import { startServer } from '../harness/server.js';
import { until } from '../harness/wait.js';

describe('the call page', { timeout: 600_000 }, () => {
  let server;
  let room;
  let people = [];
  let rooms = 0;

  before(async () => {
    server = await startServer({ 'auth.mode': 'open' });
  });

  after(() => server?.stop());

  afterEach(async (context) => {
    for (const person of people) {
      if (!context.passed) {
        await person.screenshot(`failed-${context.name.replaceAll(/\W+/g, '-')}-${person.name}`);
      }
      await person.goAway();
    }
    people = [];
  });

  async function seated(...names) {
    people = await Promise.all(names.map((name) => Person.sitDown(name)));
    rooms += 1;
    room = `standup-${rooms}`;
    return people;
  }

  /** People in a call in which everybody sees everybody. */
  async function inCall(...names) {
    const all = await seated(...names);
    for (const person of all) {
      await person.enter(server, room);
    }
    await everybodySeesEverybody(all);
    return all;
  }

  async function everybodySeesEverybody(all) {
    for (const person of all) {
      for (const other of all.filter((one) => one !== person)) {
        await person.sees(other);
      }
    }
  }

  it('two people meet, and video frames flow both ways', async () => {
    const [alice, bob] = await seated('Alice', 'Bob');
    await alice.page.goto(server.url);
    await alice.find('lobby').waitFor();
    await until('the camera is shown before the call', () => alice.find('preview-video').evaluate(
      (video) => video.videoWidth > 0,
    ));
    await alice.screenshot('1-lobby');
    await alice.enter(server, room);
    await alice.find('lonely-link').waitFor();
    await alice.screenshot('2-alone');

    // Bob got the link: the room is filled in, only the name is missing.
    await bob.page.goto(await alice.find('lonely-link').inputValue());
    assert.equal(await bob.find('room').inputValue(), room);
    await bob.find('name').fill('Bob');
    await bob.page.keyboard.press('Enter');
    await everybodySeesEverybody([alice, bob]);

    for (const person of [alice, bob]) {
      assert.deepEqual(await person.connectionStates(), ['connected']);
      const [decoded, sent] = [await person.framesDecoded(), await person.framesSent()];
      await until(`${person.name} decodes more frames`, async () => (await person.framesDecoded()) > decoded + 10, 30_000);
      await until(`${person.name} sends more frames`, async () => (await person.framesSent()) > sent + 10, 30_000);
      assert.equal(await person.find('head-count').innerText(), '2 people');
    }
    await alice.screenshot('3-call');
  });

  it('a muted microphone and a camera that is off are seen by the other', async () => {
    const [alice, bob] = await inCall('Alice', 'Bob');
    const tile = bob.tileOf(alice);
    await alice.find('toggle-microphone').click();
    await until('Bob sees that Alice is muted', async () => /muted/.test(await tile.getAttribute('aria-label')));
    await alice.find('toggle-camera').click();
    await until('Bob sees no picture', async () => (await tile.getAttribute('data-picture')) === 'false');
    await bob.screenshot('4-muted');
    await alice.find('toggle-microphone').click();
    await alice.find('toggle-camera').click();
    await until('Bob hears Alice', async () => !/muted/.test(await tile.getAttribute('aria-label')));
    await bob.sees(alice);
  });

  it('keys do the same as buttons', async () => {
    const [alice, bob] = await inCall('Alice', 'Bob');
    const tile = bob.tileOf(alice);
    await alice.page.keyboard.press('m');
    await until('Bob sees that Alice is muted', async () => /muted/.test(await tile.getAttribute('aria-label')));
    await alice.page.keyboard.press('h');
    await until('Bob sees the hand', async () => /hand raised/.test(await tile.getAttribute('aria-label')));
    await alice.page.keyboard.press('h');
    await until('the hand is down', async () => !/hand raised/.test(await tile.getAttribute('aria-label')));
  });

  it('a shared screen is seen beside the camera, and goes when it is stopped', async () => {
    const [alice, bob] = await inCall('Alice', 'Bob');
    await alice.find('toggle-screen').click();
    await bob.sees(alice, 'screen');
    await bob.sees(alice);
    await bob.screenshot('5-screen');
    await alice.find('toggle-screen').click();
    await bob.tileOf(alice, 'screen').waitFor({ state: 'detached' });
    await bob.sees(alice);
  });

  it('a screen that is shared and stopped in quick succession ends as it was left', async () => {
    const [alice, bob] = await inCall('Alice', 'Bob');
    const toggle = alice.find('toggle-screen');
    const isSharing = (sharing) => until(
      `sharing is ${sharing}`,
      async () => (await toggle.getAttribute('data-on')) === String(sharing),
    );
    for (let round = 0; round < 3; round += 1) {
      await toggle.click();
      await isSharing(true);
      await toggle.click();
      await isSharing(false);
    }
    await toggle.click();
    await bob.sees(alice, 'screen');
    await alice.sees(bob);
  });

  it('what one writes the other reads, and an unread text is counted', async () => {
    const [alice, bob] = await inCall('Alice', 'Bob');
    await bob.find('toggle-chat').click();
    await bob.find('chat-text').fill('hello Alice, 1 < 2 & <b>bold</b>');
    await bob.page.keyboard.press('Enter');
    await until('Alice is told of an unread text', async () => (await alice.find('unread').innerText()) === '1');
    await alice.find('toggle-chat').click();
    const message = alice.find('message').first();
    await message.waitFor();
    assert.match(await message.innerText(), /hello Alice, 1 < 2 & bold/);
    await bob.find('chat-text').pressSequentially('and');
    await until('Alice sees that Bob types', async () => /Bob/.test(await alice.find('typing').innerText()));
    await alice.screenshot('6-chat');
  });

  it('the host switches the chat off and on', async () => {
    const [alice, bob] = await inCall('Alice', 'Bob');
    await bob.find('toggle-chat').click();
    await alice.find('toggle-people').click();
    await alice.find('chat-switch').click();
    await bob.find('chat-off').waitFor();
    await alice.find('chat-switch').click();
    await bob.find('chat-off').waitFor({ state: 'hidden' });
  });

  it('who leaves is gone for the other and may come back', async () => {
    const [alice, bob] = await inCall('Alice', 'Bob');
    await bob.find('leave').click();
    await bob.find('ended').waitFor();
    await bob.screenshot('7-ended');
    await alice.tileOf(bob).waitFor({ state: 'detached' });
    assert.equal(await alice.find('head-count').innerText(), 'Only you');
    await bob.find('rejoin').click();
    await everybodySeesEverybody([alice, bob]);
  });

  it('a refreshed page comes back into the call', async () => {
    const [alice, bob] = await inCall('Alice', 'Bob');
    await bob.page.reload();
    if (await bob.find('lobby').isVisible()) {
      await bob.find('join').click();
    }
    await everybodySeesEverybody([alice, bob]);
    await until('nobody is seen twice', async () => (await alice.find('head-count').innerText()) === '2 people');
  });

  it('three people see each other, and one who leaves breaks nobody', async () => {
    const [alice, bob, carol] = await inCall('Alice', 'Bob', 'Carol');
    await alice.screenshot('8-three');
    await bob.find('leave').click();
    await alice.tileOf(bob).waitFor({ state: 'detached' });
    await everybodySeesEverybody([alice, carol]);
  });

  it('the call goes on while the server is restarted', async () => {
    const [alice, bob] = await inCall('Alice', 'Bob');
    await server.stop();
    await alice.find('banner').waitFor();
    await alice.screenshot('9-server-gone');
    const before = await alice.framesDecoded();
    await until('frames still flow', async () => (await alice.framesDecoded()) > before + 10, 30_000);
    await server.start();
    for (const person of [alice, bob]) {
      await person.find('banner').waitFor({ state: 'hidden', timeout: 40_000 });
    }
    await everybodySeesEverybody([alice, bob]);
  });

  it('fits a phone', async () => {
    const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true };
    people = [await Person.sitDown('Alice', phone), await Person.sitDown('Bob')];
    room = 'on-a-phone';
    await people[0].page.goto(server.url);
    await people[0].screenshot('10-phone-lobby');
    for (const person of people) {
      await person.enter(server, room);
    }
    await everybodySeesEverybody(people);
    await people[0].screenshot('11-phone-call');
    const overflow = await people[0].page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.equal(overflow, 0);
  });

  it('no page has raised an error that nobody caught', async () => {
    const [alice, bob] = await inCall('Alice', 'Bob');
    await bob.find('leave').click();
    await alice.tileOf(bob).waitFor({ state: 'detached' });
    assert.deepEqual([...alice.errors, ...bob.errors], []);
  });
});
