"""`wirefold bench` against wirefoldd: what it counts is what was stored, in each of its ways of asking."""

import json
import os
import unittest

from command_case import CommandCase
from real_daemon import RealDaemon
from stub_server import StubServer

ARTICLES = 2000


class BenchCase(CommandCase):
    def setUp(self):
        super().setUp()
        self.daemon = RealDaemon()
        self.addCleanup(self.daemon.close)

    def bench(self, *arguments):
        """The figures of a run; all of them are plausible."""
        result = self.run_command(self.daemon, "bench", "--json", *arguments)
        (line,) = result.stdout.splitlines()
        figures = json.loads(line)
        latency = figures["latency_ms"]
        self.assertTrue(
            0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["p999"] <= latency["max"], latency
        )
        self.assertAlmostEqual(
            figures["rate"] * figures["seconds"], figures["articles"], delta=figures["articles"] * 0.05
        )
        self.assertTrue(all(value > 0 for value in figures["machine"].values()), figures["machine"])
        self.assertEqual(os.listdir(self.folder), [], "a file was left behind")
        return figures

    def stored(self):
        return self.run_json(self.daemon, "stats", "--json")[0]["articles"]


class Bench(BenchCase):
    def test_the_closed_loop_stores_every_article(self):
        figures = self.bench("--articles", str(ARTICLES))
        self.assertEqual((figures["method"], figures["articles"], figures["batch"]), ("add_batch", ARTICLES, 64))
        self.assertEqual(figures["articles_stored"], ARTICLES)
        self.assertEqual(self.stored(), ARTICLES)
        self.assertTrue(500 * ARTICLES < figures["text_bytes"] < 20000 * ARTICLES)
        self.assertGreater(figures["store_bytes_per_article"], 0)

    def test_a_batch_of_one_is_add_and_an_odd_rest_is_sent_too(self):
        self.assertEqual(self.bench("--articles", "300", "--batch", "1", "--seed", "1")["method"], "add")
        self.assertEqual(self.stored(), 300)
        self.bench("--articles", "301", "--batch", "100", "--outstanding", "1", "--seed", "2")
        self.assertEqual(self.stored(), 601)

    def test_the_open_loop_keeps_to_its_times(self):
        figures = self.bench("--articles", str(ARTICLES), "--rate", "4000", "--batch", "10")
        self.assertEqual(self.stored(), ARTICLES)
        # The last request goes at 0.4975 s, whatever the daemon does.
        self.assertGreater(figures["seconds"], 0.497)
        self.assertLess(figures["rate"], 4021)

    def test_queries_store_nothing(self):
        figures = self.bench("--articles", "500", "--query")
        self.assertEqual((figures["method"], figures["batch"], figures["articles_stored"]), ("query", 1, 0))
        self.assertEqual(self.stored(), 0)

    def test_the_same_seed_is_the_same_articles(self):
        self.bench("--articles", "500", "--seed", "9")
        self.assertEqual(self.bench("--articles", "500", "--seed", "9")["articles_stored"], 500)
        self.assertEqual(self.bench("--articles", "500", "--seed", "10")["articles_stored"], 1000)

    def test_copies_join_their_stories(self):
        self.bench("--articles", str(ARTICLES), "--copies", "0", "--seed", "3")
        (stats,) = self.run_json(self.daemon, "stats", "--json")
        self.assertGreater(stats["clusters"], 0.98 * ARTICLES)
        self.bench("--articles", str(ARTICLES), "--copies", "80", "--seed", "4")
        clusters = self.run_json(self.daemon, "stats", "--json")[0]["clusters"] - stats["clusters"]
        self.assertTrue(0.1 * ARTICLES < clusters < 0.5 * ARTICLES, clusters)

    def test_requests_are_made_ahead_in_rounds_of_the_bound(self):
        whole = self.bench("--articles", "3001", "--seed", "5", "--batch", "10")
        self.assertEqual(whole["rounds"], 1)
        # The same articles: nothing new is stored.
        for arguments, least in ((["--prepare-mib", "1"], 3), (["--prepare-mib", "1", "--rate", "100000"], 3)):
            split = self.bench("--articles", "3001", "--seed", "5", "--batch", "10", *arguments)
            self.assertEqual(split["articles_stored"], 3001)
            self.assertEqual(split["text_bytes"], whole["text_bytes"])
            self.assertEqual(split["prepared_bytes"], whole["prepared_bytes"])
            self.assertGreaterEqual(split["rounds"], split["prepared_bytes"] / (1 << 20))
            self.assertGreaterEqual(split["rounds"], least)
        self.assertGreater(whole["prepared_bytes"], whole["text_bytes"])

    def test_a_request_over_the_bound_is_a_round_of_its_own(self):
        figures = self.bench("--articles", "2000", "--batch", "1000", "--prepare-mib", "1")
        self.assertEqual((figures["rounds"], figures["articles_stored"]), (2, 2000))

    def test_without_a_bound_requests_are_made_as_they_are_sent(self):
        ahead = self.bench("--articles", "501", "--seed", "6", "--batch", "10")
        for arguments in ([], ["--rate", "100000"]):
            figures = self.bench("--articles", "501", "--seed", "6", "--batch", "10", "--prepare-mib", "0", *arguments)
            self.assertEqual((figures["rounds"], figures["prepared_bytes"]), (1, 0))
            self.assertEqual(figures["text_bytes"], ahead["text_bytes"])
            self.assertEqual(figures["articles_stored"], 501)

    def test_people_get_sentences(self):
        shown = self.run_command(self.daemon, "bench", "--articles", "200").stdout
        self.assertRegex(
            shown, r"^add_batch, closed loop, 200 articles of \d+ bytes, 64 a request, 8 requests under way\n"
        )
        for words in ("articles/s", "p99", "bytes of memory", "bytes on disk", "memcpy", "made ahead", "the client"):
            self.assertIn(words, shown)


class Use(BenchCase):
    def test_wrong_use_is_exit_status_2(self):
        for arguments in (
            ["x"],
            ["--articles", "0"],
            ["--batch", "65537"],
            ["--words", "59"],
            ["--copies", "100"],
            ["--rate", "-1"],
        ):
            result = self.run_command(self.daemon, "bench", *arguments, status=2)
            self.assertEqual(result.stdout, "")
            self.assertNotEqual(result.stderr, "")
        self.assertEqual(self.stored(), 0)

    def test_a_folder_that_is_not_there_is_exit_status_1(self):
        result = self.run_command(self.daemon, "bench", "--articles", "10", "--folder", "/nowhere/at/all", status=1)
        self.assertIn("/nowhere/at/all", result.stderr)
        self.assertEqual(self.stored(), 0)

    def test_no_connection_is_exit_status_3(self):
        self.run_command("unix:/nonexistent/socket", "bench", "--articles", "10", status=3)

    def test_a_refused_request_ends_it_with_exit_status_1(self):
        daemon = RealDaemon("--request-bytes-max", "64K")
        self.addCleanup(daemon.close)
        result = self.run_command(daemon, "bench", "--articles", "200", status=1)
        self.assertIn("too_large", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_a_refused_article_of_a_batch_ends_it_with_exit_status_1(self):
        refusing = StubServer()
        refusing.misbehaviour.refused = {"bench-7-150": ["bad_article", "not this one"]}
        self.addCleanup(refusing.stop)
        result = self.run_command(refusing, "bench", "--articles", "200", "--seed", "7", status=1)
        self.assertIn("not this one", result.stderr)
        self.assertEqual(result.stdout, "")


if __name__ == "__main__":
    unittest.main()
