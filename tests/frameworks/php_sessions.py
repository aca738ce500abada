#!/usr/bin/env python3
"""PHP's sessions with phpredis: logins, carts and logouts, without and with locked sessions."""

import socket
import subprocess

import sessions
from support import HERE, Report, arguments, workshop

VERSIONS = 'echo json_encode(["php" => PHP_VERSION, "phpredis" => phpversion("redis")]);'


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def serve(start, options, name, *settings):
    """Starts PHP's own web server; returns its port."""
    port = free_port()
    settings = {"session.save_handler": "redis", "display_errors": "0", "log_errors": "1",
                "session.use_strict_mode": "1",
                "session.save_path": f"tcp://{options.host}:{options.port}", **dict(settings)}
    words = [word for setting in settings.items() for word in ("-d", "=".join(setting))]
    command = ["php", *words, "-S", f"127.0.0.1:{port}", str(HERE / "php_sessions.php")]
    start(command, name=name).await_text("started")
    return port


def main():
    import json

    options = arguments(__doc__)
    report = Report("PHP sessions")
    output = subprocess.run(["php", "-r", VERSIONS], capture_output=True, text=True, check=True)
    report.versions = json.loads(output.stdout)
    locked = ("redis.session.locking_enabled", "1"), ("redis.session.lock_wait_time", "20000")
    with workshop() as (_, start):
        for kind, settings in ("plain", ()), ("locked", locked):
            servers = [serve(start, options, f"{kind}-{name}", *settings) for name in "ab"]
            sessions.judge(report, servers, options.count // 2)
    report.print()


if __name__ == "__main__":
    main()
