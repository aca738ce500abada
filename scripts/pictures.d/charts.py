"""Charts of the figures in docs/benchmarks.md, docs/engine.md and docs/freshness.md."""

from svg import Picture
from tables import figure, table


def bars(picture, x, y, width, title, rows):
    """Horizontal bars with their figures: rows of (label, figure as the table shows it, style)."""
    label_width, figure_width, step = 165, 50, 27
    picture.words(x, y, title, "strong")
    top = max(figure(shown) for _, shown, _ in rows)
    for n, (label, shown, style) in enumerate(rows):
        line = y + 18 + step * n
        length = max(1, (width - label_width - figure_width) * figure(shown) / top)
        name = "strong" if style.startswith("own") else ""
        picture.words(x + label_width - 8, line + 13, label, name, "end")
        picture.rect(x + label_width, line, length, 18, style, 2)
        picture.words(x + label_width + length + 6, line + 13, shown, name)


PEERS = {"Redis, direct": "peer", "nutcracker": "peer", "HAProxy (TCP)": "peer", "Envoy": "peer",
         "Tidegate, reads from replicas": "own", "Tidegate, reads from the master": "own-2"}
LABELS = {"Tidegate, reads from replicas": "Tidegate, split reads",
          "Tidegate, reads from the master": "Tidegate, master only"}


def column(after, heading):
    """The rows of a table in docs/benchmarks.md that have a figure in one column."""
    rows = [(row, cells.get(heading, "")) for row, cells in table("benchmarks.md", after)]
    return [(LABELS.get(row, row), shown, PEERS[row]) for row, shown in rows
            if row in PEERS and figure(shown) is not None]


def cost():
    it = Picture(960, 470, "What a request costs: Tidegate and its peers",
                 "Bars of the figures in docs/benchmarks.md. Shorter bars are better.")
    it.words(24, 34, "What a request costs (shorter is better)", "title")
    panels = [
        ("### w1:", "CPU µs/request", "proxy CPU, µs per request: 50 clients, pipeline 1"),
        ("### w2:", "CPU µs/request", "proxy CPU, µs per request: 50 clients, pipeline 16"),
        ("### w6:", "added p50", "added latency, p50 in µs: one client"),
        ("### m1:", "master CPU", "master CPU, µs per request: 50 clients, all to the master"),
    ]
    for n, (after, heading, title) in enumerate(panels):
        x, y = 24 + 470 * (n % 2), 70 + 190 * (n // 2)
        if rows := column(after, heading):
            bars(it, x, y, 440, title, rows)
    it.words(24, 452, "Medians. The method, all figures and the machine: docs/benchmarks.md",
             "small quiet")
    return it


ENGINE = [
    ("full sync: link up, s", "full sync, seconds until the link is up"),
    ("full sync: resident memory, MiB", "resident memory after it, MiB"),
    ("applying SETs: CPU µs per command", "applying SETs, CPU µs per command"),
    ("GETs, pipeline 1: CPU µs per GET", "GETs at pipeline 1, CPU µs per GET"),
    ("GETs, pipeline 16: CPU µs per GET", "GETs at pipeline 16, CPU µs per GET"),
    ("GETs under a storm of SETs: p99, ms", "GETs under a storm of SETs, p99 in ms"),
]


def engine():
    it = Picture(960, 400, "The engine beside redis-server as replicas of one master",
                 "Pairs of bars of the figures in docs/engine.md. Shorter bars are better.")
    it.words(24, 34, "The engine and redis-server as replicas of one master (shorter is better)",
             "title")
    rows = dict(table("engine.md", "<!-- engine-bench:begin -->"))
    for n, (row, title) in enumerate(ENGINE):
        if cells := rows.get(row):
            pair = [("redis-server", cells["redis-server"], "peer"), ("engine", cells["engine"], "own")]
            bars(it, 24 + 470 * (n % 2), 70 + 106 * (n // 2), 440, title, pair)
    it.words(24, 382, "Medians. The method, all figures and the machine: docs/engine.md",
             "small quiet")
    return it


def answered(rows):
    """The intervals in which reads were answered; a row counts for the time until the next one."""
    spans = []
    for (at, *_, read), (end, *_) in zip(rows, rows[1:]):
        if read == "answered" and spans and spans[-1][1] == at:
            spans[-1][1] = end
        elif read == "answered":
            spans.append([at, end])
    return spans


def freshness():
    """Time against age: the data of a replica that is cut off, and what Tidegate reports."""
    it = Picture(960, 430, "Reads of a replica that is cut off from its master",
                 "Lines of the trace in docs/freshness.md: the true age of the replica's data, the "
                 "lag that Tidegate reports, the limit, and when the replica's reads were answered.")
    rows = [(figure(at), figure(cells["true age, ms"]), figure(cells["reported lag, ms"]),
             cells["read"]) for at, cells in table("freshness.md", "<!-- freshness:begin -->")]
    first, last, limit = rows[0][0], rows[-1][0], 1000
    top = 500 * (1 + max(max(age, lag or 0) for _, age, lag, _ in rows) // 500)
    left, right, above, below = 78, 930, 66, 350

    def x(at):
        return left + (right - left) * (at - first) / (last - first)

    def y(age):
        return below - (below - above) * age / top

    it.words(24, 34, "A replica is cut off from its master, and notices nothing", "title")
    for start, end in answered(rows):
        it.rect(x(start), above, x(end) - x(start), below - above, "shade", 0)
    for age in range(0, int(top) + 1, 500):
        it.path([(left, y(age)), (right, y(age))], "grid")
        it.words(left - 8, y(age) + 4, f"{age:,}", "small quiet", "end")
    for at in range(500 * int(first // 500), int(last) + 1, 500):
        if at >= first:
            it.path([(x(at), below), (x(at), below + 5)], "axis")
            it.words(x(at), below + 19, f"{at / 1000:g} s", "small quiet", "middle")
    it.path([(left, below), (right, below)], "axis")
    it.words(24, above - 12, "age of the replica's data, ms", "small quiet")
    it.path([(left, y(limit)), (right, y(limit))], "limit")
    it.words(right - 6, y(limit) - 6, "max-lag", "small", "end")
    it.path([(x(at), y(age)) for at, age, _, _ in rows], "warm-line")
    it.path([(x(at), y(lag)) for at, _, lag, _ in rows if lag is not None], "own-line dashed")
    it.path([(x(0), above), (x(0), below)], "axis dotted")
    it.words(x(0) + 6, above + 14, "cut off", "small")
    legend = [("warm-line", "true age"), ("own-line dashed", "reported lag, an upper bound")]
    for n, (style, label) in enumerate(legend):
        it.path([(left + 130 * n, 396), (left + 130 * n + 28, 396)], style)
        it.words(left + 130 * n + 35, 400, label, "small")
    it.rect(left + 370, 388, 28, 15, "shade", 2)
    it.words(left + 405, 400, "the replica's reads are answered", "small")
    it.words(24, 420, "One run of scripts/freshness. All figures: docs/freshness.md", "small quiet")
    return it
