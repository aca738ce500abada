// Bee-Queue: a web application saves jobs, a worker runs them, other requests ask for them.
import { fileURLToPath } from 'node:url';
import { Report, Worker, count, host, isWorker, jobs, load, patience, port, within } from './outcomes.mjs';

const Queue = load('bee-queue');
const EVENT_MS = 2000;
const redis = { host, port };

async function work() {
  const queue = new Queue('jobs', { redis });
  queue.process(async (job) => {
    process.send(job.data.number);
    return 2 * job.data.number;
  });
  await queue.ready();
  process.send('ready');
}

async function follow(report, worker, web, other, number) {
  const job = web.createJob({ number });
  const succeeded = new Promise((resolve) => job.on('succeeded', resolve));
  await job.save();
  await report.equal('new job is found', number, async () => (await other.getJob(job.id)).data.number);
  // An event that arrives before the reply to `save` is lost at a plain server, too.
  if (!(await worker.awaitOne(number, patience))) return;
  const result = await within(succeeded, EVENT_MS);
  if (result === 'nothing') return;
  report.check('result arrives', result === 2 * number, result);
  await report.equal('job with a result is shown as succeeded', 'succeeded',
    async () => (await other.getJob(job.id)).status);
}

async function main() {
  const report = new Report('Bee-Queue', 'bee-queue');
  const worker = new Worker(fileURLToPath(import.meta.url));
  await worker.ready;
  const web = new Queue('jobs', { redis, isWorker: false });
  // Jobs that are known to a queue's object are not asked for again; another process asks.
  const other = new Queue('jobs', { redis, isWorker: false, getEvents: false, storeJobs: false });
  await Promise.all([web.ready(), other.ready()]);
  const followers = [];
  for (let number = 0; number < count; number++) {
    followers.push(follow(report, worker, web, other, number));
    await worker.awaitOne(number);
  }
  await Promise.all(followers);
  await worker.judge(report, jobs(), () => web.checkHealth());
  report.print();
  process.exit(0);
}

await (isWorker ? work() : main());
