#!/usr/bin/python3
"""Floods the real daemon and tells, as a table, what happened to it and to its other clients.

usage: flood.py [--short] [--seconds N] [FLOOD ...]

Another client adds and queries all the while, at a modest rate: its slowest hundredth is given as it was before the
flood and during it. Memory is the daemon's resident memory at its peak. --short: small floods, to see that nothing
breaks. The daemon is the environment's WIREFOLDD_BINARY; WF_COLLIDE_BINARY names the built `collide`.

Exit status 1 where the daemon died, stopped serving, lost an acknowledged article, or went over its memory.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "contract"))

import msgpack  # noqa: E402

from daemon import Client, Closed, Daemon, allow_descriptors, words  # noqa: E402

BACKGROUND = 2000           # articles that are there before
PAUSE_SECONDS = 0.004       # of the other client, between two requests
MIB = 1 << 20
# What the daemon may take beyond what it had: the bytes in flight (a setting) once as they came and once decoded or as
# replies, and room for the index to grow.
MEMORY_MIB_MAX = 1200


def pack(*message):
    return msgpack.packb(list(message))


# ---- the other client


def observe(path, pipe, seed):
    """Adds and queries until told to stop; hands out the latencies in ms since it was last asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    chance = random.Random(seed)
    client = Client(path)
    latencies = {"add": [], "query": []}
    refused = 0
    number = 0
    while True:
        if pipe.poll():
            if pipe.recv() == "stop":
                break
            pipe.send((latencies, refused, number))
            latencies = {"add": [], "query": []}
            refused = 0
        method = chance.choice(("add", "query"))
        one = {"id": "other-%d-%d" % (seed, number), "text": words(10**6 * seed + number, 120), "outlet": "other"}
        began = time.perf_counter()
        error, _ = client.call(method, one)
        latencies[method].append((time.perf_counter() - began) * 1e3)
        if error is not None:
            refused += 1
        number += method == "add" and error is None
        time.sleep(PAUSE_SECONDS)


class Observer:
    def __init__(self, daemon, seed):
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=observe, args=(daemon.path, theirs, seed), daemon=True)
        self.process.start()
        theirs.close()

    def take(self):
        """p99 of add and query in ms since the last time, how many there were, how many were refused."""
        self.pipe.send("tell")
        if not self.pipe.poll(60):
            raise AssertionError("the other client was not served for a minute")
        latencies, refused, added = self.pipe.recv()
        return ({method: percentile(values, 0.99) for method, values in latencies.items()},
                sum(len(values) for values in latencies.values()), refused, added)

    def stop(self):
        self.pipe.send("stop")
        self.process.join(60)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


# ---- the floods: each in a process of its own; (address, options) -> what happened


def many_connections(address, options):
    count = 300 if options.short else 5000
    allow_descriptors(count + 200)
    clients = []
    for number in range(count):
        clients.append(socket.create_connection(address[1]))
        clients[-1].sendall(pack(0, number, "ping", []))
    answered = sum(one.recv(64) == pack(1, number, None, "pong") for number, one in enumerate(clients))
    until = time.monotonic() + options.seconds
    rounds = 0
    while time.monotonic() < until:
        for one in clients:
            one.sendall(pack(0, 1, "query", [{"text": words(rounds % 50, 40)}]))
        for one in clients:
            assert one.recv(4096)
        rounds += 1
    return "%d connected at once, %d answered; then %d rounds of a query from each, all answered" % (
        count, answered, rounds)


def half_requests(address, options):
    count = 300 if options.short else 5000
    allow_descriptors(count + 200)
    begun = pack(0, 1, "add", [{"id": "half", "text": "x" * 30000}])[:-1]
    clients = [socket.create_connection(address[1]) for _ in range(count)]
    for one in clients:
        one.sendall(begun)
    time.sleep(options.seconds)
    closed = 0
    for one in clients:
        one.setblocking(False)
        try:
            closed += bool(one.recv(4096))
        except BlockingIOError:
            pass
        except OSError:
            closed += 1
    return "%d requests of 30 kB without their last byte, kept: %d of them told and closed" % (count, closed)


