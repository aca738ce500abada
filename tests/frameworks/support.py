"""What the applications share: their arguments, the counts of misbehaviour, worker processes.

Each application is called as `APPLICATION HOST PORT COUNT [--patience SECONDS]`. It does what people
do with its framework, COUNT times, and prints what it counted as one line of JSON. It ends with 0
whether or not it counted misbehaviour. Anything else means that it could not run.

Jobs note in a local file that they ran. So what is counted does not depend on what Redis says."""

import argparse
import contextlib
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
# How long a client waits before it starts the next job although the last one has not run.
PACE = 0.25
# A worker must have started within this time.
START = 60


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--patience", type=float, default=10,
                        help="seconds without progress after which a job counts as dropped")
    options = parser.parse_args()
    options.url = f"redis://{options.host}:{options.port}/0"
    return options


class Report:
    """Counts, for each thing that an application relies on, how often it held and how often not."""

    def __init__(self, framework, *packages):
        self.framework = framework
        self.versions = {name: importlib.metadata.version(name) for name in packages}
        self.checks, self.examples = {}, []
        self.began = time.monotonic()

    def check(self, what, held, example=""):
        bad, total = self.checks.get(what, (0, 0))
        self.checks[what] = (bad + (not held), total + 1)
        if not held and example and len(self.examples) < 5:
            self.examples.append(f"{what}: {str(example)[:200]}")
        return held

    def equal(self, what, wanted, call):
        """Checks what `call` returns. An exception is a wrong answer, as it is to the application."""
        try:
            found = call()
        except Exception as error:  # whatever the framework raises
            return self.check(what, False, repr(error))
        return self.check(what, found == wanted, f"expected {wanted!r}, found {found!r}")

    def print(self):
        print(json.dumps({
            "framework": self.framework,
            "versions": self.versions,
            "misbehaved": sum(bad for bad, _ in self.checks.values()),
            "checked": sum(total for _, total in self.checks.values()),
            "checks": self.checks,
            "examples": self.examples,
            "seconds": round(time.monotonic() - self.began, 1),
        }), flush=True)


class Ran:
    """The jobs that have run: workers append a line for each to a file."""

    VARIABLE = "FRAMEWORKS_RAN"

    def __init__(self, folder):
        self.file = Path(folder) / "ran"
        self.file.touch()
        os.environ[self.VARIABLE] = str(self.file)

    @classmethod
    def note(cls, job):
        """Notes, in a worker, that this job runs."""
        file = os.open(os.environ[cls.VARIABLE], os.O_WRONLY | os.O_APPEND)
        os.write(file, f"{job}\n".encode())
        os.close(file)

    def counts(self):
        return Counter(self.file.read_text().split())

    def await_one(self, job, seconds=PACE):
        """Waits until this job has run; gives up after a while."""
        end = time.monotonic() + seconds
        while str(job) not in self.counts():
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def await_all(self, jobs, patience):
        """Waits until all jobs have run, or until none has for as long as `patience` allows."""
        seen, last = 0, time.monotonic()
        while True:
            ran = self.counts()
            if all(str(job) in ran for job in jobs):
                break
            if ran.total() > seen:
                seen, last = ran.total(), time.monotonic()
            if time.monotonic() - last > patience:
                break
            time.sleep(0.02)
        # A job that runs twice does so soon.
        time.sleep(0.3)

    def judge(self, report, jobs, patience):
        self.await_all(jobs, patience)
        ran = self.counts()
        for job in map(str, jobs):
            report.check("job runs", ran[job] > 0, f"job {job} was dropped")
            report.check("job runs once only", ran[job] <= 1, f"job {job} ran {ran[job]} times")


class Worker:
    """A process of the framework that works beside the application."""

    def __init__(self, folder, command, name="worker", **environment):
        self.log = Path(folder) / f"{name}.log"
        path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
        if shutil.which("setpriv"):
            # A worker does not outlive an application that was killed.
            command = ["setpriv", "--pdeathsig", "TERM", *command]
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1",
                       "PYTHONDONTWRITEBYTECODE": "1", **environment}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder,
                                            env=environment, stdin=subprocess.DEVNULL)

    def text(self):
        return self.log.read_text(errors="replace")

    def await_text(self, *texts):
        """Waits until the worker has printed one of these."""
        end = time.monotonic() + START
        while not any(text in self.text() for text in texts):
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"{self.process.args} did not start:\n{self.text()[-2000:]}")
            time.sleep(0.02)
        return self

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def workshop():
    """A temporary folder, and a function that starts workers in it; both end with the block."""
    workers = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit("stopped"))
    with tempfile.TemporaryDirectory(prefix="frameworks-") as folder:
        def start(command, **options):
            workers.append(Worker(folder, command, **options))
            return workers[-1]
        try:
            yield folder, start
        finally:
            for worker in reversed(workers):
                worker.stop()
