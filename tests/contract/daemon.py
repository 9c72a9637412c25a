"""wirefoldd as a test runs it, and a client that knows MessagePack-RPC and nothing else.

The daemon comes from the environment's WIREFOLDD_BINARY. Each has a store, a Unix socket and a TCP port of its own.
"""

import itertools
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import msgpack

BINARY = os.environ.get("WIREFOLDD_BINARY", "wirefoldd")
WAIT_SECONDS = 120

WORDS = (
    "market harvest minister tonne export cocoa river council drought vessel bank shipment farmer quota price treaty "
    "harbour pipeline mill refinery strike budget inflation currency tariff cargo buyer auction crop storm railway "
    "engineer airline carrier court verdict senator election ballot union factory steel copper silver wheat sugar"
).split()


def words(number, count=120):
    """A text that shares no passage with that of another number."""
    state = number * 2654435761 + 12345
    chosen = []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        chosen.append(WORDS[(state >> 33) % len(WORDS)] + str((state >> 40) % 997))
    return " ".join(chosen)


def article(number, **more):
    return dict({"id": "article-%d" % number, "text": words(number)}, **more)


class Closed(Exception):
    """The daemon closed the connection."""


class Client:
    """One connection. Requests are numbered 1, 2, 3 ..."""

    def __init__(self, address, timeout=WAIT_SECONDS, tls=None):
        connection = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        connection.settimeout(timeout)
        connection.connect(address)
        if tls is not None:
            connection = tls.wrap_socket(connection, server_hostname="localhost")
        self.adopt(connection)

    def adopt(self, connection):
        """Talks over this socket."""
        self.socket = connection
        self.unpacker = msgpack.Unpacker(max_buffer_size=2**31 - 1, strict_map_key=False)
        self.numbers = itertools.count(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def request(self, method, *params):
        """The bytes of a request."""
        return msgpack.packb([0, next(self.numbers), method, list(params)], unicode_errors="surrogateescape")

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        """The next reply, whole: [1, msgid, error, result]."""
        while True:
            for message in self.unpacker:
                return message
            data = self.socket.recv(1 << 16)
            if not data:
                raise Closed()
            self.unpacker.feed(data)

    def call(self, method, *params):
        """(error, result)"""
        self.send(self.request(method, *params))
        kind, _, error, result = self.reply()
        assert kind == 1
        return error, result

    def result(self, method, *params):
        error, result = self.call(method, *params)
        if error is not None:
            raise AssertionError("%s: %r" % (method, error))
        return result

    def error(self, method, *params):
        error, result = self.call(method, *params)
        if error is None:
            raise AssertionError("%s: expected an error, got %r" % (method, result))
        assert result is None
        return error


class Daemon:
    def __init__(self, *flags, folder=None, environment=None, prefix=()):
        self.folder = folder or tempfile.mkdtemp(prefix="wirefoldd-test-")
        self.path = os.path.join(self.folder, "socket")
        self.flags = list(flags)
        self.environment = environment
        self.prefix = list(prefix) or os.environ.get("WIREFOLDD_WRAPPER", "").split()
        self.process = None
        self.start()

    def command(self):
        return self.prefix + [
            BINARY, "--store", os.path.join(self.folder, "store"), "--tcp", "127.0.0.1:0", "--unix", self.path,
            "--room-bytes-min", "0",
        ] + self.flags

    def start(self):
        environment = dict(os.environ, **(self.environment or {}))
        # What AddressSanitizer keeps of freed memory would count as the daemon's.
        environment["ASAN_OPTIONS"] = "quarantine_size_mb=1:" + environment.get("ASAN_OPTIONS", "")
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log, env=environment)
        line = self.process.stdout.readline().decode()
        if not line.startswith("ready"):
            self.process.wait()
            raise AssertionError("wirefoldd did not start: %r\n%s" % (line, self.log()))
        self.ready = line
        port = re.search(r"t(?:cp|ls)://[^ ]*:(\d+)", line)
        self.tcp = ("127.0.0.1", int(port.group(1)))

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def client(self, **options):
        return Client(self.path, **options)

    def client_tcp(self, **options):
        return Client(self.tcp, **options)

    def client_tls(self, context, **options):
        return Client(self.tcp, tls=context, **options)

    def resident_bytes(self):
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def has_shadow_memory(self):
        """Whether a tool keeps several bytes for each of the daemon's: its memory then says little."""
        with open("/proc/%d/maps" % self.process.pid, encoding="utf-8") as maps:
            text = maps.read()
        return "libtsan" in text or "vgpreload" in text

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        status = self.process.wait(timeout=WAIT_SECONDS)
        self.process.stdout.close()
        self.process = None
        return status

    def stop(self):
        """Clean end; the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait()

    def close(self):
        if self.process is not None:
            status = self.stop()
            if status != 0:
                raise AssertionError("wirefoldd ended with %d\n%s" % (status, self.log()[-4000:]))
        log = self.log()
        shutil.rmtree(self.folder)
        for mark in ("ERROR: AddressSanitizer", "runtime error:", "WARNING: ThreadSanitizer", "LeakSanitizer"):
            if mark in log:
                raise AssertionError("a sanitizer has spoken:\n" + log[:8000])


class DaemonCase(unittest.TestCase):
    """Tests of one class share a daemon where they ask for none of their own."""

    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(*cls.flags)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()

    def setUp(self):
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)


def allow_descriptors(count):
    """Raises the limit of open files; False where it cannot."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return True
    if hard != resource.RLIM_INFINITY and hard < count:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    return True


def eventually(condition, seconds=WAIT_SECONDS):
    """Waits until the condition holds; whether it came to hold."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
