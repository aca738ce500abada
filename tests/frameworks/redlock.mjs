// redlock: two processes of an application take, extend and release locks, and count under one.
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { Report, Worker, count, host, isWorker, jobs, load, patience, port } from './outcomes.mjs';

const Redlock = load('redlock');
const Redis = load('ioredis');
const LONG_MS = 60_000;
const SHORT_MS = 300;
// A lock ends at the server a moment after its owner gives it up.
const MARGIN_MS = 50;
// The processes take the lock one after the other, so each must try often.
const RETRIES = { retryCount: 3000, retryDelay: 10, retryJitter: 10 };

const connect = () => new Redis({ host, port });
// An attempt that finds the lock taken is an answer; any other error is misbehaviour.
const refused = (error) => (error.name === 'LockError' ? 'no' : error);
const outcome = (promise) => promise.then(() => 'yes', refused);

// Adds 1 to a number `count` times, in two commands that the lock keeps together. Returns what it read.
async function countUp(found) {
  const redis = connect();
  const locks = new Redlock([redis], RETRIES);
  for (let number = 0; number < count; number++) {
    const lock = await locks.lock('counter-lock', LONG_MS);
    const value = Number(await redis.get('counter'));
    await redis.set('counter', value + 1);
    found(value);
    // A lock that was lost meanwhile shows in what is read.
    await outcome(lock.unlock());
  }
}

async function work() {
  process.on('message', () => countUp((value) => process.send(value)));
  process.send('ready');
}

// Every number must be read once: one that is read twice is an update that was lost.
async function judgeCounter(report) {
  const worker = new Worker(fileURLToPath(import.meta.url));
  await worker.ready;
  worker.process.send('begin');
  const read = new Map();
  await countUp((value) => read.set(value, (read.get(value) ?? 0) + 1));
  const all = () => [...worker.ran.values()].reduce((sum, times) => sum + times, 0);
  for (const end = Date.now() + patience; all() < count && Date.now() < end;) await sleep(20);
  for (let value = 0; value < 2 * count; value++) {
    const times = (read.get(value) ?? 0) + (worker.ran.get(value) ?? 0);
    report.check('update under the lock is not lost', times === 1, `${value} was read ${times} times`);
  }
}

async function take(report, mine, other, redis, number) {
  const [name, next] = [`lock-${number}`, `lock-${number}-next`];
  let lock;
  let theirs;
  await report.equal('lock is acquired', 'yes',
    () => outcome(mine.lock(name, LONG_MS).then((it) => { lock = it; })));
  if (!lock) return;
  await report.equal('owner is shown elsewhere', lock.value, () => redis.get(name));
  await report.equal('taken lock is not acquired', 'no', () => outcome(other.lock(name, LONG_MS)));
  await report.equal('lock is extended', 'yes', () => outcome(lock.extend(2 * LONG_MS)));
  await report.equal('extended lock has its time', true, async () => (await redis.pttl(name)) > LONG_MS);
  // A lock of several names holds all of them or none.
  await report.equal('two locks are not acquired if one is taken', 'no',
    () => outcome(other.lock([next, name], LONG_MS)));
  await report.equal('the other of the two is free', 'yes', async () => {
    const found = await other.lock(next, LONG_MS);
    return outcome(found.unlock());
  });
  await report.equal('lock is released', 'yes', () => outcome(lock.unlock()));
  await report.equal('released lock is shown as free', 0, () => redis.exists(name));
  await report.equal('released lock is acquired', 'yes',
    () => outcome(other.lock(name, LONG_MS).then((it) => { theirs = it; })));
  await report.equal('former owner does not release it', 'no', () => outcome(lock.unlock()));
  await report.equal('new owner is shown elsewhere', theirs?.value ?? 'none', () => redis.get(name));
}

// A lock whose owner does not release it.
async function leave(report, mine, patient, redis, number) {
  const name = `left-${number}`;
  const lock = await mine.lock(name, SHORT_MS);
  const began = performance.now();
  await report.equal('lock that is left is acquired', 'yes', () => outcome(patient.lock(name, LONG_MS)));
  const waited = performance.now() - began;
  report.check('it was not acquired early', waited > SHORT_MS - MARGIN_MS, `after ${waited} ms`);
  await report.equal('its former owner cannot extend it', 'no', () => outcome(lock.extend(LONG_MS)));
  await report.equal('its new owner keeps its time', true, async () => (await redis.pttl(name)) > SHORT_MS);
}

async function main() {
  const report = new Report('redlock', 'redlock', 'ioredis');
  const once = { retryCount: 0 };
  const [mine, other] = [new Redlock([connect()], once), new Redlock([connect()], once)];
  const patient = new Redlock([connect()], RETRIES);
  const redis = connect();
  for (const number of jobs()) await take(report, mine, other, redis, number);
  await Promise.all(jobs().map((number) => leave(report, mine, patient, redis, number)));
  await judgeCounter(report);
  report.print();
  process.exit(0);
}

await (isWorker ? work() : main());
