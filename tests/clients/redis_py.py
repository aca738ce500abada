#!/usr/bin/env python3
"""redis-py against a server or proxy: redis_py.py HOST PORT [all|seed|reads].

Exits 0 when every check holds, 1 with the failed check's name otherwise. `reads` checks only
what `seed` left there: it writes nothing.
"""

import sys
import threading
import time
import traceback

import redis

SCANNED_KEYS = 5000
HASH_FIELDS = 1000


def eq(actual, expected, what=""):
    if actual != expected:
        raise AssertionError(f"{what}: expected {repr(expected)[:300]}, got {repr(actual)[:300]}")


def ok(condition, what):
    if not condition:
        raise AssertionError(what)


def raises(kind, text, call, *args):
    try:
        call(*args)
    except kind as error:
        ok(text in str(error), f"expected {text!r} in {error!r}")
        return
    raise AssertionError(f"expected {kind.__name__} with {text!r}")


class Suite:
    def __init__(self, host, port, protocol):
        self.tag = f"py{protocol or ''}"
        self.options = {"host": host, "port": port, "decode_responses": True, "socket_timeout": 10}
        if protocol:
            self.options["protocol"] = protocol

    def client(self, **options):
        return redis.Redis(**{**self.options, **options})

    def key(self, name):
        return f"{self.tag}:{name}"

    # --- writing checks, in order ---

    def check_strings(self):
        with self.client() as r:
            k = self.key("s")
            eq(r.set(k, "v"), True)
            eq(r.get(k), "v")
            eq(r.get(self.key("none")), None)
            eq(r.set(k, "w", nx=True), None)
            eq(r.append(k, "!"), 2)
            eq(r.mset({self.key("a"): "1", self.key("b"): "2"}), True)
            eq(r.mget(self.key("a"), self.key("none"), self.key("b")), ["1", None, "2"])
            raises(redis.ResponseError, "WRONGTYPE", r.lpush, k, "x")
            raises(redis.ResponseError, "unknown command", r.execute_command, "NOSUCHCOMMAND")

    def check_types(self):
        with self.client() as r:
            h, z, s, l = (self.key(n) for n in ("h", "z", "set", "l"))
            r.delete(h, z, s, l)
            eq(r.hset(h, mapping={"f": "1", "g": "2"}), 2)
            eq(r.hgetall(h), {"f": "1", "g": "2"})
            eq(r.zadd(z, {"one": 1, "two": 2.5}), 2)
            eq(r.zscore(z, "two"), 2.5)
            eq([(m, float(v)) for m, v in r.zrange(z, 0, -1, withscores=True)],
               [("one", 1.0), ("two", 2.5)])
            eq(r.sadd(s, "x", "y"), 2)
            eq(r.smembers(s), {"x", "y"})
            eq(r.rpush(l, *"abc"), 3)
            eq(r.lrange(l, 0, -1), ["a", "b", "c"])

    def check_binary(self):
        with self.client(decode_responses=False) as r:
            value = bytes(range(256)) + b"\r\n$5\r\n"
            r.set(self.key("bin"), value)
            eq(r.get(self.key("bin")), value)

    def check_pool(self):
        pool = redis.BlockingConnectionPool(max_connections=8, timeout=20, **self.options)
        r = redis.Redis(connection_pool=pool)
        r.delete(self.key("n"))
        wrong = []

        def work(worker):
            try:
                for i in range(50):
                    k = self.key(f"pool:{worker}:{i}")
                    r.set(k, f"{worker}-{i}")
                    if r.get(k) != f"{worker}-{i}":
                        wrong.append(k)
                    r.incr(self.key("n"))
            except Exception as error:  # noqa: BLE001 - told by the main thread
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(w,)) for w in range(16)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        eq(wrong, [])
        eq(r.get(self.key("n")), str(16 * 50))
        pool.disconnect()

    def check_pipelines(self):
        with self.client() as r:
            for transaction in (False, True):
                k = self.key(f"pipe:{transaction}")
                r.delete(k)
                p = r.pipeline(transaction=transaction)
                for _ in range(500):
                    p.incr(k)
                    p.get(k)
                expected = [v for n in range(1, 501) for v in (n, str(n))]
                eq(p.execute(), expected, f"transaction={transaction}")
                r.set(k, "text")
                p = r.pipeline(transaction=transaction)
                p.set(self.key("before"), "1").lpush(k, "x").set(self.key("after"), "2")
                results = p.execute(raise_on_error=False)
                ok(isinstance(results[1], redis.ResponseError), f"an error inside: {results}")
                eq([results[0], results[2]], [True, True])

    def check_watch(self):
        with self.client() as r, self.client() as other:
            k = self.key("watched")
            r.set(k, 1)
            with r.pipeline() as p:
                p.watch(k)
                other.set(k, 10)
                p.multi()
                p.set(k, 2)
                raises(redis.WatchError, "", p.execute)
            eq(r.get(k), "10", "the overtaken transaction did nothing")
            tries = []

            def body(p):
                value = int(p.get(k))
                if not tries:
                    other.incr(k)
                tries.append(value)
                p.multi()
                p.set(k, value * 2)

            eq(r.transaction(body, k), [True])
            eq((tries, r.get(k)), ([10, 11], "22"))
            with r.pipeline() as p:
                p.watch(k)
                p.unwatch()
                eq(p.get(k).execute(), ["22"])

    def next_message(self, pubsub):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            message = pubsub.get_message(timeout=1)
            if message:
                return message["type"], message["pattern"], message["channel"], message["data"]
        raise AssertionError("no Pub/Sub message within 10 s")

    def check_pubsub(self):
        with self.client(max_connections=2) as r, self.client() as publisher:
            p, a, pattern = r.pubsub(), self.key("chan"), self.key("pat:*")
            p.subscribe(a)
            eq(self.next_message(p), ("subscribe", None, a, 1))
            p.psubscribe(pattern)
            eq(self.next_message(p), ("psubscribe", None, pattern, 2))
            eq(publisher.publish(a, "one"), 1)
            eq(self.next_message(p), ("message", None, a, "one"))
            eq(publisher.publish(self.key("pat:x"), "two"), 1)
            eq(self.next_message(p), ("pmessage", pattern, self.key("pat:x"), "two"))
            p.ping()
            # redis-py 8.1 on RESP3 takes the first letter of +PONG for the message's type.
            ok(self.next_message(p)[0] in ("pong", "P"), "PING while subscribed")
            p.unsubscribe()
            eq(self.next_message(p), ("unsubscribe", None, a, 1))
            p.punsubscribe()
            eq(self.next_message(p), ("punsubscribe", None, pattern, 0))
            eq(publisher.publish(a, "nobody"), 0)
            # The same connection, back among the ordinary ones.
            p.connection.send_command("SET", self.key("after-sub"), "x")
            eq(p.connection.read_response(), "OK")
            p.connection.send_command("GET", self.key("after-sub"))
            eq(p.connection.read_response(), "x")
            p.subscribe(a)
            eq(self.next_message(p), ("subscribe", None, a, 1))
            p.close()
            eq(r.get(self.key("after-sub")), "x")

    def check_blocking(self):
        with self.client() as r:
            k = self.key("queue")
            r.delete(k)
            started = time.monotonic()
            eq(r.blpop(k, timeout=1), None)
            elapsed = time.monotonic() - started
            ok(0.9 <= elapsed < 5, f"time-out of 1 s took {elapsed:.2f} s")
            got = []

            def wait():
                with self.client() as waiter:
                    got.append(waiter.blpop([self.key("q0"), k], timeout=8))

            waiting = threading.Thread(target=wait)
            waiting.start()
            time.sleep(0.2)
            eq(got, [], "BLPOP came back before there was anything")
            eq(r.rpush(k, "job"), 1)
            waiting.join(9)
            eq([tuple(g) for g in got], [(k, "job")])
            eq(r.llen(k), 0)

    def check_scripts(self):
        with self.client() as r:
            k = self.key("script")
            script = r.register_script(
                "local n = redis.call('INCRBY', KEYS[1], ARGV[1]); return {n, KEYS[1]}")
            r.delete(k)
            eq(script(keys=[k], args=[5]), [5, k])
            eq(script(keys=[k], args=[2]), [7, k])
            eq(r.evalsha(script.sha, 1, k, 1), [8, k])
            raises(redis.exceptions.NoScriptError, "No matching script", r.evalsha, "f" * 40, 0)
            eq(r.eval("return redis.call('GET', KEYS[1])", 1, k), "8")
            raises(redis.ResponseError, "boom", r.eval, "return redis.error_reply('ERR boom')", 0)

    def check_databases(self):
        with self.client(db=3) as three, self.client() as zero:
            k = self.key("db")
            zero.delete(k)
            three.set(k, "in three")
            eq(zero.get(k), None, "db 3 leaks into db 0")
            zero.set(k, "in zero")
            eq((three.get(k), zero.get(k)), ("in three", "in zero"))
            three.delete(k)
            eq((three.exists(k), zero.exists(k)), (0, 1))

    def check_names(self):
        with self.client(client_name="suite-name") as r, self.client() as plain:
            eq(r.client_getname(), "suite-name")
            ok(plain.client_getname() in (None, ""), "a name leaks to another client")
            eq(plain.client_setname("second"), True)
            eq((plain.client_getname(), r.client_getname()), ("second", "suite-name"))
            ok(plain.client_id() != r.client_id(), "two clients with one id")

    def check_large_value(self):
        with self.client() as r:
            k, value = self.key("large"), "0123456789abcdef" * (5 * 1024 * 1024 // 16)
            eq(r.set(k, value), True)
            ok(r.get(k) == value, "5 MB came back changed")
            eq(r.strlen(k), len(value))
            r.delete(k)

    def check_lock(self):
        with self.client() as r:
            lock = r.lock(self.key("lock"), timeout=10)
            ok(lock.acquire(blocking=False), "a free lock")
            ok(not r.lock(self.key("lock")).acquire(blocking=False), "a held lock taken twice")
            eq(lock.extend(5), True)
            lock.release()
            with r.lock(self.key("lock"), timeout=5, blocking_timeout=2):
                pass
            eq(r.exists(self.key("lock")), 0)

    def seed(self):
        with self.client() as r:
            r.delete(self.key("hash"))
            p = r.pipeline(transaction=False)
            for i in range(SCANNED_KEYS):
                p.set(self.key(f"scan:{i}"), i)
            p.hset(self.key("hash"), mapping={f"f{i}": f"value-{i}" for i in range(HASH_FIELDS)})
            p.execute()

    # --- reading checks ---

    def read_scan(self):
        with self.client() as r:
            found = list(r.scan_iter(self.key("scan:*"), count=100))
            eq(len(set(found)), SCANNED_KEYS, "SCAN")
            ok(all(k.startswith(self.key("scan:")) for k in found), "a foreign key in SCAN")

    def read_interleaved_scans(self):
        with self.client() as r:
            one = r.scan_iter(self.key("scan:*"), count=50)
            two = r.scan_iter(self.key("scan:1*"), count=10)
            seen_one, seen_two = set(), set()
            for k in one:
                seen_one.add(k)
                nxt = next(two, None)
                if nxt:
                    seen_two.add(nxt)
                r.get(k)
            seen_two.update(two)
            eq((len(seen_one), len(seen_two)), (SCANNED_KEYS, 1111))

    def read_hscan(self):
        with self.client() as r:
            fields = dict(r.hscan_iter(self.key("hash"), count=10))
            eq(fields, {f"f{i}": f"value-{i}" for i in range(HASH_FIELDS)}, "HSCAN")
            eq(r.hlen(self.key("hash")), HASH_FIELDS)

    def read_pipeline(self):
        with self.client() as r:
            p = r.pipeline(transaction=False)
            for i in range(SCANNED_KEYS):
                p.get(self.key(f"scan:{i}"))
            eq(p.execute(), [str(i) for i in range(SCANNED_KEYS)])

    def run(self, prefix):
        for name in [n for n in dir(type(self)) if n.startswith(prefix)]:
            started = time.monotonic()
            try:
                getattr(self, name)()
            except Exception:
                traceback.print_exc()
                print(f"FAILED redis-py {redis.__version__} {self.tag} {name}", flush=True)
                sys.exit(1)
            print(f"ok {self.tag} {name} {time.monotonic() - started:.2f} s", flush=True)


def main():
    host, port, what = sys.argv[1], int(sys.argv[2]), (sys.argv[3:] or ["all"])[0]
    if what not in ("all", "seed", "reads"):
        sys.exit(f"unknown part {what!r}: all, seed or reads")
    # None: what redis-py does by itself.
    for protocol in (None, 2, 3):
        suite = Suite(host, port, protocol)
        if what == "all":
            suite.run("check_")
        if what in ("all", "seed"):
            suite.run("seed")
        if what in ("all", "reads"):
            suite.run("read_")


main()
