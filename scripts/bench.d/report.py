"""The tables of a benchmark, in Markdown."""

import os
import platform
from statistics import median
from textwrap import fill

from servers import Unavailable, version

NAMES = {
    "direct": "Redis, direct",
    "nutcracker": "nutcracker",
    "haproxy": "HAProxy (TCP)",
    "envoy": "Envoy",
    "tidegate": "**Tidegate**, reads from replicas",
    "tidegate-master": "**Tidegate**, reads from the master",
}


class Results:
    """The measurements: (workload, row) -> round -> result. A failed round is missing."""

    def __init__(self, rounds):
        self.rounds = rounds
        self.runs = {}
        self.idle = {}

    def add(self, workload, row, number, result):
        self.runs.setdefault((workload, row), {})[number] = result

    def windows(self, workload):
        """The results of a workload: (row, round) -> result."""
        return {(row, number): run for (name, row), rounds in self.runs.items()
                if name == workload for number, run in rounds.items()}

    def series(self, workload, row, *path):
        """The values of one figure in all rounds."""
        values = []
        for number in range(self.rounds):
            result = self.runs.get((workload, row), {}).get(number)
            for key in path:
                result = result.get(key) if result else None
            values.append(result)
        return values

    def cpu(self, workload, row, label):
        return self.series(workload, row, "cpu_us_per_reply", label)

    def replicas(self, workload, row):
        pairs = zip(self.cpu(workload, row, "replica1"), self.cpu(workload, row, "replica2"))
        return [a + b for a, b in pairs if a is not None]

    def errors(self):
        return sum(run["errors"] for rounds in self.runs.values() for run in rounds.values())

    def disturbed(self, workload):
        """The (row, round) in which the machine was slow, judged by what is not under test.

        The load generator does the same work per reply in every row, so a window in which its
        own CPU per reply is far from the lowest says that the machine, not the peer, was slow.
        """
        runs = self.windows(workload)
        floor = min((run["cpu_us_per_reply"]["load"] for run in runs.values()), default=0)
        return [place for place, run in runs.items()
                if run["cpu_us_per_reply"]["load"] > SLOW * floor]

    def replace(self, workload, row, number, result):
        """Keeps the less disturbed of two windows of a round, with the errors of both."""
        pair = (self.runs[workload, row][number], result)
        best, worst = sorted(pair, key=lambda run: run["cpu_us_per_reply"]["load"])
        best["errors"] += worst["errors"]
        self.runs[workload, row][number] = best


# Where prose wraps in docs/.
COLUMNS = 100
# A window is disturbed if the load generator's CPU is this many times its lowest.
SLOW = 1.5


def others(run):
    return run["others_cpu_seconds"] / run["seconds"]


def mid(values):
    values = [value for value in values if value is not None]
    return median(values) if values else None


def ratio(above, below):
    """The median of the ratios within a round: an effect that slows a whole round cancels out."""
    return mid([a / b for a, b in zip(above, below) if a is not None and b])


def added(above, below):
    return mid([a - b for a, b in zip(above, below) if a is not None and b is not None])