def slow_readers(address, options):
    count = 5 if options.short else 50
    client = Client(address[0])
    client.result("add", {"id": "large", "text": "".join(words(number, 100) for number in range(900))})
    asked = b"".join(pack(0, number, "get", ["large"]) for number in range(2000))
    readers = [socket.socket(socket.AF_UNIX) for _ in range(count)]
    sent = 0
    for one in readers:
        one.connect(address[0])
        one.setblocking(False)
    until = time.monotonic() + options.seconds
    left = {one: asked for one in readers}
    while time.monotonic() < until:
        for one in readers:
            try:
                written = one.send(left[one])
                sent += written
                left[one] = left[one][written:] or asked
            except BlockingIOError:
                pass
            except OSError:
                left[one] = asked
        time.sleep(0.02)
    closed = 0
    for one in readers:
        try:
            while True:
                if not one.recv(1 << 20):
                    closed += 1
                    break
        except BlockingIOError:
            pass
        except OSError:
            closed += 1
    return "%d connections asked for %.1f MB of replies each request, %.1f MB of requests, and read none: %d closed" % (
        count, 0.6, sent / 1e6, closed)


def slow_writers(address, options):
    count = 50 if options.short else 500
    allow_descriptors(count + 200)
    writers = []
    for number in range(count):
        one = socket.create_connection(address[1])
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        writers.append([one, pack(0, number, "query", [{"text": words(number, 30)}]), 0])
    until = time.monotonic() + options.seconds
    written = answered = 0
    while time.monotonic() < until:
        for writer in writers:
            one, request, at = writer
            one.sendall(request[at:at + 1])
            written += 1
            writer[2] = at + 1
            if writer[2] == len(request):
                assert one.recv(4096)
                answered += 1
                writer[2] = 0
    return "%d connections, a byte at a time: %d bytes, %d requests answered" % (count, written, answered)


def giant_requests(address, options):
    limit = 64 * MIB
    chance = random.Random(1)
    noise = "".join(chr(97 + chance.randrange(26)) if chance.randrange(7) else " " for _ in range(200000))
    text = (noise * 90)[:16 * MIB - 100]
    batch = [{"id": "giant-%d" % number, "text": text} for number in range(4)]
    batch[3]["text"] = text[:limit - 3 * len(text) - 200]
    client = Client(address[0])
    taken = refused = 0
    until = time.monotonic() + options.seconds
    turn = 0
    while time.monotonic() < until or turn < 2:
        turn += 1
        if turn % 2:
            error, result = client.call("add_batch", batch)
            assert error is None and len(result) == 4, error
            taken += 1
        else:
            error, _ = client.call("add_batch", batch + [{"id": "more", "text": text[:MIB]}])
            assert error[0] == "too_large", error
            refused += 1
    assert client.result("ping") == "pong"
    return "%d requests of 64 MiB taken, %d over it `too_large`, on one connection that went on" % (taken, refused)


def deep_nesting(address, options):
    depths = (25, 1000, 100000)
    client = Client(address[0])
    refused = 0
    until = time.monotonic() + options.seconds
    while time.monotonic() < until:
        for depth in depths:
            client.send(b"\x94\x00\x01\xa5query\x91" + b"\x91" * depth + b"\xc0")
            client.send(b"\x94\x00\x02\xa5query\x91" + b"\x81\xc0" * depth + b"\xc0")
        for _ in range(2 * len(depths)):
            reply = client.reply()
            assert reply[2] is not None and reply[2][0] == "bad_request", reply
            refused += 1
    assert client.result("ping") == "pong"
    return "%d requests nested up to 100,000 deep, each `bad_request`, the connection went on" % refused


def wide_maps(address, options):
    pairs = 10**5 if options.short else 10**6
    body = b"".join(pack(number) + b"\xc0" for number in range(pairs))
    request = b"\x94\x00\x01\xa5query\x91\xdf" + pairs.to_bytes(4, "big") + body
    article = b"\x94\x00\x02\xa5query\x91\xdf" + (pairs + 1).to_bytes(4, "big") + body + pack("text") + pack("a b c")
    client = Client(address[0])
    outcomes = {}
    until = time.monotonic() + options.seconds
    while time.monotonic() < until:
        for one in (request, article):
            client.send(one)
            reply = client.reply()
            code = reply[2][0] if reply[2] else "a verdict"
            outcomes[code] = outcomes.get(code, 0) + 1
    assert client.result("ping") == "pong"
    return "maps of %d keys: %s" % (pairs, ", ".join("%s %d" % one for one in sorted(outcomes.items())))


