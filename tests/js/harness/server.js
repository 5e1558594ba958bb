// Starts Heliograph for a test file, on ports of its own choice and with its log kept as test output: the binary with
// every role in one process, or a cluster of processes behind a balancer.

import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

import { sign } from './token.js';
import { until } from './wait.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BINARY = process.env.HELIOGRAPH_BINARY ?? path.join(ROOT, 'target/debug/heliograph');
const OUTPUT = process.env.HELIOGRAPH_TEST_OUTPUT ?? path.join(ROOT, 'target/test-output');

/** The program that starts a cluster, if that is what is tested. */
const CLUSTER = process.env.HELIOGRAPH_TEST_CLUSTER;

/** The servers that clusters share. */
export const SHARED = {
  bus: process.env.HELIOGRAPH_TEST_BUS,
  store: process.env.HELIOGRAPH_TEST_STORE,
  directory: process.env.HELIOGRAPH_TEST_DIRECTORY,
};

/** Whether a cluster is tested. */
export const IN_CLUSTER = Boolean(CLUSTER);

/** The HMAC secret of servers in jwt mode. */
export const SECRET = 'end-to-end-secret-of-32-characters';

/** An origin that the server's allow-list holds. */
export const ORIGIN = 'http://app.localhost:3000';

let started = 0;

/**
 * Starts a server and waits until it is ready.
 *
 * `settings` are configuration keys with their values, such as `{'auth.mode': 'open'}`; they are added to, or
 * replace, those of jwt mode with `SECRET`.
 */
export async function startServer(settings = {}) {
  started += 1;
  const suite = path.basename(process.argv[1] ?? 'suite').replace(/\.test\.js$/, '');
  const name = `${suite}-${started}`;
  const folder = path.join(OUTPUT, path.basename(path.dirname(process.argv[1] ?? '.')));
  mkdirSync(folder, { recursive: true });

  writeFileSync(path.join(folder, `${name}.log`), '');
  const server = new Server(path.join(folder, name), {
    'public.host': '127.0.0.1',
    'public.port': 0,
    'public.origins': [ORIGIN],
    'operations.port': 0,
    'auth.mode': 'jwt',
    'auth.secret': SECRET,
    'auth.open_in_cluster': true,
    // Nothing beyond this machine is asked, not even for one's own address.
    'ice.stun': [],
    ...settings,
  });
  await server.start();
  return server;
}

/** A running server. */
class Server {
  #child = null;
  #said = '';
  #settings;
  #configuration;
  #operations = [];
  #prefix = `t${process.pid}-${started}`;

  constructor(file, settings) {
    this.#settings = settings;
    this.#configuration = `${file}.toml`;
    this.logFile = `${file}.log`;
  }

  /** Starts the process and waits until it says that it is ready. A second start takes the ports of the first. */
  async start() {
    writeFileSync(this.#configuration, toml(this.#settings));
    const environment = Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !/^(HELIOGRAPH_|SOCKET_PORT$|PORT$|FRONTEND)/.test(key)),
    );
    const [program, ...options] = this.#command();
    const child = spawn(program, [...options, '--config', this.#configuration], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => resolve({ error }));
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const log = createWriteStream(this.logFile, { flags: 'a' });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    process.once('exit', () => child.kill('SIGKILL'));

    let announced = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      announced += text;
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.#said += text;
      });
    }
    const early = this.exited.then((how) => {
      throw new Error(`the server ended before it was ready (${JSON.stringify(how)}), see ${this.logFile}`);
    });
    early.catch(() => {});
    await Promise.race([early, until('the server is ready', () => /^\s*ready$/m.test(announced))]);
    this.port = portIn(announced, 'call page');
    this.url = `http://127.0.0.1:${this.port}`;
    this.websocketUrl = `ws://127.0.0.1:${this.port}`;
    this.#operations = [...announced.matchAll(/operations\s+http:\/\/([^/\s]+)\/metrics/g)].map(([, host]) => `http://${host}`);
    /** Of a cluster: its gateways, which can be reached without the balancer and be ended at once. */
    this.gateways = [...announced.matchAll(/clients\s+http:\/\/([^/\s]+)\/\s+pid (\d+)/g)].map(([, host, pid]) => ({
      url: `http://${host}`,
      websocketUrl: `ws://${host}`,
      token: this.token.bind(this),
      kill: () => process.kill(Number(pid), 'SIGKILL'),
    }));
    // Of a cluster the last processes that are named are its gateways.
    this.operationsUrl = this.#operations.at(-1);
    const operationsPort = Number(new URL(this.operationsUrl).port);
    Object.assign(this.#settings, { 'public.port': this.port, 'operations.port': operationsPort });
  }

  /** What to run, without its configuration. */
  #command() {
    if (!CLUSTER) {
      return [BINARY];
    }
    const servers = Object.entries(SHARED).flatMap(([name, url]) => (url ? [`--${name}`, url] : []));
    const port = this.port ? ['--port', String(this.port)] : [];
    return [CLUSTER, '--binary', BINARY, '--prefix', this.#prefix, ...servers, ...port];
  }

  /** A token for a user, signed with the server's secret; `claims` are added. */
  token(user, claims = {}) {
    return sign({ sub: user, name: capitalised(user), ...claims }, SECRET);
  }

  /** What the server has written so far. */
  log() {
    return this.#said;
  }

  /** The value of a metric, summed over the processes and the series whose labels contain `labels`. */
  async metric(name, labels = '') {
    const texts = await Promise.all(this.#operations.map(async (url) => (await fetch(`${url}/metrics`)).text()));
    return texts
      .join('\n')
      .split('\n')
      .filter((line) => line.startsWith(name) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Sends SIGTERM and gives the way the process ended. */
  async terminate() {
    this.#child.kill('SIGTERM');
    return this.exited;
  }

  /** Ends the process at once. */
  async stop() {
    if (this.#child) {
      this.#child.kill('SIGKILL');
      await this.exited;
    }
  }
}

/** The name that tokens of these tests carry for a user. */
export function capitalised(user) {
  return user.charAt(0).toUpperCase() + user.slice(1);
}

function portIn(announcement, label) {
  const [, port] = announcement.match(new RegExp(`^\\s*${label}.*http://[^/\\s]*:(\\d+)`, 'm'));
  return Number(port);
}

function toml(settings) {
  // A JSON string, number, boolean or array of these is a TOML value as well.
  return Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`).join('');
}

