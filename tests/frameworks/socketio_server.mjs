// A server of the chat of socketio_rooms.mjs: socketio_server.mjs HOST PORT, as its child.
import { createServer } from 'node:http';
import { host, load, port } from './outcomes.mjs';

const { Server } = load('socket.io');
const { createAdapter, createShardedAdapter } = load('@socket.io/redis-adapter');
const streams = load('@socket.io/redis-streams-adapter');
const { createClient } = load('redis');
const ANSWER_MS = 2000;

// The adapters do not wait for what they send, so its errors reach nothing else.
process.on('unhandledRejection', console.error);
const open = () => createClient({ url: `redis://${host}:${port}` }).on('error', console.error).connect();
const redis = await open();
const ADAPTERS = {
  'Pub/Sub': async () => createAdapter(redis, await open()),
  sharded: async () => createShardedAdapter(redis, await open()),
  streams: async () => streams.createAdapter(redis),
};
const kind = process.env.FRAMEWORKS_ADAPTER;
const http = createServer();
const recovery = kind === 'streams' ? { connectionStateRecovery: {} } : {};
const io = new Server(http, { adapter: await ADAPTERS[kind](), ...recovery });
const ids = (sockets) => String(sockets.map((socket) => socket.id).sort());

io.on('serverAsks', (answer) => answer('there'));

io.on('connection', (socket) => {
  // A request that fails gets the error as its answer, which is not what the browser expects.
  const on = (name, serve) => socket.on(name, (...request) => {
    const answer = request.pop();
    Promise.resolve().then(() => serve(...request)).then(answer, (error) => answer(String(error)));
  });
  on('join', (room) => socket.join(room));
  on('leave', (room) => socket.leave(room));
  on('say', (room, text) => { io.to(room).emit('said', room, text); });
  on('members', async (room) => ids(await io.in(room).fetchSockets()));
  on('ask', async (room) => String((await io.to(room).timeout(ANSWER_MS).emitWithAck('asked')).sort()));
  on('move', (room, next) => {
    io.in(room).socketsJoin(next);
    io.in(room).socketsLeave(room);
  });
  on('servers', async () => String(await io.serverSideEmitWithAck('serverAsks')));
  on('count', () => io.of('/').adapter.serverCount());
  on('subscribed', async (room) => {
    const channel = `socket.io#/#${room}#`;
    return (await redis.pubSubShardNumSub([channel]))[channel];
  });
});

http.listen(0, '127.0.0.1', () => {
  process.send({ at: http.address().port });
  process.send('ready');
});
