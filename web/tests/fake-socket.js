/** A WebSocket that a test opens, speaks through and closes by hand. */
export class FakeSocket {
  /** @type {FakeSocket[]} */
  static made = [];

  sent = [];
  closedWith = null;
  onopen = null;
  onmessage = null;
  onclose = null;

  constructor(url) {
    this.url = url;
    FakeSocket.made.push(this);
  }

  static get last() {
    return FakeSocket.made.at(-1);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.closedWith = code;
  }

  /** The server accepts the connection. */
  accept() {
    this.onopen?.();
  }

  /** The server says something. */
  say(message) {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  /** The connection ends. */
  end(code) {
    this.onclose?.({ code });
  }

  /** The types of what was sent, in order. */
  get types() {
    return this.sent.map(({ type }) => type);
  }
}