def feed(client, articles, batch_size=256, under_way=4):
    """Adds all; (verdict relations, refused)."""
    relations = {}
    refused = 0
    waiting = 0
    batch = []

    def take():
        nonlocal refused
        _, _, error, result = client.reply()
        for one in result if error is None else [{"error": error}] * batch_size:
            if "error" in one:
                refused += 1
            else:
                relations[one["relation"]] = relations.get(one["relation"], 0) + 1
    for one in articles:
        batch.append(one)
        if len(batch) == batch_size:
            client.send(client.request("add_batch", batch))
            batch = []
            waiting += 1
            if waiting == under_way:
                take()
                waiting -= 1
    if batch:
        client.send(client.request("add_batch", batch))
        waiting += 1
    for _ in range(waiting):
        take()
    return relations, refused


def words_of(relations):
    return ", ".join("%s %d" % one for one in sorted(relations.items()))


def equal_articles(address, options):
    count = 5000 if options.short else 10**6
    text = words(7, 300)
    client = Client(address[0])
    began = time.monotonic()
    relations, refused = feed(client, ({"id": "equal-%d" % number, "text": text, "outlet": "o%d" % (number % 300)}
                                       for number in range(count)))
    return "%d articles of one text, %d a second: %s; %d refused" % (
        count, count / (time.monotonic() - began), words_of(relations), refused)


def alike_articles(address, options):
    count = 3000 if options.short else 10**5
    base = words(8, 300).split()
    client = Client(address[0])
    began = time.monotonic()

    def articles():
        for number in range(count):
            text = list(base)
            for place in range(4):
                text[(number * 7 + place * 61) % len(text)] = "w%dx%d" % (number, place)
            yield {"id": "alike-%d" % number, "text": " ".join(text), "outlet": "o%d" % (number % 300)}
    relations, refused = feed(client, articles())
    return "%d articles that differ in four words, %d a second: %s; %d refused" % (
        count, count / (time.monotonic() - began), words_of(relations), refused)


def collisions(address, options):
    count = 1000 if options.short else 20000
    texts = subprocess.run([os.environ["WF_COLLIDE_BINARY"], "7", str(count)], stdout=subprocess.PIPE, check=True)
    articles = [json.loads(line) for line in texts.stdout.splitlines()]
    client = Client(address[0])
    began = time.monotonic()
    relations, refused = feed(client, articles)
    together = count - relations.get("unique", 0)
    assert together < count / 50, relations
    return "%d texts that are one under a secret that is not the store's, %d a second: %s; %d refused" % (
        count, count / (time.monotonic() - began), words_of(relations), refused)


def storm(address, options):
    until = time.monotonic() + options.seconds
    count = 0
    while time.monotonic() < until:
        for kind in range(4):
            one = socket.create_connection(address[1])
            if kind == 1:
                one.sendall(pack(0, 1, "ping", []))
            elif kind == 2:
                one.sendall(pack(0, 1, "query", [{"text": "a b c"}])[:-3])
            elif kind == 3:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
                one.sendall(pack(0, 1, "stats", []))
            one.close()
            count += 1
    return "%d connections, opened and closed: idle, with a request, half of one, reset" % count


def pipelined(address, options):
    count = 50000 if options.short else 10**6
    request = [pack(0, number, "ping", []) for number in range(count)]
    data = b"".join(request)
    client = socket.socket(socket.AF_UNIX)
    client.connect(address[0])
    client.setblocking(False)
    at = received = blocked = 0
    unpacker = msgpack.Unpacker()
    began = time.monotonic()
    while received < count:
        moved = False
        if at < len(data):
            try:
                at += client.send(data[at:at + MIB])
                moved = True
            except BlockingIOError:
                blocked += 1
        # Nothing is read before the daemon takes no more.
        if at == len(data) or blocked > 20:
            try:
                piece = client.recv(MIB)
                assert piece, "closed after %d replies" % received
                unpacker.feed(piece)
                for reply in unpacker:
                    assert reply == [1, received, None, "pong"], reply
                    received += 1
                moved = True
            except BlockingIOError:
                pass
        if not moved:
            time.sleep(0.001)
    return "%d requests in a row, %d answers in order, %d a second" % (count, received,
                                                                       count / (time.monotonic() - began))


