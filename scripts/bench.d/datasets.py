"""The data of the engine's benchmarks."""

from wire import Wire


def strings(count):
    """Strings of 100 bytes."""
    value = bytes((i * 7) % 94 + 33 for i in range(92))
    return ((b"SET", b"key:%012d" % i, value + b"%08d" % i) for i in range(count))


def hashes(count):
    """Hashes of 10 fields."""
    fields = lambda i: [x for k in range(10) for x in (b"field:%d" % k, b"value:%d:%d" % (i, k))]
    return ((b"HSET", b"hash:%011d" % i, *fields(i)) for i in range(count))


def sorted_sets(count):
    """Sorted sets of 20 members."""
    members = lambda i: [x for k in range(20) for x in (b"%d" % (i % 1000 + 3 * k), b"member:%d" % k)]
    return ((b"ZADD", b"zset:%011d" % i, *members(i)) for i in range(count))


# Each kind, its number of keys at scale 1, and how many are written at once.
KINDS = {
    "strings of 100 bytes": (strings, 2_000_000, 1000),
    "hashes of 10 fields": (hashes, 100_000, 200),
    "sorted sets of 20 members": (sorted_sets, 100_000, 200),
}


def write(port, kind, scale):
    """Writes the data of a kind, and returns the number of keys."""
    make, count, batch = KINDS[kind]
    count = int(count * scale)
    wire, waiting = Wire(port), []

    def flush():
        wire.send(waiting)
        for _ in waiting:
            wire.reply()
        waiting.clear()

    for request in make(count):
        waiting.append(request)
        if len(waiting) == batch:
            flush()
    flush()
    return count


def fill(port, scale):
    """Writes the data of all kinds."""
    for kind in KINDS:
        write(port, kind, scale)
