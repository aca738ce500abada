"""A master, two replicas that lag, and a proxy over them."""

import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
PATIENCE = 30
# Levels that are none: the proxy's own default, no proxy, a proxy with the servers in its process.
DEFAULT, DIRECT, EMBEDDED = "default", "direct", "embedded"
CONFIG = """\
[proxy]
listen = ["127.0.0.1:{port}"]
[topology]
master = "127.0.0.1:{master}"
replicas = [{replicas}]
[reads]
{consistency}
[metrics]
listen = "127.0.0.1:{metrics}"
"""
CONSISTENCY = 'consistency = "{}"'
# Names no server, so the process starts a master and two replicas on three ports from this one on.
EMBEDDED_CONFIG = """\
[proxy]
listen = ["127.0.0.1:{port}"]
[topology]
embedded-port = {master}
[replica]
dir = "{folder}"
[metrics]
listen = "127.0.0.1:{metrics}"
"""
REPLICAS = 2


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def free_ports(number):
    """The first of some free ports that follow each other."""
    while True:
        first, sockets = free_port(), []
        try:
            for port in range(first, min(first + number, 65536)):
                sockets.append(socket.socket())
                sockets[-1].bind(("127.0.0.1", port))
            if len(sockets) == number:
                return first
        except OSError:
            pass
        finally:
            for each in sockets:
                each.close()


class Wire:
    """A connection that sends a request and reads its whole reply."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.file = self.socket.makefile("rb")

    def ask(self, *words):
        parts = [b"*%d\r\n" % len(words)]
        parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in map(str.encode, map(str, words))]
        self.socket.sendall(b"".join(parts))
        line = self.file.readline().rstrip().decode()
        if not line.startswith("$"):
            return line
        return None if line == "$-1" else self.file.read(int(line[1:]) + 2)[:-2].decode()

    def offset(self):
        field = "master_repl_offset:"
        lines = self.ask("INFO", "replication").splitlines()
        return next(int(line.removeprefix(field)) for line in lines if line.startswith(field))


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.01)
    sys.exit(f"scripts/frameworks: timed out after {PATIENCE} s: {what}")


def config(level, **ports):
    consistency = "" if level == DEFAULT else CONSISTENCY.format(level)
    return CONFIG.format(consistency=consistency, **ports)


def knows_levels(program):
    """Whether this build has `reads.consistency`; if not, all its reads are bounded."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(config("bounded", port=1, master=2, replicas='"127.0.0.1:3"', metrics=4))
        file.flush()
        command = [program, "check", "--config", file.name]
        # 78: the file has a mistake. That no server answers does not matter here.
        return subprocess.run(command, capture_output=True).returncode != 78


