// The stage of a suite: one server, and people and rooms that no other test of it uses.

import { after, afterEach, before, describe } from 'node:test';

import { Guest } from './guest.js';
import { Mesh } from './mesh.js';
import { startServer } from './server.js';
import { MODES, Synapse } from './synapse.js';

/** A suite with one server. `scenarios` gets the stage; `settings` are configuration keys of the server. */
export function suite(title, scenarios, settings = {}, options = { transports: ['websocket'] }) {
  describe(title, () => {
    const stage = new Stage(options);
    before(async () => {
      stage.server = await startServer(settings);
    });
    afterEach(() => stage.clear());
    after(() => stage.server?.stop());
    scenarios(stage);
  });
}

/** The same suite for each way in which a stock Socket.IO client connects, each with a server of its own. */
export function suiteInEveryMode(title, scenarios, settings = {}) {
  for (const { mode, options } of MODES) {
    suite(`${title}, ${mode}`, scenarios, settings, options);
  }
}

class Stage {
  #options;
  #clients = [];
  #count = 0;

  constructor(options) {
    this.#options = options;
  }

  /** An id that nothing else on this stage has, such as `room-7`. */
  unique(stem) {
    this.#count += 1;
    return `${stem}-${this.#count}`;
  }

  /** The name of a room that nobody has made. */
  room() {
    return this.unique('room');
  }

  /** Synapse clients of new users, signed in, in the order of their names. */
  people(...names) {
    const users = names.map((name) => this.unique(name));
    return Promise.all(users.map((user) => this.signIn(user)));
  }

  /** The same, each in one new room in the order of their names. */
  async peopleInRoom(...names) {
    const people = await this.people(...names);
    const roomId = this.room();
    for (const person of people) {
      await person.join(roomId);
    }
    return { people, roomId };
  }

  /** A synapse client of a given user, signed in. */
  async signIn(user, more = {}) {
    return this.#keep(await Synapse.signIn(this.server, user, { ...this.#options, ...more }));
  }

  /** The same at one gateway of a cluster. */
  async signInAt(gateway, user, more = {}) {
    return this.#keep(await Synapse.signIn(gateway, user, { ...this.#options, ...more }));
  }

  /** A synapse client that need not get in. */
  client(more = {}) {
    return this.#keep(new Synapse(this.server, { ...this.#options, ...more }));
  }

  /** A guest-chat client of a new guest, signed in. */
  guest(name, more = {}) {
    return this.guestOf(this.unique(name), more);
  }

  /** A guest-chat client of a given guest, signed in. */
  async guestOf(user, more = {}) {
    return this.#keep(await Guest.signIn(this.server, user, { ...this.#options, ...more }));
  }

  /** A mesh peer of a new user in a room. */
  async peer(room, name, more = {}) {
    return this.peerOf(room, this.unique(name), more);
  }

  /** A mesh peer of a given user in a room. */
  async peerOf(room, user, more = {}) {
    return this.#keep(await Mesh.enter(this.server, room, user, more));
  }

  /** A mesh socket that has not joined. */
  socket(more = {}) {
    return this.#keep(new Mesh(this.server, more));
  }

  /** Closes what the test has opened. */
  clear() {
    this.#clients.forEach((client) => client.close());
    this.#clients = [];
  }

  #keep(client) {
    this.#clients.push(client);
    return client;
  }
}
