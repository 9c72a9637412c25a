"""Every method of the contract that is there, and every error."""

import unittest

import msgpack

from daemon import Daemon, DaemonCase, article, words

STORY = (
    "Showers continued throughout the week in the Bahia cocoa zone, alleviating the drought since early January and "
    "improving prospects for the coming temporao, although normal humidity levels have not been restored, Comissaria "
    "Smith said in its weekly review. The dry period means the temporao will be late this year. Arrivals for the week "
    "ended February 22 were 155,221 bags of 60 kilos making a cumulative total for the season of 5.93 mln against 5.81 "
    "at the same stage last year. Again it seems that cocoa delivered earlier on consignment was included."
)
VERDICT_KEYS = {
    "id", "cluster", "new", "relation", "match", "similarity", "containment", "size", "merged", "related", "replaced",
}
SUMMARY_KEYS = {
    "cluster", "size", "outlets", "title", "first_seen", "last_seen", "first_published", "representative",
}


class Adding(DaemonCase):
    def test_a_verdict_has_the_keys_of_the_contract(self):
        verdict = self.client.result("add", article(1))
        self.assertEqual(set(verdict), VERDICT_KEYS)
        self.assertEqual(verdict["relation"], "unique")
        self.assertTrue(verdict["new"])
        self.assertEqual((verdict["match"], verdict["size"], verdict["merged"]), (None, 1, []))

    def test_a_copy_joins_its_story(self):
        first = self.client.result("add", {"id": "story", "text": STORY, "outlet": "Reuters"})
        copy = self.client.result("add", {"id": "copy", "text": STORY.upper(), "outlet": "Gazette"})
        self.assertEqual((copy["relation"], copy["match"], copy["cluster"]), ("exact", "story", first["cluster"]))
        self.assertEqual((copy["new"], copy["size"]), (False, 2))
        edited = self.client.result("add", {"id": "edited", "text": STORY.replace("weekly review", "note")})
        self.assertEqual((edited["relation"], edited["cluster"], edited["size"]), ("near", first["cluster"], 3))
        self.assertGreater(edited["similarity"], 0.8)

    def test_the_same_again_changes_nothing_and_answers_alike(self):
        first = self.client.result("add", article(2, title="A title", published=7))
        again = self.client.result("add", article(2, title="A title", published=7))
        self.assertEqual(again, first)

    def test_the_same_again_is_told_the_size_of_now(self):
        first = self.client.result("add", article(3))
        self.client.result("add", dict(article(3), id="article-3-copy"))
        again = self.client.result("add", article(3))
        self.assertEqual(again, dict(first, size=2))

    def test_other_content_replaces(self):
        self.client.result("add", article(4))
        replaced = self.client.result("add", dict(article(4), text=words(40)))
        self.assertTrue(replaced["replaced"])
        self.assertEqual(replaced["relation"], "unique")
        self.assertEqual(self.client.result("get", "article-4")["text"], words(40))
        self.assertFalse(self.client.result("add", dict(article(4), text=words(40)))["replaced"])

    def test_another_title_alone_replaces(self):
        first = self.client.result("add", article(5, title="before"))
        replaced = self.client.result("add", article(5, title="after"))
        self.assertTrue(replaced["replaced"])
        self.assertEqual(self.client.result("get", "article-5")["title"], "after")
        self.assertEqual(replaced, dict(first, replaced=True))
        self.assertEqual(self.client.result("cluster", first["cluster"])["size"], 1)

    def test_another_version_of_its_story_stays_in_its_cluster(self):
        first = self.client.result("add", article(90))
        for text in words(90) + " and one more thing", words(90).upper(), " ".join(words(90).split()[:60]):
            queried = self.client.result("query", dict(article(90), text=text))
            replaced = self.client.result("add", dict(article(90), text=text))
            self.assertEqual(replaced, queried)
            self.assertEqual(replaced, dict(first, replaced=True))
        self.assertEqual(self.client.result("cluster", first["cluster"])["size"], 1)
        copy = self.client.result("add", dict(article(90), id="article-90-copy"))
        self.assertEqual((copy["cluster"], copy["size"]), (first["cluster"], 2))
        # Now that another has it, it is the match.
        again = self.client.result("add", article(90, title="at last"))
        self.assertEqual((again["cluster"], again["match"], again["relation"], again["new"], again["size"]),
                         (first["cluster"], "article-90-copy", "exact", False, 2))

    def test_another_version_makes_its_cluster_one_with_the_story_that_it_comes_to_tell(self):
        story = self.client.result("add", {"id": "91-story", "text": words(91, 200)})
        part = self.client.result("add", {"id": "91-part", "text": words(92, 120)})
        self.assertNotEqual(part["cluster"], story["cluster"])
        moved = self.client.result("add", {"id": "91-part", "text": words(91, 200)})
        self.assertEqual((moved["cluster"], moved["relation"], moved["size"]), (story["cluster"], "exact", 2))
        self.assertEqual(self.client.error("cluster", part["cluster"])[0], "not_found")

    def test_an_article_without_a_word_can_be_replaced(self):
        first = self.client.result("add", {"id": "wordless", "text": "!!!"})
        second = self.client.result("add", {"id": "wordless", "text": "..."})
        self.assertEqual(second, dict(first, replaced=True))
        third = self.client.result("add", {"id": "wordless", "text": words(93)})
        self.assertNotEqual(third["cluster"], first["cluster"])

    def test_what_a_partial_article_shares_is_told_while_it_is_there(self):
        stories = [words(940 + n, 200).split() for n in range(4)]
        clusters = [self.client.result("add", {"id": "94-%d" % n, "text": " ".join(story)})["cluster"]
                    for n, story in enumerate(stories)]
        roundup = {"id": "94-r", "text": " ".join(" ".join(story[:60]) for story in stories)}
        verdict = self.client.result("add", roundup)
        self.assertEqual((verdict["relation"], sorted(verdict["related"])), ("partial", clusters))
        self.client.result("remove", "94-0")
        self.assertEqual(sorted(self.client.result("add", roundup)["related"]), clusters[1:])

    def test_a_replaced_article_leaves_its_cluster(self):
        first = self.client.result("add", article(6))
        self.client.result("add", dict(article(6), id="article-6-copy"))
        self.client.result("add", dict(article(6), text=words(60)))
        members = self.client.result("cluster", first["cluster"])["articles"]
        self.assertEqual([member["id"] for member in members], ["article-6-copy"])

    def test_a_query_stores_nothing_and_says_what_add_would(self):
        self.client.result("add", article(7))
        queried = self.client.result("query", {"text": words(7) + " and a little more"})
        self.assertIsNone(queried["id"])
        added = self.client.result("add", {"id": "article-7-more", "text": words(7) + " and a little more"})
        self.assertEqual(dict(queried, id="article-7-more"), added)
        self.assertEqual(self.client.result("query", {"id": None, "text": words(700)})["cluster"], None)

    def test_a_query_of_a_stored_id_says_what_add_would(self):
        first = self.client.result("add", article(8))
        self.assertEqual(self.client.result("query", article(8)), first)
        queried = self.client.result("query", article(8, title="new"))
        self.assertTrue(queried["replaced"])
        self.assertEqual(queried["relation"], "unique")

    def test_one_bad_article_does_not_fail_the_batch(self):
        results = self.client.result("add_batch", [article(9), {"text": "no id"}, {"id": "x"}, 5, article(10)])
        self.assertEqual([set(result) for result in results[1:4]], [{"id", "error"}] * 3)
        self.assertEqual([result["error"][0] for result in results[1:4]], ["bad_article"] * 3)
        self.assertEqual(results[2]["id"], "x")
        self.assertEqual(results[0]["id"], "article-9")
        self.assertEqual(results[4]["relation"], "unique")
        self.assertEqual(self.client.result("add_batch", []), [])

    def test_an_id_twice_in_a_batch_replaces(self):
        results = self.client.result("add_batch", [article(11), dict(article(11), text=words(110)), article(11)])
        self.assertEqual([result["replaced"] for result in results], [False, True, True])
        self.assertEqual(self.client.result("get", "article-11")["text"], words(11))

    def test_bad_articles_are_told_the_field(self):
        for bad, word in (
            ({"id": "a"}, "text"),
            ({"text": "t"}, "id"),
            ({"id": "", "text": "t"}, "id"),
            ({"id": "x" * 513, "text": "t"}, "id"),
            ({"id": 5, "text": "t"}, "id"),
            ({"id": "a", "text": 5}, "text"),
            ({"id": "a", "text": "t", "published": 1.5}, "published"),
            ({"id": "a", "text": "t", "published": "yesterday"}, "published"),
            ({"id": "a", "text": "t", "title": ["x"]}, "title"),
        ):
            code, message = self.client.error("add", bad)
            self.assertEqual(code, "bad_article", bad)
            self.assertIn(word, message)

    def test_a_field_of_too_many_bytes_is_too_large(self):
        self.assertEqual(self.client.error("add", {"id": "a", "text": "t", "title": "x" * 65537})[0], "too_large")

    def test_bytes_that_are_no_unicode_are_taken(self):
        verdict = self.client.result("add", {"id": "bytes", "text": b"one \xff two \xfe three", "title": b"\xc3"})
        self.assertEqual(verdict["relation"], "unique")

    def test_an_empty_text_is_unique(self):
        self.assertEqual(self.client.result("add", {"id": "empty-1", "text": ""})["relation"], "unique")
        self.assertEqual(self.client.result("add", {"id": "empty-2", "text": ""})["relation"], "unique")
        self.assertEqual(self.client.result("get", "empty-1")["text"], "")


