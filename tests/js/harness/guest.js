// A guest of the guest-chat vocabulary, on the stock Socket.IO client.

import { Synapse } from './synapse.js';

/** A connected client that speaks guest-chat, and what it has heard. */
export class Guest extends Synapse {
  /** A guest who has connected with a token of `user` and has been told who it is. */
  static async signIn(server, user, { claims = {}, auth = {}, ...options } = {}) {
    const token = server.token(user, { guest: true, ...claims });
    const guest = new Guest(server, { auth: { token, vocabulary: 'guest-chat', ...auth }, ...options });
    guest.user = user;
    guest.welcome = await guest.next('connection:established');
    return guest;
  }

  /** Looks for somebody, and waits until the search has begun. */
  async search() {
    await this.ask('user:match');
  }

  /** Says something to the partner and gives the acknowledgement. */
  say(content, more = {}) {
    return this.ask('chat:message', { type: 'text', content, ...more });
  }

  /** Waits until the partner has heard what this guest sent before now. */
  async reached(partner) {
    const content = `fence ${Math.random()}`;
    await this.say(content);
    await partner.next('chat:message', (message) => message.content === content);
  }
}

/** Two guests who have been matched with each other, the one who looked first before the other. */
export async function pair(one, other) {
  await one.search();
  await other.search();
  const [first, second] = await Promise.all([one, other].map((guest) => guest.next('user:matched')));
  await Promise.all([one, other].map((guest) => guest.next('room:user_joined')));
  return [first, second];
}
