// Breaks things, one seed one story.

import { setTimeout as pause } from 'node:timers/promises';

import { LEASE_S } from './site.js';

const NODES = ['gateway-0', 'gateway-1', 'room-router-0', 'room-router-1', 'presence-0', 'presence-1'];
const SERVERS = ['nats', 'redis', 'etcd'];

/** What it does, the commoner the more often it is named. */
const KINDS = ['kill', 'kill', 'kill', 'stop', 'pause', 'pause', 'silent', 'cut', 'server', 'freeze'];

/** Hurts a cluster until it is told to stop. */
export class Nemesis {
  #hurt = new Set();

  /** How often each kind of fault was injected. */
  faults = new Map();

  /** `kinds` and `targets` limit what it does, and to whom. */
  constructor(site, history, chance, { kinds, targets } = {}) {
    Object.assign(this, { site, history, chance });
    this.kinds = kinds ? KINDS.filter((kind) => kinds.includes(kind)) : KINDS;
    this.nodes = targets ? NODES.filter((name) => targets.includes(name)) : NODES;
    this.servers = targets ? SERVERS.filter((name) => targets.includes(name)) : SERVERS;
    this.stopped = false;
  }

  /** Injects faults, at most `atOnce` at a time, each followed by its healing. */
  async run(atOnce) {
    await Promise.all(Array.from({ length: atOnce }, async () => {
      while (!this.stopped) {
        await this.#fault();
        await pause(this.chance.between(100, 1_500));
      }
    }));
  }

  async #fault() {
    const kind = this.chance.of(this.kinds);
    const target = ['server', 'freeze'].includes(kind) ? this.chance.of(this.servers) : this.chance.of(this.nodes);
    const way = this.chance.of(['bus', 'store', 'directory']);
    const duration = this.chance.between(200, 3_000);
    // A process that is hurt already is left alone, and one of each role is.
    if (target === undefined || this.#hurt.has(target) || this.#hurt.has(partner(target))) {
      return;
    }
    this.#hurt.add(target);
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
    this.history.add('fault', { kind, target, ...(['silent', 'cut'].includes(kind) ? { way } : {}), duration });
    try {
      await this.#inflict(kind, target, way, duration);
      this.history.add('fault', { healed: target });
    } finally {
      this.#hurt.delete(target);
    }
  }

  async #inflict(kind, target, way, duration) {
    const { site } = this;
    switch (kind) {
      case 'kill':
      case 'server':
        await site.order(`kill ${target}`);
        await pause(duration);
        await site.order(`restart ${target}`);
        break;
      case 'stop':
        await site.order(`stop ${target}`);
        await pause(duration);
        await site.order(`restart ${target}`);
        break;
      case 'pause':
        // Half of the time beyond the lease.
        await site.order(`pause ${target}`);
        await pause(duration + LEASE_S * 500);
        await site.order(`resume ${target}`);
        break;
      case 'freeze':
        await site.order(`pause ${target}`);
        await pause(duration);
        await site.order(`resume ${target}`);
        break;
      default:
        await site.order(`link ${target} ${way} ${kind}`);
        await pause(duration);
        await site.order(`link ${target} ${way} sound`);
    }
  }
}

/** The other process of the same role. */
function partner(name) {
  return name.endsWith('-0') ? name.replace(/0$/, '1') : name.replace(/1$/, '0');
}
