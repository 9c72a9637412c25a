#!/usr/bin/python3
"""Kills the daemon in the middle of things, hundreds of times, and checks that it stands by its word afterwards.

usage: crash.py [--rounds N] [--seed S] [--power-cut] [--lying-disk]

The daemon is the environment's WIREFOLDD_BINARY. Three connections add, add in batches, replace, repeat, remove, read,
merge and split, until a number of replies has come and a random moment has passed; then comes kill -9. Some rounds kill
during starts, or some moment after SIGTERM; some stores have a short retention. After each, model.py checks what was
said against what is there.

--power-cut undoes, after each kill, some or all of what no sync had confirmed, in sectors of 512 or pages of 4,096
bytes (power_cut.c; WF_POWER_CUT_LIBRARY names the built library). --lying-disk does so with syncs that do nothing:
there the daemon must be found wanting, or the test is worth nothing.

What is asked comes from the seed; the moments are of the clock and cannot be had again.
"""

import argparse
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import model  # noqa: E402
from daemon import BINARY, Daemon  # noqa: E402

FEEDS = 3
STORE_ROUNDS = 20  # with one store
RECORD = struct.Struct("<QQQQQ32s")
WAIT_SECONDS = 60


class Refused(Exception):
    """The daemon did not start."""


class Victim(Daemon):
    """A daemon that may be killed before it is ready, and whose store may lose what no sync confirmed."""

    def __init__(self, folder, chance, is_cut, is_lying):
        self.chance = chance
        self.journal = os.path.join(folder, "journal") if is_cut else None
        self.lost_writes = 0
        self.start_seconds = 0.02
        self.more = []
        environment = {}
        if is_cut:
            environment = {"LD_PRELOAD": os.environ["WF_POWER_CUT_LIBRARY"], "WF_POWER_CUT_JOURNAL": self.journal,
                           "WF_POWER_CUT_FOLDER": os.path.realpath(os.path.join(folder, "store"))}
            if is_lying:
                environment["WF_POWER_CUT_LIES"] = "1"
        self.is_made = False
        super().__init__("--map-bytes-min", "1M", "--state-every", "60", "--workers", "2", "--mend=no", folder=folder,
                         environment=environment)

    def command(self):
        return super().command() + self.more

    def spawn(self):
        environment = dict(os.environ, **self.environment)
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log, env=environment)

    def start(self):
        if not self.is_made:
            self.is_made = True  # not by the constructor
            return
        began = time.monotonic()
        self.spawn()
        line = self.process.stdout.readline().decode()
        if not line.startswith("ready"):
            status = self.process.wait()
            raise Refused("wirefoldd ended with %d: %s" % (status, self.log()[-2000:]))
        self.start_seconds = time.monotonic() - began

    def kill(self):
        status = super().kill()
        if self.journal is not None:
            self.lost_writes += cut(self.journal, os.path.join(self.folder, "store"), self.chance)
        return status


def records_of(journal):
    """The writes in order: (name, offset, length, size before, is durable, bytes before)."""
    if not os.path.exists(journal):
        return []
    with open(journal, "rb") as file:
        used = int.from_bytes(file.read(8), "little")
        data = file.read(max(used - 8, 0))
    records, at = [], 0
    while at < len(data):
        whole, offset, length, size, durable, name = RECORD.unpack_from(data, at)
        before = data[at + RECORD.size : at + RECORD.size + min(length, max(size - offset, 0))]
        records.append((name.rstrip(b"\0").decode(), offset, length, size, durable, before))
        at += whole
    return records


def cut(journal, folder, chance):
    """Undoes some of what no sync confirmed; how many writes were in doubt."""
    records = records_of(journal)
    in_doubt = 0
    for name in sorted({record[0] for record in records}):
        in_doubt += cut_file(os.path.join(folder, name), [one for one in records if one[0] == name], chance)
    if os.path.exists(journal):
        os.unlink(journal)
    return in_doubt


