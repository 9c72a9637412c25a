#!/usr/bin/python3
"""Feeds labelled articles through the real daemon and tells how good its clusters are, and why the
worst of them are bad.

usage: quality.py TRUTH.jsonl[.gz]... [--daemon PATH | --connect ADDRESS] [--shuffle N] [--repeat N]
                  [--worst N] [--csv FILE] [--peers]

TRUTH: one JSON object a line with "id", "text", "cluster" (the truth) and, optional, "title", "outlet", "url", "lang",
"published" and "how" (what was done to that copy).
Exit status 0 done, 1 the daemon refused articles or lost some, 2 wrong use.
"""

import argparse
import csv
import gzip
import json
import os
import random
import shutil
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import metrics
import wire

ARTICLE_KEYS = ("id", "text", "title", "outlet", "url", "lang", "published")
BATCH_ARTICLES = 64
CUT_KINDS = ("third", "teaser")
JOINING = ("exact", "near", "excerpt", "expanded")
STRANGERS_SHOWN = 5


def load(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    for row in rows:
        for key in ("id", "text", "cluster"):
            if key not in row:
                raise ValueError("%s: an article without %s" % (path, key))
    if len({r["id"] for r in rows}) != len(rows):
        raise ValueError("%s: an id twice" % path)
    return rows


class Run:
    """One feed of a set: verdicts as they were given, and the articles as they stand after the last."""

    def __init__(self, connection, rows, window=8):
        if connection.call("stats")["articles"]:
            raise RuntimeError("the daemon's store is not empty: quality is measured from the first article on")
        batches = [rows[i : i + BATCH_ARTICLES] for i in range(0, len(rows), BATCH_ARTICLES)]
        requests = (("add_batch", [{k: r[k] for k in ARTICLE_KEYS if k in r} for r in batch]) for batch in batches)
        start = time.monotonic()
        verdicts = [v for reply in connection.calls(requests, window) for v in reply]
        self.seconds = time.monotonic() - start
        self.refused = [v for v in verdicts if "error" in v]
        self.verdicts = {v["id"]: v for v in verdicts if "error" not in v}
        self.standing = {}
        keys = list(self.verdicts)
        for key, article in zip(keys, connection.calls((("get", key) for key in keys), 64)):
            self.standing[key] = {
                k: article[k] for k in ("cluster", "relation", "match", "similarity", "containment")
            }
        self.clusters = {key: article["cluster"] for key, article in self.standing.items()}
        self.stats = connection.call("stats")
        for row in self.refused:  # an article that was refused stands alone
            self.clusters.setdefault(row["id"], "refused " + row["id"])


def feed(rows, options):
    if options.connect:
        with wire.Connection(options.connect) as connection:
            return Run(connection, rows)
    with wire.Daemon(options.daemon) as daemon, daemon.connect() as connection:
        return Run(connection, rows)


# ---------------------------------------------------------------- words


def first_words(row, count=14):
    words = " ".join(row["text"].split()[:count])
    return words[:110]


def number(value):
    if isinstance(value, float):
        return "%.3f" % value
    return str(value)


def evidence(run, row):
    """What decided an article: its verdict when it came."""
    v = run.verdicts.get(row["id"])
    if v is None:
        return "refused"
    words = "%s, match %s, similarity %.2f, containment %.2f" % (
        v["relation"],
        v["match"],
        v["similarity"],
        v["containment"],
    )
    if v["merged"]:
        words += ", merged %d" % len(v["merged"])
    if v["related"]:
        words += ", related %s" % v["related"][:4]
    now = run.standing[row["id"]]
    if now["relation"] != v["relation"] or now["cluster"] != v["cluster"]:
        words += " (now %s in %s)" % (now["relation"], now["cluster"])
    return words


def describe(run, row, by_id, margin):
    v = run.verdicts.get(row["id"])
    lines = [
        "%s[%s] %s, %s, %s"
        % (
            margin,
            row["cluster"],
            row["id"],
            row.get("outlet", "no outlet"),
            "+".join(row.get("how", ())) or "as it was",
        ),
        "%s    %s" % (margin, evidence(run, row)),
        "%s    title: %s | text: %s" % (margin, row.get("title", "")[:80], first_words(row)),
    ]
    match = by_id.get(v["match"]) if v else None
    if match is not None:
        lines.append(
            "%s    match [%s] %s: %s | %s"
            % (
                margin,
                match["cluster"],
                "+".join(match.get("how", ())),
                match.get("title", "")[:60],
                first_words(match, 10),
            )
        )
    return "\n".join(lines)


def is_bridge(run, by_id, key):
    """Whether an article joined a match that is of another story."""
    verdict = run.verdicts.get(key)
    if verdict is None or verdict["relation"] not in JOINING or verdict["match"] not in by_id:
        return False
    return by_id[verdict["match"]]["cluster"] != by_id[key]["cluster"]


def worst_clusters(rows, run, count):
    """Predicted clusters with the most wrong pairs, and the articles that joined a match of another story."""
    by_id = {r["id"]: r for r in rows}
    order = {r["id"]: n for n, r in enumerate(rows)}
    ranked = []
    for label, keys in metrics.groups(run.clusters.items()).items():
        truths = Counter(by_id[k]["cluster"] for k in keys)
        wrong = metrics.pairs(len(keys)) - sum(map(metrics.pairs, truths.values()))
        if wrong:
            ranked.append((-wrong, str(label), keys, truths))
    text = ["mixed clusters: %d, wrong pairs: %d" % (len(ranked), -sum(r[0] for r in ranked))]
    for wrong, label, keys, truths in sorted(ranked)[:count]:
        text.append(
            "  cluster %s: %d articles, %d wrong pairs, stories %s"
            % (label, len(keys), -wrong, dict(truths.most_common(6)))
        )
        keys = sorted(keys, key=order.get)
        bridges = [key for key in keys if is_bridge(run, by_id, key)]
        shown = {by_id[keys[0]]["cluster"]} if not bridges else set()
        for key in bridges or keys:
            truth = by_id[key]["cluster"]
            if truth not in shown and len(shown) < STRANGERS_SHOWN:
                shown.add(truth)
                text.append(describe(run, by_id[key], by_id, "    "))
    return "\n".join(text)


def worst_misses(rows, run, count):
    """True stories with the most missed pairs, and what founded each part but the main one."""
    by_id = {r["id"]: r for r in rows}
    order = {r["id"]: n for n, r in enumerate(rows)}
    ranked = []
    for label, keys in metrics.groups((r["id"], r["cluster"]) for r in rows).items():
        parts = Counter(run.clusters[k] for k in keys)
        missed = metrics.pairs(len(keys)) - sum(map(metrics.pairs, parts.values()))
        if missed:
            ranked.append((-missed, label, keys, parts))
    text = ["split stories: %d, missed pairs: %d" % (len(ranked), -sum(r[0] for r in ranked))]
    for missed, label, keys, parts in sorted(ranked)[:count]:
        text.append(
            "  story %s: %d articles in %d clusters %s, %d missed pairs"
            % (label, len(keys), len(parts), [n for _, n in parts.most_common(8)], -missed)
        )
        main = parts.most_common(1)[0][0]
        shown = set()
        for key in sorted(keys, key=order.get):
            part = run.clusters[key]
            if part != main and part not in shown and len(shown) < 4:
                shown.add(part)
                text.append(describe(run, by_id[key], by_id, "    "))
    return "\n".join(text)


AGES = ((0, "1st to 4th"), (4, "5th to 8th"), (8, "later"))


def by_age(rows, keys):
    """How far a source was known when its misplaced articles came: shares of the articles of each age."""
    seen, of_age, misplaced = Counter(), Counter(), Counter()
    for row in rows:
        source = row.get("outlet") or "/".join(row.get("url", "").split("/")[:3])
        age = "unnamed" if not source else [words for least, words in AGES if seen[source] >= least][-1]
        seen[source] += 1
        of_age[age] += 1
        misplaced[age] += row["id"] in keys
    return ", ".join("%s %d of %d" % (age, misplaced[age], of_age[age]) for age in sorted(of_age))


def wrong_merges(rows, run, count):
    """Articles that made one cluster of clusters that were mostly different stories, the costliest first."""
    by_id = {r["id"]: r for r in rows}
    holds, ranked = defaultdict(Counter), []
    for n, row in enumerate(rows):
        v = run.verdicts.get(row["id"])
        if v is None:
            continue
        for other in v["merged"]:
            here, there = holds[v["cluster"]], holds.pop(other, Counter())
            wrong = sum(a * b for s, a in here.items() for t, b in there.items() if s != t)
            if here and there and here.most_common(1)[0][0] != there.most_common(1)[0][0]:
                ranked.append((-wrong, n, other, dict(here.most_common(3)), dict(there.most_common(3))))
            here.update(there)
        holds[v["cluster"]][row["cluster"]] += 1
    text = ["merges of different stories: %d" % len(ranked)]
    for wrong, n, other, here, there in sorted(ranked, key=lambda r: r[:2])[:count]:
        text.append(
            "  %d wrong pairs: cluster %s %s took in %s %s"
            % (-wrong, run.verdicts[rows[n]["id"]]["cluster"], here, other, there)
        )
        text.append(describe(run, rows[n], by_id, "    "))
    return "\n".join(text)


def headline(name, m):
    return "%-26s P %.3f R %.3f F1 %.3f ARI %.3f B3 %.3f (%.3f/%.3f) clusters %d/%d biggest %d (true %d)" % (
        name,
        m["precision"],
        m["recall"],
        m["f1"],
        m["ari"],
        m["bcubed"],
        m["bcubed_precision"],
        m["bcubed_recall"],
        m["clusters"],
        m["true_clusters"],
        m["biggest"],
        m["true_biggest"],
    )


def report(name, rows, run, options):
    truth = {r["id"]: r["cluster"] for r in rows}
    m = metrics.measures(truth, run.clusters)
    print(headline(name, m))
    recall, joined = metrics.recall_by_kind(rows, run.clusters), metrics.joined_by_kind(rows, run.clusters)
    print("  recall of pairs, and copies joined, by kind of change:")
    for kind, (found, seen) in recall.items():
        print(
            "    %-10s %.3f of %6d pairs   %.3f of %5d copies joined their story"
            % (kind, found / seen, seen, joined[kind][0] / joined[kind][1], joined[kind][1])
        )
    cut = [joined.get(kind, (0, 0)) for kind in CUT_KINDS]
    print("  cut copies joined: %s" % ", ".join("%s %d of %d" % (kind, a, b) for kind, (a, b) in zip(CUT_KINDS, cut)))
    relations = Counter(v["relation"] for v in run.verdicts.values())
    merged = sum(1 for v in run.verdicts.values() if v["merged"])
    print(
        "  verdicts: %s; %d made clusters one (%d clusters folded); refused %d"
        % (
            ", ".join("%s %d" % x for x in relations.most_common()),
            merged,
            sum(len(v["merged"]) for v in run.verdicts.values()),
            len(run.refused),
        )
    )
    wrong, split = metrics.misplaced(truth, run.clusters)
    kinds = metrics.kinds_of(rows)
    for words, keys in (("wrongly joined", wrong), ("split off", split)):
        common = Counter(kind for key in keys for kind in kinds[key]).most_common(8)
        print("  %s: %d (%s)" % (words, len(keys), ", ".join("%s %d" % x for x in common)))
        print("    by articles of the same source so far: %s" % by_age(rows, keys))
    print(
        "  candidates per article: %s; fed in %.1f s (%.0f articles/s)"
        % (number(run.stats.get("candidates_per_article")), run.seconds, len(rows) / run.seconds)
    )
    if options.worst:
        print(worst_clusters(rows, run, options.worst))
        print(wrong_merges(rows, run, options.worst))
        print(worst_misses(rows, run, options.worst))
    for refusal in run.refused[:5]:
        print("  refused: %s: %s" % (refusal["id"], refusal["error"]))
    return m


def orders(name, rows, runs):
    """How the clusters agree between orders of arrival."""
    print("  %s, ARI between feeds (file order first):" % name)
    low = 1.0
    for n, one in enumerate(runs):
        row = [metrics.agreement(one.clusters, two.clusters) for two in runs]
        low = min([low] + row)
        print("    feed %d: %s" % (n, "  ".join("%.3f" % x for x in row)))
    print("    least: %.3f" % low)
    return low


CSV_COLUMNS = [
    "set",
    "order",
    "articles",
    "precision",
    "recall",
    "ari",
    "bcubed",
    "clusters",
    "true_clusters",
    "biggest",
    "true_biggest",
    "thirds_joined",
    "teasers_joined",
]


def csv_row(name, order, rows, run, m):
    joined = metrics.joined_by_kind(rows, run.clusters)
    share = {
        kind: "%.4f" % (joined[kind][0] / joined[kind][1]) if joined.get(kind, (0, 0))[1] else ""
        for kind in CUT_KINDS
    }
    values = dict(m, set=name, order=order, thirds_joined=share["third"], teasers_joined=share["teaser"])
    return {c: "%.4f" % values[c] if isinstance(values[c], float) else values[c] for c in CSV_COLUMNS}


def feeds(rows, options):
    """(name, articles) of each feed: the file's order, then shuffles, then the file's order again."""
    yield "file", rows
    for seed in range(1, options.shuffle + 1):
        arranged = list(rows)
        random.Random(seed).shuffle(arranged)
        yield "shuffle %d" % seed, arranged
    for again in range(1, options.repeat + 1):
        yield "again %d" % again, rows


def measure(path, options, written):
    name = Path(path).name.split(".")[0]
    rows = load(path)
    runs, refused = [], 0
    for order, arranged in feeds(rows, options):
        run = feed(arranged, options)
        lost = len(rows) - len(run.clusters)
        refused += len(run.refused) + lost
        if lost:
            print("%s: %d articles got no verdict" % (name, lost), file=sys.stderr)
            return refused
        if runs:
            m = metrics.measures({r["id"]: r["cluster"] for r in rows}, run.clusters)
            print(headline("%s, %s" % (name, order), m))
        else:
            m = report(name, arranged, run, options)
        runs.append(run)
        written.append(csv_row(name, order, rows, run, m))
    if len(runs) > 1:
        orders(name, rows, runs)
    if options.peers:
        import peers

        print(peers.table(name, rows, runs[0]))
    sys.stdout.flush()
    return refused


def find_daemon():
    """wirefoldd of $WIREFOLDD_BINARY, of the build folders of this checkout, or of $PATH."""
    root = Path(__file__).resolve().parents[2]
    built = sorted(root.glob("build*/**/wirefoldd"), key=lambda p: -p.stat().st_mtime)
    return os.environ.get("WIREFOLDD_BINARY") or (str(built[0]) if built else shutil.which("wirefoldd"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", nargs="+", metavar="TRUTH")
    parser.add_argument(
        "--daemon",
        metavar="PATH",
        default=find_daemon(),
        help="wirefoldd to start; default: $WIREFOLDD_BINARY, the newest under build*/, or the one on PATH",
    )
    parser.add_argument(
        "--connect",
        metavar="ADDRESS",
        help="measure a daemon that runs, with an empty store: tcp://HOST:PORT or unix:PATH",
    )
    parser.add_argument(
        "--shuffle", metavar="N", type=int, default=0, help="N more feeds in other orders, and how they agree"
    )
    parser.add_argument(
        "--repeat",
        metavar="N",
        type=int,
        default=0,
        help="N more feeds in the same order: each store has a secret of its own",
    )
    parser.add_argument(
        "--worst", metavar="N", type=int, default=5, help="worst clusters and worst misses to show (default 5)"
    )
    parser.add_argument("--csv", metavar="FILE", help="write one line a feed there")
    parser.add_argument(
        "--peers",
        action="store_true",
        help="compare with datasketch, rensa and text-dedup's way, installed in a temporary folder",
    )
    options = parser.parse_args()
    if options.connect and (options.shuffle or options.repeat or len(options.truth) > 1):
        parser.error("--connect: a running daemon can be fed once; give one TRUTH, no --shuffle and no --repeat")
    if not options.connect and not options.daemon:
        parser.error("--daemon: no wirefoldd found, build it or name it")
    refused, written = 0, []
    try:
        for path in options.truth:
            refused += measure(path, options, written)
    except (OSError, ValueError, RuntimeError, wire.Refused) as error:
        print("quality.py: %s" % error, file=sys.stderr)
        return 2 if isinstance(error, (OSError, ValueError)) else 1
    if options.csv:
        with open(options.csv, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, CSV_COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(written)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
