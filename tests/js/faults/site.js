// A cluster of processes that can be hurt, and the servers that it needs.

import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import readline from 'node:readline';

import { SECRET } from '../harness/server.js';
import { sign } from '../harness/token.js';
import { within } from '../harness/wait.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CLUSTER = process.env.HELIOGRAPH_TEST_CLUSTER ?? path.join(ROOT, 'target/debug/cluster');
const BINARY = process.env.HELIOGRAPH_BINARY ?? path.join(ROOT, 'target/debug/heliograph');
const OUTPUT = path.join(process.env.HELIOGRAPH_TEST_OUTPUT ?? path.join(ROOT, 'target/test-output'), 'faults');

/** How long a process or server may take to start again. */
const PATIENCE_MS = 90_000;

/** The lease of a node in seconds: the shortest that etcd grants. */
export const LEASE_S = 2;

/** How long a call rings, in seconds. */
export const RING_S = 4;

/** Gateways, room-routers, presence services and their servers, each of which can be killed, paused and cut off. */
export class Site {
  #child;
  #answers = new Map();
  #commands = 0;
  /** What does not run. */
  #down = new Set();

  /** Starts everything. `settings` are added to the configuration, `options` are the cluster's; `title` names the log. */
  static async open(title, settings = {}, options = []) {
    const site = new Site();
    mkdirSync(OUTPUT, { recursive: true });
    site.logFile = path.join(OUTPUT, `${title}.log`);
    const configuration = path.join(OUTPUT, `${title}.toml`);
    const values = {
      'auth.mode': 'jwt',
      'auth.secret': SECRET,
      'etcd.lease': `${LEASE_S}s`,
      'presence.loss_grace': '2s',
      'calls.ring_timeout': `${RING_S}s`,
      'calls.unused_timeout': '4s',
      'public.drain_period': '2s',
      'limits.messages_per_minute': 100_000,
      'limits.calls_per_minute': 10_000,
      'rooms.log_entries': 100_000,
      'log.filter': 'info',
      ...settings,
    };
    writeFileSync(configuration, Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`).join(''));
    await site.#start(configuration, options);
    return site;
  }

  async #start(configuration, options) {
    const all = ['--control', '--binary', BINARY, '--config', configuration, ...options];
    this.#child = spawn(CLUSTER, all, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.pipe(createWriteStream(this.logFile));
    process.once('exit', () => this.#child.kill('SIGKILL'));
    let announced = '';
    const ready = new Promise((resolve, reject) => {
      this.#child.once('exit', (code) => reject(new Error(`the cluster ended (${code}), see ${this.logFile}`)));
      readline.createInterface({ input: this.#child.stdout }).on('line', (line) => {
        const [name, verdict, ...reason] = line.split(' ');
        const answer = this.#answers.get(name);
        if (answer) {
          this.#answers.delete(name);
          answer(verdict === 'done' ? undefined : new Error(reason.join(' ')));
        } else if (line === 'ready') {
          resolve();
        } else {
          announced += `${line}\n`;
        }
      });
    });
    await within('the cluster', ready, PATIENCE_MS);
    this.url = announced.match(/call page\s+(http:\/\/[^/\s]+)/)[1];
    this.websocketUrl = this.url.replace('http', 'ws');
    this.redis = Number(announced.match(/store\s+rediss?:\/\/\S*:(\d+)/)[1]);
    this.operations = [...announced.matchAll(/operations http:\/\/([^/\s]+)/g)].map(([, host]) => `http://${host}`);
    this.gateways = [...announced.matchAll(/clients (http:\/\/[^/\s]+)/g)].map(([, url]) => url);
  }

  /** Does something to a process, such as `kill gateway-0`. */
  async order(command) {
    this.#commands += 1;
    const name = `c${this.#commands}`;
    const answered = new Promise((resolve, reject) => {
      this.#answers.set(name, (error) => (error ? reject(error) : resolve()));
    });
    this.#child.stdin.write(`${name} ${command}\n`);
    await within(command, answered, PATIENCE_MS);
    const [order, process] = command.split(' ');
    if (order === 'kill') {
      this.#down.add(process);
    } else if (order === 'restart') {
      this.#down.delete(process);
    }
  }

  /** Starts again what was killed, in an order in which it can become ready. */
  async heal() {
    const servers = ['etcd', 'redis', 'nats'].filter((name) => this.#down.has(name));
    for (const name of new Set([...servers, ...this.#down])) {
      await this.order(`restart ${name}`);
    }
  }

  /** A token for a user. */
  token(user) {
    return sign({ sub: user, name: user }, SECRET);
  }

  /** One of the gateways by itself, as a server for clients. */
  gateway(number) {
    const url = this.gateways[number];
    return { url, websocketUrl: url.replace('http', 'ws'), token: (user) => this.token(user) };
  }

  /** A metric, summed over the processes. */
  async metric(name, labels = '') {
    const texts = await Promise.all(this.operations.map(async (url) => {
      try {
        return await (await fetch(`${url}/metrics`)).text();
      } catch {
        return '';
      }
    }));
    return texts.join('\n').split('\n')
      .filter((line) => line.startsWith(name) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** The log of a room after a number, as one of its members reads it. */
  async log(room, user, since = 0) {
    const messages = [];
    for (;;) {
      const after = messages.at(-1)?.seq ?? since;
      const url = `${this.url}/api/rooms/${encodeURIComponent(room)}/messages?after=${after}&limit=200`;
      const response = await fetch(url, { headers: { authorization: `Bearer ${this.token(user)}` } });
      if (response.status !== 200) {
        throw new Error(`the log of ${room} cannot be read: ${response.status}`);
      }
      const page = await response.json();
      messages.push(...page.messages);
      if (!page.more || page.messages.length === 0) {
        return messages;
      }
    }
  }

  /** Those of `users` whom a member of a room of theirs sees as present. */
  async present(user, users) {
    const headers = { authorization: `Bearer ${this.token(user)}` };
    const response = await fetch(`${this.url}/api/presence?users=${users.join(',')}`, { headers });
    if (response.status !== 200) {
      throw new Error(`presence cannot be read: ${response.status}`);
    }
    return (await response.json()).filter(({ status }) => status !== 'offline').map(({ userId }) => userId);
  }

  /** Keys in Redis that have no time to live. */
  async lastingKeys() {
    const script = "local r={} local c='0' repeat local p=redis.call('SCAN',c,'COUNT',1000) c=p[1] "
      + "for _,k in ipairs(p[2]) do if redis.call('TTL',k)==-1 then r[#r+1]=k end end until c=='0' return table.concat(r,'\\n')";
    const answer = await ask(this.redis, ['EVAL', script, '0']);
    return answer.split('\n').filter(Boolean);
  }

  /** Ends everything at once. */
  async close() {
    const ended = new Promise((resolve) => {
      this.#child.once('exit', resolve);
    });
    this.#child.kill('SIGKILL');
    await ended;
  }
}

/** One command to Redis, whose answer is a string. */
function ask(port, words) {
  return within('Redis', new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
    });
    let text = '';
    socket.setEncoding('utf8').on('data', (part) => {
      text += part;
      const [, length] = text.match(/^\$(-?\d+)\r\n/) ?? [];
      const start = text.indexOf('\r\n') + 2;
      if (text.startsWith('-')) {
        socket.destroy();
        reject(new Error(text.trim()));
      } else if (length !== undefined && Buffer.byteLength(text.slice(start)) >= Number(length) + 2) {
        socket.destroy();
        resolve(text.slice(start, -2));
      }
    });
    socket.once('error', reject);
  }));
}
