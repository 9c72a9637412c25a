"""The command against a stub of the daemon that misbehaves on request."""

import gzip
import json
import os
import shutil
import socket
import subprocess
import time
import unittest

from command_case import WIREFOLD, CommandCase, story
from stub_server import StubServer


class StubCase(CommandCase):
    def setUp(self):
        super().setUp()
        self.server = StubServer(path=self.path("socket"))
        self.addCleanup(self.server.stop)
        self.wrong = self.server.misbehaviour

    def feed(self, *arguments, **options):
        return self.run_command(self.server, "feed", *arguments, **options)


class Feed(StubCase):
    def test_json_lines_arrive_whole_and_in_order(self):
        articles = [story(n, title="Title %d" % n, outlet="reuters", url="http://x/%d" % n, lang="en", published=n)
                    for n in range(1000)]
        result = self.feed(self.lines("a.jsonl", articles))
        self.assertEqual([{key: one[key] for key in articles[0]} for one in self.server.articles.values()], articles)
        self.assertIn("1,000 articles in ", result.stderr)
        self.assertIn("1,000 new, 0 joined, 0 replaced, 0 refused; stored: 1,000 articles in 1,000 clusters",
                      result.stderr)
        self.assertEqual(result.stdout, "")

    def test_other_keys_are_not_sent(self):
        self.feed(self.lines("a", [story(1, label="x", body={"deep": [1]})]))
        (method, params), *_ = self.server.requests
        self.assertEqual((method, params), ("add_batch", [[story(1)]]))

    def test_gzip_zstd_arrays_and_objects_are_recognised(self):
        lines = "".join(json.dumps(story(n)) + "\n" for n in range(50)).encode()
        self.feed(self.write("plain-name", gzip.compress(lines)))
        self.assertEqual(len(self.server.articles), 50)
        if shutil.which("zstd"):
            subprocess.run(["zstd", "-q", self.write("z", json.dumps([story(n) for n in range(50, 90)]))], check=True)
            self.feed(self.path("z.zst"))
            self.assertEqual(len(self.server.articles), 90)
        self.feed(self.write("one.json", json.dumps(story(90), indent=2)))
        self.assertIn("wire-90", self.server.articles)

    def test_standard_input_is_read(self):
        self.feed("-", input=gzip.compress(json.dumps(story(1)).encode()))
        self.assertIn("wire-1", self.server.articles)

    def test_a_folder_of_texts_is_read(self):
        self.write("texts/sub/a.txt", "\n  First line \nand more\n")
        self.write("texts/b.txt", "Only line")
        self.feed(self.path("texts"), "--outlet", "desk")
        article = self.server.articles["sub/a.txt"]
        self.assertEqual(article["title"], "First line")
        self.assertEqual(article["text"], "\n  First line \nand more\n")
        self.assertEqual(article["outlet"], "desk")
        self.assertEqual(set(self.server.articles), {"sub/a.txt", "b.txt"})

    def test_bad_lines_are_told_with_their_place_skipped_and_counted(self):
        path = self.write("a", '%s\nrubbish\n\n{"id": 7}\n{"text": "no id"}\n[1]\n%s\n'
                          % (json.dumps(story(1)), json.dumps(story(2))))
        result = self.feed(path, status=1)
        self.assertEqual(set(self.server.articles), {"wire-1", "wire-2"})
        self.assertIn("a:2: not JSON", result.stderr)
        self.assertIn("a:4: text: missing", result.stderr)
        self.assertIn("a:5: id: missing (--id-from-position makes one)", result.stderr)
        self.assertIn("a:6: expected an object, got an array", result.stderr)
        self.assertIn("2 new, 0 joined, 0 replaced, 4 refused", result.stderr)

    def test_ids_can_be_made_from_positions(self):
        self.write("a", '\n{"text": "no id"}\n')
        self.feed("a", "--id-from-position")
        self.assertEqual(list(self.server.articles), ["a:2"])

    def test_refused_articles_are_told_with_place_id_code_and_message(self):
        self.wrong.refused = {"wire-3": ["bad_article", "title: expected a string, got an integer"]}
        result = self.feed(self.lines("a", [story(n) for n in range(6)]), status=1)
        self.assertIn('a:4: "wire-3": bad_article: title: expected a string, got an integer', result.stderr)
        self.assertEqual(len(self.server.articles), 5)

    def test_forms_of_dates_become_unix_seconds(self):
        forms = ["26-FEB-1987 15:01:01.79", "Mon, 3 Nov 2025 10:00:00 GMT", "2025-11-03 10:00:00", "2025-11-03",
                 "2025-11-03T10:00:00Z", 1762164000]
        self.feed(self.lines("a", [story(n, published=form) for n, form in enumerate(forms)]))
        self.assertEqual([one["published"] for one in self.server.articles.values()],
                         [541350061, 1762164000, 1762164000, 1762128000, "2025-11-03T10:00:00Z", 1762164000])

    def test_dates_that_cannot_be_read_are_left_out_and_told_once(self):
        result = self.feed(self.lines("a", [story(1), story(2, published="03/11/2025"), story(3, published="soon")]))
        self.assertNotIn("published", self.server.articles["wire-2"])
        self.assertIn('a:2: published: "03/11/2025" is no date that can be read', result.stderr)
        self.assertNotIn("a:3", result.stderr)
        self.assertIn("2 without a date that can be read", result.stderr)

    def test_requests_are_pipelined(self):
        self.wrong.pause = 0.02
        self.feed(self.lines("a", [story(n) for n in range(200)]), "--batch", "10", "--outstanding", "8")
        self.assertGreater(self.server.outstanding_max, 2)
        self.assertEqual(self.server.batches_seen, 20)

    def test_a_slow_pipe_is_not_kept_waiting(self):
        process = subprocess.Popen([WIREFOLD, "feed", "--verdicts", "-"], env=self.environment(self.server),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for number in range(3):
            process.stdin.write(json.dumps(story(number)).encode() + b"\n")
            process.stdin.flush()
            self.assertEqual(json.loads(process.stdout.readline())["id"], "wire-%d" % number)
        process.stdin.close()
        self.assertEqual(process.wait(timeout=30), 0)
        process.stdout.close()

    def test_verdicts_can_be_written(self):
        verdicts = self.run_json(self.server, "feed", "--verdicts",
                                 self.lines("a", [story(1), dict(story(1), id="copy")]))
        self.assertEqual([(one["id"], one["relation"]) for one in verdicts], [("wire-1", "unique"), ("copy", "exact")])

    def test_the_summary_can_be_json(self):
        (summary,) = self.run_json(self.server, "feed", "--json",
                                   self.lines("a", [story(1), dict(story(1), id="copy"), story(1, text="other"), {}]),
                                   status=1)
        del summary["seconds"]
        self.assertEqual(summary, {"articles": 3, "new": 2, "joined": 1, "replaced": 1, "refused": 0, "bad": 1,
                                   "published_unread": 0})

    def test_a_damaged_archive_feeds_what_it_has(self):
        lines = "".join(json.dumps(story(n)) + "\n" for n in range(2000)).encode()
        result = self.feed(self.write("a.gz", gzip.compress(lines)[:-500]), status=1)
        self.assertIn("a.gz: the gzip stream ends too early", result.stderr)
        self.assertGreater(len(self.server.articles), 1000)

    def test_long_items_are_bounded_by_a_setting(self):
        path = self.lines("a", [story(1), story(2, text="x" * 5000), story(3)])
        result = self.feed(path, "--max-item", "1K", status=1)
        self.assertIn("a:2: longer than 1024 bytes", result.stderr)
        self.assertEqual(set(self.server.articles), {"wire-1", "wire-3"})


    def test_memory_does_not_grow_with_a_line_without_end(self):
        with gzip.open(self.path("a.gz"), "wb", compresslevel=1) as file:
            file.write(b'{"id": "endless", "text": "')
            for _ in range(300):
                file.write(b"x" * (1 << 20))
            file.write(b'"}\n' + json.dumps(story(1)).encode() + b"\n")
        process = subprocess.Popen([WIREFOLD, "feed", "--max-item", "1M", self.path("a.gz")],
                                   env=self.environment(self.server), stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 1)
        self.assertEqual(set(self.server.articles), {"wire-1"})
        self.assertLess(usage.ru_maxrss, 150 << 10)  # KiB


class FeedThroughTrouble(StubCase):
    def articles(self, count):
        return [story(n) for n in range(count)]

    def expect_all(self, count):
        self.assertEqual(list(self.server.articles), ["wire-%d" % n for n in range(count)])

    def expect_all_unordered(self, count):
        # Requests behind one that met an overload may be stored before it, and once more after it.
        self.assertEqual(set(self.server.articles), {"wire-%d" % n for n in range(count)})

    def test_a_lost_connection_is_made_again_and_the_feed_goes_on(self):
        self.wrong.close_at_request = {3, 9}
        result = self.feed(self.lines("a", self.articles(400)), "--batch", "20")
        self.expect_all(400)
        self.assertIn("the connection was lost", result.stderr)
        self.assertIn("400 new", result.stderr)
        self.assertGreaterEqual(self.server.connections_seen, 3)

    def test_a_lost_answer_is_asked_for_again(self):
        self.wrong.close_after_effect = {2, 5}
        result = self.feed(self.lines("a", self.articles(200)), "--batch", "20")
        self.expect_all(200)
        self.assertIn("200 articles in", result.stderr)

    def test_a_daemon_that_restarts_is_waited_for(self):
        self.wrong.pause = 0.01
        path = self.lines("a", self.articles(2000))
        process = subprocess.Popen([WIREFOLD, "feed", "--batch", "20", path], env=self.environment(self.server),
                                   stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        while len(self.server.articles) < 400:
            time.sleep(0.01)
        self.server.stop()
        time.sleep(1)
        self.assertIsNone(process.poll())
        self.server.start()
        _, told = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, told)
        self.expect_all(2000)

    def test_of_an_id_that_comes_twice_the_later_one_stays_also_after_trouble(self):
        articles = [story(n % 50, text="version %d" % n) for n in range(500)]
        self.wrong.close_after_effect = {4, 7}
        self.wrong.overloaded_articles = {"wire-%d" % n: 2 for n in range(0, 50, 7)}
        self.feed(self.lines("a", articles), "--batch", "16")
        for n in range(450, 500):
            self.assertEqual(self.server.articles["wire-%d" % (n % 50)]["text"], "version %d" % n)

    def test_overloaded_requests_are_sent_again(self):
        self.wrong.overloaded_requests = 4
        result = self.feed(self.lines("a", self.articles(300)), "--batch", "50")
        self.expect_all_unordered(300)
        self.assertIn("300 new, 0 joined, 0 replaced, 0 refused", result.stderr)

    def test_overloaded_articles_are_sent_again(self):
        self.wrong.overloaded_articles = {"wire-7": 2, "wire-120": 1}
        result = self.feed(self.lines("a", self.articles(300)), "--batch", "50")
        self.expect_all_unordered(300)
        self.assertIn("300 articles in", result.stderr)
        self.assertIn("0 refused", result.stderr)

    def test_an_overload_without_end_is_given_up(self):
        self.wrong.overloaded_requests = 1 << 30
        result = self.feed(self.lines("a", self.articles(10)), "--retry", "1", status=1)
        self.assertIn("a:1: the daemon was overloaded for 1 s, giving up here", result.stderr)

    def test_batches_that_are_too_large_are_halved(self):
        self.wrong.batch_articles_max = 3
        self.feed(self.lines("a", self.articles(100)), "--batch", "32")
        self.expect_all(100)

    def test_a_daemon_that_does_not_come_back_is_given_up(self):
        self.wrong.pause = 0.05
        path = self.lines("a", self.articles(2000))
        process = subprocess.Popen([WIREFOLD, "feed", "--batch", "10", "--retry", "1", path],
                                   env=self.environment(self.server), stderr=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL)
        while len(self.server.articles) < 50:
            time.sleep(0.01)
        self.server.stop()
        _, told = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3, told)
        self.assertIn(b"giving up", told)

    def test_bytes_that_are_no_protocol_are_given_up(self):
        self.wrong.garbage = True
        result = self.feed(self.lines("a", self.articles(10)), "--retry", "1", status=3)
        self.assertIn("giving up", result.stderr)

    def test_internal_errors_end_as_refusals(self):
        self.wrong.refused = {"wire-5": ["internal", "the disk is full"]}
        result = self.feed(self.lines("a", self.articles(10)), "--retry", "30", status=1)
        self.assertIn('"wire-5": internal: the disk is full', result.stderr)
        self.assertEqual(len(self.server.articles), 9)


