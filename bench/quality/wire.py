"""A daemon to measure, and a pipelining MessagePack-RPC connection to it.

    Daemon(path) -> temporary store + Unix socket -> Connection -> call(), calls()

Needs python3-msgpack of the system; no code of the project."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections import deque

import msgpack

READY_SECONDS = 60
STOP_SECONDS = 60


class Refused(Exception):
    """The daemon's error reply: code and message."""

    def __init__(self, error):
        super().__init__("%s: %s" % tuple(error))
        self.code = error[0]


class Connection:
    def __init__(self, address):
        """address: tcp://HOST:PORT or unix:PATH."""
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.connect(address[5:])
        elif address.startswith("tcp://"):
            host, _, port = address[6:].rpartition(":")
            self.socket = socket.create_connection((host.strip("[]"), int(port)))
        else:
            raise ValueError("address: expected tcp://HOST:PORT or unix:PATH, got " + address)
        self.unpacker = msgpack.Unpacker(
            raw=False, strict_map_key=False, unicode_errors="replace", max_buffer_size=1 << 30
        )
        self.next_number = 0

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, method, *params):
        self.next_number += 1
        self.socket.sendall(msgpack.packb([0, self.next_number, method, list(params)], use_bin_type=True))
        return self.next_number

    def receive(self):
        """(number, error, result) of the next reply."""
        while True:
            for message in self.unpacker:
                if message[0] == 1:
                    return message[1], message[2], message[3]
            data = self.socket.recv(1 << 18)
            if not data:
                raise ConnectionError("the daemon closed the connection")
            self.unpacker.feed(data)

    def call(self, method, *params):
        number = self.send(method, *params)
        got, error, result = self.receive()
        if got != number:
            raise ConnectionError("a reply to request %s where %s was awaited" % (got, number))
        if error is not None:
            raise Refused(error)
        return result

    def calls(self, requests, window=16):
        """Results of many requests (method, params...), at most `window` of them outstanding, in order."""
        waiting = deque()
        for method, *params in requests:
            waiting.append(self.send(method, *params))
            if len(waiting) >= window:
                yield self.result_of(waiting.popleft())
        while waiting:
            yield self.result_of(waiting.popleft())

    def result_of(self, number):
        got, error, result = self.receive()
        if got != number:
            raise ConnectionError("a reply to request %s where %s was awaited" % (got, number))
        if error is not None:
            raise Refused(error)
        return result


class Daemon:
    """A daemon of our own with default settings, on a store that goes when it goes."""

    def __init__(self, path, flags=()):
        self.folder = tempfile.mkdtemp(prefix="wirefold-quality-")
        self.address = "unix:" + os.path.join(self.folder, "socket")
        command = [
            path,
            "--store",
            os.path.join(self.folder, "store"),
            "--tcp",
            "none",
            "--unix",
            self.address[5:],
            *flags,
        ]
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL)
        timer = threading.Timer(READY_SECONDS, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if not line.startswith(b"ready"):
            words = self.log_text()
            self.stop()
            raise RuntimeError("%s did not get ready: %r\n%s" % (path, line, words))

    def log_text(self):
        self.log.flush()
        with open(self.log.name, "rb") as file:
            return file.read().decode("utf-8", "replace")[-4000:]

    def connect(self):
        return Connection(self.address)

    def stop(self):
        """Ends the daemon and its store; its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
