// People who talk whatever happens: they reconnect, send again what was not acknowledged, and write down what they hear.

import { setTimeout as pause } from 'node:timers/promises';

import { io } from 'socket.io-client';
import WebSocket from 'ws';

/** How long an acknowledgement is waited for before the message is sent again. */
const ACKNOWLEDGED_MS = 7_000;

class Talker {
  /** The newest number that was heard, by room. */
  last = new Map();
  /** What came live while older messages are read from the log, by room. */
  #catchingUp = new Map();
  #sent = 0;

  constructor(site, history, user, rooms) {
    Object.assign(this, { site, history, user, rooms });
    this.stopped = false;
    this.quiet = false;
  }

  note(what, fields) {
    this.history.add(what, { who: this.user, ...fields });
  }

  /** Somebody is in a room, from `seq` on when it is for the first time. */
  entered(room, seq) {
    if (!this.last.has(room)) {
      this.last.set(room, seq);
      this.note('joined', { room, seq });
    }
  }

  heard(room, message, how) {
    const waiting = this.#catchingUp.get(room);
    if (waiting && how === 'live') {
      waiting.push(message);
      return;
    }
    const { seq, id, content } = message;
    if (this.last.has(room)) {
      this.last.set(room, Math.max(this.last.get(room), seq));
    }
    this.note('heard', { room, seq, id, content, how });
  }

  /** A join of a room is about to be sent. Gives what it asks for. */
  joining(room) {
    this.#catchingUp.delete(room);
    const since = this.last.get(room);
    return since === undefined ? {} : { since };
  }

  /** The answer to a join has come. It has the newest of what was missed; the log has what is older. */
  answered(room, { since }, { seq, messages = [], more }) {
    this.entered(room, seq);
    if (more) {
      this.#catchUp(room, since, messages);
    } else {
      messages.forEach((message) => this.heard(room, message, 'join'));
    }
  }

  /** Reads the log; what comes live meanwhile waits. */
  async #catchUp(room, since, newest) {
    const waiting = [];
    this.#catchingUp.set(room, waiting);
    const [first] = newest;
    for (let log; this.#catchingUp.get(room) === waiting && !this.stopped;) {
      log = await this.site.log(room, this.user, since).catch(() => pause(200));
      // Another join may have begun meanwhile, which asks for the same.
      if (log && this.#catchingUp.get(room) === waiting) {
        this.#catchingUp.delete(room);
        log.filter(({ seq }) => seq < first.seq).forEach((message) => this.heard(room, message, 'log'));
        newest.forEach((message) => this.heard(room, message, 'join'));
        waiting.forEach((message) => this.heard(room, message, 'live'));
      }
    }
  }

  /** Talks in every room in turn until it is told to be quiet. A message is sent until it is acknowledged. */
  async talk(everyMs) {
    while (!this.quiet) {
      const room = this.rooms[this.#sent % this.rooms.length];
      this.#sent += 1;
      const content = `${this.user}:${this.#sent}`;
      this.note('sent', { room, content });
      await this.#untilAcknowledged(room, content);
      await pause(everyMs);
    }
  }

  async #untilAcknowledged(room, content) {
    // Within the time for which the cluster remembers references.
    const giveUp = Date.now() + 90_000;
    while (!this.stopped && Date.now() < giveUp) {
      const { id, seq, refused } = await this.post(room, content);
      if (id !== undefined) {
        this.note('acked', { room, content, id, seq });
        return;
      }
      this.note('refused', { room, content, why: refused });
      await pause(100);
    }
  }
}

/** Somebody with the stock Socket.IO client. */
export class SocketIoTalker extends Talker {
  constructor(site, history, user, rooms, options) {
    super(site, history, user, rooms);
    this.socket = io(site.url, {
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 500,
      timeout: 5_000,
      auth: (send) => send({ token: site.token(user) }),
      ...options,
    });
    this.socket.on('message:new', (message) => this.heard(message.roomId, message, 'live'));
    this.socket.on('disconnect', (reason) => this.note('disconnected', { reason }));
    this.socket.on('connect_error', (error) => this.note('not-connected', { reason: error.message }));
    this.socket.on('connect', () => {
      this.note('connected', { recovered: this.socket.recovered, socket: this.socket.id });
      if (!this.socket.recovered) {
        this.inside = false;
        this.#enter(this.socket.id);
      } else if (!this.inside) {
        // The connection before this one ended before everything was joined.
        this.#enter(this.socket.id);
      }
    });
  }

