#!/usr/bin/env python3
"""Huey: tasks and their results, a kind of task that is revoked and restored, a lock of tasks."""

import os
import sys

from huey import RedisHuey

from support import Ran, Report, arguments, workshop

huey = RedisHuey("jobs", url=os.environ.get("FRAMEWORKS_URL", "redis://localhost"))


@huey.task()
def double(number):
    Ran.note(number)
    return 2 * number


@huey.task()
def mail(number):
    Ran.note(f"mail-{number}")
    return number


def tasks(report, ran, options):
    for number in range(options.count):
        result = double(number)
        report.equal("result is readable", 2 * number,
                     lambda: result.get(blocking=True, timeout=options.patience, backoff=1,
                                        preserve=True))
        # Another request asks for the result that this one has seen.
        report.equal("result is readable elsewhere", 2 * number,
                     lambda: huey.result(result.id, preserve=True))
        # A result that is read without `preserve` is taken away.
        report.equal("result is taken", 2 * number, lambda: huey.result(result.id))
        report.equal("taken result is gone", None, lambda: huey.result(result.id))


def revocations(report, ran, options):
    """Somebody stops a kind of task: what enters the queue then must not run, until it is restored."""
    for number in range(options.count // 2):
        mail.revoke()
        report.equal("revoked task is shown as revoked", True, mail.is_revoked)
        mail(2 * number)
        # There is one worker, so the task behind it shows that it has been dealt with.
        double(f"behind-{number}")
        ran.await_one(f"behind-{number}", options.patience)
        ran_once = ran.await_one(f"mail-{2 * number}", 0)
        report.check("revoked task does not run", not ran_once, f"mail {2 * number} ran")
        mail.restore()
        mail(2 * number + 1)
        ran_once = ran.await_one(f"mail-{2 * number + 1}", 2)
        report.check("restored task runs", ran_once, f"mail {2 * number + 1} did not run")


def locks(report, options):
    """A lock of Huey, as two cron jobs on two machines take it."""
    for number in range(options.count // 2):
        lock = huey.lock_task(f"lock-{number}")
        with lock:
            report.equal("taken lock is shown as taken", True, lambda: huey.is_locked(f"lock-{number}"))
        report.equal("released lock is free", False, lambda: huey.is_locked(f"lock-{number}"))


def main():
    options = arguments(__doc__)
    report = Report("Huey", "huey", "redis")
    with workshop() as (folder, start):
        ran = Ran(folder)
        start([sys.executable, "-m", "huey.bin.huey_consumer", "huey_jobs.huey", "-w", "1"],
              FRAMEWORKS_URL=options.url).await_text("The following commands are available")
        tasks(report, ran, options)
        ran.judge(report, range(options.count), options.patience)
        revocations(report, ran, options)
        locks(report, options)
    report.print()


if __name__ == "__main__":
    # Huey connects as soon as this file is read. The worker knows the tasks by this file's name.
    os.environ["FRAMEWORKS_URL"] = arguments(__doc__).url
    import huey_jobs
    huey_jobs.main()