class Query(StubCase):
    def setUp(self):
        super().setUp()
        self.feed(self.lines("known", [story(1)]))

    def test_verdicts_are_json_lines_in_a_pipe(self):
        path = self.lines("a", [dict(story(1), id="copy"), story(2), {"text": story(1)["text"]}])
        verdicts = self.run_json(self.server, "query", path)
        self.assertEqual([(one["id"], one["relation"], one["match"]) for one in verdicts],
                         [("copy", "exact", "wire-1"), ("wire-2", "unique", None), (None, "exact", "wire-1")])
        self.assertEqual(set(self.server.articles), {"wire-1"})

    def test_verdicts_are_words_on_a_terminal(self):
        shown = self.run_terminal(self.server, "query", self.lines("a", [dict(story(1), id="copy"), story(2)]))
        self.assertIn("copy: \033[33mthe same as\033[0m wire-1 in cluster 1 (similarity 1.00, containment 1.00)\n",
                      shown)
        self.assertIn("wire-2: \033[32mnothing like it is stored\033[0m\n", shown)
        self.assertIn("copy: the same as wire-1", self.run_terminal(self.server, "query", "a", NO_COLOR="1"))

    def test_a_story_of_its_own_names_its_relatives(self):
        self.wrong.verdict = {"relation": "partial", "match": "wire-1", "similarity": 0.2, "containment": 0.4,
                              "related": [1, 7], "cluster": None}
        shown = self.run_command(self.server, "query", "--plain", "--text", "x").stdout
        self.assertEqual(shown, "text: a story of its own that shares passages with wire-1 "
                                "(similarity 0.20, containment 0.40); related to 1, 7\n")

    def test_a_text_can_be_given_or_read(self):
        text = story(1)["text"]
        self.assertEqual(self.run_json(self.server, "query", "--text", text)[0]["match"], "wire-1")
        self.assertEqual(self.run_json(self.server, "query", self.write("t.txt", text))[0]["match"], "wire-1")
        self.assertEqual(self.run_json(self.server, "query", "-", input=text.encode())[0]["match"], "wire-1")

    def test_many_queries_come_back_in_order(self):
        path = self.lines("a", [story(n) for n in range(500)])
        self.assertEqual([one["id"] for one in self.run_json(self.server, "query", path)],
                         ["wire-%d" % n for n in range(500)])

    def test_bad_and_refused_ones_are_told(self):
        self.wrong.refused = {"wire-2": ["too_large", "text: longer than 5 bytes"]}
        path = self.write("a", "{\n}\n" + json.dumps(story(2)) + "\n" + json.dumps(story(1)) + "\n")
        result = self.run_command(self.server, "query", path, status=1)
        self.assertIn("wire-2: too_large: text: longer than 5 bytes", result.stderr)
        self.assertEqual(len(result.stdout.splitlines()), 1)


