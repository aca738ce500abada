"""The results as Markdown: what misbehaved how often, for each framework, level and lag."""

import textwrap

from stand import DIRECT, EMBEDDED


def column(result):
    return result["level"], result["lag"]


def heading(level, lag):
    if level == DIRECT:
        return "at the master"
    if level == EMBEDDED:
        return "embedded"
    return f"{level}, {lag:g} ms"


def cell(result, check=None):
    if result is None:
        return "–"
    if "failed" in result:
        return "failed"
    bad, total = result["checks"].get(check, (0, 0)) if check else \
        (result["misbehaved"], result["checked"])
    return f"**{bad}** of {total}" if bad else f"0 of {total}"


def table(first, columns, rows):
    lines = [f"| {' | '.join([*first, *(heading(*each) for each in columns)])} |",
             f"|{'---|' * len(first)}{'---:|' * len(columns)}"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def versions(result):
    return ", ".join(f"{name} {version}" for name, version in result.get("versions", {}).items())


def known(results):
    """The result of each framework and column."""
    return {(result["framework"], *column(result)): result for result in results}


def misbehaviour(names, columns, found):
    rows = [[name, *(cell(found.get((name, *each))) for each in columns)] for name in names]
    return table(["framework"], columns, rows)


def details(names, columns, found):
    """A row for each check that failed anywhere."""
    rows = []
    for name in names:
        results = [found.get((name, *each)) for each in columns]
        failed = {check for result in results if result
                  for check, (bad, _) in result.get("checks", {}).items() if bad}
        for check in sorted(failed):
            rows.append([name, check, *(cell(result, check) for result in results)])
    return table(["framework", "what does not hold"], columns, rows) if rows else []


def shares(columns, results):
    rows = []
    for each in columns:
        reads = [result["reads"] for result in results if column(result) == each and "reads" in result]
        total = sum(all_reads for _, all_reads in reads)
        rows.append(f"{100 * sum(served for served, _ in reads) / total:.0f} %" if total else "–")
    return rows


def lags(columns, results):
    measured = {column(result): result["measured_lag_ms"] for result in results}
    return ["" if level == DIRECT else f"{measured[level, lag]:.1f}" for level, lag in columns]


def date(results):
    """When it was measured, which a line of JSON knows if the run is done."""
    return results[0].get("date", "unknown") if results else "unknown"


def item(line):
    """An item of a list, wrapped as all prose is."""
    return textwrap.fill(f"- {line}", 100, subsequent_indent="  ", break_on_hyphens=False)


def programs(results):
    """The versions of the programs that were measured, which older lines of JSON do not name."""
    return list(dict.fromkeys(result["program"] for result in results if "program" in result))


def text(names, results, missing):
    columns = list(dict.fromkeys(column(result) for result in results))
    found = known(results)
    lines = [". ".join([f"Date: {date(results)}", *programs(results)]), ""]
    lines += misbehaviour(names, columns, found)
    lines.append(f"| *lag, ms, measured* | {' | '.join(lags(columns, results))} |")
    lines.append(f"| *reads served by replicas* | {' | '.join(shares(columns, results))} |")
    if rows := details(names, columns, found):
        lines += ["", "<details><summary>What does not hold</summary>", "", *rows, "", "</details>"]
    lines += [""]
    for name in names:
        of_name = [result for result in results if result["framework"] == name]
        if name in missing:
            lines.append(item(f"{name}: not installed: {missing[name]}"))
        elif of_name:
            lines.append(item(f"{name}: {versions(of_name[0]) or 'unknown'}"))
        failures = {result["failed"] for result in of_name if "failed" in result}
        lines += [item(f"{name} failed: {failure}") for failure in sorted(failures)]
    return "\n".join(lines)
