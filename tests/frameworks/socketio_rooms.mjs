// socket.io: a chat of two server processes, for each adapter that joins them over Redis.
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { Report, Worker, jobs, load, patience } from './outcomes.mjs';

const { io: connect } = load('socket.io-client');
// How long the outsiders must hear nothing at the end.
const SILENT_MS = 300;
const TEXTS = ['one', 'two', 'three'];
const KINDS = ['Pub/Sub', 'sharded', 'streams'];

// A browser: it keeps what it hears.
class Browser {
  constructor(server) {
    this.socket = connect(`http://127.0.0.1:${server.at}`, {
      transports: ['websocket'], forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 50,
    });
    this.said = [];
    this.socket.on('said', (room, text) => this.said.push(`${room}: ${text}`));
    this.socket.on('asked', (answer) => answer(this.socket.id));
    this.connected = new Promise((resolve) => this.socket.once('connect', resolve));
  }

  // The server's answer, or the error, which no check expects.
  ask(...request) {
    return this.socket.timeout(patience).emitWithAck(...request).catch(String);
  }

  heard(room) {
    return this.said.filter((message) => message.startsWith(`${room}: `)).join(', ');
  }

  // What it heard of a room, as soon as that is what is wanted.
  async hears(room, wanted) {
    const end = Date.now() + patience;
    while (this.heard(room) !== wanted && Date.now() < end) await sleep(3);
    return this.heard(room);
  }
}

async function start() {
  const server = new Worker(fileURLToPath(new URL('socketio_server.mjs', import.meta.url)));
  server.process.on('message', ({ at }) => { server.at ??= at; });
  await server.ready;
  return server;
}

async function until(condition) {
  for (const end = Date.now() + patience; Date.now() < end; await sleep(10)) {
    if (await condition()) return true;
  }
  return false;
}

const all = (room, texts) => texts.map((text) => `${room}: ${text}`).join(', ');

// Members at both servers; the speaker is at the first one, the outsider at the second.
async function chat(report, kind, { speaker, near, far, outsider }, number) {
  const equal = (what, ...rest) => report.equal(`${kind}: ${what}`, ...rest);
  const [room, next] = [`room-${number}`, `next-${number}`];
  await Promise.all([near, far].map((member) => member.ask('join', room)));
  // The adapter subscribes without waiting for it.
  if (kind === 'sharded') await until(async () => (await speaker.ask('subscribed', room)) === 2);
  for (const text of TEXTS) await speaker.ask('say', room, text);
  const said = all(room, TEXTS);
  await equal('messages arrive at the same server', said, () => near.hears(room, said));
  await equal('messages arrive at the other server', said, () => far.hears(room, said));
  const members = String([near, far].map((each) => each.socket.id).sort());
  await equal('members of both servers are listed', members, () => speaker.ask('members', room));
  await equal('members of both servers answer', members, () => outsider.ask('ask', room));
  await far.ask('leave', room);
  await equal('member that left is not listed', near.socket.id, () => speaker.ask('members', room));
  await speaker.ask('say', room, 'four');
  await equal('message reaches the rest', all(room, [...TEXTS, 'four']),
    () => near.hears(room, all(room, [...TEXTS, 'four'])));
  // A member that another server moves.
  await outsider.ask('move', room, next);
  await equal('moved member is listed', true, () => until(async () =>
    (await outsider.ask('members', next)) === near.socket.id));
  if (kind === 'sharded') await until(async () => (await speaker.ask('subscribed', next)) === 1);
  await outsider.ask('say', next, 'five');
  await equal('message reaches the moved member', all(next, ['five']),
    () => near.hears(next, all(next, ['five'])));
  await equal('servers answer each other', 'there', () => outsider.ask('servers'));
}

// A browser whose connection breaks; the adapter keeps its messages in Redis.
async function recover(report, kind, { speaker }, server, number) {
  const room = `lost-${number}`;
  const browser = new Browser(server);
  await browser.connected;
  await browser.ask('join', room);
  await speaker.ask('say', room, 'before');
  await report.equal(`${kind}: message arrives before the break`, all(room, ['before']),
    () => browser.hears(room, all(room, ['before'])));
  const back = new Promise((resolve) => browser.socket.once('connect', resolve));
  browser.socket.io.engine.close();
  await speaker.ask('say', room, 'missed');
  await back;
  report.check(`${kind}: session is recovered`, browser.socket.recovered, 'a new session');
  await report.equal(`${kind}: missed message arrives`, all(room, ['before', 'missed']),
    () => browser.hears(room, all(room, ['before', 'missed'])));
  browser.socket.close();
}

async function run(report, kind) {
  process.env.FRAMEWORKS_ADAPTER = kind;
  const servers = await Promise.all([start(), start()]);
  const [speaker, near, far, outsider] = [0, 0, 1, 1].map((at) => new Browser(servers[at]));
  const browsers = { speaker, near, far, outsider };
  await Promise.all(Object.values(browsers).map((browser) => browser.connected));
  report.check(`${kind}: servers know each other`, await until(async () =>
    (await Promise.all([speaker.ask('count'), far.ask('count')])).every((found) => found === 2)));
  for (const number of jobs()) await chat(report, kind, browsers, number);
  if (kind === 'streams') {
    await Promise.all(jobs().map((number) => recover(report, kind, browsers, servers[1], number)));
  }
  await sleep(SILENT_MS);
  for (const number of jobs()) {
    const [room, next] = [`room-${number}`, `next-${number}`];
    const last = far.heard(room);
    report.check(`${kind}: member that left hears no more`, last === all(room, TEXTS), last);
    const found = outsider.heard(room) + outsider.heard(next) + far.heard(next);
    report.check(`${kind}: outsider hears nothing`, found === '', found);
  }
  for (const server of servers) server.process.kill();
  for (const browser of Object.values(browsers)) browser.socket.close();
}

async function main() {
  const report = new Report('socket.io', 'socket.io', '@socket.io/redis-adapter',
    '@socket.io/redis-streams-adapter', 'redis');
  for (const kind of KINDS) await run(report, kind);
  report.print();
  process.exit(0);
}

await main();
