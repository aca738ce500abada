"""Installs the frameworks into target/frameworks, from PyPI and npm, and Debian's packages.

What cannot be installed is told, and the rest goes on."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DEPS = ROOT / "target" / "frameworks"
DEBIAN = {"ruby": ["ruby-sidekiq"], "php": ["php-cli", "php-redis"]}


def python(name):
    return DEPS / name / "bin" / "python"


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)


def last_line(result):
    lines = (result.stderr.strip() or result.stdout.strip() or "no output").splitlines()
    return lines[-1][:120]


def pip(name, manifest):
    """Makes a virtual environment; returns what went wrong, if anything."""
    folder = DEPS / name
    shutil.rmtree(folder, ignore_errors=True)
    for interpreter in (sys.executable, "/usr/bin/python3"):
        if run(interpreter, "-m", "venv", folder).returncode == 0:
            break
    result = run(python(name), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                 "--only-binary", ":all:", "-r", HERE / manifest)
    return last_line(result) if result.returncode else None


def npm():
    folder = DEPS / "node"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    if not shutil.which("npm"):
        return "npm is not installed"
    result = run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=folder)
    return last_line(result) if result.returncode else None


def debian(packages):
    if not shutil.which("apt-get"):
        return "apt-get is not installed"
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    command = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    install = [*command, "install", "-y", "--no-install-recommends", *packages]
    result = run(*install)
    if result.returncode:
        run(*command, "update")
        result = run(*install)
    return last_line(result) if result.returncode else None


def works(kind):
    """Whether what a kind of framework needs is there already."""
    if kind == "node":
        return (DEPS / "node" / "node_modules" / "socket.io").exists()
    if kind == "ruby":
        return bool(shutil.which("ruby") and shutil.which("sidekiq"))
    if kind == "php":
        return bool(shutil.which("php")) and "redis" in run("php", "-m").stdout.split()
    return python(kind).exists()


STEPS = {
    "venv": lambda: pip("venv", "requirements.txt"),
    "venv-arq": lambda: pip("venv-arq", "requirements-arq.txt"),
    "node": npm,
    "ruby": lambda: debian(DEBIAN["ruby"]),
    "php": lambda: debian(DEBIAN["php"]),
}


def manifests():
    names = ("requirements.txt", "requirements-arq.txt", "package.json", "package-lock.json")
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in names)).hexdigest()


def install(kinds, say):
    """Installs these kinds; returns why a kind could not be installed, for those that could not."""
    DEPS.mkdir(parents=True, exist_ok=True)
    failed, wanted = {}, manifests()
    for kind in kinds:
        stamp = DEPS / f"{kind}.stamp"
        if stamp.exists() and stamp.read_text() == wanted and works(kind):
            continue
        stamp.unlink(missing_ok=True)
        say(f"installing: {kind}")
        if reason := STEPS[kind]():
            failed[kind] = reason
            say(f"cannot install {kind}: {reason}")
        else:
            stamp.write_text(wanted)
    return failed
