#!/usr/bin/python3
"""Changes that outlets make to a story change its verdict only as the contract says: six languages, the real daemon.

    originals of one agency + a paper whose furniture is learned -> query() of changed copies -> verdict

Most properties ask with `query`, which stores nothing, so that no case disturbs another."""

import os
import random
import sys
import unicodedata
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[2] / "bench" / "quality")]
try:
    import wire
except ImportError as missing:
    print("skipped: %s" % missing)
    sys.exit(77)
import stories
import syndicate

SEED = int(os.environ.get("WIREFOLD_SEED", "11"))
LANGUAGES = sorted(stories.STORIES)
STORED = range(10)  # topics that the store knows; the others are never sent but as strangers
STRANGERS = (10, 11)
CASED = ("es", "ru")


class World:
    """A daemon that has seen ten stories in each language, from an agency and from a paper with furniture."""

    def __init__(self):
        self.rng = random.Random(SEED)
        self.daemon = wire.Daemon(os.environ["WIREFOLDD_BINARY"])
        self.connection = self.daemon.connect()
        self.told, self.clusters = {}, {}
        for lang in LANGUAGES:
            for topic in range(len(stories.STORIES[lang])):
                self.told[lang, topic] = stories.story(lang, topic, self.rng)
        for (lang, topic), (title, paragraphs) in self.told.items():
            if topic in STORED:
                verdict = self.add("%s-%d" % (lang, topic), title, "\n".join(paragraphs), "agency-" + lang)
                self.clusters[lang, topic] = verdict["cluster"]
        for lang in LANGUAGES:  # the paper prints the first seven, with its furniture
            for topic in range(7):
                title, paragraphs = self.told[lang, topic]
                self.add("%s-%d-paper" % (lang, topic), title, self.furnished(lang, paragraphs), "paper-" + lang)

    def furnished(self, lang, paragraphs):
        top, *bottom = stories.FURNITURE[lang][:6]
        return "\n".join([top, *paragraphs, *bottom])

    def add(self, key, title, text, outlet):
        return self.connection.call("add", {"id": key, "title": title, "text": text, "outlet": outlet})

    def query(self, text, outlet="elsewhere", title=""):
        return self.connection.call("query", {"text": text, "outlet": outlet, "title": title})

    def close(self):
        self.connection.close()
        return self.daemon.stop()


