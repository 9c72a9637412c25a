#!/usr/bin/python3
"""Disks that fill up, fail and rot under the real daemon: what happens, as a table.

usage: faults.py [--tries N] [--seed S] [FAULT ...]

FAULT: disk-full (a small file system; root only), file-limit, write-error, meta-error, sync-error, short-write,
truncated, bit-flipped, page-zeroed, missing; none: all. The daemon is the environment's WIREFOLDD_BINARY; for the
errors, WF_FAULT_IO_LIBRARY names the built fault_io library.

A disk that fails under the running daemon: an article that was acknowledged must be there after a kill -9, with its
cluster; one that was refused must not; reads must go on; writes must be taken again once the disk works. A damaged
file: it must be named, at the start or when it is read. Exit status 1 where that is not so.
"""

import argparse
import collections
import errno
import os
import random
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "contract"))

from daemon import BINARY, Client, Closed, words  # noqa: E402

WAIT_SECONDS = 20
RECOVERY_SECONDS = 60
PIPELINE = 20
ROUNDS_AFTER = 40       # requests that must be served after the fault
BASE_ARTICLES = 1500
GETS_AT_ONCE = 200
FILE_SYSTEM_BYTES = 24 << 20


class Wrong(Exception):
    """What must not be."""


class Server:
    """A daemon whose log is no regular file, so that only its store's writes can fail."""

    def __init__(self, folder):
        self.folder = folder
        self.store = os.path.join(folder, "store")
        self.path = os.path.join(folder, "socket")
        self.process = None
        self.log_process = None

    def start(self, *flags, fault=None):
        """Whether it came to serve."""
        environment = dict(os.environ)
        if fault is not None:
            environment.update(LD_PRELOAD=os.environ["WF_FAULT_IO_LIBRARY"], WF_FAULT_IO=fault)
        command = [BINARY, "--store", self.store, "--tcp", "none", "--unix", self.path, "--room-bytes-min", "0",
                   "--map-bytes-min", "1M", "--state-every", "200"] + list(flags)
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.log_process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log_process.stdin,
                                        env=environment)
        self.log_process.stdin.close()
        if not select.select([self.process.stdout], [], [], WAIT_SECONDS)[0]:
            self.end(signal.SIGKILL)
            raise Wrong("no `ready` and no end in %d s" % WAIT_SECONDS)
        if self.process.stdout.readline().startswith(b"ready"):
            return True
        self.end(None)
        return False

    def end(self, number):
        """The exit status."""
        if number is not None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Wrong("it did not end in %d s" % WAIT_SECONDS) from None
        finally:
            self.process.stdout.close()
            self.log_process.wait()
            self.process = None
        return status

    def abandon(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def last_words(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            return log.read().strip().rpartition("\n")[2]

    def client(self):
        return Client(self.path, timeout=WAIT_SECONDS)


class Book:
    """Articles that were acknowledged, and ids that were refused."""

    def __init__(self, chance):
        self.chance = chance
        self.count = 0
        self.taken = {}      # id -> (text, cluster)
        self.refused = {}    # id -> code
        self.unanswered = set()

    def article(self):
        self.count += 1
        text = words(self.count % 400, 60) + " " + "%x" % self.chance.getrandbits(4 * 3000)
        return {"id": "a%d" % self.count, "text": text, "title": "title %d" % self.count}

    def feed(self, client, until, seconds=WAIT_SECONDS):
        """Adds, pipelined, until until(code or None) says so; False where the time ran out."""
        deadline = time.monotonic() + seconds
        sent = collections.deque()
        is_done = False
        while sent or not is_done:
            while len(sent) < PIPELINE and not is_done:
                sent.append(self.article())
                self.unanswered.add(sent[-1]["id"])
                client.send(client.request("add", sent[-1]))
            one = sent.popleft()
            _, _, error, verdict = client.reply()
            self.unanswered.discard(one["id"])
            if error is None:
                self.taken[one["id"]] = (one["text"], verdict["cluster"])
            else:
                if error[0] not in ("overloaded", "internal"):
                    raise Wrong("refused with %r" % error)
                self.refused[one["id"]] = error[0]
                time.sleep(0.002)
            is_done |= until(error and error[0]) or time.monotonic() > deadline
        return time.monotonic() <= deadline

    def check(self, client, is_restarted=True):
        """What is wrong, by kind."""
        wrong = collections.Counter()
        asked = list(self.taken) + list(self.refused) if is_restarted else self.chance.sample(
            sorted(self.taken), min(50, len(self.taken)))
        for first in range(0, len(asked), GETS_AT_ONCE):
            part = asked[first : first + GETS_AT_ONCE]
            client.send(b"".join(client.request("get", key) for key in part))
            for key in part:
                _, _, error, result = client.reply()
                if error is not None and error[0] != "not_found":
                    wrong["error: " + error[0]] += 1
                elif key in self.refused:
                    wrong["refused and there"] += error is None
                elif error is not None:
                    wrong["lost"] += 1
                elif result["text"] != self.taken[key][0]:
                    wrong["changed"] += 1
                elif result["cluster"] != self.taken[key][1]:
                    answer = client.result("cluster", self.taken[key][1])
                    wrong["another cluster"] += answer["cluster"] != result["cluster"]
        if is_restarted and client.result("stats")["articles"] - len(self.taken) not in range(
                len(self.unanswered) + 1):
            wrong["count"] += 1
        return +wrong


class Counts:
    def __init__(self):
        self.outcomes = collections.Counter()
        self.taken = 0
        self.refused = 0
        self.removed = 0
        self.removals_refused = 0
        self.recovery_seconds = 0.0
        self.wrong = []


def until_count(count):
    left = [count]

    def is_reached(code):
        left[0] -= code is None
        return left[0] <= 0
    return is_reached


def restart_and_check(server, book, flags=()):
    if not server.start(*flags):
        raise Wrong("no start afterwards: " + server.last_words())
    with server.client() as client:
        wrong = book.check(client)
        if wrong:
            raise Wrong("after the restart: %r" % dict(wrong))
        if not book.feed(client, until_count(ROUNDS_AFTER)):
            raise Wrong("no writes after the restart")
    server.end(signal.SIGKILL)


def ride_out(server, book, counts, mend):
    """Feeds until refused, sees that reads go on, mends the disk, waits for writes to be taken again."""
    with server.client() as client:
        if not book.feed(client, lambda code: code is not None):
            raise Wrong("nothing was refused")
        wrong = book.check(client, is_restarted=False)
        if wrong:
            raise Wrong("reads: %r" % dict(wrong))
        mend()
        began = time.monotonic()
        if not book.feed(client, lambda code: code is None, RECOVERY_SECONDS):
            raise Wrong("writes are not taken again, %d s after the disk works" % RECOVERY_SECONDS)
        counts.recovery_seconds = max(counts.recovery_seconds, time.monotonic() - began)
        if not book.feed(client, until_count(ROUNDS_AFTER)):
            raise Wrong("few writes are taken")


def make_room(client, book, counts):
    """While the disk is full: removals are taken, and then articles again, though nobody mends the disk."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    for key in book.chance.sample(sorted(book.taken), len(book.taken) // 3):
        while True:
            error, was_there = client.call("remove", key)
            if error is None:
                break
            counts.removals_refused += 1
            if time.monotonic() > deadline:
                raise Wrong("removals are refused on the full disk: %r" % error)
            time.sleep(0.05)
        if not was_there:
            raise Wrong("%s was not there" % key)
        del book.taken[key]
        counts.removed += 1
    if not book.feed(client, lambda code: code is None, RECOVERY_SECONDS):
        raise Wrong("no articles are taken in the room that removals made")
    if not book.feed(client, until_count(ROUNDS_AFTER)):
        raise Wrong("few articles are taken in the room that removals made")


# ---- disks under the running daemon: each tries once, in a folder of its own


def disk_full(server, book, counts):
    os.mkdir(server.store)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % FILE_SYSTEM_BYTES, "tmpfs", server.store], check=True)
    try:
        ballast = os.path.join(server.store, "ballast")
        with open(ballast, "wb") as file:
            file.write(bytes(book.chance.randrange(12, 18) << 20))
        flags = book.chance.choice(([], ["--room-bytes-min", "1M"]))
        if not server.start(*flags):
            raise Wrong("no start: " + server.last_words())
        ride_out(server, book, counts, lambda: os.unlink(ballast))
        with server.client() as client:
            book.feed(client, lambda code: code is not None)  # full again, with the store's own
            make_room(client, book, counts)
            book.feed(client, lambda code: code is not None)
        server.end(signal.SIGKILL)
        if not server.start(*flags):
            raise Wrong("no start on a full disk: " + server.last_words())
        with server.client() as client:
            wrong = book.check(client)
        server.end(signal.SIGKILL)
        if wrong:
            raise Wrong("on the full disk: %r" % dict(wrong))
    finally:
        server.abandon()
        subprocess.run(["umount", server.store], check=True)


def file_limit(server, book, counts):
    server.start()
    with server.client() as client:
        book.feed(client, until_count(book.chance.randrange(1, 200)))
    size = os.path.getsize(os.path.join(server.store, "data.mdb"))
    limit = size + book.chance.randrange(1 << 20)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    ride_out(server, book, counts, lambda: resource.prlimit(
        server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
    server.end(signal.SIGKILL)
    restart_and_check(server, book)


def disk_errors(letter, word=""):
    def attempt(server, book, counts):
        server.start()
        with server.client() as client:
            book.feed(client, until_count(book.chance.randrange(1, 120)))
        server.end(book.chance.choice((signal.SIGKILL, signal.SIGTERM)))
        fault = "%s:%d:%d:%d%s" % (letter, book.chance.randrange(60), book.chance.choice((1, 1, 2, 3, 5)), errno.EIO,
                                   word)
        if not server.start(fault=fault):
            counts.outcomes["refused to start, named"] += 1
            if "rror" not in server.last_words():
                raise Wrong("no start, and no word why: " + server.last_words())
            restart_and_check(server, book)
            return
        before = len(book.refused)
        with server.client() as client:
            book.feed(client, until_count(400), RECOVERY_SECONDS)
            wrong = book.check(client, is_restarted=False)
            stats = client.result("stats")
        if wrong:
            raise Wrong("reads: %r" % dict(wrong))
        if len(book.refused) == before and stats["counters"]["commits_failed"] == 0:
            counts.outcomes["no write failed, or settled unseen"] += 1
        elif stats["writes_refused"]:
            counts.outcomes["refused until restarted"] += 1
        else:
            counts.outcomes["refused, then taken again"] += 1
        server.end(signal.SIGKILL)
        restart_and_check(server, book)
    return attempt


def running(attempt, chance, counts):
    folder = tempfile.mkdtemp(prefix="wirefold-fault-")
    server, book = Server(folder), Book(chance)
    try:
        attempt(server, book, counts)
        if attempt in (disk_full, file_limit):
            counts.outcomes["refused, then taken again"] += 1
    except (Wrong, Closed, OSError, AssertionError) as failure:
        counts.outcomes["WRONG"] += 1
        counts.wrong.append("%s: %s" % (type(failure).__name__, failure))
    finally:
        server.abandon()
        shutil.rmtree(folder)
    counts.taken += len(book.taken)
    counts.refused += len(book.refused)


# ---- damaged files


def truncated(data, chance):
    size = chance.randrange(1, len(data))
    return data[: size - size % 4096 if chance.randrange(2) else size]


def bit_flipped(data, chance):
    damaged = bytearray(data)
    damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def page_zeroed(data, chance):
    page = chance.randrange(len(data) // 4096) * 4096
    return data[:page] + bytes(4096) + data[page + 4096 :]


def missing(data, chance):
    return b"" if chance.randrange(2) else None


def plain(answer):
    """An answer without what is read from other articles' records: the daemon leaves it out where it cannot."""
    if answer is None:
        return None
    left = {key: value for key, value in answer.items() if key not in ("match", "representative")}
    if "articles" in left:
        left["articles"] = [plain(one) for one in left["articles"]]
        left.pop("title")
    return left


def difference(before, now):
    if before is None or now is None:
        return "%.80r, was %.80r" % (now, before)
    return ", ".join("%s: %.60r, was %.60r" % (key, now.get(key), before[key])
                     for key in before if now.get(key) != before[key])


class Damage:
    """One store, damaged in many ways."""

    def __init__(self, chance):
        self.chance = chance
        self.folder = tempfile.mkdtemp(prefix="wirefold-fault-")
        self.server = Server(self.folder)
        self.book = Book(chance)
        self.server.start()
        with self.server.client() as client:
            self.book.feed(client, until_count(BASE_ARTICLES))
            for key in chance.sample(sorted(self.book.taken), 200):
                client.result("remove", key)
                del self.book.taken[key]
            self.before = self.view(client)
        self.server.end(signal.SIGTERM)
        self.path = os.path.join(self.server.store, "data.mdb")
        with open(self.path, "rb") as file:
            self.data = file.read()

    def view(self, client):
        """All that the daemon tells: of every article, of every cluster; and how many errors."""
        seen, errors = {}, 0
        keys = [("get", key) for key in sorted(self.book.taken)]
        keys += [("cluster", number) for number in sorted({cluster for _, cluster in self.book.taken.values()})]
        for first in range(0, len(keys), GETS_AT_ONCE):
            part = keys[first : first + GETS_AT_ONCE]
            client.send(b"".join(client.request(*one) for one in part))
            for one in part:
                _, _, error, result = client.reply()
                if error is not None and error[0] != "not_found":
                    errors += 1
                    seen[one] = "error"
                else:
                    seen[one] = result
        return seen, errors

    def attempt(self, how, counts):
        damaged = how(self.data, self.chance)
        if damaged is None:
            if os.path.exists(self.path):
                os.unlink(self.path)
        else:
            with open(self.path, "wb") as file:
                file.write(damaged)
        counts.outcomes[self.outcome(counts)] += 1

    def outcome(self, counts):
        server = self.server
        try:
            if not server.start():
                last = server.last_words()
                if last.startswith("wirefoldd: "):
                    return "start refused, named"
                counts.wrong.append("start: " + last)
                return "DIED at the start"
        except Wrong as failure:
            counts.wrong.append(str(failure))
            return "HUNG at the start"
        try:
            with server.client() as client:
                seen, errors = self.view(client)
            different = [one for one in seen if seen[one] != "error" and seen[one] != self.before[0][one]]
            heavy = [one for one in different if plain(seen[one]) != plain(self.before[0][one])]
        except (Closed, ConnectionError):
            status = server.process.wait(WAIT_SECONDS)
            counts.wrong.append("while reading: exit status %d" % status)
            return "DIED while reading"
        except socket.timeout:
            return "HUNG while reading"
        finally:
            server.end(signal.SIGKILL)
        if heavy:
            gone = sum(seen[one] is None for one in heavy)
            first = heavy[0]
            counts.wrong.append("%d of %d answers differ, %d of them `not_found`; %d errors; first %r: %s" % (
                len(heavy), len(seen), gone, errors, first, difference(self.before[0][first], seen[first])))
            return "SILENTLY missing or other" if errors == 0 else "missing or other, besides `internal`"
        if different:
            return "a name left out (match, title)" + (", besides `internal`" if errors else "")
        return "reads answer `internal`" if errors else "no answer differs"

    def close(self):
        self.server.abandon()
        shutil.rmtree(self.folder)


RUNNING = {
    "disk-full": disk_full,
    "file-limit": file_limit,
    "write-error": disk_errors("w"),
    "meta-error": disk_errors("m"),
    "sync-error": disk_errors("s"),
    "short-write": disk_errors("w", ":short"),
}
DAMAGES = {"truncated": truncated, "bit-flipped": bit_flipped, "page-zeroed": page_zeroed, "missing": missing}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tries", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("faults", nargs="*", metavar="FAULT")
    options = parser.parse_args()
    faults = options.faults or list(RUNNING) + list(DAMAGES)
    unknown = [one for one in faults if one not in RUNNING and one not in DAMAGES]
    if unknown:
        parser.error("no fault %s" % unknown[0])
    is_wrong = False
    damage = None
    for name in faults:
        chance = random.Random("%d:%s" % (options.seed, name))
        counts = Counts()
        if name == "disk-full" and os.geteuid() != 0:
            print("| %s | not root: not tried |" % name)
            continue
        if name in DAMAGES and damage is None:
            damage = Damage(random.Random(options.seed))
        for _ in range(options.tries):
            if name in RUNNING:
                running(RUNNING[name], chance, counts)
            else:
                damage.chance = chance
                damage.attempt(DAMAGES[name], counts)
        figures = "" if name in DAMAGES else "; %d taken, %d refused" % (counts.taken, counts.refused)
        if counts.removed:
            figures += "; %d removed while full, %d times refused first" % (counts.removed, counts.removals_refused)
        if counts.recovery_seconds:
            figures += "; taken again after %.1f s at most" % counts.recovery_seconds
        print("| %s | %d | %s%s |" % (name, options.tries, ", ".join(
            "%s %d" % one for one in sorted(counts.outcomes.items())), figures), flush=True)
        for one in counts.wrong[:20]:
            print("  " + one, flush=True)
        is_wrong |= bool(counts.wrong)
    if damage is not None:
        damage.close()
    return 1 if is_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
