"""The built programs, and a daemon of one's own to measure.

    programs -> Service(folder) -> wirefoldd on a store in the folder, a Unix socket -> bench(), stats(), restart()

Needs nothing but Python's standard library; talks to the daemon through the `wirefold` command."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

READY_SECONDS = 900
STOP_SECONDS = 600
ROOT = Path(__file__).resolve().parent.parent


class Missing(Exception):
    """A program that is not built; the words say how to get it."""


def find(name, given=None):
    """Path of a built program: as given, $NAME_BINARY, the newest under build*/, or the one on PATH."""
    built = sorted(ROOT.glob("build*/**/" + name), key=lambda path: -path.stat().st_mtime)
    built = [path for path in built if path.is_file() and os.access(path, os.X_OK)]
    path = given or os.environ.get(name.upper() + "_BINARY") or (str(built[0]) if built else shutil.which(name))
    if not path or not os.access(path, os.X_OK):
        raise Missing(
            "%s is not built: cmake --preset release && cmake --build --preset release (or --build FOLDER)" % name
        )
    return path


def find_all(build, *names):
    """Paths of several programs, out of the build folder where one is given."""
    found = []
    for name in names:
        given = next((str(p) for p in sorted(Path(build).glob("**/" + name)) if p.is_file()), None) if build else None
        if build and not given:
            raise Missing("%s: no %s in it" % (build, name))
        found.append(find(name, given))
    return found


class Service:
    """A daemon with a fresh store in `folder`, which is removed at the end."""

    def __init__(self, daemon, client, folder, arguments=()):
        self.daemon, self.client, self.arguments = daemon, client, list(arguments)
        self.folder = tempfile.mkdtemp(prefix="wirefold-bench-", dir=folder)
        self.socket_folder = tempfile.mkdtemp(prefix="wf-")
        self.address = "unix:" + os.path.join(self.socket_folder, "s")
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, True)
        shutil.rmtree(self.socket_folder, True)

    def start(self):
        """Seconds from exec until the daemon says that it is ready."""
        log = open(os.path.join(self.folder, "log"), "ab")
        start = time.monotonic()
        self.process = subprocess.Popen(
            [self.daemon, "--store", os.path.join(self.folder, "store"), "--tcp", "none", "--unix", self.address[5:]]
            + self.arguments,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        log.close()
        watch = threading.Timer(READY_SECONDS, self.process.kill)
        watch.start()
        line = self.process.stdout.readline()
        watch.cancel()
        if not line.startswith(b"ready"):
            raise RuntimeError("the daemon did not start: " + self.log_end())
        return time.monotonic() - start

    def stop(self):
        """Seconds from SIGTERM until the daemon is gone."""
        start = time.monotonic()
        self.process.terminate()
        status = self.process.wait(STOP_SECONDS)
        if status != 0:
            raise RuntimeError("the daemon ended with status %d: %s" % (status, self.log_end()))
        return time.monotonic() - start

    def log_end(self):
        lines = Path(self.folder, "log").read_text(errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"

    def command(self, *arguments, **more):
        """Standard output of `wirefold ...` on this daemon."""
        done = subprocess.run(
            [self.client, "--connect", self.address, *arguments], capture_output=True, text=True, **more
        )
        if done.returncode != 0:
            raise RuntimeError("wirefold %s: %s" % (arguments[0], done.stderr.strip() or done.returncode))
        return done.stdout

    def bench(self, **options):
        """`wirefold bench --json` with the options."""
        words = [word for name, value in options.items() for word in ("--" + name, str(value))]
        return json.loads(self.command("bench", "--json", "--folder", self.folder, *words))

    def stats(self):
        return json.loads(self.command("stats", "--json"))

    def memory(self):
        """Bytes of the daemon's process: {"VmRSS", "RssAnon", "RssFile"}; empty where the system has no /proc."""
        try:
            lines = Path("/proc/%d/status" % self.process.pid).read_text().splitlines()
        except OSError:
            return {}
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
        return {key: int(fields[key].split()[0]) * 1024 for key in ("VmRSS", "RssAnon", "RssFile") if key in fields}


def free_bytes(folder):
    return shutil.disk_usage(folder).free


def available_memory_bytes():
    """Memory that can be had without swapping; None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def machine_words():
    """What kind of machine this is, and how busy: one line."""
    model = "unknown processor"
    vectors = ""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
            if line.startswith("flags"):
                flags = line.split()
                vectors = " with AVX-512" if "avx512_vbmi2" in flags else " with AVX2" if "avx2" in flags else ""
                break
    except OSError:
        pass
    load = " ".join("%.1f" % one for one in os.getloadavg())
    return "%d processors, %s%s; load averages %s" % (os.cpu_count(), model, vectors, load)
