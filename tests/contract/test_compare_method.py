"""compare: what two articles share, stored or sent along."""

import random
import threading
import time
import unittest

import msgpack

from daemon import DaemonCase, article, words

LEAD = (
    "Showers continued throughout the week in the Bahia cocoa zone, alleviating the drought since early January and "
    "improving prospects for the coming temporao, although normal humidity levels have not been restored."
)
BODY = (
    "The dry period means the temporao will be late this year. "
    "Arrivals for the week ended February 22 were 155,221 bags "
    "of 60 kilos making a cumulative total for the season of 5.93 mln against 5.81 at the same stage last year."
)


def prose(seed, count):
    source = random.Random(seed)
    vocabulary = [
        "".join(source.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(source.randint(2, 9)))
        for _ in range(30000)
    ]
    return [vocabulary[min(29999, int(30000 ** source.random()))] for _ in range(count)]


def shared(a, b, passages):
    """The passages as the two texts have them."""
    a, b = a.encode(), b.encode()
    return [(a[one[0] : one[1]].decode(), b[one[2] : one[3]].decode()) for one in passages]


class Comparing(DaemonCase):
    def test_stored_articles_are_compared_by_their_ids(self):
        a, b = "LONDON, Feb 26 - " + LEAD + " " + BODY, "(Agencies) " + BODY + "\nAdd new comment"
        self.client.result("add", {"id": "a", "text": a, "outlet": "Wire"})
        self.client.result("add", {"id": "b", "text": b, "outlet": "Gazette"})
        result = self.client.result("compare", "a", "b")
        self.assertEqual(set(result), {"similarity", "containment", "passages"})
        self.assertEqual(shared(a, b, result["passages"]), [(BODY[:-1], BODY[:-1])])
        a_in_b, b_in_a = result["containment"]
        self.assertLess(a_in_b, 0.75)
        self.assertGreater(b_in_a, 0.85)
        self.assertTrue(0.3 < result["similarity"] < 0.9)
        self.assertIsInstance(result["similarity"], float)

    def test_the_other_way_round_is_the_mirror_image(self):
        one, two = {"text": words(1) + " " + words(2)}, {"text": words(2) + " " + words(3) + " " + words(1, 40)}
        there, back = self.client.result("compare", one, two), self.client.result("compare", two, one)
        self.assertEqual(there["similarity"], back["similarity"])
        self.assertEqual(there["containment"], back["containment"][::-1])
        self.assertEqual(sorted(there["passages"]), sorted([c, d, a, b] for a, b, c, d in back["passages"]))
        self.assertEqual(len(there["passages"]), 2)

    def test_an_id_and_an_article_in_either_place(self):
        self.client.result("add", article(10))
        length = len(words(10))
        for pair in (
            ("article-10", {"text": words(10)}),
            ({"id": "x", "text": words(10)}, "article-10"),
            (b"article-10", {"text": words(10)}),
        ):
            result = self.client.result("compare", *pair)
            self.assertEqual((result["similarity"], result["containment"]), (1.0, [1.0, 1.0]))
            self.assertEqual(result["passages"], [[0, length, 0, length]])

    def test_an_article_with_itself(self):
        self.client.result("add", article(11))
        result = self.client.result("compare", "article-11", "article-11")
        self.assertEqual((result["similarity"], result["containment"], len(result["passages"])), (1.0, [1.0, 1.0], 1))

    def test_nothing_is_stored_and_no_id_is_needed(self):
        before = self.client.result("stats")["articles"]
        self.client.result("compare", {"id": "never", "text": words(12)}, {"text": words(12)})
        self.assertEqual(self.client.result("stats")["articles"], before)
        self.assertEqual(self.client.error("get", "never")[0], "not_found")

    def test_ranges_are_bytes_of_utf_8(self):
        passage = "央行周二宣布维持关键利率不变并称经济前景仍存在不确定性"
        a, b = "“Ünïcödé” — " + passage + "。", "ж" * 3 + " " + passage
        result = self.client.result("compare", {"text": a}, {"text": b})
        self.assertEqual(shared(a, b, result["passages"]), [(passage, passage)])

    def test_bytes_that_are_no_utf_8_keep_their_places(self):
        a, b = b"\xff\xfe one two three four five six \xc3", b"\x80 ONE two three\xff four five six"
        request = msgpack.packb([0, 1, "compare", [{"text": a}, {"text": b}]], use_bin_type=True)
        self.client.send(request)
        _, _, error, result = self.client.reply()
        self.assertIsNone(error)
        self.assertEqual(result["passages"], [[3, len(a) - 2, 2, len(b)]])

    def test_texts_that_share_nothing_and_empty_ones(self):
        result = self.client.result("compare", {"text": words(13)}, {"text": words(14)})
        self.assertEqual((result["similarity"], result["containment"], result["passages"]), (0.0, [0.0, 0.0], []))
        self.assertEqual(self.client.result("compare", {"text": ""}, {"text": words(14)})["passages"], [])
        self.assertEqual(self.client.result("compare", {"text": ""}, {"text": ""})["passages"], [])

    def test_a_comparison_sees_what_was_added_before_it_and_not_what_comes_after(self):
        client = self.client
        client.send(
            b"".join(
                [
                    client.request("add", {"id": "seen", "text": words(20)}),
                    client.request("compare", "seen", {"text": words(20)}),
                    client.request("add", {"id": "seen", "text": words(21)}),
                    client.request("compare", "seen", {"text": words(21)}),
                    client.request("remove", "seen"),
                    client.request("compare", "seen", "seen"),
                ]
            )
        )
        replies = [client.reply() for _ in range(6)]
        self.assertEqual([len(replies[at][3]["passages"]) for at in (1, 3)], [1, 1])
        self.assertEqual([replies[at][3]["similarity"] for at in (1, 3)], [1.0, 1.0])
        self.assertEqual(replies[5][2][0], "not_found")

    def test_replies_keep_their_order(self):
        large = " ".join(prose(5, 150000))
        client = self.client
        sent = (
            [client.request("compare", {"text": large}, {"text": large})]
            + [client.request("compare", {"text": words(30 + at)}, {"text": words(30 + at)}) for at in range(50)]
            + [client.request("ping")]
        )
        client.send(b"".join(sent))
        numbers = [msgpack.unpackb(one)[1] for one in sent]
        self.assertEqual([client.reply()[1] for _ in sent], numbers)


