#!/usr/bin/env python3
"""arq: jobs and their results, and a job that must be in the queue once only."""

import asyncio
import os
import sys

from arq import create_pool
from arq.connections import RedisSettings
from arq.jobs import Job, JobStatus

from support import Ran, Report, arguments, workshop


async def double(_, number):
    Ran.note(number)
    return 2 * number


class WorkerSettings:
    functions = [double]
    redis_settings = RedisSettings.from_dsn(os.environ.get("FRAMEWORKS_URL", "redis://localhost"))
    poll_delay = 0.1


async def answer(call):
    """What a coroutine returns, or the exception that it raises."""
    try:
        return await call
    except Exception as error:  # whatever arq raises
        return repr(error)


async def follow(report, pool, number, options):
    job = await pool.enqueue_job("double", number, _job_id=f"job-{number}")
    # Two more requests: one submits the same job, one shows its state.
    twin = await answer(pool.enqueue_job("double", number, _job_id=f"job-{number}"))
    report.equal("job is queued once only", None, lambda: twin)
    again = Job(job.job_id, pool)
    known = await answer(again.status())
    report.check("new job is known", known in
                 (JobStatus.queued, JobStatus.in_progress, JobStatus.complete), known)
    found = await answer(job.result(timeout=options.patience, poll_delay=0.02))
    report.equal("result is readable", 2 * number, lambda: found)
    state = await answer(again.status())
    report.equal("job with a result is complete elsewhere", JobStatus.complete, lambda: state)
    info = await answer(again.result_info())
    report.equal("result is readable elsewhere", 2 * number, lambda: info.result)


async def postpone(report, pool, number):
    """A job for later, and the page that lists it."""
    job = await pool.enqueue_job("double", number, _defer_by=600)
    again = Job(job.job_id, pool)
    state = await answer(again.status())
    report.equal("new job for later is known", JobStatus.deferred, lambda: state)
    info = await answer(again.info())
    report.equal("new job for later has its arguments", (number,), lambda: tuple(info.args))
    queued = await answer(pool.queued_jobs())
    report.check("new job for later is listed", isinstance(queued, list) and
                 any(job.job_id == each.job_id for each in queued), queued)


async def run(report, ran, options):
    pool = await create_pool(RedisSettings(host=options.host, port=options.port))
    for start in range(0, options.count, 5):
        numbers = range(start, min(start + 5, options.count))
        await asyncio.gather(*(follow(report, pool, number, options) for number in numbers))
        for number in numbers:
            await postpone(report, pool, number)
    await pool.aclose()


def main():
    options = arguments(__doc__)
    report = Report("arq", "arq", "redis")
    with workshop() as (folder, start):
        ran = Ran(folder)
        start([sys.executable, "-m", "arq", "arq_jobs.WorkerSettings"],
              FRAMEWORKS_URL=options.url).await_text("Starting worker")
        asyncio.run(run(report, ran, options))
        ran.judge(report, range(options.count), options.patience)
    report.print()


if __name__ == "__main__":
    main()
