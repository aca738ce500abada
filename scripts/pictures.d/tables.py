"""The tables of a page in docs/: the only source of a chart's figures."""

from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def plain(cell):
    return cell.strip().replace("*", "").replace("`", "")


def table(page, after):
    """The first table behind the text `after`: a list of (first cell, {heading: cell}).

    Empty if the page has no such table: a script that measured a part has written that part only."""
    lines = (DOCS / page).read_text().partition(after)[2].splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith("|")), None)
    if start is None:
        return []
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([plain(cell) for cell in line.strip().strip("|").split("|")])
    head, _, *body = rows
    return [(row[0], dict(zip(head[1:], row[1:]))) for row in body]


def figure(cell):
    """The number in a cell; None if it has none."""
    try:
        return float(cell.replace(",", ""))
    except ValueError:
        return None
