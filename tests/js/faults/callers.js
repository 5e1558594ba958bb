// People whose calls nobody answers: each call must be over when its time to ring is, whatever happened meanwhile.

import { setTimeout as pause } from 'node:timers/promises';

import { SocketIoTalker } from './people.js';

/** Time between calls. */
const BETWEEN_MS = 1_000;

/** Somebody who calls somebody else again and again. The callee rings, and does not answer. */
export class Caller extends SocketIoTalker {
  #calls = 0;

  constructor(site, history, user, callee, rooms, options) {
    super(site, history, user, rooms, options);
    this.callee = callee;
  }

  async talk() {
    while (!this.quiet) {
      this.#calls += 1;
      const callId = `call_${this.user}_${this.#calls}`;
      const payload = { callId, participants: [this.callee], type: 'audio' };
      try {
        const ack = await this.socket.timeout(BETWEEN_MS).emitWithAck('call-initiate', payload);
        this.note('called', { callId, ...(ack.success ? {} : { refused: ack.code }) });
      } catch {
        // It may ring all the same.
        this.note('called', { callId, refused: 'unanswered' });
      }
      await pause(BETWEEN_MS);
    }
  }
}

/** The calls that are not over, as one of those who called sees them. */
export async function unfinished(site, history) {
  const calls = await Promise.all(history.of('called').map(async ({ who, callId }) => {
    const headers = { authorization: `Bearer ${site.token(who)}` };
    const response = await fetch(`${site.url}/api/call-sessions/${callId}`, { headers });
    if (response.status === 404) {
      return undefined;
    }
    const { status } = await response.json();
    return status === 'ended' ? undefined : `${callId} (${response.status}: ${status})`;
  }));
  return calls.filter(Boolean);
}
