// BullMQ: a web application adds jobs, a worker runs them, other requests ask for them.
import { fileURLToPath } from 'node:url';
import { Report, Worker, count, host, isWorker, jobs, load, patience, port } from './outcomes.mjs';

const { Job, Queue, QueueEvents, Worker: QueueWorker } = load('bullmq');
const connection = { host, port };

async function work() {
  const worker = new QueueWorker('jobs', async (job) => {
    await job.updateProgress(50);
    process.send(job.data.number);
    return 2 * job.data.number;
  }, { connection });
  await worker.waitUntilReady();
  process.send('ready');
}

async function follow(report, web, other, events, number) {
  const job = await web.add('double', { number });
  const again = () => Job.fromId(other, job.id);
  await report.equal('new job is found', number, async () => (await again()).data.number);
  await report.equal('result arrives', 2 * number, () => job.waitUntilFinished(events, patience));
  await report.equal('job with a result is completed elsewhere', 'completed',
    async () => (await again()).getState());
  await report.equal('result is readable elsewhere', 2 * number, async () => (await again()).returnvalue);
  await report.equal('progress is readable elsewhere', 50, async () => (await again()).progress);
}

// A job for later that is moved, and one that is taken back.
async function postpone(report, web, other, number) {
  const options = { delay: 600_000, jobId: `later-${number}` };
  const job = await web.add('double', { number }, options);
  await report.equal('job for later is listed', true,
    async () => (await other.getDelayed()).some((each) => each.id === job.id));
  await job.updateData({ number: -number });
  await report.equal('changed job has its new data', -number,
    async () => (await Job.fromId(other, job.id)).data.number);
  await job.remove();
  await report.equal('removed job is gone', undefined, () => Job.fromId(other, job.id));
}

async function main() {
  const report = new Report('BullMQ', 'bullmq', 'ioredis');
  const worker = new Worker(fileURLToPath(import.meta.url));
  await worker.ready;
  const [web, other] = [new Queue('jobs', { connection }), new Queue('jobs', { connection })];
  const events = new QueueEvents('jobs', { connection });
  await Promise.all([web.waitUntilReady(), other.waitUntilReady(), events.waitUntilReady()]);
  const followers = [];
  for (let number = 0; number < count; number++) {
    followers.push(follow(report, web, other, events, number));
    await worker.awaitOne(number);
  }
  await Promise.all(followers);
  await worker.judge(report, jobs(), () => web.getJobCounts());
  for (const number of jobs()) await postpone(report, web, other, number + 1);
  report.print();
  process.exit(0);
}

await (isWorker ? work() : main());