class Reading(DaemonCase):
    def test_get_gives_back_what_was_sent(self):
        given = article(1, title="Title", outlet="Reuters", url="http://x.org/1", lang="en",
                        published="2026-11-24T21:05:00.5+01:00")
        verdict = self.client.result("add", dict(given, other="ignored"))
        got = self.client.result("get", "article-1")
        for key, value in given.items():
            self.assertEqual(got[key], value)
        self.assertEqual(got["cluster"], verdict["cluster"])
        for key in ("relation", "match", "similarity", "containment"):
            self.assertEqual(got[key], verdict[key])
        self.assertIsInstance(got["seen"], int)
        self.assertNotIn("other", got)

    def test_get_gives_published_as_it_was_sent(self):
        self.client.result("add", article(2, published=-5))
        self.assertEqual(self.client.result("get", "article-2")["published"], -5)
        self.client.result("add", article(3))
        self.assertNotIn("published", self.client.result("get", "article-3"))

    def test_unknown_articles_and_clusters_are_not_found(self):
        self.assertEqual(self.client.error("get", "nobody")[0], "not_found")
        for cluster in (0, 999999, 2**53 - 1):
            self.assertEqual(self.client.error("cluster", cluster)[0], "not_found")

    def test_a_match_that_is_gone_is_nil(self):
        self.client.result("add", article(4))
        self.client.result("add", dict(article(4), id="article-4-copy"))
        self.assertEqual(self.client.result("get", "article-4-copy")["match"], "article-4")
        self.assertIs(self.client.result("remove", "article-4"), True)
        self.assertIsNone(self.client.result("get", "article-4-copy")["match"])
        again = self.client.result("add", dict(article(4), id="article-4-copy"))
        self.assertEqual((again["match"], again["relation"], again["size"]), (None, "exact", 1))

    def test_remove_says_whether_there_was_one(self):
        verdict = self.client.result("add", article(5))
        self.assertIs(self.client.result("remove", "article-5"), True)
        self.assertIs(self.client.result("remove", "article-5"), False)
        self.assertEqual(self.client.error("get", "article-5")[0], "not_found")
        self.assertEqual(self.client.error("cluster", verdict["cluster"])[0], "not_found")
        self.assertNotEqual(self.client.result("add", article(5))["cluster"], verdict["cluster"])

    def test_a_cluster_lists_its_articles(self):
        first = self.client.result("add", article(6, title="First", outlet="A", published=100))
        self.client.result("add", dict(article(6), id="six", outlet="B", url="u", published="1970-01-01T00:00:50Z"))
        cluster = self.client.result("cluster", first["cluster"])
        self.assertEqual(set(cluster), SUMMARY_KEYS | {"articles"})
        self.assertEqual((cluster["size"], cluster["outlets"], cluster["first_published"]), (2, 2, 50))
        self.assertEqual((cluster["representative"], cluster["title"]), ("article-6", "First"))
        self.assertEqual([member["id"] for member in cluster["articles"]], ["article-6", "six"])
        self.assertEqual(
            set(cluster["articles"][1]),
            {"id", "outlet", "title", "url", "published", "seen", "relation", "match", "similarity", "containment"},
        )
        self.assertEqual([member["published"] for member in cluster["articles"]], [100, 50])
        self.assertEqual(cluster["articles"][1]["match"], "article-6")

    def test_stats_and_info_tell_what_is_there(self):
        stats = self.client.result("stats")
        for key in ("articles", "clusters", "uptime", "store_bytes", "memory_bytes"):
            self.assertIsInstance(stats[key], int)
        self.assertGreater(stats["memory_bytes"], 0)
        self.assertGreaterEqual(stats["candidates_per_article"], 0)
        self.assertGreaterEqual(stats["candidates_p999"], stats["candidates_per_article"])
        for key in ("p50", "p99", "p999"):
            self.assertIn(key, stats["latency_us"])
        info = self.client.result("info")
        self.assertEqual((info["protocol"], info["name"]), (1, "wirefoldd"))
        self.assertIn("add_batch", info["methods"])
        self.assertEqual(len(set(info["methods"])), len(info["methods"]))
        self.assertEqual(info["settings"]["commit_wait_us"], 5000)
        self.assertEqual(self.client.result("ping"), "pong")


