// What the Node suites share: finding the packages, running checks in order, telling the failure.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import assert from 'node:assert/strict';

// scripts/test-deps installs there; NODE_DEPS names another folder that holds node_modules.
const folder = process.env.NODE_DEPS
  ? new URL(`file://${process.env.NODE_DEPS}/`)
  : new URL('../../target/test-deps/node/', import.meta.url);
const require = createRequire(new URL('suite.cjs', folder));

export const load = (name) => require(name);
export const version = (name) => require(`${name}/package.json`).version;

export const SCANNED_KEYS = 5000;
export const HASH_FIELDS = 1000;

export const [host, port, part = 'all'] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
if (!host || !port || !['all', 'seed', 'reads'].includes(part)) {
  console.error(`usage: ${process.argv[1]} HOST PORT [all|seed|reads]`);
  process.exit(64);
}

const CHECK_LIMIT_MS = 30_000;

// `checks`: { writes: { name: async () => ... }, seed: async () => ..., reads: { ... } }
export async function run(tag, checks) {
  const chosen = [];
  if (part === 'all') chosen.push(...Object.entries(checks.writes));
  if (part !== 'reads') chosen.push(['seed', checks.seed]);
  if (part !== 'seed') chosen.push(...Object.entries(checks.reads));
  for (const [name, check] of chosen) {
    const started = performance.now();
    try {
      await within(CHECK_LIMIT_MS, check());
    } catch (error) {
      console.error(error);
      console.log(`FAILED ${tag} ${name}`);
      process.exit(1);
    }
    console.log(`ok ${tag} ${name} ${((performance.now() - started) / 1000).toFixed(2)} s`);
  }
}

// A reply that never comes would otherwise let the event loop run dry: exit 13 without a word.
export async function within(limit, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function eventually(what, probe) {
  for (let i = 0; i < 500; i++) {
    if (await probe()) return;
    await sleep(10);
  }
  throw new Error(`not within 5 s: ${what}`);
}

export { assert, sleep };
