#!/usr/bin/env python3
"""Express with express-session and connect-redis: logins, carts and logouts. Its servers run
express_server.mjs under node."""

import json
import os
from pathlib import Path

import sessions
from support import HERE, Report, arguments, workshop

PACKAGES = "express", "express-session", "connect-redis", "redis"


def versions():
    folder = os.environ.get("NODE_DEPS", HERE.parent.parent / "target/test-deps/node")
    files = {name: Path(folder) / "node_modules" / name / "package.json" for name in PACKAGES}
    return {name: json.loads(file.read_text())["version"] for name, file in files.items()}


def main():
    options = arguments(__doc__)
    report = Report("express-session")
    report.versions = versions()
    with workshop() as (_, start):
        command = ["node", str(HERE / "express_server.mjs"), options.host, str(options.port)]
        servers = sessions.start_two(start, command)
        sessions.judge(report, servers, options.count)
    report.print()


if __name__ == "__main__":
    main()
