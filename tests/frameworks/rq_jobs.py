#!/usr/bin/env python3
"""RQ: a web application puts jobs into a queue, two workers run them, other requests ask for them."""

import concurrent.futures
import sys

from support import Ran, Report, arguments, workshop


def double(number):
    Ran.note(number)
    return 2 * number


def follow(report, connect, job, patience):
    """One request of the web application: follows a job with connections of its own."""
    from rq.job import Job

    report.equal("new job is found", job.id, lambda: Job.fetch(job.id, connection=connect()).id)
    # XREAD BLOCK returns as soon as the worker has stored the result.
    result = job.latest_result(timeout=int(patience))
    if not report.check("result arrives", result is not None, f"job {job.args[0]}"):
        return
    report.equal("job with a result is finished", "finished",
                 lambda: Job.fetch(job.id, connection=connect()).get_status().value)
    report.equal("result is readable", job.args[0] * 2,
                 lambda: Job.fetch(job.id, connection=connect()).return_value())


def main():
    from redis import Redis
    from rq import Queue

    options = arguments(__doc__)
    report = Report("RQ", "rq", "redis")

    def connect():
        # redis-py gives a reply 5 s, also that of a blocking command.
        return Redis(options.host, options.port, socket_timeout=options.patience + 30)

    queue = Queue("jobs", connection=connect())
    with workshop() as (folder, start):
        ran = Ran(folder)
        # Two, so that one is idle and takes a job as soon as it is in the queue.
        command = [sys.executable, "-m", "rq.cli", "worker", "--url", options.url, "jobs"]
        for worker in [start(command, name=name) for name in ("first", "second")]:
            worker.await_text("Listening on jobs")
        with concurrent.futures.ThreadPoolExecutor(options.count) as pool:
            followers = []
            for number in range(options.count):
                job = queue.enqueue(double, number)
                followers.append(pool.submit(follow, report, connect, job, options.patience))
                ran.await_one(number)
            for follower in followers:
                follower.result()
        ran.judge(report, range(options.count), options.patience)
    report.print()


if __name__ == "__main__":
    # The worker imports this file by its name; a job of `__main__` would not be found there.
    import rq_jobs
    rq_jobs.main()