class Show(StubCase):
    def setUp(self):
        super().setUp()
        self.feed(self.lines("known", [
            story(1, title="Cocoa \u65e5\u672c zone", outlet="reuters", published=541350061, url="http://x/"),
            dict(story(1), id="copy", title="Cocoa\033[31m", outlet="site", published=541346461),
            story(2),
        ]))

    def test_get_is_json_in_a_pipe_and_fields_on_a_terminal(self):
        (article,) = self.run_json(self.server, "get", "wire-1")
        self.assertEqual(article["title"], "Cocoa \u65e5\u672c zone")
        self.assertEqual(article["cluster"], 1)
        shown = self.run_terminal(self.server, "get", "wire-1")
        self.assertIn("title       Cocoa \u65e5\u672c zone\n", shown)
        self.assertIn("published   1987-02-26 15:01:01\n", shown)
        self.assertIn("\n\nStory number 1 of the wire", shown)

    def test_what_is_not_there_is_exit_status_1(self):
        result = self.run_command(self.server, "get", "nothing", "wire-1", status=1)
        self.assertIn("nothing: not_found: id: no such article", result.stderr)
        self.assertEqual(len(result.stdout.splitlines()), 1)
        self.run_command(self.server, "cluster", "99", status=1)

    def test_a_cluster_is_shown_in_the_order_of_time(self):
        shown = self.run_terminal(self.server, "cluster", "1", NO_COLOR="1")
        self.assertIn("first: site, 1987-02-26 14:01:01", shown)
        self.assertLess(shown.index("1987-02-26 14:01:01  "), shown.index("1987-02-26 15:01:01  "))
        self.assertIn("  1 h 0 min  reuters", shown)
        self.assertNotIn("\033", shown)
        (cluster,) = self.run_json(self.server, "cluster", "1")
        self.assertEqual([one["id"] for one in cluster["articles"]], ["wire-1", "copy"])

    def test_clusters_are_a_table_on_a_terminal_and_json_lines_in_a_pipe(self):
        shown = self.run_terminal(self.server, "clusters", columns=80)
        self.assertIn("\033[1mCLUSTER  SIZE  OUTLETS  FIRST             LAST SEEN", shown)
        self.assertIn("      1     2        2  1987-02-26 15:01  2025-11-03 10:00  Cocoa \u65e5\u672c zone\n", shown)
        self.assertEqual([one["cluster"] for one in self.run_json(self.server, "clusters")], [1, 2])
        self.assertIn("CLUSTER  SIZE", self.run_command(self.server, "clusters", "--plain").stdout)
        self.assertIn('"cluster": 1', self.run_terminal(self.server, "clusters", "--json"))

    def test_a_table_fits_its_terminal(self):
        self.feed(self.lines("long", [story(7, title="A title that goes on and on and on " * 5)]))
        for columns in (80, 90, 120):
            shown = self.run_terminal(self.server, "clusters", columns=columns, NO_COLOR="1")
            self.assertEqual(max(len(line) for line in shown.splitlines()), columns)
            self.assertIn("\u2026", shown)

    def test_clusters_takes_its_conditions_to_the_daemon(self):
        self.run_command(self.server, "clusters", "--min-size", "2", "--min-outlets", "1", "--outlet", "site",
                         "--order", "size", "--limit", "7", "--since", "2025-11-03", "--until", "1762164000",
                         "--after", "0")
        self.assertEqual(self.server.requests[-1], ("clusters", [{
            "min_size": 2, "min_outlets": 1, "outlet": "site", "order": "size", "limit": 7, "since": 1762128000,
            "until": 1762164000, "after": "0"}]))

    def test_pages_are_followed_until_the_limit(self):
        self.feed(self.lines("many", [story(n) for n in range(10, 2510)]))
        self.assertEqual(len(self.run_json(self.server, "clusters")), 100)
        self.assertEqual(len(self.run_json(self.server, "clusters", "--limit", "1500")), 1500)
        self.assertEqual(len(self.run_json(self.server, "clusters", "--all")), 2502)
        result = self.run_command(self.server, "clusters", "--limit", "5")
        self.assertEqual(result.stderr, "more: --all, or --after 5\n")
        self.assertEqual(self.run_json(self.server, "clusters", "--after", "5", "--limit", "1")[0]["cluster"], 6)

    def test_remove_says_what_was_there(self):
        answers = self.run_json(self.server, "remove", "wire-1", "nothing", status=1)
        self.assertEqual(answers, [{"id": "wire-1", "removed": True}, {"id": "nothing", "removed": False}])
        self.assertNotIn("wire-1", self.server.articles)
        self.run_command(self.server, "remove", "wire-2")

    def test_stats_are_readable_or_json(self):
        shown = self.run_command(self.server, "stats").stdout
        self.assertRegex(shown, r"(?m)^articles +3$")
        self.assertRegex(shown, r"(?m)^uptime +1 d 1 h$")
        self.assertRegex(shown, r"(?m)^memory +3\.0 MiB$")
        self.assertRegex(shown, r"(?m)^latency p999 +4,000  us$")
        self.assertEqual(self.run_json(self.server, "stats", "--json")[0]["articles"], 3)


