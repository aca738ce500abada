#!/usr/bin/env python3
"""redis-py's Lock: whether the owner owns it, and whether everybody else knows."""

from redis import Redis
from redis.exceptions import LockError

from support import Report, arguments


def acquired(lock):
    try:
        return lock.acquire(blocking=False)
    except LockError as error:
        return repr(error)


def main():
    options = arguments(__doc__)
    report = Report("redis-py Lock", "redis")
    mine, other = (Redis(options.host, options.port) for _ in range(2))
    for number in range(options.count):
        name = f"lock-{number}"
        lock, theirs = mine.lock(name, timeout=30), other.lock(name, timeout=30)
        report.equal("lock is acquired", True, lambda: acquired(lock))
        report.equal("owner owns it", True, lock.owned)
        report.equal("taken lock is shown as taken", True, theirs.locked)
        report.equal("taken lock is not acquired", False, lambda: acquired(theirs))
        report.equal("lock is extended", True, lambda: lock.extend(30))
        report.equal("owner still owns it", True, lock.owned)
        lock.release()
        report.equal("released lock is shown as free", False, theirs.locked)
        report.equal("released lock is acquired", True, lambda: acquired(theirs))
        report.equal("new owner owns it", True, theirs.owned)
        theirs.release()
    report.print()


if __name__ == "__main__":
    main()