class Refusing(DaemonCase):
    def test_ids_that_are_not_there_are_named(self):
        self.client.result("add", article(1))
        self.assertEqual(
            self.client.error("compare", "nobody", "article-1"), ["not_found", "a: no article has this id"]
        )
        self.assertEqual(
            self.client.error("compare", "article-1", "nobody"), ["not_found", "b: no article has this id"]
        )
        self.assertEqual(
            self.client.error("compare", {"text": "x"}, "nobody"), ["not_found", "b: no article has this id"]
        )

    def test_a_bad_article_names_the_field(self):
        good = {"text": words(1)}
        for pair, code, place in (
            (({"text": 5}, good), "bad_article", "a.text: "),
            ((good, {"text": 5}), "bad_article", "b.text: "),
            ((good, {}), "bad_article", "b.text: "),
            ((good, dict(good, title=[])), "bad_article", "b.title: "),
            ((dict(good, id=""), good), "bad_article", "a.id: "),
            ((dict(good, published="now"), good), "bad_article", "a.published: "),
            ((dict(good, title="x" * 65537), good), "too_large", "a.title: "),
            (({"text": 1}, "nobody"), "bad_article", "a.text: "),
        ):
            error = self.client.error("compare", *pair)
            self.assertEqual(error[0], code, pair)
            self.assertTrue(error[1].startswith(place), error)

    def test_a_text_over_the_setting_is_too_large(self):
        error = self.client.error("compare", {"text": "x"}, {"text": "y" * ((16 << 20) + 1)})
        self.assertEqual(error[0], "too_large")
        self.assertTrue(error[1].startswith("b.text: "), error)

    def test_bad_params_are_bad_requests(self):
        good = {"text": words(1)}
        for params in (
            [],
            ["a"],
            ["a", "b", "c"],
            [good, 5],
            [None, good],
            [["a"], "b"],
            [True, "b"],
            ["", "b"],
            ["x" * 513, "b"],
        ):
            self.assertEqual(self.client.error("compare", *params)[0], "bad_request", params)
        self.assertEqual(self.client.error("compare", good, 5)[1], "b: expected an id or an article, got an integer")
        self.assertEqual(self.client.result("ping"), "pong")

    def test_a_notification_gets_no_reply(self):
        self.client.send(msgpack.packb([2, "compare", [{"text": "x"}, {"text": "y"}]]))
        self.assertEqual(self.client.result("ping"), "pong")