class Dump(StubCase):
    def test_every_article_comes_once_with_its_cluster(self):
        articles = [story(n, text="text of %d" % (n // 3 if n < 6000 else n)) for n in range(12000)]
        self.feed(self.lines("a", articles))
        dumped = self.run_json(self.server, "dump")
        self.assertEqual(len(dumped), 12000)
        self.assertEqual({one["id"]: one["cluster"] for one in dumped},
                         {key: one["cluster"] for key, one in self.server.articles.items()})

    def test_an_empty_store_dumps_nothing(self):
        self.assertEqual(self.run_command(self.server, "dump").stdout, "")

    def test_a_full_disk_is_told(self):
        self.feed(self.lines("a", [story(n) for n in range(3000)]))
        with open("/dev/full", "wb") as full:
            result = subprocess.run([WIREFOLD, "dump"], env=self.environment(self.server), stdout=full,
                                    stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"standard output cannot be written", result.stderr)


class Terminal(StubCase):
    def test_progress_is_drawn_on_a_terminal_alone(self):
        self.wrong.pause = 0.05
        path = self.lines("a", [story(n) for n in range(400)])
        shown = self.run_terminal(self.server, "feed", "--batch", "20", path)
        self.assertRegex(shown, r"\r\033\[K\[#+-*\] +\d+ %   \d+ articles   [\d,]+/s   0 refused")
        self.assertIn("400 articles in", shown)
        self.assertNotIn("\033[K", self.run_command(self.server, "feed", path).stderr)

    def test_what_could_drive_a_terminal_never_reaches_it(self):
        self.feed(self.lines("a", [story(1, title="evil\033]0;title\007\033[2J\u009b31m\u202e")]))
        for arguments in (["clusters"], ["cluster", "1"], ["get", "wire-1"]):
            shown = self.run_terminal(self.server, *arguments, NO_COLOR="1")
            self.assertNotRegex(shown, "[\033\007\u009b\u202e]")
            self.assertIn("evil", shown)


class Use(StubCase):
    def test_wrong_use_is_exit_status_2_with_a_hint(self):
        for arguments in ([], ["nosuch"], ["feed"], ["feed", "--nosuch", "x"], ["feed", "/nonexistent"], ["get"],
                          ["query"], ["cluster", "x"], ["cluster", "-1"], ["cluster"], ["clusters", "extra"],
                          ["clusters", "--order", "x"], ["clusters", "--limit", "0"], ["remove"], ["stats", "x"],
                          ["dump", "x"], ["--connect", "ftp://x", "stats"], ["--json", "stats", "--plain"],
                          ["compare", "a"], ["compare", "a", "b", "c"], ["watch", "x"], ["merge", "1"], ["split", "1"]):
            result = self.run_command(self.server, *arguments, status=2)
            self.assertNotEqual(result.stderr, "", arguments)
            self.assertEqual(result.stdout, "", arguments)

    def test_no_connection_is_exit_status_3(self):
        for arguments in (["stats"], ["dump"], ["clusters"], ["get", "a"], ["cluster", "1"], ["remove", "a"],
                          ["query", "--text", "x"], ["feed", self.lines("a", [story(1)])]):
            result = self.run_command("unix:/nonexistent/socket", *arguments, status=3)
            self.assertIn("no connection", result.stderr)
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.run_command("tcp://127.0.0.1:%d" % unused.getsockname()[1], "stats", status=3)

    def test_a_lost_connection_is_exit_status_3(self):
        self.wrong.garbage = True
        for arguments in (["stats"], ["dump"], ["clusters"], ["get", "a"], ["query", "--text", "x"]):
            self.run_command(self.server, *arguments, status=3)

    def test_the_flag_goes_before_the_environment_and_before_or_behind_the_command(self):
        for arguments in (["--connect", self.server.address, "stats"], ["stats", "--connect=" + self.server.address]):
            self.run_command("unix:/nonexistent/socket", *arguments)

    def test_tcp_works_as_well(self):
        with StubServer() as server:
            self.run_command(server, "feed", self.lines("a", [story(n) for n in range(1000)]))
            self.assertEqual(len(server.articles), 1000)

    def test_help_and_version(self):
        shown = self.run_command(None, "--help").stdout
        for command in ("feed", "query", "get", "cluster", "clusters", "remove", "stats", "dump"):
            self.assertIn("\n  %-10s" % command, shown)
            self.assertIn("usage: wirefold %s" % command, self.run_command(None, command, "--help").stdout)
        self.assertRegex(self.run_command(None, "--version").stdout, r"^wirefold \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()
