"""watch, merge and split against wirefoldd itself."""

import json
import os
import pty
import re
import select
import subprocess
import time
import unittest

from command_case import WIREFOLD, CommandCase
from real_daemon import RealDaemon

LINE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  "


def prose(number):
    return " ".join("word%d of%d story%d" % (number * 977 + n, number + n * 7, number) for n in range(40))


class EditorCase(CommandCase):
    def setUp(self):
        super().setUp()
        self.daemon = RealDaemon()
        self.addCleanup(self.daemon.close)

    def feed(self, *keys, **fields):
        """Each key's story is the number that it begins with."""
        articles = [dict({"id": key, "text": prose(int(key.split("-")[0]))}, **fields) for key in keys]
        result = self.run_command(self.daemon, "feed", "--verdicts", self.lines("articles.jsonl", articles))
        return [json.loads(line)["cluster"] for line in result.stdout.splitlines()]

    def watch(self, *arguments, **options):
        process = subprocess.Popen([WIREFOLD, "watch", *arguments], env=self.environment(self.daemon),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def subscribers(self, count):
        deadline = time.monotonic() + 60
        while self.run_json(self.daemon, "stats", "--json")[0]["subscribers"] != count:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    @staticmethod
    def next_event(process):
        return json.loads(process.stdout.readline())


class Words(EditorCase):
    def test_clusters_are_merged_and_split(self):
        one, _, two = self.feed("1-a", "1-b", "2-a")
        self.assertEqual(self.run_json(self.daemon, "merge", str(one), str(two)), [{"cluster": one}])
        [cluster] = self.run_json(self.daemon, "cluster", str(two))
        self.assertEqual((cluster["cluster"], cluster["size"]), (one, 3))
        [split] = self.run_json(self.daemon, "split", str(one), "2-a", "1-b")
        self.assertGreater(split["cluster"], two)
        [cluster] = self.run_json(self.daemon, "cluster", str(split["cluster"]))
        self.assertEqual([article["id"] for article in cluster["articles"]], ["1-b", "2-a"])

    def test_on_a_terminal_a_sentence_says_so(self):
        one, two, _ = self.feed("1-a", "2-a", "2-b")
        self.assertEqual(self.run_terminal(self.daemon, "merge", str(one), str(two)), "they are cluster %d now\n" % two)
        self.assertRegex(self.run_terminal(self.daemon, "split", str(one), "1-a"), r"^they are cluster \d+ now\n$")

    def test_what_is_refused_is_said(self):
        [one] = self.feed("1-a")
        result = self.run_command(self.daemon, "merge", str(one), "4711", status=1)
        self.assertIn("not_found: clusters[1]: no cluster has the number 4711", result.stderr)
        result = self.run_command(self.daemon, "split", str(one), "nobody", status=1)
        self.assertIn("not_found: ids[0]: no article has this id", result.stderr)
        self.assertEqual(self.run_json(self.daemon, "split", str(one), "1-a"), [{"cluster": one}])

    def test_wrong_use_is_told_before_the_daemon_is_asked(self):
        for arguments in (("merge",), ("merge", "1"), ("merge", "1", "two"), ("merge", "-1", "2"), ("split",),
                          ("split", "1"), ("split", "one", "id"), ("watch", "7"), ("watch", "--min-size", "0")):
            result = self.run_command("unix:/nowhere", *arguments, status=2)
            self.assertIn("wirefold " + arguments[0], result.stderr)
        for arguments in (("merge", "1", "2"), ("split", "1", "a"), ("watch",)):
            self.run_command("unix:/nowhere", *arguments, status=3)


class Watch(EditorCase):
    def test_events_are_lines_of_json_as_they_happen(self):
        process = self.watch()
        self.subscribers(1)
        one, _ = self.feed("1-a", "1-b")
        self.assertEqual(self.next_event(process),
                         {"kind": "new", "cluster": one, "size": 1, "id": "1-a", "into": None})
        self.assertEqual(self.next_event(process)["kind"], "grew")
        [split] = self.run_json(self.daemon, "split", str(one), "1-b")
        self.assertEqual(self.next_event(process),
                         {"kind": "split", "cluster": one, "size": 1, "id": None, "into": split["cluster"]})

    def test_filters_are_the_daemons_and_a_limit_ends_it(self):
        process = self.watch("--min-size", "2", "--outlet", "The Paper", "--limit", "2")
        self.subscribers(1)
        self.feed("1-a", "1-b", outlet="another")
        one = self.feed("2-a", "2-b", "2-c", outlet="the paper")[0]
        told, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertEqual([(event["cluster"], event["size"]) for event in map(json.loads, told.splitlines())],
                         [(one, 2), (one, 3)])

    def test_on_a_terminal_events_are_lines_for_people(self):
        master, slave = pty.openpty()
        process = subprocess.Popen([WIREFOLD, "watch", "--limit", "3"], env=self.environment(self.daemon, NO_COLOR="1"),
                                   stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        self.subscribers(1)
        one, _ = self.feed("1-a", "1-\x1b[31mb")
        [split] = self.run_json(self.daemon, "split", str(one), "1-a")
        shown = b""
        while select.select([master], [], [], 60)[0]:
            try:
                shown += os.read(master, 4096)
            except OSError:
                break
        os.close(master)
        self.assertEqual(process.wait(timeout=60), 0)
        new, grew, parted = shown.decode().splitlines()
        self.assertRegex(new, LINE + r"new +%d +size 1 +1-a$" % one)
        self.assertNotIn("\x1b", grew)
        self.assertRegex(parted, LINE + r"split +%d -> %d +size 1 *$" % (one, split["cluster"]))

    def test_a_lost_connection_is_made_again_and_the_break_is_told(self):
        process = self.watch()
        self.subscribers(1)
        self.feed("1-a")
        self.assertEqual(self.next_event(process)["kind"], "new")
        self.daemon.stop(kill=True)
        self.daemon.start()
        self.assertEqual(self.next_event(process), {"kind": "gap", "cluster": None, "size": None, "id": None,
                                                    "into": None, "lost": None})
        self.subscribers(1)
        self.feed("1-b")
        self.assertEqual(self.next_event(process)["size"], 2)

    def test_without_retry_it_ends_with_the_connection(self):
        process = self.watch("--retry", "0")
        self.subscribers(1)
        self.daemon.stop()
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3)
        self.assertTrue(re.search(rb"no connection", said), said)
        self.daemon.start()


if __name__ == "__main__":
    unittest.main()
