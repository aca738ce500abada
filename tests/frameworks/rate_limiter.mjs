// rate-limiter-flexible: two processes of a web application limit the same users, over both clients
// that the library knows.
import { setTimeout as sleep } from 'node:timers/promises';
import { Report, count, host, jobs, load, port } from './outcomes.mjs';

const { RateLimiterRedis } = load('rate-limiter-flexible');
const Redis = load('ioredis');
const { createClient } = load('redis');
const POINTS = 5;
const LONG_S = 600;
const SHORT_S = 1;
// A window ends at the server a moment after the limiter expects it.
const MARGIN_MS = 100;

// A refusal has the same fields as a permission; an error is neither.
const consume = async (limiter, user, points = 1) => {
  try {
    return `yes, ${(await limiter.consume(user, points)).remainingPoints}`;
  } catch (refusal) {
    if (refusal instanceof Error) throw refusal;
    return `no, ${refusal.remainingPoints}`;
  }
};
const consumed = async (limiter, user) => (await limiter.get(user))?.consumedPoints ?? null;

// Requests of one user reach the processes in turn.
async function visit(report, [here, there], number) {
  const user = `user-${number}`;
  await report.equal('new user has no points', null, () => consumed(there, user));
  for (let request = 1; request <= POINTS; request++) {
    await report.equal('request within the limit passes', `yes, ${POINTS - request}`,
      () => consume(request % 2 ? here : there, user));
    await report.equal('its points are counted elsewhere', request,
      () => consumed(request % 2 ? there : here, user));
  }
  await report.equal('request beyond the limit is refused', 'no, 0', () => consume(there, user));
  await report.equal('reward is counted', POINTS, async () => (await here.reward(user, 1)).consumedPoints);
  await report.equal('penalty is counted', POINTS + 3,
    async () => (await there.penalty(user, 3)).consumedPoints);
  await report.equal('limit is lifted', true, () => here.delete(user));
  await report.equal('user is new again elsewhere', null, () => consumed(there, user));
  await report.equal('request after that passes', `yes, ${POINTS - 2}`, () => consume(there, user, 2));
  await here.block(user, LONG_S);
  await report.equal('blocked user is refused elsewhere', 'no, 0', () => consume(there, user));
  await report.equal('block has its time', true,
    async () => (await there.get(user)).msBeforeNext > 1000 * (LONG_S - 30));
}

// A burst of requests at both processes at once.
async function burst(report, limiters, number) {
  const user = `burst-${number}`;
  const requests = Array.from({ length: 4 * POINTS }, (_, request) => consume(limiters[request % 2], user));
  const passed = (await Promise.all(requests)).filter((answer) => answer.startsWith('yes')).sort();
  const wanted = Array.from({ length: POINTS }, (_, left) => `yes, ${left}`);
  report.check('burst passes as far as the limit', String(passed) === String(wanted), passed);
}

async function expire(report, [here, there], number) {
  const user = `short-${number}`;
  await report.equal('short limit is used up', 'yes, 0', () => consume(here, user, POINTS));
  await report.equal('short limit refuses', 'no, 0', () => consume(there, user));
  await sleep(1000 * SHORT_S + MARGIN_MS);
  await report.equal('request in the next window passes', `yes, ${POINTS - 1}`, () => consume(there, user));
}

async function main() {
  const report = new Report('rate-limiter-flexible', 'rate-limiter-flexible', 'ioredis', 'redis');
  const first = new Redis({ host, port });
  const second = await createClient({ url: `redis://${host}:${port}` }).connect();
  const pair = (keyPrefix, duration) => {
    const options = { keyPrefix, duration, points: POINTS };
    return [new RateLimiterRedis({ ...options, storeClient: first }),
      new RateLimiterRedis({ ...options, storeClient: second, useRedisPackage: true })];
  };
  const [long, short] = [pair('long', LONG_S), pair('short', SHORT_S)];
  for (const number of jobs()) await visit(report, number % 2 ? long : long.toReversed(), number);
  for (const number of jobs()) await burst(report, long, number);
  for (let start = 0; start < count; start += 5) {
    await Promise.all(jobs().slice(start, start + 5).map((number) => expire(report, short, number)));
  }
  report.print();
  process.exit(0);
}

await main();