class Stand:
    """The servers of one lag; leaving the context stops all of them."""

    def __init__(self, options, lag):
        self.options, self.lag = options, lag
        self.running = []

    def __enter__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="frameworks-"))
        try:
            self.start_servers()
            self.wait_synced()
            self.measured = self.measure()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start_servers(self):
        self.master = self.redis()
        self.replicas = [self.replica() for _ in range(REPLICAS)]

    def __exit__(self, *_):
        for process in reversed(self.running):
            self.end(process)
        if not self.options.keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    def end(self, process):
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def start(self, name, *command, **options):
        log = open(self.directory / f"{name}.log", "wb")
        options = {"stdout": log, "stderr": log, "cwd": self.directory, **options}
        self.running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, **options))
        return self.running[-1]

    def redis(self, *arguments):
        for _ in range(5):
            # Another process may take the port meanwhile; the server ends at once then.
            port = free_port()
            process = self.server(port, *arguments)
            until(lambda: process.poll() is not None or Wire(port).ask("PING") == "+PONG",
                  "redis-server answers")
            if process.poll() is None:
                return port
        sys.exit(f"scripts/frameworks: redis-server does not start: {self.directory}")

    def server(self, port, *arguments):
        return self.start(port, self.options.redis, "--port", str(port), "--save", "", "--dir",
                   str(self.directory), "--dbfilename", f"{port}.rdb",
                   "--repl-diskless-sync-delay", "0", *arguments)

    def replica(self):
        source = self.master
        if self.lag:
            relay = self.start(f"relay-{free_port()}", sys.executable, str(HERE / "relay.py"),
                               str(self.master), str(self.lag), stdout=subprocess.PIPE)
            source = int(relay.stdout.readline())
        return self.redis("--replicaof", "127.0.0.1", str(source))

    def wait_synced(self):
        def synced():
            offset = Wire(self.master).offset()
            return all(Wire(port).ask("ROLE") and Wire(port).offset() >= offset and
                       "master_link_status:up" in Wire(port).ask("INFO", "replication")
                       for port in self.replicas)
        until(synced, "the replicas have the master's data")

    def measure(self):
        """How long after the master's reply a write is on a replica: the median of some, in ms."""
        master, found = Wire(self.master), []
        for port in self.replicas:
            replica = Wire(port)
            for number in range(10):
                master.ask("SET", "probe", f"{port}-{number}")
                began = time.monotonic()
                while replica.ask("GET", "probe") != f"{port}-{number}":
                    pass
                found.append(1000 * (time.monotonic() - began))
        return statistics.median(found)

    def empty(self):
        Wire(self.master).ask("FLUSHALL")
        self.wait_synced()

    def proxy(self, level):
        file = self.directory / f"{level}.toml"
        port, metrics = free_port(), free_port()
        replicas = ", ".join(f'"127.0.0.1:{each}"' for each in self.replicas)
        file.write_text(config(level, port=port, master=self.master, replicas=replicas,
                               metrics=metrics))
        process = self.start(f"proxy-{level}", self.options.program, "--config", str(file))
        return Proxy(self, process, port, metrics)


class Embedded(Stand):
    """A proxy with a master and two replicas in its process."""

    def __init__(self, options):
        super().__init__(options, 0)

    def start_servers(self):
        for _ in range(5):
            # Another process may take a port meanwhile; the program ends at once then.
            port, metrics, self.master = free_port(), free_port(), free_ports(1 + REPLICAS)
            self.replicas = [self.master + 1 + at for at in range(REPLICAS)]
            file = self.directory / f"{EMBEDDED}.toml"
            file.write_text(EMBEDDED_CONFIG.format(port=port, master=self.master, metrics=metrics,
                                                   folder=self.directory))
            process = self.start(f"proxy-{EMBEDDED}", self.options.program, "--config", str(file))
            self.served = Proxy(self, process, port, metrics)
            until(lambda: process.poll() is not None or self.served.reading() == REPLICAS,
                  "embedded replicas serve reads")
            if process.poll() is None:
                return
        sys.exit(f"scripts/frameworks: tidegate does not start: {self.directory}")

    def proxy(self, _):
        return self.served


class Proxy:
    """Tidegate over the servers of a stand; leaving the context stops it."""

    def __init__(self, stand, process, port, metrics):
        self.stand, self.process, self.port, self.metrics = stand, process, port, metrics

    def __enter__(self):
        until(lambda: self.reading() == REPLICAS, "both replicas serve reads")
        return self

    def __exit__(self, *_):
        self.stand.end(self.process)

    def reading(self):
        reply = Wire(self.port).ask("PROXY", "TOPOLOGY", "JSON")
        return sum(it["role"] == "replica" and it["reads"] for it in json.loads(reply)["backends"])

    def reads(self):
        """How many reads the replicas have served, and how many all servers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=10) as reply:
            text = reply.read().decode()
        served = all_reads = 0
        for labels, value in re.findall(r"^tidegate_requests_total\{(.*)\} (\S+)$", text, re.M):
            if 'class="read"' in labels:
                all_reads += float(value)
                served += float(value) * (f':{self.stand.master}"' not in labels)
        return served, all_reads
