"""The topology: applications, Tidegate with its parts, the master and its replicas."""

from svg import Picture

DESCRIPTION = (
    "Applications connect to Tidegate. Tidegate sends writes through the write gate to the master "
    "and reads through the lag judgement to replicas, or answers reads from its own engine. The "
    "monitor asks every server for its offset. The master replicates to the replicas and to the "
    "engine. Prometheus reads the metrics."
)


def box(picture, x, y, width, height, style, title, *lines):
    """A box with a bold title and quiet lines below it, all centred."""
    picture.rect(x, y, width, height, style)
    middle, top = x + width / 2, y + height / 2 + 4.5 - 8 * len(lines)
    picture.words(middle, top, title, "strong", "middle")
    for n, line in enumerate(lines):
        picture.words(middle, top + 17 * (n + 1), line, "small quiet", "middle")


def topology():
    it = Picture(960, 470, "How Tidegate stands between applications and servers", DESCRIPTION)
    for n in range(3):
        box(it, 20, 105 + 62 * n, 125, 44, "box", "application")
    it.rect(225, 24, 405, 424, "frame", 8)
    it.words(240, 48, "tidegate", "title")
    box(it, 245, 155, 118, 68, "part", "plan", "read or write?", "port 6400")
    box(it, 440, 72, 172, 68, "part", "write gate", "are enough", "replicas in sync?")
    box(it, 440, 205, 172, 68, "part", "lag judgement", "is the replica's lag", "below max-lag?")
    box(it, 440, 338, 172, 68, "part", "engine (optional)", "a replica inside", "the process")
    box(it, 245, 272, 140, 68, "part", "monitor", "asks every server", "for its offset")
    box(it, 245, 376, 140, 48, "part", "metrics, status", "port 6490")
    box(it, 20, 378, 125, 44, "box", "Prometheus")
    box(it, 770, 81, 150, 50, "box", "master")
    box(it, 770, 205, 150, 44, "box", "replica")
    box(it, 770, 267, 150, 44, "box", "replica")
    # Requests.
    for n in range(3):
        it.path([(145, 127 + 62 * n), (245, 177 + 12 * n)], "line", arrow=True)
    it.path([(363, 178), (440, 112)], "own-line", arrow=True)
    it.words(385, 132, "writes", "small", "middle")
    it.path([(363, 200), (440, 233)], "own-line", arrow=True)
    it.words(412, 206, "reads", "small", "middle")
    it.path([(612, 106), (770, 106)], "own-line", arrow=True)
    it.words(700, 98, "each write once", "small", "middle")
    it.path([(612, 230), (770, 227)], "own-line", arrow=True)
    it.path([(612, 248), (770, 286)], "own-line", arrow=True)
    it.words(700, 219, "fresh reads", "small", "middle")
    it.path([(526, 273), (526, 338)], "own-line", arrow=True)
    it.words(534, 311, "reads in place", "small")
    # What the monitor learns.
    it.path([(385, 290), (440, 262)], "line dotted", arrow=True)
    it.path([(526, 205), (526, 140)], "line dotted", arrow=True)
    it.words(534, 178, "offsets, lag", "small quiet")
    it.path([(145, 400), (245, 400)], "line", arrow=True)
    # Replication.
    it.path([(920, 106), (942, 106), (942, 372), (612, 372)], "line dashed", arrow=True)
    for y in (227, 289):
        it.path([(942, y), (920, y)], "line dashed", arrow=True)
    it.words(786, 392, "replication (PSYNC)", "small quiet", "middle")
    return it