  /** Joins every room, as often as it takes, as long as this connection lasts. */
  async #enter(connection) {
    for (const room of this.rooms) {
      while (!await this.#join(room)) {
        if (this.stopped || this.socket.id !== connection) {
          return;
        }
        await pause(100);
      }
      if (this.socket.id !== connection) {
        return;
      }
    }
    this.inside = true;
  }

  /** Joins a room and says whether that was acknowledged. */
  #join(room) {
    const request = this.joining(room);
    return new Promise((resolve) => {
      this.socket.timeout(ACKNOWLEDGED_MS).emit('room:join', { roomId: room, ...request }, (error, ack) => {
        if (ack?.success) {
          // At once, because live messages may be right behind.
          this.answered(room, request, ack);
        } else {
          this.note('refused', { room, event: 'room:join', why: ack?.code ?? error.message });
        }
        resolve(ack?.success ?? false);
      });
    });
  }

  async post(room, content) {
    try {
      const ack = await this.socket.timeout(ACKNOWLEDGED_MS)
        .emitWithAck('message:send', { roomId: room, content, clientId: content });
      return ack.success ? { id: ack.messageId, seq: ack.seq } : { refused: ack.code };
    } catch {
      return { refused: 'unanswered' };
    }
  }

  isInside() {
    return this.socket.connected && this.inside;
  }

  leave() {
    this.stopped = true;
    this.socket.disconnect();
  }
}

/** Somebody with a plain WebSocket and the mesh vocabulary, who is in one room. */
export class MeshTalker extends Talker {
  #answers = new Map();
  /** What the newest join asked for. */
  #asked = {};

  constructor(site, history, user, room) {
    super(site, history, user, [room]);
    this.room = room;
    this.#connect();
  }

  #connect() {
    const socket = new WebSocket(`${this.site.websocketUrl}/ws`);
    this.socket = socket;
    this.inside = false;
    this.#asked = this.joining(this.room);
    socket.on('open', () => this.#tell({
      type: 'join',
      room: this.room,
      token: this.site.token(this.user),
      ...(this.resume ? { resume: this.resume } : {}),
      ...this.#asked,
    }));
    socket.on('message', (data) => this.#hear(JSON.parse(data.toString())));
    socket.on('error', () => {});
    socket.on('close', async (code) => {
      this.note('disconnected', { code });
      this.#answers.forEach((answer) => answer({ code: 'lost' }));
      this.#answers.clear();
      await pause(50 + Math.random() * 450);
      if (!this.stopped && this.socket === socket) {
        this.#connect();
      }
    });
  }

  #tell(message) {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify(message));
    }
  }

  #hear(message) {
    switch (message.type) {
      case 'peers':
        this.note('connected', { recovered: message.resumed });
        this.resume = message.resumeToken;
        this.answered(this.room, this.#asked, { ...message, messages: message.messages?.map(chat) });
        this.inside = true;
        break;
      case 'chat':
        this.heard(this.room, chat(message), 'live');
        break;
      case 'ack':
      case 'error': {
        const answer = this.#answers.get(message.id ?? message.ref);
        if (answer) {
          this.#answers.delete(message.id ?? message.ref);
          answer(message);
        } else if (message.type === 'error') {
          this.note('refused', { why: message.code });
          this.socket.close();
        }
        break;
      }
      default:
    }
  }

  async post(room, content) {
    if (!this.inside) {
      await pause(200);
      return { refused: 'not inside' };
    }
    const answer = await new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ code: 'unanswered' }), ACKNOWLEDGED_MS);
      this.#answers.set(content, (message) => {
        clearTimeout(timer);
        resolve(message);
      });
      this.#tell({ type: 'chat', text: content, id: content });
    });
    this.#answers.delete(content);
    return answer.type === 'ack' ? { id: answer.messageId, seq: answer.seq } : { refused: answer.code };
  }

  isInside() {
    return this.socket.readyState === WebSocket.OPEN && this.inside;
  }

  leave() {
    this.stopped = true;
    this.socket.close(1000);
  }
}

/** A message of mesh with the names that synapse has for its parts. */
function chat({ seq, messageId, id, text }) {
  return { seq, id: messageId ?? id, content: text };
}
