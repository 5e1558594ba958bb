// Starts the conformance example of the gateway and connects the stock client to it.

import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

import { io } from 'socket.io-client';

import { startBalancer } from './balancer.js';
import { Journal } from './journal.js';
import { IN_CLUSTER, SHARED } from './server.js';
import { PATIENCE_MS, until, within } from './wait.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BINARY = process.env.HELIOGRAPH_CONFORMANCE ?? path.join(ROOT, 'target/debug/examples/conformance');
const OUTPUT = process.env.HELIOGRAPH_TEST_OUTPUT ?? path.join(ROOT, 'target/test-output');

/** How many nodes a cluster has. */
const NODES = 3;

let started = 0;

/**
 * A running conformance server with the given profile and further arguments: one process, or, where a cluster is
 * tested, several nodes behind a balancer without stickiness.
 */
export async function startConformance(...options) {
  return startConformanceOver(SHARED, ...options);
}

/** The same over these servers. */
export async function startConformanceOver(shared, ...options) {
  if (!IN_CLUSTER) {
    const node = await startNode(options);
    return { url: `http://127.0.0.1:${node.port}`, stop: node.kill };
  }
  started += 1;
  const cluster = ['--cluster', '--prefix', `c${process.pid}-${started}`];
  for (const [name, url] of Object.entries(shared)) {
    cluster.push(`--${name}`, url);
  }
  const nodes = await Promise.all(Array.from({ length: NODES }, () => startNode([...options, ...cluster])));
  const balancer = await startBalancer(nodes.map((node) => node.port));
  return {
    url: `http://127.0.0.1:${balancer.port}`,
    nodes,
    async stop() {
      balancer.stop();
      await Promise.all(nodes.map((node) => node.kill()));
    },
  };
}

let nodesStarted = 0;

async function startNode(options) {
  nodesStarted += 1;
  const folder = path.join(OUTPUT, 'conformance');
  mkdirSync(folder, { recursive: true });
  const log = createWriteStream(path.join(folder, `${options.slice(0, 4).join('')}-${process.pid}-${nodesStarted}.log`));
  // The system chooses the port: one that is looked for first may be somebody else's by the time it is used.
  const child = spawn(BINARY, ['--port', '0', ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  process.once('exit', () => child.kill('SIGKILL'));
  const exited = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  let announced = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    announced += text;
  });
  const listening = () => /listening on http:\/\/127\.0\.0\.1:(\d+)\s/.exec(announced);
  const early = exited.then((code) => {
    throw new Error(`the conformance server ended with ${code} before it listened, see ${log.path}`);
  });
  early.catch(() => {});
  await Promise.race([early, until('the conformance server listens', () => listening() !== null)]);
  const port = Number(listening()[1]);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/**
 * The stock client and what it has heard: for each event the list of its arguments. `manager` puts another
 * namespace on a connection that exists.
 */
export class Client {
  #journal = new Journal();

  constructor(server, { namespace = '/', manager, ...options } = {}) {
    this.socket = manager
      ? manager.socket(namespace, options)
      : io(`${server.url}${namespace}`, { forceNew: true, reconnection: false, ...options });
    this.socket.onAny((name, ...args) => this.#journal.add(name, args));
    this.socket.on('connect', () => this.#journal.add('connect', []));
    this.socket.on('connect_error', (error) => this.#journal.add('connect_error', [error]));
    this.socket.on('disconnect', (reason) => this.#journal.add('disconnect', [reason]));
  }

  /** Emits and gives the arguments of the acknowledgement. */
  ask(event, ...args) {
    return within(`the acknowledgement of ${event}`, new Promise((resolve) => {
      this.socket.emit(event, ...args, (...answer) => resolve(answer));
    }));
  }

  /** The arguments of the next event of that name that fit `where`. */
  next(event, where, patience = PATIENCE_MS) {
    return this.#journal.next(event, where, patience);
  }

  /** All arguments of all events of that name so far. */
  heard(event) {
    return this.#journal.all(event);
  }
}
