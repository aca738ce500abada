"""The applications: what each one needs, how it is called, how many times it does its work."""

import os
from dataclasses import dataclass
from pathlib import Path

import install

APPLICATIONS = install.ROOT / "tests" / "frameworks"


@dataclass
class Application:
    name: str
    file: str
    count: int
    # What must be installed: the first of these runs the file.
    needs: tuple = ("venv",)

    @property
    def key(self):
        return Path(self.file).stem

    def command(self, port, patience):
        kind = self.needs[0]
        program = "node" if kind == "node" else str(install.python(kind))
        return [program, str(APPLICATIONS / self.file), "127.0.0.1", str(port), str(self.count),
                "--patience", str(patience)]

    def environment(self):
        return {**os.environ, "NODE_DEPS": str(install.DEPS / "node"), "PYTHONDONTWRITEBYTECODE": "1"}


ALL = [
    Application("RQ", "rq_jobs.py", 30),
    Application("Bee-Queue", "bee_queue.mjs", 30, ("node",)),
    Application("BullMQ", "bullmq.mjs", 30, ("node",)),
    Application("Celery", "celery_jobs.py", 30),
    Application("Sidekiq", "sidekiq_jobs.py", 30, ("venv", "ruby")),
    Application("Huey", "huey_jobs.py", 30),
    Application("arq", "arq_jobs.py", 30, ("venv-arq",)),
    Application("django-redis", "django_cache.py", 50),
    Application("Django sessions", "django_sessions.py", 25),
    Application("express-session", "express_sessions.py", 25, ("venv", "node")),
    Application("Flask-Session", "flask_sessions.py", 25),
    Application("PHP sessions", "php_sessions.py", 30, ("venv", "php")),
    Application("channels_redis", "channels_groups.py", 20),
    Application("redis-py Lock", "redis_lock.py", 40),
    Application("redlock", "redlock.mjs", 30, ("node",)),
    Application("rate-limiter-flexible", "rate_limiter.mjs", 25, ("node",)),
    Application("limits", "limits_rates.py", 15),
    Application("socket.io", "socketio_rooms.mjs", 20, ("node",)),
]