class Properties(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = World()

    @classmethod
    def tearDownClass(cls):
        if cls.world.close() != 0:
            raise AssertionError("the daemon did not end cleanly")

    def stored(self):
        for lang in LANGUAGES:
            for topic in STORED:
                title, paragraphs = self.world.told[lang, topic]
                yield lang, topic, title, paragraphs, random.Random("%d %s %d" % (SEED, lang, topic))

    def expect(self, lang, topic, text, relations, outlet="elsewhere"):
        with self.subTest(lang=lang, topic=topic):
            verdict = self.world.query(text, outlet)
            words = "%s\nfor: %s" % (verdict, text[:300])
            self.assertIn(verdict["relation"], relations, words)
            self.assertEqual(verdict["cluster"], self.world.clusters[lang, topic], words)
            self.assertFalse(verdict["new"], words)
            self.assertTrue(0 <= verdict["similarity"] <= 1 and 0 <= verdict["containment"] <= 1, words)
            return verdict

    def test_the_same_text_is_exact(self):
        for lang, topic, _, paragraphs, _ in self.stored():
            verdict = self.expect(lang, topic, "\n".join(paragraphs), ("exact",))
            if verdict:
                self.assertEqual((verdict["similarity"], verdict["containment"]), (1.0, 1.0))

    def test_quotes_and_dashes_of_another_style_are_exact(self):
        style = str.maketrans(
            {'"': "\u201c", "'": "\u2019", "-": "\u2013", "\u2014": "\u2013", "「": "『", "」": "』", "«": '"'}
        )
        for lang, topic, _, paragraphs, _ in self.stored():
            self.expect(lang, topic, "\n".join(paragraphs).translate(style), ("exact",))

    def test_capitals_are_exact(self):
        for lang, topic, _, paragraphs, _ in self.stored():
            if lang in CASED:
                self.expect(lang, topic, "\n".join(paragraphs).upper(), ("exact",))

    def test_another_unicode_form_is_exact(self):
        for lang, topic, _, paragraphs, rng in self.stored():
            form = rng.choice(["NFD", "NFKD", "NFKC", "NFC"])
            self.expect(lang, topic, unicodedata.normalize(form, "\n".join(paragraphs)), ("exact",))

    def test_full_width_digits_are_exact(self):
        wide = str.maketrans({chr(0x30 + n): chr(0xFF10 + n) for n in range(10)})
        for lang, topic, _, paragraphs, _ in self.stored():
            if lang in ("zh", "ja"):
                self.expect(lang, topic, "\n".join(paragraphs).translate(wide), ("exact",))

    def test_another_layout_is_exact(self):
        for lang, topic, _, paragraphs, rng in self.stored():
            between = rng.choice(["\n\n", "\r\n", "\n \n", "\u2028", "\t\n"])
            self.expect(lang, topic, "  " + between.join(paragraphs) + "\n\n", ("exact",))

    def test_furniture_of_a_known_paper_joins(self):
        for lang, topic, _, paragraphs, _ in self.stored():
            if topic >= 7:
                self.expect(
                    lang,
                    topic,
                    self.world.furnished(lang, paragraphs),
                    ("exact", "near", "expanded"),
                    "paper-" + lang,
                )

    def test_a_cut_copy_joins_as_an_excerpt(self):
        for lang, topic, _, paragraphs, _ in self.stored():
            for kept in (2, 3):
                verdict = self.expect(lang, topic, "\n".join(paragraphs[:kept]), ("excerpt", "near"))
                if verdict:
                    self.assertGreater(verdict["containment"], 0.8, verdict)
                    self.assertGreater(verdict["containment"], verdict["similarity"], verdict)

    def test_a_cut_copy_under_furniture_of_a_known_paper_joins(self):
        for lang, topic, _, paragraphs, _ in self.stored():
            if topic >= 7:
                self.expect(
                    lang, topic, self.world.furnished(lang, paragraphs[:3]), ("excerpt", "near"), "paper-" + lang
                )

    def test_paragraphs_in_another_order_are_near(self):
        for lang, topic, _, paragraphs, rng in self.stored():
            turned = paragraphs[:1] + rng.sample(paragraphs[1:], len(paragraphs) - 1)
            if turned != paragraphs:
                self.expect(lang, topic, "\n".join(turned), ("near",))

    def test_a_paragraph_added_is_near_or_expanded(self):
        for lang, topic, _, paragraphs, rng in self.stored():
            extra = self.world.told[lang, rng.choice(STRANGERS)][1][rng.randrange(1, 4)]
            at = rng.randrange(1, len(paragraphs) + 1)
            self.expect(lang, topic, "\n".join(paragraphs[:at] + [extra] + paragraphs[at:]), ("near", "expanded"))

    def test_a_paragraph_left_out_is_near_or_an_excerpt(self):
        for lang, topic, _, paragraphs, rng in self.stored():
            at = rng.randrange(1, len(paragraphs))
            self.expect(lang, topic, "\n".join(paragraphs[:at] + paragraphs[at + 1 :]), ("near", "excerpt"))

    def test_a_few_wrong_letters_do_not_split_a_copy(self):
        for lang, topic, _, paragraphs, rng in self.stored():
            if lang in CASED:
                wrong = syndicate.errors("\n".join(paragraphs), rng, 0.02, rng.random() < 0.5)
                self.expect(lang, topic, wrong, ("near",))

    def test_another_event_in_the_same_form_is_not_the_same(self):
        for lang, topic, _, paragraphs, rng in self.stored():
            with self.subTest(lang=lang, topic=topic):
                again = stories.story(lang, topic, rng)[1]
                verdict = self.world.query("\n".join(again))
                self.assertNotEqual(verdict["relation"], "exact", verdict)
                self.assertLess(verdict["similarity"], 1.0, verdict)

    def test_a_stranger_is_unique(self):
        for lang in LANGUAGES:
            for topic in STRANGERS:
                for outlet, text in (
                    ("elsewhere", "\n".join(self.world.told[lang, topic][1])),
                    ("paper-" + lang, self.world.furnished(lang, self.world.told[lang, topic][1])),
                ):
                    with self.subTest(lang=lang, topic=topic, outlet=outlet):
                        verdict = self.world.query(text, outlet)
                        self.assertEqual(
                            (verdict["relation"], verdict["new"], verdict["merged"]), ("unique", True, []), verdict
                        )

    def test_a_title_does_not_make_a_stranger_a_copy(self):
        for lang in LANGUAGES:
            with self.subTest(lang=lang):
                title = self.world.told[lang, 0][0]
                verdict = self.world.query("\n".join(self.world.told[lang, STRANGERS[0]][1]), title=title)
                self.assertEqual((verdict["relation"], verdict["new"]), ("unique", True), verdict)

    def test_a_follow_up_with_two_old_paragraphs_stays_apart(self):
        for lang, topic, _, paragraphs, rng in self.stored():
            with self.subTest(lang=lang, topic=topic):
                fresh = self.world.told[lang, rng.choice(STRANGERS)][1]
                verdict = self.world.query("\n".join(fresh + paragraphs[-2:]))
                self.assertTrue(verdict["new"], verdict)
                self.assertIn(verdict["relation"], ("partial", "unique"), verdict)
                if verdict["relation"] == "partial":
                    self.assertIn(self.world.clusters[lang, topic], verdict["related"], verdict)

    def test_a_roundup_of_five_leads_stays_apart_and_merges_nothing(self):
        for lang in LANGUAGES:
            with self.subTest(lang=lang):
                flat = [
                    line
                    for topic in range(5)
                    for line in (self.world.told[lang, topic][0], self.world.told[lang, topic][1][0])
                ]
                verdict = self.world.query("\n".join(flat))
                self.assertTrue(verdict["new"], verdict)
                self.assertEqual(verdict["merged"], [], verdict)

    def test_asking_changes_nothing(self):
        before = self.world.connection.call("stats")
        text = "\n".join(self.world.told["es", 3][1][:3])
        first, second = self.world.query(text), self.world.query(text)
        after = self.world.connection.call("stats")
        self.assertEqual(first, second)
        self.assertEqual((before["articles"], before["clusters"]), (after["articles"], after["clusters"]))


class Adding(unittest.TestCase):
    """The same, stored: whatever comes first, the copies of a story end in one cluster, and another story does not."""

    def test_copies_join_in_any_order(self):
        rng = random.Random(SEED)
        with wire.Daemon(os.environ["WIREFOLDD_BINARY"]) as daemon, daemon.connect() as connection:
            for lang in LANGUAGES:
                articles = []
                for topic in (0, 1, 2, 3):
                    title, paragraphs = stories.story(lang, topic, rng)
                    for kind, kept in (
                        ("whole", paragraphs),
                        ("half", paragraphs[:3]),
                        ("again", paragraphs),
                        ("turned", paragraphs[:1] + paragraphs[:0:-1]),
                        ("short", paragraphs[:1] + paragraphs[2:]),
                    ):
                        articles.append(
                            {
                                "id": "%s %d %s" % (lang, topic, kind),
                                "title": title,
                                "text": "\n".join(kept),
                                "outlet": kind,
                            }
                        )
                rng.shuffle(articles)
                connection.call("add_batch", articles)
                stands = {a["id"]: connection.call("get", a["id"])["cluster"] for a in articles}
                for topic in (0, 1, 2, 3):
                    with self.subTest(lang=lang, topic=topic):
                        mine = {
                            cluster for key, cluster in stands.items() if key.startswith("%s %d " % (lang, topic))
                        }
                        others = {
                            cluster for key, cluster in stands.items() if not key.startswith("%s %d " % (lang, topic))
                        }
                        self.assertEqual(len(mine), 1, stands)
                        self.assertFalse(mine & others, stands)


if __name__ == "__main__":
    if not os.environ.get("WIREFOLDD_BINARY"):
        print("skipped: WIREFOLDD_BINARY does not name the daemon")
        sys.exit(77)
    unittest.main()