def cut_file(path, records, chance):
    in_doubt = [one for one in records if not one[4]]
    if not in_doubt:
        return 0
    with open(path, "rb") as file:
        data = bytearray(file.read())
    sector = chance.choice((512, 4096))
    loses_all = chance.randrange(3) == 0
    size_now = len(data)
    touching = {}  # sector -> indexes of the writes after its last durable one
    for index, (_, offset, length, _, durable, _) in enumerate(records):
        for number in range(offset // sector, (offset + length + sector - 1) // sector):
            touching[number] = [] if durable else touching.get(number, []) + [index]
    size_durable = max([in_doubt[0][3]] + [one[1] + one[2] for one in records if one[4]])
    for number, writes in touching.items():
        lost = len(writes) if loses_all else chance.randrange(len(writes) + 1)
        for index in reversed(writes[len(writes) - lost :]):
            _, offset, length, _, _, before = records[index]
            first, last = max(offset, number * sector), min(offset + length, (number + 1) * sector)
            old = before[first - offset : last - offset]
            data[first:last] = old + bytes(last - first - len(old))
    size = size_durable if loses_all else chance.choice((size_durable, size_now))
    with open(path, "r+b") as file:
        file.write(data)
        file.truncate(min(size, size_now))
    return len(in_doubt)


class Target:
    """The moment: so many replies."""

    def __init__(self, replies):
        self.left = replies
        self.lock = threading.Lock()
        self.reached = threading.Event()

    def count(self):
        with self.lock:
            self.left -= 1
            if self.left <= 0:
                self.reached.set()

    def fail(self):
        self.reached.set()


class Run:
    def __init__(self, options):
        self.options = options
        self.chance = random.Random("%d:run" % options.seed)
        self.kinds = {}
        self.counts = {}
        self.kills = 0
        self.lost_writes = 0
        self.daemon = None

    def new_store(self):
        folder = tempfile.mkdtemp(prefix="wirefold-crash-")
        self.ledger = model.Ledger()
        self.keep = self.chance.choice((0, 0, 2))
        self.daemon = Victim(folder, self.chance, self.options.power_cut, self.options.lying_disk)
        # Its making is killed, too.
        for _ in range(self.chance.randrange(4)):
            self.kill_start()

    def kill_start(self):
        self.daemon.spawn()
        time.sleep(self.chance.uniform(0, 1.1) * self.daemon.start_seconds)
        self.daemon.kill()
        self.kills += 1

    def end_store(self):
        for name, count in self.ledger.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        self.lost_writes += self.daemon.lost_writes
        if self.daemon.process is not None:
            self.daemon.kill()
        shutil.rmtree(self.daemon.folder)
        self.daemon = None

    def start(self, keep):
        self.daemon.more = ["--keep", "%ds" % keep] if keep else []
        self.daemon.start()

    def end(self, kind):
        """Ends the daemon in one of the ways."""
        if kind in ("load", "starts"):
            self.daemon.kill()
        else:
            self.daemon.signal(signal.SIGTERM)
            if kind == "term":
                time.sleep(self.chance.uniform(0, 0.03))
                self.daemon.kill()
                return
            status = self.daemon.process.wait(timeout=WAIT_SECONDS)
            self.daemon.kill()  # of the dead: the files are as a power cut leaves them
            if status != 0:
                raise model.Difference("reply", "SIGTERM: exit status %d\n%s" % (status, self.daemon.log()[-2000:]))

    def round(self, number):
        kind = self.chance.choice(("load",) * 6 + ("starts",) * 2 + ("term", "end"))
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        self.start(self.keep)
        target = Target(self.chance.choice((1, 60, 300, 900, 1800)))
        feeds = [model.Feed(self.daemon, self.ledger, n, number, self.options.seed, self.keep, target)
                 for n in range(FEEDS)]
        for feed in feeds:
            feed.peers = feeds
        for feed in feeds:
            feed.start()
        if not target.reached.wait(WAIT_SECONDS):
            raise model.Difference("reply", "no replies for %d s" % WAIT_SECONDS)
        time.sleep(self.chance.uniform(0, 0.012))
        self.end(kind)
        self.kills += 1
        for feed in feeds:
            feed.join(WAIT_SECONDS)
            if feed.failure is not None:
                raise feed.failure
        if kind == "starts":
            for _ in range(3):
                self.daemon.more = ["--keep", "%ds" % self.keep] if self.keep else []
                self.kill_start()
        self.start(0)
        model.check(self.ledger, self.daemon, feeds, self.keep)
        if self.chance.randrange(4) == 0:
            # once more, with nothing on its way
            self.daemon.kill()
            self.kills += 1
            self.start(0)
            model.check(self.ledger, self.daemon, [], 0)
        self.daemon.kill()
        self.kills += 1

    def run(self):
        for number in range(self.options.rounds):
            try:
                if number % STORE_ROUNDS == 0:
                    if self.daemon is not None:
                        self.end_store()
                    self.new_store()
                self.round(number)
            except (model.Difference, Refused, AssertionError, KeyError) as failure:
                print("seed %d, round %d (%s, keep %d): %s: %s\nthe store and the log: %s" % (
                    self.options.seed, number, self.kinds, self.keep, type(failure).__name__, failure,
                    self.daemon.folder))
                if self.daemon.process is not None:
                    self.daemon.process.kill()
                    self.daemon.process.wait()
                return 1
        self.end_store()
        self.report()
        return 0

    def report(self):
        counts = self.counts
        print("%d rounds (%s), %d kills, seed %d" % (
            self.options.rounds, ", ".join("%s %d" % one for one in sorted(self.kinds.items())), self.kills,
            self.options.seed))
        print("%(acknowledged)d effects acknowledged; %(checked)d articles' states and %(clusters_checked)d cluster "
              "IDs checked; %(doubtful)d effects in doubt, %(doubtful_done)d of them done" % counts)
        print("%(merges)d merges heard of, %(merges_unheard)d told to nobody" % counts)
        print("%(editor_merges)d clusters merged by editors, %(editor_splits)d split off, %(splits_doubtful_done)d of "
              "them in doubt and done" % counts)
        if self.options.power_cut:
            print("%d writes in doubt at the cuts" % self.lost_writes)
        print("0 lost, 0 half, 0 changed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--power-cut", action="store_true")
    parser.add_argument("--lying-disk", action="store_true")
    options = parser.parse_args()
    options.power_cut |= options.lying_disk
    if options.power_cut and "WF_POWER_CUT_LIBRARY" not in os.environ:
        parser.error("WF_POWER_CUT_LIBRARY: the path of the built library is needed")
    if not os.path.exists(BINARY):
        print("no wirefoldd at %s" % BINARY)
        return 77
    return Run(options).run()


if __name__ == "__main__":
    sys.exit(main())
