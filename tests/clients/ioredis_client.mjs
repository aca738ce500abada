// ioredis against a server or proxy: node ioredis_client.mjs HOST PORT [all|seed|reads]
import { assert, sleep, eventually, load, version, run, host, port, SCANNED_KEYS, HASH_FIELDS } from './suite.mjs';

const Redis = load('ioredis');
const tag = `ioredis-${version('ioredis')}`;
const key = (name) => `ior:${name}`;

// Retries would hide a lost connection: a request that fails must fail the check.
const open = new Set();
function client(options = {}) {
  const redis = new Redis({ host, port, retryStrategy: null, maxRetriesPerRequest: 0, ...options });
  redis.on('error', (error) => console.error('connection error:', error.message));
  open.add(redis);
  return redis;
}
function closing(check) {
  return async () => {
    try {
      await check();
    } finally {
      for (const redis of open) redis.disconnect();
      open.clear();
    }
  };
}

const writes = {
  async strings() {
    const r = client();
    assert.equal(await r.set(key('s'), 'v'), 'OK');
    assert.equal(await r.get(key('s')), 'v');
    assert.equal(await r.get(key('none')), null);
    assert.equal(await r.set(key('s'), 'w', 'NX'), null);
    await r.mset(key('a'), '1', key('b'), '2');
    assert.deepEqual(await r.mget(key('a'), key('none'), key('b')), ['1', null, '2']);
    await assert.rejects(r.lpush(key('s'), 'x'), /WRONGTYPE/);
    await assert.rejects(r.call('NOSUCHCOMMAND'), /unknown command/);
    await r.del(key('h'));
    assert.equal(await r.hset(key('h'), { f: '1', g: '2' }), 2);
    assert.deepEqual(await r.hgetall(key('h')), { f: '1', g: '2' });
    const value = Buffer.from([...Array(256).keys(), 13, 10]);
    await r.set(key('bin'), value);
    assert.deepEqual(await r.getBuffer(key('bin')), value);
    assert.equal(await r.quit(), 'OK');
  },

  async manyClients() {
    const clients = Array.from({ length: 16 }, () => client());
    await clients[0].del(key('n'));
    await Promise.all(clients.map(async (r, worker) => {
      for (let i = 0; i < 50; i++) {
        const k = key(`many:${worker}:${i}`);
        const [, value] = await Promise.all([r.set(k, `${worker}-${i}`), r.get(k), r.incr(key('n'))]);
        assert.equal(value, `${worker}-${i}`);
      }
    }));
    assert.equal(await clients[0].get(key('n')), String(16 * 50));
  },

  async pipelines() {
    const r = client();
    for (const kind of ['pipeline', 'multi']) {
      const k = key(kind);
      await r.del(k);
      const batch = r[kind]();
      for (let i = 0; i < 500; i++) batch.incr(k).get(k);
      const expected = Array.from({ length: 500 }, (_, i) => [[null, i + 1], [null, String(i + 1)]]).flat();
      assert.deepEqual(await batch.exec(), expected);
    }
    await r.set(key('text'), 'x');
    const mixed = await r.pipeline().set(key('p1'), '1').lpush(key('text'), 'x').set(key('p2'), '2').exec();
    assert.match(mixed[1][0].message, /WRONGTYPE/);
    assert.deepEqual([mixed[0], mixed[2]], [[null, 'OK'], [null, 'OK']]);
    // MULTI word by word, as its own requests.
    await r.multi({ pipeline: false });
    assert.equal(await r.set(key('m'), '1'), 'QUEUED');
    assert.equal(await r.incr(key('m')), 'QUEUED');
    assert.deepEqual(await r.exec(), [[null, 'OK'], [null, 2]]);
    await r.multi({ pipeline: false });
    await r.set(key('m'), 'discarded');
    assert.equal(await r.discard(), 'OK');
    assert.equal(await r.get(key('m')), '2');
  },

  async watch() {
    const [r, other] = [client(), client()];
    const k = key('watched');
    await r.set(k, 1);
    const double = async (overtake) => {
      await r.watch(k);
      const value = Number(await r.get(k));
      if (overtake) await other.incr(k);
      return r.multi().set(k, value * 2).exec();
    };
    assert.equal(await double(true), null, 'an overtaken transaction must answer null');
    assert.equal(await r.get(k), '2');
    assert.deepEqual(await double(false), [[null, 'OK']]);
    assert.equal(await r.get(k), '4');
  },

  async pubsub() {
    const [sub, pub] = [client(), client()];
    const seen = [];
    sub.on('message', (channel, text) => seen.push(['message', channel, text]));
    sub.on('pmessage', (pattern, channel, text) => seen.push([pattern, channel, text]));
    assert.equal(await sub.subscribe(key('c1'), key('c2')), 2);
    assert.equal(await sub.psubscribe(key('p:*')), 3);
    assert.equal(await pub.publish(key('c1'), 'one'), 1);
    assert.equal(await pub.publish(key('p:x'), 'two'), 1);
    await eventually('two messages', () => seen.length === 2);
    assert.deepEqual(seen, [['message', key('c1'), 'one'], [key('p:*'), key('p:x'), 'two']]);
    assert.equal(await sub.unsubscribe(key('c1')), 2);
    assert.equal(await sub.unsubscribe(key('c2')), 1);
    // Without arguments ioredis waits for a count of 0: only as the last one.
    assert.equal(await sub.punsubscribe(), 0);
    // The same connection, back among the ordinary ones.
    assert.equal(await sub.set(key('after-sub'), 'x'), 'OK');
    assert.equal(await sub.get(key('after-sub')), 'x');
    assert.equal(await pub.publish(key('c1'), 'nobody'), 0);
    assert.equal(await sub.subscribe(key('c1')), 1);
    assert.equal(await pub.publish(key('c1'), 'again'), 1);
    await eventually('a message after subscribing again', () => seen.length === 3);
  },

  async blocking() {
    const [waiter, pusher] = [client(), client()];
    await pusher.del(key('q'));
    const started = performance.now();
    assert.equal(await waiter.blpop(key('q'), 1), null);
    const elapsed = performance.now() - started;
    assert.ok(elapsed > 900 && elapsed < 5000, `a time-out of 1 s took ${elapsed} ms`);
    let done = false;
    const popped = waiter.blpop(key('q0'), key('q'), 8).finally(() => (done = true));
    await sleep(200);
    assert.equal(done, false, 'BLPOP came back before there was anything');
    assert.equal(await pusher.rpush(key('q'), 'job'), 1);
    assert.deepEqual(await popped, [key('q'), 'job']);
    assert.equal(await waiter.llen(key('q')), 0);
  },

  async scripts() {
    const r = client();
    r.defineCommand('addTo', { numberOfKeys: 1, lua: "return {redis.call('INCRBY', KEYS[1], ARGV[1]), KEYS[1]}" });
    await r.del(key('script'));
    assert.deepEqual(await r.addTo(key('script'), 5), [5, key('script')]);
    assert.deepEqual(await r.addTo(key('script'), 2), [7, key('script')]);
    const sha = await r.script('LOAD', "return redis.call('GET', KEYS[1])");
    assert.equal(await r.evalsha(sha, 1, key('script')), '7');
    await assert.rejects(r.evalsha('f'.repeat(40), 0), /NOSCRIPT/);
  },

  async databases() {
    const [zero, three] = [client(), client({ db: 3 })];
    await zero.del(key('db'));
    await three.set(key('db'), 'in three');
    assert.equal(await zero.get(key('db')), null, 'db 3 leaks into db 0');
    assert.equal(await zero.select(3), 'OK');
    assert.equal(await zero.get(key('db')), 'in three');
    assert.equal(await zero.select(0), 'OK');
    assert.equal(await zero.exists(key('db')), 0);
    await three.del(key('db'));
  },

  async names() {
    const [named, plain] = [client({ connectionName: 'ior-name' }), client()];
    assert.equal(await named.client('GETNAME'), 'ior-name');
    assert.equal(await plain.client('GETNAME'), null, 'a name leaks to another client');
    assert.equal(await plain.client('SETNAME', 'second'), 'OK');
    assert.equal(await plain.client('GETNAME'), 'second');
    assert.equal(await named.client('GETNAME'), 'ior-name');
  },

  async largeValue() {
    const r = client();
    const value = Buffer.alloc(5 * 1024 * 1024, '0123456789abcdef');
    assert.equal(await r.set(key('large'), value), 'OK');
    assert.ok(value.equals(await r.getBuffer(key('large'))), '5 MB came back changed');
    assert.equal(await r.del(key('large')), 1);
  },
};

