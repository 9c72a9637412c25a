#!/usr/bin/python3
"""check, backup and restore by the real programs: while the daemon is fed, killed at any moment, on a full disk."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "contract"))

from daemon import BINARY, Daemon, words  # noqa: E402

WIREFOLD = os.environ.get("WIREFOLD_BINARY", "wirefold")
KILLS = 25
FLIPS = 60


def run(*arguments, limit_bytes=None):
    """Exit status and output of `wirefold ...`."""
    def limit():
        if limit_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    done = subprocess.run([WIREFOLD, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=dict(os.environ, WIREFOLDD=BINARY), preexec_fn=limit, check=False, timeout=120)
    return done.returncode, done.stdout


def article(number):
    return {"id": "a%d" % number, "text": words(number % 50, 80) + " " + words(number, 30), "title": "t%d" % number,
            "outlet": "o%d" % (number % 7)}


class Feed(threading.Thread):
    """Adds as fast as it goes, on one connection; `acknowledged` articles, in order from 0."""

    def __init__(self, daemon, acknowledged=0):
        super().__init__()
        self.client = daemon.client()
        self.acknowledged = acknowledged
        self.is_wanted = True
        self.start()

    def run(self):
        while self.is_wanted:
            batch = [article(self.acknowledged + place) for place in range(50)]
            self.client.result("add_batch", batch)
            self.acknowledged += len(batch)

    def stop(self):
        self.is_wanted = False
        self.join()
        self.client.close()


class Operations(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wirefold-operations-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.store = os.path.join(self.daemon.folder, "store")

    def at(self, name):
        return os.path.join(self.folder, name)

    def fed(self, count):
        with self.daemon.client() as client:
            client.result("add_batch", [article(number) for number in range(count)])

    def dump(self, store=None):
        """What the daemon, or one started on a copy, holds of every article."""
        if store is not None:
            folder = tempfile.mkdtemp(dir=self.folder)
            shutil.copytree(store, os.path.join(folder, "store"))
            other = Daemon(folder=folder)
            try:
                return self.all_of(other)
            finally:
                other.kill()
                other.close()
        return self.all_of(self.daemon)

    @staticmethod
    def all_of(daemon):
        found = {}
        with daemon.client() as client:
            page = {"next": None}
            while page is not None:
                page = client.result("clusters", {"limit": 1000, **({"after": page["next"]} if page["next"] else {})})
                for cluster in page["clusters"]:
                    for one in client.result("cluster", cluster["cluster"])["articles"]:
                        found[one["id"]] = client.result("get", one["id"])
                page = page if page["next"] else None
        return found

    def test_a_restored_backup_is_the_same_store(self):
        self.fed(600)
        with self.daemon.client() as client:
            for number in range(0, 600, 9):
                client.result("remove", "a%d" % number)
        before = self.dump()
        self.assertEqual(run("backup", self.store, self.at("copy"))[0], 0)
        status, output = run("restore", self.at("copy"), self.at("back"))
        self.assertEqual(status, 0, output)
        self.assertIn("no damage", output)
        self.assertEqual(self.dump(self.at("back")), before)
        self.assertEqual(run("check", self.at("back"))[0], 0)

    def test_texts_of_both_codecs_are_read_checked_and_backed_up(self):
        self.fed(100)
        self.daemon.kill()
        self.daemon.flags.append("--dense-text")
        self.daemon.start()
        with self.daemon.client() as client:
            client.result("add_batch", [article(number) for number in range(100, 200)])
        held = self.dump()
        self.assertEqual({key: one["text"] for key, one in held.items()},
                         {"a%d" % number: article(number)["text"] for number in range(200)})
        self.daemon.kill()
        self.assertEqual(run("check", self.store)[0], 0)
        self.assertEqual(run("backup", self.store, self.at("copy"))[0], 0)
        self.assertEqual(run("restore", self.at("copy"), self.at("back"))[0], 0)
        self.assertEqual(self.dump(self.at("back")), held)

    def test_a_backup_of_a_store_that_is_written_is_one_moment_of_it(self):
        self.fed(10)
        fed = 0
        for turn in range(4):
            # Not fed while all that a backup has is read: the store would grow by more each turn than it had before.
            feed = Feed(self.daemon, fed)
            try:
                time.sleep(0.3)
                acknowledged = feed.acknowledged
                copy = self.at("copy%d" % turn)
                status, output = run("backup", self.store, copy)
                self.assertEqual(status, 0, output)
            finally:
                feed.stop()
            fed = feed.acknowledged
            held = self.dump(copy)
            self.assertEqual(set(held), {"a%d" % number for number in range(len(held))})
            self.assertGreaterEqual(len(held), acknowledged)
            self.assertLessEqual(len(held), fed)
            self.assertGreater(fed, acknowledged)

    def test_a_backup_that_is_killed_leaves_nothing_with_its_name(self):
        chance = random.Random(3)
        self.fed(3000)
        feed = Feed(self.daemon)
        finished = 0
        try:
            for turn in range(KILLS):
                copy = self.at("copy%d" % turn)
                process = subprocess.Popen([BINARY, "backup", self.store, copy], stdout=subprocess.DEVNULL)
                time.sleep(chance.random() * 0.15)
                process.send_signal(signal.SIGKILL)
                process.wait()
                if os.path.exists(copy):
                    self.assertEqual(run("check", copy)[0], 0)
                    finished += 1
            copy = self.at("copy")
            partial = [name for name in os.listdir(self.folder) if name.endswith(".partial")]
            self.assertTrue(partial)
            os.rename(self.at(partial[0]), copy + ".partial")
            self.assertEqual(run("backup", self.store, copy)[0], 0, "after one that was killed")
        finally:
            feed.stop()
        self.assertLess(finished, KILLS)
        with self.daemon.client() as client:
            self.assertEqual(client.result("stats")["articles"], max(3000, feed.acknowledged))

    def test_a_backup_without_room_says_so_and_leaves_nothing(self):
        self.fed(2000)
        status, output = run("backup", self.store, self.at("copy"), limit_bytes=1 << 20)
        self.assertEqual(status, 1)
        self.assertIn("no room", output)
        self.assertEqual(os.listdir(self.folder), [])
        self.assertEqual(run("backup", self.store, self.at("copy"))[0], 0)

    def test_a_restore_that_fails_or_is_killed_leaves_the_old_store_or_the_new_one(self):
        chance = random.Random(4)
        self.fed(500)
        self.assertEqual(run("backup", self.store, self.at("small"))[0], 0)
        small = self.dump()
        self.fed(3000)
        self.assertEqual(run("backup", self.store, self.at("large"))[0], 0)
        large = self.dump()
        self.assertEqual(run("restore", self.at("small"), self.at("back"))[0], 0)
        status, output = run("restore", "--replace", self.at("large"), self.at("back"), limit_bytes=1 << 20)
        self.assertEqual(status, 1)
        self.assertIn("no room", output)
        self.assertEqual(self.dump(self.at("back")), small)
        self.assertEqual(run("restore", self.at("large"), self.at("new"), limit_bytes=1 << 20)[0], 1)
        self.assertFalse(os.path.exists(self.at("new")))
        for _ in range(KILLS):
            process = subprocess.Popen([BINARY, "restore", "--replace", self.at("large"), self.at("back")],
                                       stdout=subprocess.DEVNULL)
            time.sleep(chance.random() * 0.06)
            process.send_signal(signal.SIGKILL)
            process.wait()
            status, output = run("check", self.at("back"))
            self.assertEqual(status, 0, output)
            self.assertTrue(": 500 articles" in output or ": %d articles" % len(large) in output, output)
        self.assertEqual(run("restore", "--replace", self.at("large"), self.at("back"))[0], 0)
        self.assertEqual(self.dump(self.at("back")), large)

    def test_a_restore_into_a_new_folder_that_is_killed_never_becomes_an_empty_store(self):
        chance = random.Random(5)
        self.fed(3000)
        self.assertEqual(run("backup", self.store, self.at("copy"))[0], 0)
        for turn in range(10):
            folder = self.at("daemon%d" % turn)
            os.mkdir(folder)
            process = subprocess.Popen([BINARY, "restore", self.at("copy"), os.path.join(folder, "store")],
                                       stdout=subprocess.DEVNULL)
            time.sleep(0.002 + chance.random() * 0.04)
            process.send_signal(signal.SIGKILL)
            process.wait()
            if not os.path.exists(os.path.join(folder, "store", "data.mdb.restored")):
                continue
            done = subprocess.run([BINARY, "--store", os.path.join(folder, "store"), "--tcp", "none", "--unix",
                                   os.path.join(folder, "s")], stderr=subprocess.PIPE, timeout=30, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"missing", done.stderr)

    def test_what_is_in_use_or_there_is_refused(self):
        self.fed(10)
        status, output = run("check", self.store)
        self.assertEqual(status, 1)
        self.assertIn("another process", output)
        self.assertEqual(run("backup", self.store, self.at("copy"))[0], 0)
        self.assertEqual(run("backup", self.store, self.at("copy"))[0], 1)
        for flags in ((), ("--replace",)):
            status, output = run("restore", *flags, self.at("copy"), self.store)
            self.assertEqual(status, 1, output)
        os.mkdir(self.at("full"))
        with open(self.at("full/something"), "w", encoding="utf-8"):
            pass
        status, output = run("restore", self.at("copy"), self.at("full"))
        self.assertEqual(status, 1)
        self.assertIn("--replace", output)
        self.assertEqual(os.listdir(self.at("full")), ["something"])
        self.assertEqual(run("check")[0], 2)
        self.assertEqual(run("backup", self.store)[0], 2)
        self.assertEqual(run("check", self.at("nowhere"))[0], 1)

    def test_flipped_bits_are_named_or_change_nothing_and_what_is_whole_is_saved(self):
        chance = random.Random(6)
        self.fed(400)
        before = self.dump()
        self.assertEqual(run("backup", self.store, self.at("copy"))[0], 0)
        with open(self.at("copy/data.mdb"), "rb") as file:
            data = file.read()
        named = 0
        for turn in range(FLIPS):
            damaged = bytearray(data)
            damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            with open(self.at("copy/data.mdb"), "wb") as file:
                file.write(damaged)
            status, output = run("check", self.at("copy"))
            self.assertIn(status, (0, 1), output)
            if status == 0:
                if turn % 6 == 0:
                    self.assertEqual(self.dump(self.at("copy")), before)
                continue
            self.assertIn("damage: ", output)
            named += 1
            saved = self.at("saved%d" % turn)
            status, output = run("check", "--salvage", saved, self.at("copy"))
            if "nothing can be saved" in output:
                continue
            self.assertEqual(status, 1)
            self.assertEqual(run("check", saved)[0], 0)
            if named <= 6:
                # How many depends on where the bit is: of the root of a table, none of them may be left.
                held = self.dump(saved)
                for key, one in held.items():
                    # A match that was lost has no name.
                    wanted = dict(before[key], match=None)
                    if one["text"] is None and wanted["text"] is not None:
                        # Its group is damaged, and this was said of each text in it.
                        self.assertRegex(output, r"body %d: its text is missing" % (int(key[1:]) + 1))
                        wanted["text"] = None
                    self.assertEqual(dict(one, match=None), wanted)
        self.assertGreater(named, FLIPS // 10)


if __name__ == "__main__":
    unittest.main()
