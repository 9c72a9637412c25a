#!/usr/bin/python3
"""Throws at the daemon what strangers throw at a port, and watches those who are let in.

    WIREFOLDD_BINARY=BUILD/daemon/wirefoldd tests/fuzz/strangers.py --tries 1000 --seed 1 [CASE ...]

Each case is tried so often, 16 connections at a time, while a client that has shown its token pings once a millisecond.
After each, the daemon must still serve, its log must be as it was, and every stranger must have left a counted error.
A table in Markdown tells what happened.
"""

import argparse
import os
import random
import socket
import ssl
import struct
import sys
import threading
import time

import msgpack

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "contract"), os.path.join(HERE, "..", "lib")]

from certificates import Certificates  # noqa: E402
from daemon import Client, Daemon, article, eventually  # noqa: E402

TOKEN = "correct-horse-battery-staple"
AT_ONCE = 16
# What port scanners send to find out who listens, and clients that have the wrong port.
PROBES = (
    b"GET / HTTP/1.0\r\n\r\n", b"GET /nice%20ports%2C/Tri%6Eity.txt%2ebak HTTP/1.0\r\n\r\n", b"\r\n\r\n", b"HELP\r\n",
    b"OPTIONS / RTSP/1.0\r\n\r\n", b"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm;branch=foo\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2p1\r\n", b"EHLO example.org\r\n", b"USER anonymous\r\n", b"*1\r\n$4\r\nPING\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x00\x06\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07version\x04bind\x00",
    b"\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00", b"\x00\x00\x00\xa4\xff\x53\x4d\x42\x72\x00\x00\x00\x00",
    b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", b"l\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00", b"\xff" * 64,
)


def mutated(data, chance):
    """Bits flipped, pieces cut out, doubled, and filled with noise."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        at = chance.randrange(len(data)) if data else 0
        kind = chance.randrange(5)
        if not data or kind == 0:
            data[at:at] = chance.randbytes(chance.randrange(1, 40))
        elif kind == 1:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 2:
            del data[at : at + chance.randrange(1, 40)]
        elif kind == 3:
            data[at:at] = data[at : at + chance.randrange(1, 200)]
        else:
            data[at : at + 4] = struct.pack(">I", chance.choice((0, 1, 255, 65535, 2**31, 2**32 - 1)))
    return bytes(data)


class Handshake:
    """A client's side of TLS, whose bytes may be changed on their way."""

    def __init__(self, context):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.engine = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def step(self, received=b""):
        """The next bytes to send; None once it is done."""
        self.incoming.write(received)
        try:
            self.engine.do_handshake()
        except ssl.SSLWantReadError:
            return self.outgoing.read()
        return None


class Strangers:
    def __init__(self, context):
        self.context = context

    def send_and_drain(self, connection, data):
        """Everything that the daemon says until it closes; None where it does not within the time."""
        heard = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while True:
                got = connection.recv(65536)
                if not got:
                    return heard
                heard += got
        except TimeoutError:
            return None
        except OSError:
            return heard

    def probes(self, connection, chance):
        return self.send_and_drain(connection, chance.choice(PROBES))

    def noise(self, connection, chance):
        return self.send_and_drain(connection, chance.randbytes(chance.choice((1, 7, 100, 5000, 200000))))

    def hello(self, connection, _):
        return self.send_and_drain(connection, Handshake(self.context).step())

    def mutated_hellos(self, connection, chance):
        return self.send_and_drain(connection, mutated(Handshake(self.context).step(), chance))

    def mutated_second_flights(self, connection, chance):
        handshake = Handshake(self.context)
        try:
            connection.sendall(handshake.step())
            time.sleep(0.005)
            answer = connection.recv(65536)
            handshake.step(answer)
        except (OSError, ssl.SSLError):
            pass
        flight = handshake.outgoing.read() or b"\x14\x03\x03\x00\x01\x01"
        return self.send_and_drain(connection, mutated(flight, chance))

    def mutated_records(self, connection, chance):
        handshake = Handshake(self.context)
        data = handshake.step()
        try:
            while data is not None:
                connection.sendall(data)
                data = handshake.step(connection.recv(65536))
            handshake.engine.write(msgpack.packb([0, 1, "auth", [TOKEN]]))
        except (OSError, ssl.SSLError):
            return b""
        return self.send_and_drain(connection, mutated(handshake.outgoing.read(), chance))

    def messages(self, connection, chance):
        """MessagePack of any shape, before auth."""
        message = chance.choice((
            [0, 1, "auth", ["wrong" * chance.randrange(400)]], [0, 1, "add_batch", [[article(1)] * 20]],
            [2, "auth", []],
            [0, 2**64 - 1, "stats", []], [1, 1, None, True], [], {}, 5, None, "text" * 5000, [0, 1, "auth", [{}]],
        ))
        return self.send_and_drain(connection, msgpack.packb(message))

    def mutated_messages(self, connection, chance):
        data = b"".join(msgpack.packb([0, n, "get", ["article-%d" % n]]) for n in range(20))
        return self.send_and_drain(connection, mutated(data, chance))

    def half_messages(self, connection, chance):
        data = msgpack.packb([0, 1, "auth", ["x" * 1000]])
        return self.send_and_drain(connection, data[: chance.randrange(1, len(data))])

    def wrong_tokens(self, connection, chance):
        return self.send_and_drain(connection, msgpack.packb([0, 1, "auth", [TOKEN[: chance.randrange(len(TOKEN))]]]))


