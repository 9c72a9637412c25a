"""Measures of a clustering against the truth, from counts: pairwise precision and recall, adjusted Rand index, B-cubed.

    truth, predicted: id -> label, with the same ids -> table of counts n[truth, predicted] -> measures

Hubert and Arabie 1985 (adjusted Rand index); Amigo et al. 2009 (B-cubed).
The tests in test_metrics.py compare with counting every pair.
"""

from collections import Counter, defaultdict


def pairs(count):
    return count * (count - 1) // 2


def measures(truth, predicted):
    """Every measure of one clustering, by name."""
    true_sizes, predicted_sizes, both = Counter(), Counter(), Counter()
    for key, label in truth.items():
        true_sizes[label] += 1
        predicted_sizes[predicted[key]] += 1
        both[label, predicted[key]] += 1
    n = len(truth)
    right = sum(map(pairs, both.values()))
    true_pairs, predicted_pairs = sum(map(pairs, true_sizes.values())), sum(map(pairs, predicted_sizes.values()))
    precision = right / predicted_pairs if predicted_pairs else 1.0
    recall = right / true_pairs if true_pairs else 1.0
    bcubed_precision = sum(c * c / predicted_sizes[p] for (_, p), c in both.items()) / n if n else 1.0
    bcubed_recall = sum(c * c / true_sizes[t] for (t, _), c in both.items()) / n if n else 1.0
    return {
        "articles": n,
        "true_clusters": len(true_sizes),
        "clusters": len(predicted_sizes),
        "precision": precision,
        "recall": recall,
        "f1": harmonic(precision, recall),
        "ari": adjusted_rand(right, true_pairs, predicted_pairs, pairs(n)),
        "bcubed_precision": bcubed_precision,
        "bcubed_recall": bcubed_recall,
        "bcubed": harmonic(bcubed_precision, bcubed_recall),
        "biggest": max(predicted_sizes.values(), default=0),
        "true_biggest": max(true_sizes.values(), default=0),
    }


def harmonic(a, b):
    return 2 * a * b / (a + b) if a + b else 0.0


def adjusted_rand(both, first, second, all_pairs):
    """From the pairs together in both clusterings, in the first, in the second, and all pairs."""
    expected = first * second / all_pairs if all_pairs else 0
    most = (first + second) / 2
    return (both - expected) / (most - expected) if most != expected else 1.0


def agreement(one, two):
    """Adjusted Rand index of two clusterings of the same ids."""
    return measures(one, two)["ari"]


def recall_by_kind(rows, predicted):
    """kind of change -> (pairs found, pairs): pairs of a copy so changed with each other copy of its story."""
    found, seen, kinds = Counter(), Counter(), kinds_of(rows)
    for group in groups((r["id"], r["cluster"]) for r in rows).values():
        if len(group) < 2:
            continue
        inside = Counter(predicted[key] for key in group)
        for key in group:
            for kind in kinds[key]:
                found[kind] += inside[predicted[key]] - 1
                seen[kind] += len(group) - 1
    return {kind: (found[kind], seen[kind]) for kind in sorted(seen)}


def joined_by_kind(rows, predicted):
    """kind of change -> (joined, copies): copies that stand with another copy of their story, where there is one."""
    joined, seen, kinds = Counter(), Counter(), kinds_of(rows)
    for group in groups((r["id"], r["cluster"]) for r in rows).values():
        if len(group) < 2:
            continue
        inside = Counter(predicted[key] for key in group)
        for key in group:
            for kind in kinds[key]:
                joined[kind] += inside[predicted[key]] > 1
                seen[kind] += 1
    return {kind: (joined[kind], seen[kind]) for kind in sorted(seen)}


def kinds_of(rows):
    return {row["id"]: row.get("how", ()) for row in rows}


def groups(labelled):
    """label -> ids, from (id, label)."""
    result = defaultdict(list)
    for key, label in labelled:
        result[label].append(key)
    return result


def misplaced(truth, predicted):
    """(wrongly joined, split off): ids whose cluster is mostly another story; ids outside their story's main part."""
    main_truth = {
        p: Counter(truth[k] for k in keys).most_common(1)[0][0] for p, keys in groups(predicted.items()).items()
    }
    main_part = {
        t: Counter(predicted[k] for k in keys).most_common(1)[0][0] for t, keys in groups(truth.items()).items()
    }
    joined = {k for k in truth if main_truth[predicted[k]] != truth[k]}
    split = {k for k in truth if main_part[truth[k]] != predicted[k]}
    return joined, split
