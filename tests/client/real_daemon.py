"""wirefoldd as a test runs it: a store of its own, a socket of its own, stopped with the test."""

import os
import shutil
import socket
import subprocess
import tempfile

WIREFOLDD = os.environ.get("WIREFOLDD_BINARY", "wirefoldd")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RealDaemon:
    def __init__(self, *flags, environment=None):
        self.flags = flags
        self.environment = environment
        self.folder = tempfile.mkdtemp(prefix="wf-daemon-")
        self.path = os.path.join(self.folder, "socket")
        self.port = free_port()
        self.address = "unix:" + self.path
        self.process = None
        self.start()

    def start(self):
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen(
            [WIREFOLDD, "--store", os.path.join(self.folder, "store"), "--tcp", "127.0.0.1:%d" % self.port,
             "--unix", self.path, *self.flags],
            stdout=subprocess.PIPE, stderr=self.log, env=dict(os.environ, **(self.environment or {})),
        )
        line = self.process.stdout.readline()
        if not line.startswith(b"ready"):
            self.process.wait()
            self.log.close()
            with open(self.log.name, "rb") as log:
                raise RuntimeError("wirefoldd did not start: %r %s" % (line, log.read().decode()))

    def stop(self, kill=False):
        if self.process is None:
            return
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(timeout=60)
        self.process.stdout.close()
        self.log.close()
        self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder)