# Case, whether the port has TLS, what may be heard: nothing, an alert of TLS, an error of MessagePack-RPC.
CASES = (
    ("probes", True, "nothing"), ("noise", True, "alert"), ("messages", True, "nothing"),
    ("mutated_hellos", True, "anything"), ("mutated_second_flights", True, "anything"),
    ("mutated_records", True, "anything"), ("probes", False, "error"), ("hello", False, "error"),
    ("noise", False, "error"), ("messages", False, "error"), ("mutated_messages", False, "error"),
    ("half_messages", False, "error"), ("wrong_tokens", False, "error"),
)


def is_error(heard):
    """Replies that are all errors, and tell nothing else."""
    unpacker = msgpack.Unpacker(strict_map_key=False)
    unpacker.feed(heard)
    return all(kind == 1 and error is not None and result is None for kind, _, error, result in unpacker)


def is_expected(heard, expected):
    if heard is None:
        return False
    if expected == "nothing":
        return heard == b""
    if expected == "alert":
        return heard == b"" or heard[0] == 0x15
    return expected == "anything" or is_error(heard)


class Pinger(threading.Thread):
    """A client that is let in, and how long it waits."""

    def __init__(self, daemon):
        super().__init__()
        self.client = daemon.client()
        self.client.result("auth", TOKEN)
        self.waits, self.failure, self.is_done = [], None, False

    def run(self):
        try:
            while not self.is_done:
                began = time.perf_counter()
                self.client.result("ping")
                self.waits.append(time.perf_counter() - began)
                time.sleep(0.001)
        except Exception as error:  # told by the main thread
            self.failure = error

    def end(self):
        self.is_done = True
        self.join()
        self.client.close()
        if self.failure is not None:
            raise self.failure
        return sorted(self.waits)


def try_case(daemon, strangers, name, expected, tries, seed):
    throw = getattr(strangers, name)
    unexpected = []
    numbers = iter(range(tries))
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            chance = random.Random("%s %d %d" % (name, seed, number))
            with socket.create_connection(daemon.tcp, timeout=60) as connection:
                heard = throw(connection, chance)
            if not is_expected(heard, expected):
                unexpected.append((number, heard))

    threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return unexpected


def stats_of(daemon):
    with daemon.client() as client:
        client.result("auth", TOKEN)
        return client.result("stats")


COUNTERS = ("garbage", "tls_failures", "denied", "auth_failures", "errors")


def run(daemon, strangers, case, tries, seed):
    name, with_tls, expected = case
    log = daemon.log()
    before = stats_of(daemon)["counters"]
    pinger = Pinger(daemon)
    pinger.start()
    unexpected = try_case(daemon, strangers, name, expected, tries, seed)
    waits = pinger.end()
    if not eventually(lambda: stats_of(daemon)["connections"] == 1, seconds=60):
        unexpected.append((-1, "connections stay"))
    after = stats_of(daemon)["counters"]
    if daemon.log() != log:
        unexpected.append((-1, daemon.log()[len(log) : len(log) + 500]))
    if daemon.process.poll() is not None:
        raise SystemExit("the daemon has ended: " + daemon.log()[-4000:])
    counted = ", ".join("%s %d" % (one, after[one] - before[one]) for one in COUNTERS if after[one] > before[one])
    p99 = waits[int(len(waits) * 0.99)] if waits else 0
    print("| %s | %s | %d | %s | %.1f ms | %s |" % (
        name.replace("_", " "), "TLS" if with_tls else "plain", tries, counted, p99 * 1000,
        "all as expected" if not unexpected else "%d not as expected" % len(unexpected)), flush=True)
    for number, heard in unexpected[:5]:
        print("  %s seed %d try %d: %r" % (name, seed, number, heard), file=sys.stderr)
    return not unexpected


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("cases", nargs="*", help="those of this name alone")
    options = parser.parse_args()
    certificates = Certificates()
    certificate, key = certificates.sign("server")
    strangers = Strangers(ssl.create_default_context(cafile=certificates.ca))
    good = True
    print("| what came | port | tries | counted | others' p99 | |\n|---|---|---|---|---|---|")
    try:
        for with_tls in (True, False):
            flags = ("--tls-certificate", certificate, "--tls-key", key) if with_tls else ()
            daemon = Daemon(*flags, environment={"WIREFOLD_TOKEN": TOKEN})
            for case in CASES:
                if case[1] == with_tls and (not options.cases or case[0] in options.cases):
                    good = run(daemon, strangers, case, options.tries, options.seed) and good
            if with_tls:
                with Client(daemon.tcp, tls=strangers.context) as client:
                    client.result("auth", TOKEN)
            daemon.close()
    finally:
        certificates.close()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
