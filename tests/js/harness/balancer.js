// A balancer without stickiness: each TCP connection goes to the next server.

import { connect, createServer } from 'node:net';

/** Listens on a port of its own. `ports` are those of the servers; those that refuse a connection are passed over. */
export async function startBalancer(ports) {
  let turn = 0;
  const open = new Set();
  const listener = createServer((client) => {
    open.add(client);
    client.once('close', () => open.delete(client));
    client.on('error', () => client.destroy());
    forward(client, ports.length);
  });

  function forward(client, attempts) {
    turn += 1;
    const server = connect(ports[turn % ports.length], '127.0.0.1');
    server.once('connect', () => {
      server.setNoDelay(true);
      client.setNoDelay(true);
      client.pipe(server).pipe(client);
    });
    server.on('error', () => {
      if (server.connecting && attempts > 1) {
        forward(client, attempts - 1);
      } else {
        client.destroy();
      }
    });
    server.once('close', () => {
      if (!server.connecting) {
        client.end();
      }
    });
    client.once('close', () => server.destroy());
  }

  await new Promise((resolve) => {
    listener.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: listener.address().port,
    stop() {
      listener.close();
      open.forEach((client) => client.destroy());
    },
  };
}
