"""Runs inside the peers' virtual environment: clusters of one file of articles by each library, as JSON lines.

usage: peer_run.py ARTICLES.jsonl -> {"name", "clusters": {id: label}, "seconds"} or {"name", "skipped"} a line

No peer sees outlet, title or truth: none of their documented ways takes them. A pair that a library
reports is joined by union-find, which is how text-dedup and most users turn pairs into groups."""

import importlib.metadata
import json
import re
import sys
import time

WORDS = re.compile(r"\w+")


class Sets:
    """Union-find over ids."""

    def __init__(self, keys):
        self.parent = {key: key for key in keys}

    def find(self, key):
        while self.parent[key] != key:
            self.parent[key] = self.parent[self.parent[key]]
            key = self.parent[key]
        return key

    def join(self, a, b):
        self.parent[self.find(a)] = self.find(b)

    def clusters(self):
        return {key: self.find(key) for key in self.parent}


def word_shingles(text, width):
    words = WORDS.findall(text.lower())
    return {" ".join(words[i : i + width]) for i in range(max(1, len(words) - width + 1))}


def datasketch_lsh(articles, width, permutations, threshold):
    """MinHashLSH as datasketch documents it: query, then insert; what the query returns is a duplicate."""
    from datasketch import MinHash, MinHashLSH

    lsh, sets = MinHashLSH(threshold=threshold, num_perm=permutations), Sets(a["id"] for a in articles)
    for article in articles:
        signature = MinHash(num_perm=permutations)
        signature.update_batch([s.encode() for s in word_shingles(article["text"], width)])
        for other in lsh.query(signature):
            sets.join(article["id"], other)
        lsh.insert(article["id"], signature)
    return sets.clusters()


def text_dedup_way(articles):
    """text-dedup's news configuration: 2-grams, 256 permutations, threshold 0.45, no check of false positives;
    every two articles that share a band are one group. The signatures are datasketch's."""
    from datasketch import MinHash, MinHashLSH

    shape = MinHashLSH(threshold=0.45, num_perm=256)
    sets, seen = Sets(a["id"] for a in articles), {}
    for article in articles:
        signature = MinHash(num_perm=256, seed=42)
        signature.update_batch([s.encode() for s in word_shingles(article["text"], 2)])
        for band in range(shape.b):
            key = (band, signature.hashvalues[band * shape.r : (band + 1) * shape.r].tobytes())
            sets.join(article["id"], seen.setdefault(key, article["id"]))
    return sets.clusters()


def rensa_lsh(articles, width, permutations, threshold, bands):
    """RMinHashLSH as rensa documents it: candidates of the bands, kept where the signatures
    resemble each other enough."""
    from rensa import RMinHash, RMinHashLSH

    lsh, sets, signatures = (
        RMinHashLSH(threshold=threshold, num_perm=permutations, num_bands=bands),
        Sets(a["id"] for a in articles),
        [],
    )
    for n, article in enumerate(articles):
        signature = RMinHash(num_perm=permutations, seed=42)
        signature.update(sorted(word_shingles(article["text"], width)))
        for other in lsh.query(signature):
            if signature.jaccard(signatures[other]) >= threshold:
                sets.join(article["id"], articles[other]["id"])
        signatures.append(signature)
        lsh.insert(n, signature)
    return sets.clusters()


PEERS = [
    (
        "datasketch",
        "MinHashLSH, 2-word shingles, 256 permutations, threshold 0.45",
        lambda a: datasketch_lsh(a, 2, 256, 0.45),
    ),
    (
        "datasketch",
        "MinHashLSH, words, 128 permutations, threshold 0.5 (its first example)",
        lambda a: datasketch_lsh(a, 1, 128, 0.5),
    ),
    ("datasketch", "as text-dedup's news configuration: 2-grams, 256, 0.45, every shared band", text_dedup_way),
    (
        "rensa",
        "RMinHashLSH, 2-word shingles, 256 permutations, 64 bands, threshold 0.45",
        lambda a: rensa_lsh(a, 2, 256, 0.45, 64),
    ),
    (
        "rensa",
        "RMinHashLSH, words, 128 permutations, 16 bands, threshold 0.8 (its example)",
        lambda a: rensa_lsh(a, 1, 128, 0.8, 16),
    ),
]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        articles = [json.loads(line) for line in file]
    for package, words, run in PEERS:
        try:
            name = "%s %s: %s" % (package, importlib.metadata.version(package), words)
            start = time.monotonic()
            clusters = run(articles)
            result = {"name": name, "clusters": clusters, "seconds": time.monotonic() - start}
        except Exception as error:  # a peer that fails is one line less, not the end of the comparison
            result = {"name": "%s: %s" % (package, words), "skipped": "%s: %s" % (type(error).__name__, error)}
        print(json.dumps(result))


if __name__ == "__main__":
    main()
