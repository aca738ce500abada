// node-redis against a server or proxy, RESP2 and RESP3: node node_redis.mjs HOST PORT [all|seed|reads]
import { assert, sleep, eventually, load, version, run, host, port, SCANNED_KEYS, HASH_FIELDS } from './suite.mjs';

const { createClient, createClientPool, defineScript, WatchError, RESP_TYPES } = load('redis');

function suite(RESP) {
  const tag = `node-redis-${version('redis')}-resp${RESP}`;
  const key = (name) => `nr${RESP}:${name}`;
  const open = new Set();

  // Reconnecting would hide a lost connection: a request that fails must fail the check.
  const socket = { host, port, reconnectStrategy: false };
  async function client(options = {}) {
    const redis = createClient({ RESP, socket, ...options });
    redis.on('error', (error) => console.error('connection error:', error.message));
    await redis.connect();
    open.add(redis);
    return redis;
  }
  function closing(check) {
    return async () => {
      try {
        await check();
      } finally {
        for (const redis of open) if (redis.isOpen) redis.destroy();
        open.clear();
      }
    };
  }

  const writes = {
    async strings() {
      const r = await client();
      assert.equal(await r.set(key('s'), 'v'), 'OK');
      assert.equal(await r.get(key('s')), 'v');
      assert.equal(await r.get(key('none')), null);
      assert.equal(await r.set(key('s'), 'w', { condition: 'NX' }), null);
      await r.mSet({ [key('a')]: '1', [key('b')]: '2' });
      assert.deepEqual(await r.mGet([key('a'), key('none'), key('b')]), ['1', null, '2']);
      await assert.rejects(r.lPush(key('s'), 'x'), /WRONGTYPE/);
      await assert.rejects(r.sendCommand(['NOSUCHCOMMAND']), /unknown command/);
      await r.del([key('h'), key('z')]);
      assert.equal(await r.hSet(key('h'), { f: '1', g: '2' }), 2);
      assert.deepEqual({ ...(await r.hGetAll(key('h'))) }, { f: '1', g: '2' });
      await r.zAdd(key('z'), { score: 2.5, value: 'm' });
      assert.equal(await r.zScore(key('z'), 'm'), 2.5);
      const value = Buffer.from([...Array(256).keys(), 13, 10]);
      await r.set(key('bin'), value);
      const binary = r.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
      assert.deepEqual(await binary.get(key('bin')), value);
      await r.close();
    },

    async pool() {
      // The pool's cleaning of idle clients throws when it comes after close(): put it off.
      const pool = createClientPool({ RESP, socket }, { minimum: 1, maximum: 8, cleanupDelay: 600_000 });
      pool.on('error', (error) => console.error('pool error:', error.message));
      await pool.connect();
      await pool.del(key('n'));
      await Promise.all(Array.from({ length: 400 }, async (_, i) => {
        await pool.set(key(`pool:${i}`), String(i));
        assert.equal(await pool.get(key(`pool:${i}`)), String(i));
        await pool.incr(key('n'));
      }));
      assert.equal(await pool.get(key('n')), '400');
      await pool.close();
    },

    async pipelines() {
      const r = await client();
      const expected = Array.from({ length: 500 }, (_, i) => [i + 1, String(i + 1)]).flat();
      for (const exec of ['exec', 'execAsPipeline']) {
        await r.del(key(exec));
        const batch = r.multi();
        for (let i = 0; i < 500; i++) batch.incr(key(exec)).get(key(exec));
        assert.deepEqual(await batch[exec](), expected);
      }
      // All that one turn of the event loop asks leaves in one write.
      await r.del(key('auto'));
      const replies = Array.from({ length: 500 }, () => [r.incr(key('auto')), r.get(key('auto'))]).flat();
      assert.deepEqual(await Promise.all(replies), expected);
      await r.set(key('text'), 'x');
      const mixed = r.multi().set(key('p1'), '1').lPush(key('text'), 'x').set(key('p2'), '2');
      await assert.rejects(mixed.exec(), (error) => /WRONGTYPE/.test(error.replies[1].message));
      assert.equal(await r.get(key('p2')), '2');
    },

    async watch() {
      const [r, other] = [await client(), await client()];
      const k = key('watched');
      await r.set(k, '1');
      await r.watch(k);
      await other.set(k, '10');
      await assert.rejects(r.multi().set(k, '2').exec(), WatchError);
      assert.equal(await r.get(k), '10');
      await r.watch(k);
      const value = Number(await r.get(k));
      assert.deepEqual(await r.multi().set(k, String(value * 2)).exec(), ['OK']);
      assert.equal(await other.get(k), '20');
      await r.watch(k);
      assert.equal(await r.unwatch(), 'OK');
    },

    async pubsub() {
      const [sub, pub] = [await client(), await client()];
      const seen = [];
      const listener = (text, channel) => seen.push([channel, text]);
      await sub.subscribe(key('c1'), listener);
      await sub.pSubscribe(key('p:*'), listener);
      assert.equal(await pub.publish(key('c1'), 'one'), 1);
      assert.equal(await pub.publish(key('p:x'), 'two'), 1);
      await eventually('two messages', () => seen.length === 2);
      assert.deepEqual(seen, [[key('c1'), 'one'], [key('p:x'), 'two']]);
      if (RESP === 3) {
        assert.equal(await sub.set(key('while-sub'), 'x'), 'OK', 'RESP3 may ask while subscribed');
      }
      await sub.unsubscribe(key('c1'));
      await sub.pUnsubscribe(key('p:*'));
      // node-redis 5.9 answers Buffers on RESP2 once it has been in subscriber mode.
      assert.equal(String(await sub.set(key('after-sub'), 'x')), 'OK');
      assert.equal(String(await sub.get(key('after-sub'))), 'x');
      assert.equal(await pub.publish(key('c1'), 'nobody'), 0);
      await sub.subscribe(key('c1'), listener);
      assert.equal(await pub.publish(key('c1'), 'again'), 1);
      await eventually('a message after subscribing again', () => seen.length === 3);
      await sub.unsubscribe(key('c1'));
    },

    async blocking() {
      const [waiter, pusher] = [await client(), await client()];
      await pusher.del(key('q'));
      const started = performance.now();
      assert.equal(await waiter.blPop(key('q'), 1), null);
      const elapsed = performance.now() - started;
      assert.ok(elapsed > 900 && elapsed < 5000, `a time-out of 1 s took ${elapsed} ms`);
      let done = false;
      const popped = waiter.blPop([key('q0'), key('q')], 8).finally(() => (done = true));
      await sleep(200);
      assert.equal(done, false, 'BLPOP came back before there was anything');
      assert.equal(await pusher.rPush(key('q'), 'job'), 1);
      assert.deepEqual({ ...(await popped) }, { key: key('q'), element: 'job' });
      assert.equal(await waiter.lLen(key('q')), 0);
    },

    async scripts() {
      const addTo = defineScript({
        NUMBER_OF_KEYS: 1,
        SCRIPT: "return {redis.call('INCRBY', KEYS[1], ARGV[1]), KEYS[1]}",
        parseCommand(parser, k, by) {
          parser.pushKey(k);
          parser.push(String(by));
        },
        transformReply: (reply) => reply,
      });
      const r = await client({ scripts: { addTo } });
      await r.del(key('script'));
      assert.deepEqual(await r.addTo(key('script'), 5), [5, key('script')]);
      assert.deepEqual(await r.addTo(key('script'), 2), [7, key('script')]);
      const sha = await r.scriptLoad("return redis.call('GET', KEYS[1])");
      assert.equal(await r.evalSha(sha, { keys: [key('script')] }), '7');
      await assert.rejects(r.evalSha('f'.repeat(40)), /NOSCRIPT/);
    },

    async databases() {
      const [zero, three] = [await client(), await client({ database: 3 })];
      await zero.del(key('db'));
      await three.set(key('db'), 'in three');
      assert.equal(await zero.get(key('db')), null, 'db 3 leaks into db 0');
      await zero.select(3);
      assert.equal(await zero.get(key('db')), 'in three');
      await zero.select(0);
      assert.equal(await zero.exists(key('db')), 0);
      await three.del(key('db'));
    },

    async names() {
      const [named, plain] = [await client({ name: 'nr-name' }), await client()];
      assert.equal(await named.clientGetName(), 'nr-name');
      assert.equal(await plain.clientGetName(), null, 'a name leaks to another client');
      assert.equal(await plain.clientSetName('second'), 'OK');
      assert.equal(await plain.clientGetName(), 'second');
      assert.notEqual(await plain.clientId(), await named.clientId());
    },

    async largeValue() {
      const r = await client();
      const value = '0123456789abcdef'.repeat((5 * 1024 * 1024) / 16);
      assert.equal(await r.set(key('large'), value), 'OK');
      assert.ok((await r.get(key('large'))) === value, '5 MB came back changed');
      assert.equal(await r.del(key('large')), 1);
    },
  };

  async function seed() {
    const r = await client();
    await r.del(key('hash'));
    const fields = Object.fromEntries(Array.from({ length: HASH_FIELDS }, (_, i) => [`f${i}`, `value-${i}`]));
    const sets = Array.from({ length: SCANNED_KEYS }, (_, i) => r.set(key(`scan:${i}`), String(i)));
    await Promise.all([...sets, r.hSet(key('hash'), fields)]);
  }

  const reads = {
    async scanIterator() {
      const r = await client();
      const found = new Set();
      for await (const keys of r.scanIterator({ MATCH: key('scan:*'), COUNT: 100 })) {
        for (const k of keys) found.add(k);
      }
      assert.equal(found.size, SCANNED_KEYS);
    },

    async hScanIterator() {
      const r = await client();
      const found = new Map();
      for await (const entries of r.hScanIterator(key('hash'), { COUNT: 10 })) {
        for (const { field, value } of entries) found.set(field, value);
      }
      assert.equal(found.size, HASH_FIELDS);
      for (const [field, value] of found) assert.equal(value, field.replace('f', 'value-'));
    },

    async manyReads() {
      const r = await client();
      const asked = Array.from({ length: SCANNED_KEYS }, (_, i) => r.get(key(`scan:${i}`)));
      assert.deepEqual(await Promise.all(asked), Array.from({ length: SCANNED_KEYS }, (_, i) => String(i)));
    },
  };

  const wrapped = (checks) => Object.fromEntries(Object.entries(checks).map(([n, c]) => [n, closing(c)]));
  return [tag, { writes: wrapped(writes), seed: closing(seed), reads: wrapped(reads) }];
}

await run(...suite(2));
await run(...suite(3));
process.exit(0);
