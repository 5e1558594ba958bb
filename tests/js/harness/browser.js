// People at a browser: headless Chromium with a fake camera and microphone.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { until } from './wait.js';

const EXECUTABLE = process.env.HELIOGRAPH_CHROMIUM ?? '/usr/bin/chromium';
const OUTPUT = process.env.HELIOGRAPH_TEST_OUTPUT
  ?? fileURLToPath(new URL('../../../target/test-output', import.meta.url));
const SCREENSHOTS = path.join(OUTPUT, 'browser');

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--auto-select-desktop-capture-source=Entire screen',
  // Two browsers on one machine meet on its loopback addresses and by their numbers.
  '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

/** The page may not show its peer connections, so the test keeps them as they are made. */
function keepConnections() {
  globalThis.keptConnections = [];
  const Native = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(...options) {
      super(...options);
      globalThis.keptConnections.push(this);
    }
  };
}

/** Somebody with a browser of their own, whose profile is new and is removed afterwards. */
export class Person {
  #context;
  #profile;

  /** Opens the browser. `options` are playwright's for the context. */
  static async sitDown(name, options = {}) {
    const person = new Person();
    person.name = name;
    person.#profile = mkdtempSync(path.join(tmpdir(), 'heliograph-profile-'));
    person.#context = await chromium.launchPersistentContext(person.#profile, {
      executablePath: EXECUTABLE,
      headless: true,
      args: FLAGS,
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    person.page = person.#context.pages()[0] ?? (await person.#context.newPage());
    person.errors = [];
    person.page.on('pageerror', (error) => person.errors.push(String(error)));
    await person.page.addInitScript(keepConnections);
    return person;
  }

  /** The element with that test id. */
  find(id) {
    return this.page.getByTestId(id);
  }

  /** Opens the call page, types name and room, and clicks on join. */
  async enter(server, room) {
    await this.page.goto(server.url);
    await this.find('name').fill(this.name);
    await this.find('room').fill(room);
    await this.find('join').click();
    await this.find('call').waitFor();
  }

  /** The tile with somebody's camera or, with `kind` `screen`, their screen. */
  tileOf(other, kind = 'camera') {
    return this.page.locator(`[data-testid=tile][data-own=false][data-kind=${kind}]`, { hasText: other.name });
  }

  /** Waits until the connection to somebody is up and their picture moves. */
  async sees(other, kind = 'camera') {
    const tile = this.tileOf(other, kind);
    await tile.waitFor();
    await until(`${this.name} is connected to ${other.name}`, async () => (
      (await tile.getAttribute('data-link')) === 'connected'
    ), 30_000);
    const video = tile.getByTestId('tile-video');
    const clock = () => video.evaluate((element) => (element.videoWidth > 0 ? element.currentTime : 0));
    await until(`${this.name} has a picture of ${other.name}`, clock, 30_000);
    const before = await clock();
    await until(`the picture of ${other.name} moves`, async () => (await clock()) > before, 30_000);
  }

  /** Video frames decoded so far, over all connections that are up. */
  framesDecoded() {
    return this.#sum('inbound-rtp', 'framesDecoded');
  }

  /** Video frames sent so far, over all connections that are up. */
  framesSent() {
    return this.#sum('outbound-rtp', 'framesSent');
  }

  /** The states of the connections that were made and not closed. */
  connectionStates() {
    return this.page.evaluate(() => globalThis.keptConnections
      .map((connection) => connection.connectionState)
      .filter((state) => state !== 'closed'));
  }

  /** Keeps a picture of the page as test output. */
  async screenshot(title) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: path.join(SCREENSHOTS, `${title}.png`) });
  }

  /** Closes the browser and removes its profile. */
  async goAway() {
    await this.#context.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }

  #sum(type, field) {
    return this.page.evaluate(async ({ type, field }) => {
      let sum = 0;
      for (const connection of globalThis.keptConnections) {
        if (connection.connectionState === 'connected') {
          for (const report of (await connection.getStats()).values()) {
            if (report.type === type && report.kind === 'video') {
              sum += report[field] ?? 0;
            }
          }
        }
      }
      return sum;
    }, { type, field });
  }
}