FLOODS = {
    "connections": many_connections,
    "half-requests": half_requests,
    "slow-readers": slow_readers,
    "slow-writers": slow_writers,
    "giant": giant_requests,
    "deep": deep_nesting,
    "wide": wide_maps,
    "pipelined": pipelined,
    "storm": storm,
    "collisions": collisions,
    "alike": alike_articles,
    "equal": equal_articles,
}


def attack(flood, address, options, pipe):
    try:
        pipe.send((True, FLOODS[flood](address, options)))
    except (AssertionError, OSError, Closed, ValueError) as failure:
        pipe.send((False, "%s: %s" % (type(failure).__name__, failure)))


def peak_mib(daemon, is_new=False):
    """Since it was last asked with is_new."""
    if is_new:
        with open("/proc/%d/clear_refs" % daemon.process.pid, "w", encoding="ascii") as file:
            file.write("5")
    with open("/proc/%d/status" % daemon.process.pid, encoding="ascii") as status:
        return max(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM:"))


def run(flood, number, options):
    """The row of the table, and what was wrong."""
    daemon = Daemon()
    observer = None
    try:
        feed(daemon.client(), ({"id": "b%d" % one, "text": words(one, 120)} for one in range(BACKGROUND)))
        observer = Observer(daemon, number + 1)
        time.sleep(0.3)
        observer.take()
        time.sleep(1 if options.short else 5)
        before, _, refused_before, _ = observer.take()
        memory_before = peak_mib(daemon, is_new=True)
        ours, theirs = multiprocessing.Pipe()
        attacker = multiprocessing.Process(target=attack, args=(flood, (daemon.path, daemon.tcp), options, theirs))
        attacker.start()
        theirs.close()
        if not ours.poll(3600):
            raise AssertionError("the flood did not end")
        is_right, happened = ours.recv()
        during, count, refused, added = observer.take()
        attacker.join()
        memory = peak_mib(daemon)
        wrong = [] if is_right else [happened]
        if refused_before:
            wrong.append("%d refused before the flood" % refused_before)
        if memory - memory_before > MEMORY_MIB_MAX and not daemon.has_shadow_memory():
            wrong.append("%d MiB" % memory)
        observer.stop()
        with daemon.client() as client:
            for one in range(added):
                if client.call("get", "other-%d-%d" % (number + 1, one))[0] is not None:
                    wrong.append("other-%d-%d is lost" % (number + 1, one))
        observer = None
        row = "| %s | %s | %d → %d | %.1f → %.1f | %.1f → %.1f | %d, %d |" % (
            flood, happened, memory_before, memory, before["add"], during["add"], before["query"], during["query"],
            count, refused)
        return row, wrong
    finally:
        if observer is not None:
            observer.process.kill()
        daemon.kill()
        daemon.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("floods", nargs="*", metavar="FLOOD")
    options = parser.parse_args()
    options.seconds = options.seconds or (1 if options.short else 20)
    names = options.floods or list(FLOODS)
    unknown = [name for name in names if name not in FLOODS]
    if unknown:
        parser.error("no flood %s: there are %s" % (unknown[0], ", ".join(FLOODS)))
    if "WF_COLLIDE_BINARY" not in os.environ:
        names = [name for name in names if name != "collisions"]
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 6500 and not options.short:
        parser.error("5,000 connections need more descriptors: ulimit -n 7000")
    print("| flood | what it was | memory, MiB | add p99, ms | query p99, ms | other requests, refused |")
    print("|---|---|---|---|---|---|", flush=True)
    is_wrong = False
    for number, flood in enumerate(names):
        try:
            row, wrong = run(flood, number, options)
        except (AssertionError, OSError, Closed) as failure:
            row, wrong = "| %s | |" % flood, ["%s: %s" % (type(failure).__name__, failure)]
        print(row, flush=True)
        for one in wrong[:5]:
            print("  WRONG: " + one, flush=True)
        is_wrong |= bool(wrong)
    return 1 if is_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