def show(value, digits=2):
    if value is None:
        return "–"
    return f"{value:,.{digits}f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def workload_table(results, workload, rows):
    w = workload.name
    head = ["", "requests/s", "p50 µs", "p99 µs", "CPU µs/request", "best round", "× nutcracker",
            "× HAProxy", "master CPU", "× direct", "replicas' CPU"]
    if workload.one:
        head += ["added p50", "added p99"]
    lines = []
    for row in rows:
        if (w, row) not in results.runs:
            continue
        cpu = results.cpu(w, row, "proxy")
        master = results.cpu(w, row, "master")
        best = min((value for value in cpu if value is not None), default=None)
        line = [NAMES[row], show(mid(results.series(w, row, "requests_per_second")), 0)]
        line += [show(mid(results.series(w, row, "latency_us", q)), 0) for q in ("p50", "p99")]
        line += [show(mid(cpu)), show(best)]
        line += [show(ratio(cpu, results.cpu(w, peer, "proxy"))) for peer in ("nutcracker", "haproxy")]
        line += [show(mid(master)), show(ratio(master, results.cpu(w, "direct", "master")))]
        line += [show(mid(results.replicas(w, row)))]
        if workload.one:
            for q in ("p50", "p99"):
                direct = results.series(w, "direct", "latency_us", q)
                gap = added(results.series(w, row, "latency_us", q), direct)
                line.append("–" if row == "direct" else show(gap, 1))
        lines.append(line)
    if not lines:
        return ""
    own = mid([mid(results.cpu(w, row, "load")) for row in rows])
    windows = results.windows(w).values()
    busy = [others(run) for run in windows]
    about = (f"The load generator itself: {show(own)} µs per request. "
             f"Other work on the machine: {show(mid(busy))} cores (at most {show(max(busy))}). "
             f"Disturbed windows: {len(results.disturbed(w))} of {len(windows)}.")
    return f"### {w}: {workload.title}\n\n{table(head, lines)}\n\n{fill(about, COLUMNS)}\n"


def idle_table(results, rows):
    rows = [row for row in rows if row in results.idle]
    if not rows:
        return ""
    steps = sorted({clients for row in rows for clients in results.idle[row]})
    cells = [[NAMES[row], *(show(kib(results, row, n), 1) for n in steps)] for row in rows]
    head = ["resident MB with idle clients", *(f"{n:,}" for n in steps)]
    return f"### idle: memory\n\n{table(head, cells)}\n"


def kib(results, row, clients):
    value = results.idle.get(row, {}).get(clients)
    return None if value is None else value * 1024 / 1e6


def targets(results):
    """The targets of the design as (text, measured, limit)."""
    def cpu(w, peer):
        return ratio(results.cpu(w, "tidegate", "proxy"), results.cpu(w, peer, "proxy"))

    def gap(row):
        p50 = ("latency_us", "p50")
        return added(results.series("w6", row, *p50), results.series("w6", "direct", *p50))

    master = ratio(results.cpu("m1", "tidegate-master", "master"),
                   results.cpu("m1", "direct", "master"))
    return [
        ("w1: CPU per request, × nutcracker", cpu("w1", "nutcracker"), 0.9),
        ("w2: CPU per request, × nutcracker", cpu("w2", "nutcracker"), 1 / 3),
        ("w2: CPU per request, × HAProxy", cpu("w2", "haproxy"), 1.0),
        ("w6: added p50 µs, at most HAProxy's", gap("tidegate"), gap("haproxy")),
        ("idle: resident MB with 10,000 clients", kib(results, "tidegate", 10_000), 150.0),
        ("m1: the master's CPU per request, × direct", master, 0.45),
    ]


def targets_table(results):
    lines = []
    for text, measured, limit in targets(results):
        if measured is None or limit is None:
            verdict = "not measured"
        else:
            verdict = "pass" if measured <= limit else "**FAIL**"
        lines.append([text, show(measured), show(limit), verdict])
    return f"### Targets\n\n{table(['', 'measured', 'at most', ''], lines)}\n"


def short(text):
    """A version line without paths and build hashes."""
    words = text.split()
    found = [w for w in words if any(c.isdigit() for c in w) and not w.startswith("/")]
    word = found[0].removeprefix("v=") if found else text
    return next((part for part in word.split("/") if "." in part), word)


def machine(names, command, date, missing, failed):
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    lines = [f"Date: {date}", f"Command: `{command}`",
             f"Machine: {os.cpu_count()} cores, {model}, Linux {platform.release()}"]
    for name in names:
        try:
            lines.append(f"{name}: {short(version(name))}")
        except Unavailable as error:
            lines.append(f"{name}: {error}")
    lines += [f"Left out: {name}: {' '.join(why.split())}" for name, why in missing.items()]
    lines += [f"**Failed** in a run: {name}: {' '.join(why.split())}" for name, why in failed.items()]
    items = (fill(f"- {line}", COLUMNS, subsequent_indent="  ") for line in lines)
    return "\n".join(items) + "\n"
