#!/usr/bin/env python3
"""Celery with Redis as broker and result backend: tasks, groups and chords, and their results."""

import os
import sys

from celery import Celery, chord, group
from celery.result import AsyncResult, GroupResult

from support import Ran, Report, arguments, workshop


def application(url):
    made = Celery("celery_jobs", broker=url, backend=url)
    made.conf.update(broker_connection_retry_on_startup=True, worker_send_task_events=True)
    return made


# The worker finds the application under this name.
app = application(os.environ.get("FRAMEWORKS_URL"))


@app.task(name="double")
def double(number):
    Ran.note(number)
    return 2 * number


@app.task(name="total")
def total(numbers):
    return sum(numbers)


def tasks(report, other, ran, options):
    """Puts tasks into the queue one after the other; asks for each result in two ways."""
    for number in range(options.count):
        task = double.delay(number)
        if not ran.await_one(number, options.patience):
            continue
        report.equal("result is readable", 2 * number, lambda: task.get(timeout=options.patience))
        again = AsyncResult(task.id, app=other)
        report.equal("task with a result is successful elsewhere", "SUCCESS", lambda: again.state)
        report.equal("forgotten result is gone", "PENDING", lambda: forgotten(again, other))


def forgotten(result, other):
    result.forget()
    return AsyncResult(result.id, app=other).state


def groups(report, other, options):
    """Groups whose results another process restores, and chords, which count their parts in Redis."""
    wanted = [2 * number for number in range(4)]
    for _ in range(max(2, options.count // 5)):
        results = group(double.s(number) for number in range(4)).apply_async()
        results.save()
        report.equal("saved group is restored", results.id,
                     lambda: GroupResult.restore(results.id, app=other).id)
        report.equal("group's results are readable", wanted,
                     lambda: results.join(timeout=options.patience))
        report.equal("group is successful elsewhere", True,
                     lambda: GroupResult.restore(results.id, app=other).successful())
        summed = chord(double.s(number) for number in range(4))(total.s())
        report.equal("chord's result is readable", sum(wanted),
                     lambda: summed.get(timeout=options.patience))


def main():
    options = arguments(__doc__)
    report = Report("Celery", "celery", "kombu", "redis")
    app.conf.update(broker_url=options.url, result_backend=options.url)
    other = application(options.url)
    with workshop() as (folder, start):
        ran = Ran(folder)
        start([sys.executable, "-m", "celery", "-A", "celery_jobs", "worker", "--concurrency", "2",
               "--loglevel", "INFO"], FRAMEWORKS_URL=options.url).await_text(" ready.")
        tasks(report, other, ran, options)
        ran.judge(report, range(options.count), options.patience)
        # Their tasks' numbers are not told apart, so they come after the count.
        groups(report, other, options)
    report.print()


if __name__ == "__main__":
    main()