async function seed() {
  const r = client();
  await r.del(key('hash'));
  const batch = r.pipeline();
  for (let i = 0; i < SCANNED_KEYS; i++) batch.set(key(`scan:${i}`), i);
  for (let i = 0; i < HASH_FIELDS; i++) batch.hset(key('hash'), `f${i}`, `value-${i}`);
  for (const [error] of await batch.exec()) assert.equal(error, null);
}

const reads = {
  async scanStream() {
    const found = new Set();
    for await (const keys of client().scanStream({ match: key('scan:*'), count: 100 })) {
      for (const k of keys) found.add(k);
    }
    assert.equal(found.size, SCANNED_KEYS);
  },

  async hscanStream() {
    const found = new Map();
    for await (const flat of client().hscanStream(key('hash'), { count: 10 })) {
      for (let i = 0; i < flat.length; i += 2) found.set(flat[i], flat[i + 1]);
    }
    assert.equal(found.size, HASH_FIELDS);
    for (const [field, value] of found) assert.equal(value, field.replace('f', 'value-'));
  },

  async pipelineOfReads() {
    const batch = client().pipeline();
    for (let i = 0; i < SCANNED_KEYS; i++) batch.get(key(`scan:${i}`));
    const expected = Array.from({ length: SCANNED_KEYS }, (_, i) => [null, String(i)]);
    assert.deepEqual(await batch.exec(), expected);
  },

  async autoPipelining() {
    const r = client({ enableAutoPipelining: true });
    const replies = await Promise.all(Array.from({ length: 1000 }, (_, i) => r.get(key(`scan:${i}`))));
    assert.deepEqual(replies, Array.from({ length: 1000 }, (_, i) => String(i)));
  },
};

const wrapped = (checks) => Object.fromEntries(Object.entries(checks).map(([n, c]) => [n, closing(c)]));
await run(tag, { writes: wrapped(writes), seed: closing(seed), reads: wrapped(reads) });
process.exit(0);
