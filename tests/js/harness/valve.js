// A way to a server that can be closed for a while: what is sent meanwhile arrives later.

import { connect, createServer } from 'node:net';

/** A valve before the server of a URL such as `redis://127.0.0.1:6379`; `url` leads through it. */
export async function startValve(to) {
  const { hostname, port } = new URL(to);
  const open = new Set();
  let closed = false;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const pair = [client, upstream];
    open.add(pair);
    const end = () => {
      open.delete(pair);
      pair.forEach((socket) => socket.destroy());
    };
    for (const [from, into] of [pair, [upstream, client]]) {
      from.on('error', end);
      from.on('close', end);
      from.pipe(into);
    }
    if (closed) {
      pair.forEach((socket) => socket.pause());
    }
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = new URL(to);
  url.port = String(server.address().port);
  return {
    url: url.href.replace(/\/$/, ''),
    set(to) {
      closed = to === 'closed';
      for (const pair of open) {
        pair.forEach((socket) => (closed ? socket.pause() : socket.resume()));
      }
    },
    stop() {
      server.close();
      open.forEach((pair) => pair.forEach((socket) => socket.destroy()));
    },
  };
}
