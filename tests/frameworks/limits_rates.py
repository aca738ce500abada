#!/usr/bin/env python3
"""limits, which Flask-Limiter and others are made of: two processes limit the same users."""

import time

from limits import RateLimitItemPerDay, RateLimitItemPerSecond
from limits.storage import storage_from_string
from limits.strategies import (FixedWindowRateLimiter, MovingWindowRateLimiter,
                               SlidingWindowCounterRateLimiter)

from support import Report, arguments

POINTS = 3
DAY = RateLimitItemPerDay(POINTS)
SHORT_S = 2
SHORT = RateLimitItemPerSecond(POINTS, SHORT_S)
STRATEGIES = {"fixed": FixedWindowRateLimiter, "moving": MovingWindowRateLimiter,
              "sliding": SlidingWindowCounterRateLimiter}


def visit(report, kind, here, there, user):
    """The requests of a user reach the processes in turn, and another one shows what is left."""
    report.equal(f"{kind}: new user has every request left", POINTS,
                 lambda: there.get_window_stats(DAY, user).remaining)
    for request in range(POINTS):
        report.equal(f"{kind}: user has a request left", True, lambda: there.test(DAY, user))
        report.equal(f"{kind}: request within the limit passes", True, lambda: here.hit(DAY, user))
        report.equal(f"{kind}: the rest is shown elsewhere", POINTS - request - 1,
                     lambda: there.get_window_stats(DAY, user).remaining)
        here, there = there, here
    report.equal(f"{kind}: request beyond the limit is refused", False, lambda: here.hit(DAY, user))
    report.equal(f"{kind}: user has no request left", False, lambda: there.test(DAY, user))
    here.clear(DAY, user)
    report.equal(f"{kind}: user is new again", True, lambda: there.test(DAY, user))
    report.equal(f"{kind}: request after that passes", True, lambda: there.hit(DAY, user, cost=2))


def expire(report, kind, here, there, users):
    """Short limits, which are used up and then over."""
    for user in users:
        report.equal(f"{kind}: whole limit passes", True,
                     lambda: here.hit(SHORT, user, cost=POINTS))
        report.equal(f"{kind}: more than the limit is refused", False,
                     lambda: there.hit(SHORT, user))
    # The sliding window still counts a part of the window before.
    time.sleep(2 * SHORT_S + 0.1)
    for user in users:
        report.equal(f"{kind}: limit is whole again", POINTS,
                     lambda: there.get_window_stats(SHORT, user).remaining)


def main():
    options = arguments(__doc__)
    report = Report("limits", "limits", "redis")
    storages = [storage_from_string(options.url) for _ in range(2)]
    for kind, strategy in STRATEGIES.items():
        limiters = [strategy(storage) for storage in storages]
        users = [f"{kind}-{number}" for number in range(options.count)]
        for number, user in enumerate(users):
            visit(report, kind, limiters[number % 2], limiters[1 - number % 2], user)
        expire(report, kind, *limiters, users)
    report.print()


if __name__ == "__main__":
    main()
