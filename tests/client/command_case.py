"""What the tests of the command share: running it, with and without a terminal, against a daemon."""

import json
import os
import pty
import select
import shutil
import struct
import subprocess
import tempfile
import termios
import fcntl
import time
import unittest

WIREFOLD = os.environ.get("WIREFOLD_BINARY", "wirefold")
TIMEOUT = 60


class CommandCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wf-command-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def lines(self, name, articles):
        return self.write(name, "".join(json.dumps(article) + "\n" for article in articles))

    @staticmethod
    def environment(server, **more):
        environment = {
            name: value for name, value in os.environ.items()
            if name not in ("WIREFOLD", "NO_COLOR", "COLUMNS", "LC_ALL")
        }
        environment.update({"TZ": "UTC", "TERM": "xterm"}, **more)
        if server is not None:
            environment["WIREFOLD"] = getattr(server, "address", server)
        return environment

    def run_command(self, server, *arguments, status=0, input=None, **environment):
        """Runs with pipes; returns the result, whose stdout and stderr are strings."""
        result = subprocess.run(
            [WIREFOLD, *arguments], env=self.environment(server, **environment), input=input, timeout=TIMEOUT,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder,
        )
        result.stdout = result.stdout.decode()
        result.stderr = result.stderr.decode()
        if status is not None:
            self.assertEqual(result.returncode, status, result.stderr)
        return result

    def run_json(self, server, *arguments, **options):
        return [json.loads(line) for line in self.run_command(server, *arguments, **options).stdout.splitlines()]

    def run_terminal(self, server, *arguments, columns=100, status=0, **environment):
        """Runs on a terminal of its own; returns all that it showed."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [WIREFOLD, *arguments], env=self.environment(server, **environment), stdin=slave, stdout=slave,
            stderr=slave, cwd=self.folder, close_fds=True,
        )
        os.close(slave)
        shown = b""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            ready, _, _ = select.select([master], [], [], 0.2)
            if not ready:
                continue
            try:
                received = os.read(master, 65536)
            except OSError:
                break
            if not received:
                break
            shown += received
        os.close(master)
        self.assertEqual(process.wait(timeout=TIMEOUT), status, shown)
        return shown.decode().replace("\r\n", "\n")


def story(number, **fields):
    return dict({"id": "wire-%d" % number, "text": "Story number %d of the wire, long enough." % number}, **fields)