class Listing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.client = cls.daemon.client()
        batch = []
        for number in range(30):
            for copy in range(1 + number % 3):
                batch.append(dict(article(number), id="%d-%d" % (number, copy), outlet="outlet %d" % copy,
                                  title="title %d" % number))
        cls.verdicts = cls.client.result("add_batch", batch)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.daemon.close()

    def test_pages_hold_every_cluster_once_in_order(self):
        for order, key in (("recent", "last_seen"), ("size", "size")):
            seen, after = [], None
            while True:
                page = self.client.result("clusters", {"limit": 7, "after": after, "order": order})
                self.assertEqual(set(page), {"clusters", "next"})
                seen += page["clusters"]
                after = page["next"]
                if after is None:
                    break
                self.assertEqual(len(page["clusters"]), 7)
            self.assertEqual(len({cluster["cluster"] for cluster in seen}), 30)
            self.assertEqual(len(seen), 30)
            ranks = [cluster[key] for cluster in seen]
            self.assertEqual(ranks, sorted(ranks, reverse=True))
            self.assertEqual(set(seen[0]), SUMMARY_KEYS)

    def test_pages_hold_every_article_once_in_the_order_of_arrival(self):
        seen, after = [], 0
        while after is not None:
            page = self.client.result("articles", {"limit": 7, "after": after})
            self.assertEqual(set(page), {"articles", "next"})
            seen += page["articles"]
            after = page["next"]
        self.assertEqual(seen, [{"id": one["id"], "cluster": one["cluster"]} for one in self.verdicts])
        self.assertEqual(self.client.result("articles")["articles"], seen)
        for page, field in (([1], "page"), ([{"limit": 0}], "limit"), ([{"limit": 10001}], "limit"),
                            ([{"after": -1}], "after"), ([{"after": "x"}], "after"), ([{}, 1], "params")):
            code, words = self.client.error("articles", *page)
            self.assertEqual(code, "bad_request")
            self.assertTrue(words.startswith(field), words)

    def test_filters_filter(self):
        def sizes(**filters):
            return [cluster["size"] for cluster in self.client.result("clusters", filters)["clusters"]]

        self.assertEqual(len(sizes()), 30)
        self.assertEqual(set(sizes(min_size=2)), {2, 3})
        self.assertEqual(set(sizes(min_outlets=3)), {3})
        self.assertEqual(len(sizes(outlet=" OUTLET 2 ")), 10)
        self.assertEqual(sizes(outlet="nobody"), [])
        self.assertEqual(sizes(until=0), [])
        self.assertEqual(sizes(since=2**40), [])
        self.assertEqual(len(self.client.result("clusters")["clusters"]), 30)

    def test_bad_filters_are_told_the_field(self):
        size_token = self.client.result("clusters", {"limit": 1, "order": "size"})["next"]
        for bad, word in (
            ({"limit": 0}, "limit"), ({"limit": 1001}, "limit"), ({"limit": "x"}, "limit"), ({"since": "x"}, "since"),
            ({"min_size": -1}, "min_size"), ({"order": "best"}, "order"), ({"order": 1}, "order"),
            ({"after": "nonsense"}, "after"), ({"after": 5}, "after"), ({"after": size_token}, "after"),
            ({"outlet": 5}, "outlet"), ([], "filter"), (5, "filter"),
        ):
            code, message = self.client.error("clusters", bad)
            self.assertEqual(code, "bad_request")
            self.assertIn(word, message)


