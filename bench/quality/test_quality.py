#!/usr/bin/python3
"""The report names what went wrong, from a daemon that is played here."""

import contextlib
import io
import json
import random
import tempfile
import types
import unittest
from pathlib import Path

import quality


class PlayedDaemon:
    """Answers as the contract says; an article's first word is the cluster it joins."""

    def __init__(self, refuse=()):
        self.refuse, self.articles, self.founders = set(refuse), {}, {}

    def call(self, method, *params):
        if method == "stats":
            return {"articles": len(self.articles), "clusters": len(self.founders), "candidates_per_article": 1.5}
        if method == "get":
            return self.articles[params[0]]
        assert method == "add_batch", method
        return [self.add(article) for article in params[0]]

    def calls(self, requests, _window=0):
        for method, *params in requests:
            yield self.call(method, *params)

    def add(self, article):
        if article["id"] in self.refuse:
            return {"id": article["id"], "error": ["bad_article", "text: refused by the test"]}
        word = article["text"].split()[0]
        match = self.founders.setdefault(word, article["id"])
        first = match == article["id"]
        verdict = {
            "id": article["id"],
            "cluster": len(self.articles) + 1 if first else self.articles[match]["cluster"],
            "new": first,
            "relation": "unique" if first else "near",
            "match": None if first else match,
            "similarity": 0.0 if first else 0.9,
            "containment": 0.0 if first else 0.95,
            "size": 1,
            "merged": [],
            "related": [],
            "replaced": False,
        }
        self.articles[article["id"]] = dict(article, **verdict)
        return verdict


ROWS = [
    {"id": "a1", "cluster": "fire", "text": "x fire at the mill", "title": "Fire", "how": ["whole"]},
    {"id": "a2", "cluster": "fire", "text": "x fire", "title": "Fire at mill", "how": ["teaser"]},
    {"id": "a3", "cluster": "fire", "text": "z the mill burns", "title": "Mill burns", "how": ["third"]},
    {"id": "b1", "cluster": "flood", "text": "x flood in the vale", "title": "Flood", "how": ["whole"]},
]


class Report(unittest.TestCase):
    def report(self, rows, daemon):
        run = quality.Run(daemon, rows)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            measured = quality.report("set", rows, run, types.SimpleNamespace(worst=3))
        return run, measured, out.getvalue()

    def test_measures_come_from_the_clusters_as_they_stand(self):
        _, measured, _ = self.report(ROWS, PlayedDaemon())
        self.assertAlmostEqual(measured["precision"], 1 / 3)
        self.assertAlmostEqual(measured["recall"], 1 / 3)
        self.assertEqual((measured["biggest"], measured["true_biggest"]), (3, 3))

    def test_the_stranger_in_a_cluster_is_shown_with_its_evidence(self):
        _, _, text = self.report(ROWS, PlayedDaemon())
        mixed = text[text.index("mixed clusters") : text.index("split stories")]
        self.assertIn("[flood] b1", mixed)
        self.assertIn("near, match a1, similarity 0.90, containment 0.95", mixed)

    def test_the_copy_split_off_is_shown_with_its_evidence(self):
        _, _, text = self.report(ROWS, PlayedDaemon())
        split = text[text.index("split stories") :]
        self.assertIn("[fire] a3", split)
        self.assertIn("unique, match None", split)

    def test_cut_copies_are_counted(self):
        _, _, text = self.report(ROWS, PlayedDaemon())
        self.assertIn("cut copies joined: third 0 of 1, teaser 1 of 1", text)

    def test_a_refused_article_stands_alone_and_is_told(self):
        run, measured, text = self.report(ROWS, PlayedDaemon(refuse={"a2"}))
        self.assertEqual(len(run.clusters), 4)
        self.assertEqual(measured["clusters"], 3)
        self.assertIn("refused: a2", text)

    def test_a_store_that_is_not_empty_is_not_measured(self):
        daemon = PlayedDaemon()
        quality.Run(daemon, ROWS)
        with self.assertRaises(RuntimeError):
            quality.Run(daemon, ROWS)

    def test_an_article_that_merges_two_stories_is_shown(self):
        class Merging(PlayedDaemon):
            def add(self, article):
                verdict = super().add(article)
                if article["id"] == "c1":
                    verdict["merged"] = [self.articles["a3"]["cluster"]]
                return verdict

        rows = ROWS[2:] + [
            {"id": "c1", "cluster": "flood", "text": "x vale flood and mill fire", "how": ["localpara"]}
        ]
        _, _, text = self.report(rows, Merging())
        merges = text[text.index("merges of different stories: 1") : text.index("split stories")]
        self.assertIn("1 wrong pairs: cluster 2 {'flood': 1} took in 1 {'fire': 1}", merges)
        self.assertIn("[flood] c1", merges)


class Sets(unittest.TestCase):
    def load(self, rows):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "set.jsonl")
            path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
            return quality.load(str(path))

    def test_a_set_is_read_line_by_line(self):
        self.assertEqual(self.load(ROWS), ROWS)

    def test_an_article_without_truth_and_an_id_twice_are_refused(self):
        with self.assertRaises(ValueError):
            self.load([{"id": "a", "text": "x"}])
        with self.assertRaises(ValueError):
            self.load([ROWS[0], ROWS[0]])

    def test_the_order_does_not_change_what_the_truth_is(self):
        rows = list(ROWS)
        random.Random(1).shuffle(rows)
        run = quality.Run(PlayedDaemon(), rows)
        self.assertEqual(set(run.clusters), {r["id"] for r in ROWS})


if __name__ == "__main__":
    unittest.main()
