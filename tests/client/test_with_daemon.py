"""The command against wirefoldd itself."""

import pathlib
import subprocess
import sys
import threading
import time
import unittest

from command_case import WIREFOLD, CommandCase
from real_daemon import RealDaemon

ROOT = pathlib.Path(__file__).resolve().parents[2]

WORDS = (
    "cocoa zone drought harvest exporter rain season port cargo price tonne market bank minister talks "
    "union strike vote budget deficit bond yield share profit dividend merger tender crude barrel "
    "refinery pipeline wheat corn grain silo storm flood river bridge court judge appeal verdict police "
    "inquiry report survey growth trade"
).split()


class Random:
    """The same numbers on every machine."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return (self.state >> 33) % limit


def prose(seed, sentences=12):
    random = Random(seed * 7919 + 1)
    return " ".join(
        " ".join([WORDS[random.below(len(WORDS))].capitalize()]
                 + [WORDS[random.below(len(WORDS))] for _ in range(8 + random.below(9))]) + "."
        for _ in range(sentences)
    )


class DaemonCase(CommandCase):
    def setUp(self):
        super().setUp()
        self.daemon = RealDaemon()
        self.addCleanup(self.daemon.close)

    def syndicated(self, stories, copies):
        """Each story as `copies` outlets carry it, one after the other, story by story."""
        return [
            {"id": "%s/%d" % (outlet, number), "outlet": outlet, "title": "Story %d" % number, "text": prose(number),
             "published": 1762164000 + number * 60 + place}
            for number in range(stories) for place, outlet in enumerate("outlet-%d" % one for one in range(copies))
        ]

    def dump(self):
        lines = self.run_json(self.daemon, "dump")
        clusters = {one["id"]: one["cluster"] for one in lines}
        self.assertEqual(len(clusters), len(lines), "an article came twice")
        return clusters


class Whole(DaemonCase):
    def test_a_feed_is_dumped_complete_and_grouped(self):
        articles = self.syndicated(stories=4000, copies=3)
        result = self.run_command(self.daemon, "feed", self.lines("a.jsonl", articles))
        self.assertIn("12,000 articles in", result.stderr)
        clusters = self.dump()
        self.assertEqual(set(clusters), {one["id"] for one in articles})
        by_story = {}
        for key, cluster in clusters.items():
            by_story.setdefault(key.split("/")[1], set()).add(cluster)
        self.assertEqual({len(one) for one in by_story.values()}, {1})
        self.assertEqual(len(set(clusters.values())), 4000)

    def test_verdicts_agree_with_the_dump_and_with_clusters(self):
        articles = self.syndicated(stories=300, copies=2)
        verdicts = self.run_json(self.daemon, "feed", "--verdicts", self.lines("a.jsonl", articles))
        self.assertEqual({one["id"]: one["cluster"] for one in verdicts}, self.dump())
        clusters = self.run_json(self.daemon, "clusters", "--all", "--min-size", "2")
        self.assertEqual(len(clusters), 300)
        self.assertEqual({one["size"] for one in clusters}, {2})

    def test_articles_that_move_between_clusters_meanwhile_are_dumped_all_the_same(self):
        articles = self.syndicated(stories=3000, copies=1)
        verdicts = self.run_json(self.daemon, "feed", "--verdicts", self.lines("a.jsonl", articles))
        clusters = [one["cluster"] for one in verdicts]
        wanted = {one["id"] for one in articles}
        merges = threading.Thread(target=lambda: [
            self.run_command(self.daemon, "merge", str(clusters[at]), str(clusters[at + 1]))
            for at in range(0, 120, 2)])
        merges.start()
        dumps = 0
        while merges.is_alive() or dumps == 0:
            self.assertEqual(set(self.dump()), wanted)
            dumps += 1
        merges.join()

    def test_feeding_again_changes_nothing(self):
        path = self.lines("a.jsonl", self.syndicated(stories=200, copies=2))
        self.run_command(self.daemon, "feed", path)
        before = self.dump()
        result = self.run_command(self.daemon, "feed", path)
        self.assertIn("0 replaced, 0 refused; stored: 400 articles in 200 clusters", result.stderr)
        self.assertEqual(self.dump(), before)

    def test_each_command_answers(self):
        self.run_command(self.daemon, "feed", self.lines("a.jsonl", self.syndicated(stories=3, copies=4)))
        (article,) = self.run_json(self.daemon, "get", "outlet-2/1")
        self.assertEqual((article["id"], article["outlet"], article["relation"]), ("outlet-2/1", "outlet-2", "exact"))
        (verdict,) = self.run_json(self.daemon, "query", "--text", prose(1))
        self.assertEqual((verdict["relation"], verdict["cluster"]), ("exact", article["cluster"]))
        (cluster,) = self.run_json(self.daemon, "cluster", str(article["cluster"]))
        self.assertEqual([one["id"] for one in cluster["articles"]], ["outlet-%d/1" % one for one in range(4)])
        shown = self.run_terminal(self.daemon, "cluster", str(article["cluster"]), NO_COLOR="1")
        self.assertIn("4 articles, 4 outlets; first: outlet-0, 2025-11-03 10:01:00", shown)
        self.assertIn("Story 1", self.run_terminal(self.daemon, "clusters"))
        self.assertEqual(self.run_json(self.daemon, "stats", "--json")[0]["articles"], 12)
        self.assertRegex(self.run_command(self.daemon, "stats").stdout, r"(?m)^articles +12$")
        self.run_command(self.daemon, "remove", "outlet-2/1")
        self.assertNotIn("outlet-2/1", self.dump())
        self.run_command(self.daemon, "get", "outlet-2/1", status=1)

    def test_pages_of_clusters_are_followed(self):
        self.run_command(self.daemon, "feed", self.lines("a.jsonl", self.syndicated(stories=1500, copies=1)))
        whole = [one["cluster"] for one in self.run_json(self.daemon, "clusters", "--all")]
        self.assertEqual(len(set(whole)), 1500)
        part = self.run_json(self.daemon, "clusters", "--limit", "1200")
        self.assertEqual([one["cluster"] for one in part], whole[:1200])
        token = self.run_command(self.daemon, "clusters", "--limit", "700").stderr.split()[-1]
        rest = self.run_json(self.daemon, "clusters", "--all", "--after", token)
        self.assertEqual([one["cluster"] for one in rest], whole[700:])

    def test_bad_articles_are_told_and_the_others_stored(self):
        path = self.lines("a.jsonl", [{"id": "a", "text": prose(1)}, {"id": "x" * 513, "text": "y"},
                                      {"id": "", "text": "y"},
                                      {"id": "b", "text": prose(2), "published": "2025-11-03 10:00:00"}])
        result = self.run_command(self.daemon, "feed", path, status=1)
        self.assertIn('a.jsonl:2: "xxx', result.stderr)
        self.assertIn("bad_article: ", result.stderr)
        self.assertIn('a.jsonl:3: "": bad_article: ', result.stderr)
        self.assertEqual(set(self.dump()), {"a", "b"})
        self.assertEqual(self.run_json(self.daemon, "get", "b")[0]["published"], 1762164000)


class Trouble(DaemonCase):
    def test_a_feed_outlives_restarts_of_the_daemon(self):
        articles = self.syndicated(stories=3000, copies=2)
        process = subprocess.Popen([WIREFOLD, "feed", "--batch", "16", self.lines("a.jsonl", articles)],
                                   env=self.environment(self.daemon), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for kill in (True, False, True):
            time.sleep(0.3)
            self.daemon.stop(kill=kill)
            self.daemon.start()
        _, told = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, told)
        self.assertEqual(set(self.dump()), {one["id"] for one in articles})

    def test_a_dump_during_a_feed_has_all_that_was_stored_before(self):
        articles = self.syndicated(stories=3000, copies=2)
        early = articles[:3000]
        self.run_command(self.daemon, "feed", self.lines("early.jsonl", early))
        late = self.lines("late.jsonl", articles[3000:])
        feed = threading.Thread(target=self.run_command, args=(self.daemon, "feed", "--batch", "8", late))
        feed.start()
        dumped = self.dump()
        feed.join()
        self.assertLessEqual({one["id"] for one in early}, set(dumped))


class Example(DaemonCase):
    def test_the_example_in_python_runs(self):
        source = (ROOT / "examples" / "client.py").read_text().replace("7411", str(self.daemon.port))
        shown = subprocess.run([sys.executable, "-c", source], stdout=subprocess.PIPE, check=True, timeout=60)
        first, second = shown.stdout.decode().splitlines()
        cluster = first.split()[4]
        self.assertEqual(first, "wire-1 is in cluster %s as unique" % cluster)
        self.assertIn("site-7 is in cluster %s as " % cluster, second)

    def test_the_examples_are_under_15_lines(self):
        for name in ("client.py", "client.mjs"):
            self.assertLess(len((ROOT / "examples" / name).read_text().splitlines()), 15)


if __name__ == "__main__":
    unittest.main()
