#!/usr/bin/python3
"""The measures agree with counting every pair by hand, on random clusterings and at the edges."""

import itertools
import random
import unittest

import metrics


def by_pairs(truth, predicted):
    both = only_true = only_predicted = neither = 0
    for a, b in itertools.combinations(truth, 2):
        t, p = truth[a] == truth[b], predicted[a] == predicted[b]
        both += t and p
        only_true += t and not p
        only_predicted += p and not t
        neither += not t and not p
    return both, only_true, only_predicted, neither


def random_clustering(rng, n):
    return {i: rng.randrange(rng.choice([1, 2, 5, n])) for i in range(n)}


class Measures(unittest.TestCase):
    def setUp(self):
        rng = random.Random(7)
        self.cases = [
            (random_clustering(rng, n), random_clustering(rng, n)) for n in (2, 3, 5, 12, 40) for _ in range(20)
        ]

    def test_precision_and_recall_are_counts_of_pairs(self):
        for truth, predicted in self.cases:
            both, only_true, only_predicted, _ = by_pairs(truth, predicted)
            m = metrics.measures(truth, predicted)
            self.assertAlmostEqual(m["precision"], both / (both + only_predicted) if both + only_predicted else 1.0)
            self.assertAlmostEqual(m["recall"], both / (both + only_true) if both + only_true else 1.0)

    def test_adjusted_rand_index_is_the_four_count_form(self):
        for truth, predicted in self.cases:
            a, b, c, d = by_pairs(truth, predicted)
            below = (a + b) * (b + d) + (a + c) * (c + d)
            expected = 2 * (a * d - b * c) / below if below else 1.0
            self.assertAlmostEqual(metrics.measures(truth, predicted)["ari"], expected)

    def test_bcubed_is_the_mean_over_articles(self):
        for truth, predicted in self.cases:
            precision = recall = 0.0
            for i in truth:
                mine = {j for j in truth if predicted[j] == predicted[i]}
                true = {j for j in truth if truth[j] == truth[i]}
                precision += len(mine & true) / len(mine)
                recall += len(mine & true) / len(true)
            m = metrics.measures(truth, predicted)
            self.assertAlmostEqual(m["bcubed_precision"], precision / len(truth))
            self.assertAlmostEqual(m["bcubed_recall"], recall / len(truth))

    def test_the_truth_itself_scores_one_and_all_in_one_has_full_recall(self):
        truth = {i: i // 3 for i in range(12)}
        for name in ("precision", "recall", "f1", "ari", "bcubed"):
            self.assertEqual(metrics.measures(truth, truth)[name], 1.0)
        lump = metrics.measures(truth, dict.fromkeys(truth, "x"))
        self.assertEqual((lump["recall"], lump["biggest"], lump["true_biggest"]), (1.0, 12, 3))
        self.assertAlmostEqual(lump["ari"], 0.0)

    def test_labels_do_not_matter(self):
        for truth, predicted in self.cases:
            renamed = {k: ("name", v) for k, v in predicted.items()}
            self.assertEqual(metrics.measures(truth, predicted), metrics.measures(truth, renamed))

    def test_agreement_is_symmetric(self):
        for one, two in self.cases:
            self.assertAlmostEqual(metrics.agreement(one, two), metrics.agreement(two, one))


class Kinds(unittest.TestCase):
    ROWS = [
        {"id": i, "cluster": c, "how": h}
        for i, c, h in [
            (0, "a", ["whole"]),
            (1, "a", ["third", "boiler"]),
            (2, "a", ["teaser"]),
            (3, "b", ["whole"]),
            (4, "b", ["third"]),
            (5, "c", ["teaser"]),
        ]
    ]
    PREDICTED = {0: 1, 1: 1, 2: 2, 3: 3, 4: 1, 5: 2}

    def test_recall_counts_the_pairs_of_each_changed_copy(self):
        found = metrics.recall_by_kind(self.ROWS, self.PREDICTED)
        self.assertEqual(found, {"boiler": (1, 2), "teaser": (0, 2), "third": (1, 3), "whole": (1, 3)})

    def test_joined_counts_copies_with_company_of_their_story(self):
        joined = metrics.joined_by_kind(self.ROWS, self.PREDICTED)
        self.assertEqual(joined, {"boiler": (1, 1), "teaser": (0, 1), "third": (1, 2), "whole": (1, 2)})

    def test_misplaced_are_those_under_a_strange_majority_and_those_outside_the_main_part(self):
        truth = {r["id"]: r["cluster"] for r in self.ROWS}
        joined, split = metrics.misplaced(truth, self.PREDICTED)
        self.assertEqual(joined, {4, 5})
        self.assertEqual(split, {2, 4})


if __name__ == "__main__":
    unittest.main()
