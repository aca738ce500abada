#!/usr/bin/env python3
"""Sidekiq: jobs for now and for later, and the pages of its queues. The Ruby of it: sidekiq_jobs.rb."""

import json
import re
import subprocess
import sys

from support import HERE, Ran, Report, arguments, workshop

SCRIPT = str(HERE / "sidekiq_jobs.rb")


def versions():
    code = "require 'sidekiq'; puts Sidekiq::VERSION, Redis::VERSION"
    output = subprocess.run(["ruby", "-e", code], capture_output=True, text=True, check=True)
    return dict(zip(("sidekiq", "redis-rb"), output.stdout.split()))


def enqueue(report, options, environment):
    """Runs the client, and counts what it expected and found."""
    client = subprocess.run(["ruby", SCRIPT, str(options.count)], capture_output=True, text=True,
                            env=environment, timeout=120)
    if client.returncode:
        sys.exit(f"the client failed:\n{client.stderr[-2000:]}")
    for line in filter(lambda line: re.match(r"\[", line), client.stdout.splitlines()):
        what, wanted, found = json.loads(line)
        report.equal(what, wanted, lambda: found)


def main():
    import os

    options = arguments(__doc__)
    report = Report("Sidekiq")
    report.versions = versions()
    with workshop() as (folder, start):
        ran = Ran(folder)
        environment = {**os.environ, "FRAMEWORKS_URL": options.url}
        start(["sidekiq", "-r", SCRIPT, "-c", "2", "-t", "1"], FRAMEWORKS_URL=options.url) \
            .await_text("the worker is ready")
        enqueue(report, options, environment)
        jobs = [*range(options.count), *(f"soon-{number}" for number in range(options.count))]
        ran.judge(report, jobs, options.patience)
    report.print()


if __name__ == "__main__":
    main()
