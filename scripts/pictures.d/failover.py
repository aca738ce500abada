"""The timeline of two failovers, from the runs in failover.json. To draw others, record them with
scripts/failover-trial --trial sentinel-failover --trial kill --runs 1 --json FILE, and put the file
in its place."""

import json
from pathlib import Path

from svg import Picture

RUNS = Path(__file__).resolve().parent / "failover.json"
TITLES = {"sentinel-failover": ("A planned failover: SENTINEL FAILOVER", "SENTINEL FAILOVER"),
          "kill": ("A crash: kill -9 of the master, down-after-milliseconds 1000", "kill -9")}
FIRST, LAST = -500, 3000


def moments(run):
    """The moments that have a name: (milliseconds after the fault, label)."""
    def first(wanted):
        times = [event["ms"] for event in run["events"]
                 if event["ms"] >= run["fault_ms"] and wanted in event["text"]]
        return min(times) - run["fault_ms"] if times else None

    found = [(0, TITLES[run["trial"]][1]), (first("is a master"), "the replica is a master"),
             (first("+switch-master"), "+switch-master")]
    return [(at, label) for at, label in found if at is not None]


def held(run):
    """When requests began to wait and when they went on, after the fault."""
    def last(wanted):
        return [event["ms"] - run["fault_ms"] for event in run["events"] if wanted in event["text"]]

    return min(last("requests for the master wait")), min(last("requests go to the master again"))


def panel(it, run, top):
    left, right, height = 78, 930, 150
    below = top + height
    step = run["bucket_ms"]
    most = 50 * (2 + max(run["buckets"]) // 50)

    def x(at):
        return left + (right - left) * (at - FIRST) / (LAST - FIRST)

    it.words(24, top - 30, TITLES[run["trial"]][0], "strong")
    begin, end = held(run)
    it.rect(x(begin), top, x(end) - x(begin), height, "shade", 0)
    text = f"requests wait, {end - begin:,.0f} ms"
    it.words((x(begin) + x(end)) / 2, top + 84, text, "", "middle")
    for n in (0, most // 2, most):
        y = below - height * n / most
        it.path([(left, y), (right, y)], "grid")
        it.words(left - 8, y + 4, f"{n}", "small quiet", "end")
    for n, count in enumerate(run["buckets"]):
        at = n * step - run["fault_ms"]
        if FIRST <= at and at + step <= LAST and count:
            length = height * count / most
            it.rect(x(at), below - length, x(at + step) - x(at) - 1, length, "own", 0)
    for n, (at, label) in enumerate(moments(run)):
        it.path([(x(at), top - 8), (x(at), below)], "axis dotted")
        it.words(x(at) + 5, top - 4 + 16 * (n + 1), label, "small")
    for at in range(FIRST, LAST + 1, 500):
        it.words(x(at), below + 18, f"{at / 1000:g} s", "small quiet", "middle")
    it.path([(left, below), (right, below)], "axis")
    errors = ", ".join(f"{count} {who}" for who, count in run["errors"].items()) or "none"
    text = f"{run['acknowledged']:,} acknowledged, {run['lost']} lost; errors: {errors}"
    it.words(right, top - 30, text, "small quiet", "end")


def failover():
    runs = [json.loads(line) for line in RUNS.read_text().splitlines()]
    it = Picture(960, 520, "Two failovers: acknowledged writes and held requests over time",
                 "Bars of the writes that 20 clients were told of per 50 ms, before, during and "
                 "after a planned failover and a crash; a shaded area while requests wait at the proxy.")
    it.words(24, 34, "Acknowledged writes per 50 ms, 20 clients, through two failovers", "title")
    for n, run in enumerate(runs):
        panel(it, run, 92 + 225 * n)
    it.words(24, 506, "One run of scripts/failover-trial each. All figures: docs/failover.md",
             "small quiet")
    return it
