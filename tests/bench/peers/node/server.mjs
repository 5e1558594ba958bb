// socket.io on Node with the same four operations as the load client uses: CONNECT with a token, joining a
// room, a message to everybody in it with an acknowledgement, a signal to one user.
//
// usage: node server.mjs PORT SECRET [REDIS_URL]
//
// With the URL it is one of several processes that share a Redis server by the adapter.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

const [port, secret, redis] = process.argv.slice(2);
const server = createServer();
const adapter = redis ? { adapter: createAdapter(new Redis(redis), new Redis(redis)) } : {};
const io = new Server(server, { serveClient: false, ...adapter });
let messages = 0;

io.use((socket, next) => {
  const claims = verified(socket.handshake.auth.token);
  if (claims === undefined || claims.exp * 1000 < Date.now()) {
    next(new Error('Authentication failed'));
    return;
  }
  socket.data.user = { id: claims.sub, name: claims.name, image: null };
  socket.join(`user:${claims.sub}`);
  next();
});

io.on('connection', (socket) => {
  const { user } = socket.data;

  socket.on('room:join', ({ roomId }, acknowledge) => {
    socket.join(roomId);
    acknowledge({ success: true, roomId });
  });

  socket.on('message:send', ({ roomId, content }, acknowledge) => {
    messages += 1;
    const id = `msg_${messages}`;
    const createdAt = new Date().toISOString();
    io.to(roomId).emit('message:new', {
      id, content, userId: user.id, roomId, createdAt, user, attachments: [], seq: messages,
    });
    acknowledge({ success: true, messageId: id, createdAt, seq: messages });
  });

  socket.on('webrtc-signal', ({ to, callId, signal }, acknowledge) => {
    io.to(`user:${to}`).emit('webrtc-signal', { from: user.id, callId, signal });
    acknowledge({ success: true });
  });
});

server.listen(Number(port), '127.0.0.1');

/** The claims of a token that was signed with the secret (HS256). */
function verified(token) {
  const [header, body, signature] = String(token).split('.');
  const expected = createHmac('sha256', secret).update(`${header}.${body}`).digest();
  const given = Buffer.from(signature ?? '', 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return undefined;
  }
  return JSON.parse(Buffer.from(body, 'base64url').toString());
}
