// What the Node applications share: arguments, counts of misbehaviour, packages, worker processes.
// support.py says how an application is called and what it prints.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

// NODE_DEPS names the folder that holds node_modules; scripts/test-deps fills the other one.
const folder = process.env.NODE_DEPS
  ? new URL(`file://${process.env.NODE_DEPS}/`)
  : new URL('../../target/test-deps/node/', import.meta.url);
const require = createRequire(new URL('outcomes.cjs', folder));

export const load = (name) => require(name);
const version = (name) => require(`${name}/package.json`).version;

export const [host, port, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const at = process.argv.indexOf('--patience');
export const patience = 1000 * (at > 0 ? Number(process.argv[at + 1]) : 10);
// How long a client waits before it starts the next job although the last one has not run.
const PACE_MS = 250;
const START_MS = 60_000;

export class Report {
  constructor(framework, ...packages) {
    this.framework = framework;
    this.versions = Object.fromEntries(packages.map((name) => [name, version(name)]));
    this.checks = {};
    this.examples = [];
    this.began = performance.now();
  }

  check(what, held, example = '') {
    const count = (this.checks[what] ??= [0, 0]);
    count[0] += held ? 0 : 1;
    count[1] += 1;
    if (!held && this.examples.length < 5) this.examples.push(`${what}: ${String(example).slice(0, 200)}`);
  }

  // An exception is a wrong answer, as it is to the application.
  async equal(what, wanted, call) {
    try {
      const found = await call();
      this.check(what, found === wanted, `expected ${wanted}, found ${found}`);
    } catch (error) {
      this.check(what, false, error);
    }
  }

  print() {
    const sum = (index) => Object.values(this.checks).reduce((all, count) => all + count[index], 0);
    console.log(JSON.stringify({
      framework: this.framework,
      versions: this.versions,
      misbehaved: sum(0),
      checked: sum(1),
      checks: this.checks,
      examples: this.examples,
      seconds: Math.round((performance.now() - this.began) / 100) / 10,
    }));
  }
}

// A process of this file that works beside it. It sends 'ready', then the number of each job that runs.
export class Worker {
  constructor(file) {
    this.ran = new Map();
    this.changed = Date.now();
    this.process = fork(file, process.argv.slice(2), { env: { ...process.env, FRAMEWORKS_WORKER: '1' } });
    this.ready = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error('the worker did not start')), START_MS).unref();
      this.process.on('exit', (code) => reject(new Error(`the worker ended: ${code}`)));
      this.process.on('message', (message) => {
        if (message === 'ready') return resolve();
        this.ran.set(message, (this.ran.get(message) ?? 0) + 1);
        this.changed = Date.now();
      });
    });
    this.process.on('exit', (...how) => { this.ended = `the worker ended: ${how}`; });
    process.on('exit', () => this.process.kill());
  }

  async awaitOne(job, limit = PACE_MS) {
    const end = Date.now() + limit;
    while (!this.ran.has(job) && Date.now() < end) await sleep(3);
    return this.ran.has(job);
  }

  // Waits until all jobs have run, or until none has for as long as the patience allows. `state` tells
  // what the queue says of jobs that have not.
  async judge(report, jobs, state) {
    this.changed = Date.now();
    while (!jobs.every((job) => this.ran.has(job)) && Date.now() - this.changed < patience) await sleep(20);
    // A job that runs twice does so soon.
    await sleep(300);
    const dropped = jobs.filter((job) => !this.ran.has(job));
    if (dropped.length) {
      const said = await Promise.race([state(), sleep(2000, 'nothing')]).catch(String);
      report.examples.push(`${this.ended ?? 'the worker runs'}; the queue: ${JSON.stringify(said)}`);
    }
    for (const job of jobs) {
      const times = this.ran.get(job) ?? 0;
      report.check('job runs', times > 0, `job ${job} was dropped`);
      report.check('job runs once only', times <= 1, `job ${job} ran ${times} times`);
    }
  }
}

export const isWorker = process.env.FRAMEWORKS_WORKER === '1';
export const jobs = () => Array.from({ length: count }, (_, number) => number);

// Settles as the promise does, or with 'nothing' after a time.
export async function within(promise, limit) {
  const over = new AbortController();
  const late = sleep(limit, 'nothing', { signal: over.signal }).catch(() => 'nothing');
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}

// A worker does not outlive its application.
process.on('disconnect', () => process.exit(1));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(1));