class Errors(DaemonCase):
    flags = ("--text-bytes-max", "10K", "--request-bytes-max", "1M", "--reply-bytes-max", "64K")

    def test_methods_that_are_not_there_say_so(self):
        for method in ("nonsense", "Add", "", "x" * 1000):
            self.assertEqual(self.client.error(method)[0], "no_such_method")

    def test_the_number_of_params_is_checked(self):
        for method, params in (
            ("add", ()), ("add", ({}, {})), ("add_batch", ()), ("query", ()), ("get", ()), ("get", ("a", "b")),
            ("remove", ()), ("cluster", ()), ("clusters", ({}, {})), ("stats", (1,)), ("info", (1,)), ("ping", (1,)),
        ):
            self.assertEqual(self.client.error(method, *params)[0], "bad_request", method)

    def test_params_of_another_kind_are_bad_requests(self):
        for method, param in (
            ("add_batch", 5), ("get", 5), ("get", ""), ("remove", ["x"]), ("cluster", "1"), ("cluster", -1),
            ("cluster", 2**60), ("cluster", 1.0),
        ):
            self.assertEqual(self.client.error(method, param)[0], "bad_request", (method, param))

    def test_a_text_over_the_limit_is_too_large(self):
        code, message = self.client.error("add", {"id": "a", "text": "x" * 10241})
        self.assertEqual(code, "too_large")
        self.assertIn("text", message)
        results = self.client.result("add_batch", [{"id": "a", "text": "x" * 10241}])
        self.assertEqual(results[0]["error"][0], "too_large")

    def test_a_request_over_the_limit_is_too_large_and_the_connection_goes_on(self):
        code, _ = self.client.error("add", {"id": "a", "text": "x" * (2 << 20)})
        self.assertEqual(code, "too_large")
        self.assertEqual(self.client.result("ping"), "pong")

    def test_a_reply_over_the_limit_is_too_large(self):
        for number in range(8):
            self.client.result("add_batch", [
                dict(article(1), id="%d-%d" % (number, copy), title="t" * 1000) for copy in range(20)])
        cluster = self.client.result("get", "0-0")["cluster"]
        code, message = self.client.error("cluster", cluster)
        self.assertEqual(code, "too_large")
        self.assertIn("reply_bytes_max", message)

    def test_messages_that_are_no_requests_are_answered(self):
        for message, number in (
            ([0, 7], 7), ([0, 7, "ping", {}], 7), ([0, 7, 5, []], 7), ({}, None), ("x", None), ([], None),
            ([9, 1, "x"], None), ([0, "x", "ping", []], None),
        ):
            self.client.send(msgpack.packb(message))
            kind, msgid, error, result = self.client.reply()
            self.assertEqual((kind, msgid, error[0], result), (1, number, "bad_request", None), message)
        self.assertEqual(self.client.result("ping"), "pong")

    def test_deep_nesting_is_a_bad_request(self):
        self.client.send(b"\x91" * 30 + b"\xc0")
        self.assertEqual(self.client.reply()[2][0], "bad_request")
        self.assertEqual(self.client.result("ping"), "pong")

    def test_large_msgids_are_echoed(self):
        for number in (0, 2**32 - 1, 2**64 - 1):
            self.client.send(msgpack.packb([0, number, "ping", []]))
            self.assertEqual(self.client.reply(), [1, number, None, "pong"])

    def test_a_notification_takes_effect_and_is_not_answered(self):
        self.client.send(msgpack.packb([2, "add", [article(2)]]))
        self.client.send(msgpack.packb([2, "add", [{"id": "bad"}]]))
        self.client.send(msgpack.packb([2, "nonsense", []]))
        self.client.send(msgpack.packb([2, "get", ["article-2"]]))
        self.client.send(msgpack.packb([2, "ping", []]))
        self.assertEqual(self.client.result("get", "article-2")["id"], "article-2")

    def test_a_response_is_ignored(self):
        self.client.send(msgpack.packb([1, 5, None, "x"]))
        self.assertEqual(self.client.result("ping"), "pong")


class WithoutTexts(DaemonCase):
    flags = ("--no-text",)

    def test_texts_are_not_stored(self):
        first = self.client.result("add", article(1, title="T"))
        got = self.client.result("get", "article-1")
        self.assertIsNone(got["text"])
        self.assertEqual(got["title"], "T")
        self.assertEqual(self.client.result("add", article(1, title="T")), first)
        copy = self.client.result("add", dict(article(1), id="copy"))
        self.assertEqual((copy["relation"], copy["match"]), ("exact", "article-1"))


if __name__ == "__main__":
    unittest.main()
