#!/usr/bin/python3
"""The generator gives the same set for the same seed, and its truth is right by construction."""

import argparse
import json
import random
import re
import tempfile
import unittest
from collections import defaultdict
from pathlib import Path

import formulas
import stories
import syndicate


def base_stories(count):
    """English-looking stories whose words are their own, so that none shares a passage with another."""
    rng = random.Random(5)
    letters = "bcdfglmnprstv"
    rows = []
    for n in range(count):
        words = [
            "".join(rng.choice(letters) + rng.choice("aeiou") for _ in range(rng.randint(2, 4))) for _ in range(120)
        ]
        sentences = []
        for _ in range(16):
            sentence = " ".join(rng.choice(words) for _ in range(12))
            sentences.append(sentence.capitalize() + ".")
        paragraphs = [" ".join(sentences[i : i + 2]) for i in range(0, 16, 2)]
        rows.append({"id": str(n), "title": " ".join(rng.sample(words, 6)).upper(), "text": "\n".join(paragraphs)})
    return rows


def make(profile, base=None, **options):
    values = dict(base=base, avoid=None, profile=profile, articles=None, letters=None, seed=1)
    values.update(options)
    return syndicate.make(argparse.Namespace(**values))


class Generator(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.base = str(Path(cls.folder.name, "base.jsonl"))
        cls.rows = base_stories(90)
        Path(cls.base).write_text("".join(json.dumps(r) + "\n" for r in cls.rows), encoding="utf-8")
        cls.set = make("few", cls.base)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_the_same_seed_gives_the_same_bytes_and_another_does_not(self):
        self.assertEqual(self.set, make("few", self.base))
        self.assertNotEqual(self.set, make("few", self.base, seed=2))

    def test_about_the_wanted_number_of_articles_with_the_keys_of_a_set(self):
        self.assertTrue(270 <= len(self.set) <= 330, len(self.set))
        self.assertEqual(len({r["id"] for r in self.set}), len(self.set))
        for row in self.set:
            self.assertTrue(row["text"].strip() and row["cluster"] and isinstance(row["how"], list))

    def test_every_kind_of_change_occurs(self):
        kinds = {kind for row in make("few", self.base, articles=450) for kind in row["how"]}
        for kind in (
            "whole half third teaser edit1 edit2 edit3 figures newlead dateline subheads links localpara credit caps "
            "typos ocr boiler chain uk newhead followup roundup template sametitle"
        ).split():
            self.assertIn(kind, kinds)

    def test_copies_of_a_story_share_its_words_and_other_stories_do_not(self):
        words_of = {r["title"]: set(re.findall(r"\w+", r["text"].lower())) for r in self.rows}
        by_cluster = defaultdict(list)
        for row in self.set:
            if row["cluster"].startswith("story-") and not {"typos", "ocr", "sametitle"} & set(row["how"]):
                by_cluster[row["cluster"]].append(set(re.findall(r"\w+", row["text"].lower())))
        for cluster, copies in by_cluster.items():
            owners = {max(words_of, key=lambda t: len(words_of[t] & copy)) for copy in copies}
            self.assertEqual(len(owners), 1, cluster)

    def test_stories_of_the_set_to_avoid_are_not_used(self):
        avoided = str(Path(self.folder.name, "avoid.jsonl"))
        Path(avoided).write_text("".join(json.dumps(r) + "\n" for r in self.rows[:20]), encoding="utf-8")
        forbidden = set().union(*(syndicate.shingles_of(r["text"], 8) for r in self.rows[:20]))
        for row in make("few", self.base, avoid=avoided):
            self.assertFalse(syndicate.shingles_of(row["text"], 8) & forbidden, row["id"])

    def test_errors_come_at_the_rate_asked_for(self):
        text = "the quick brown fox jumps over the lazy dog " * 400
        for scanned in (False, True):
            wrong = syndicate.errors(text, random.Random(1), 0.05, scanned)
            changed = sum(a != b for a, b in zip(text.split(), wrong.split()))
            self.assertNotEqual(text, wrong)
            self.assertLess(abs(len(wrong) - len(text)), 0.03 * len(text))
            self.assertGreater(changed, 0)
        self.assertEqual(text, syndicate.errors(text, random.Random(1), 0.0, False))

    def test_notices_keep_their_figures_in_every_copy(self):
        rows = make("formula", self.base, articles=240)
        notices = defaultdict(list)
        for row in rows:
            if row["cluster"].split("-")[0] in formulas.FORMS:
                notices[row["cluster"]].append(row)
        self.assertGreater(len(notices), 30)
        self.assertTrue(any(len(copies) > 1 for copies in notices.values()))
        self.assertFalse(any("figures" in row["how"] for copies in notices.values() for row in copies))
        self.assertTrue(any("half" in row["how"] for copies in notices.values() for row in copies))

    def test_mono_names_no_outlet_and_gives_hosts_to_some(self):
        rows = make("mono", self.base, articles=200)
        self.assertFalse(any("outlet" in r for r in rows))
        self.assertTrue(0.2 < sum("url" in r for r in rows) / len(rows) < 0.8)


class Forms(unittest.TestCase):
    def test_two_notices_of_a_form_share_its_words_and_tell_other_things(self):
        for form in formulas.FORMS:
            told = [" ".join(formulas.story(form, random.Random(n))[1]) for n in range(12)]
            self.assertEqual(len(set(told)), len(told), form)
            words = [set(re.findall(r"\w+", text)) for text in told]
            for n, one in enumerate(words):
                self.assertGreater(max(len(one & two) / len(one) for two in words[:n] + words[n + 1 :]), 0.4, form)
                for two in words[:n]:
                    self.assertGreaterEqual(len(one - two), 2, form)

    def test_a_notice_is_told_alike_twice(self):
        for form in formulas.FORMS:
            self.assertEqual(formulas.story(form, random.Random(7)), formulas.story(form, random.Random(7)))


class Languages(unittest.TestCase):
    def test_twelve_topics_in_each_language_share_few_passages(self):
        for lang in stories.STORIES:
            told = [stories.story(lang, topic, random.Random(topic)) for topic in range(len(stories.STORIES[lang]))]
            self.assertGreaterEqual(len(told), 12)
            grams = [
                {"".join(p)[i : i + 9] for p in paragraphs for i in range(len("".join(p)) - 8)}
                for _, paragraphs in told
            ]
            for n, one in enumerate(grams):
                for two in grams[:n]:
                    self.assertLess(len(one & two), 0.12 * min(len(one), len(two)), lang)

    def test_the_set_of_languages_is_made_alike_twice(self):
        self.assertEqual(make("lang"), make("lang"))


if __name__ == "__main__":
    unittest.main()