class Large(DaemonCase):
    def test_a_megabyte_with_edits_and_moved_blocks(self):
        source = random.Random(3)
        a = prose(3, 170000)
        b = list(a)
        for _ in range(3000):
            b[source.randrange(len(b))] = "edit%d" % source.randrange(10**6)
        blocks = [b[at : at + 10000] for at in range(0, len(b), 10000)]
        source.shuffle(blocks)
        a, b = " ".join(a), " ".join(sum(blocks, []))
        self.assertGreater(len(a), 900000)
        self.client.result("add", {"id": "long", "text": a})
        result = self.client.result("compare", "long", {"text": b})
        self.assertGreater(sum(one[1] - one[0] for one in result["passages"]), 0.95 * len(a))
        for one, other in shared(a, b, result["passages"]):
            self.assertEqual(one, other)
        for first, second in ((0, 1), (2, 3)):
            ranges = sorted((one[first], one[second]) for one in result["passages"])
            self.assertTrue(all(one[1] <= other[0] for one, other in zip(ranges, ranges[1:])))

    def test_texts_that_only_repeat_themselves_do_not_hold_up_others(self):
        hostile = {"text": "la " * 350000}, {"text": "la la la la la la no " * 150000}
        with self.daemon.client() as other:
            for _ in range(4):
                other.send(other.request("compare", *hostile))
            thread = threading.Thread(target=lambda: [other.reply() for _ in range(4)])
            thread.start()
            asked = 0
            while thread.is_alive():
                self.assertEqual(self.client.result("ping"), "pong")
                self.client.result("add", {"id": "between", "text": words(asked)})
                asked += 1
                time.sleep(0.001)
            thread.join()
        self.assertGreater(asked, 3)

    def test_more_large_texts_than_may_be_held_are_refused(self):
        source = random.Random(1)
        text = "".join("%x " % source.getrandbits(48) for _ in range(1300000))[: 16 << 20]
        self.client.result("add", {"id": "large-1", "text": text})
        self.client.result("add", {"id": "large-2", "text": text[::-1]})
        self.client.send(b"".join(self.client.request("compare", "large-1", "large-2") for _ in range(40)))
        replies = [self.client.reply() for _ in range(40)]
        self.assertEqual(replies[0][2], None)
        self.assertLessEqual({error[0] for _, _, error, _ in replies if error}, {"overloaded"})
        # What they held has been given back.
        self.assertEqual(len(self.client.result("compare", "large-1", "large-1")["passages"]), 1)

    def test_passages_are_bounded(self):
        source = random.Random(9)
        texts = ["".join(source.choice(("la ", "le ")) for _ in range(1000000)) for _ in range(2)]
        result = self.client.result("compare", {"text": texts[0]}, {"text": texts[1]})
        self.assertLessEqual(len(result["passages"]), 65536)


class WithoutTexts(DaemonCase):
    flags = ("--no-text",)

    def test_similarity_is_told_and_passages_are_empty(self):
        self.client.result("add", article(1))
        self.client.result("add", dict(article(1), id="copy"))
        result = self.client.result("compare", "article-1", "copy")
        self.assertEqual(result, {"similarity": 1.0, "containment": [1.0, 1.0], "passages": []})
        result = self.client.result("compare", "article-1", {"text": words(1)})
        self.assertEqual(result, {"similarity": 1.0, "containment": [1.0, 1.0], "passages": []})


if __name__ == "__main__":
    unittest.main()
