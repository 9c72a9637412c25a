"""Runs inside the peers' virtual environment: one library on one file of articles, in one thread.

usage: peer_worker.py NAME ARTICLES.jsonl SIZES SECONDS
           -> JSON lines: {"size", "token_us", "sketch_us", "index_us", "total_us", "bytes"}
       peer_worker.py --version NAME
           -> its version

Times are processor time of the whole process, in microseconds an article, of the articles since the size before;
bytes are what the process has grown by since a first batch was sketched, an article: the index, since the sketches are
not kept. Articles come in batches of 1000. Each library is used as its own documentation does it where speed matters
most; where that leaves a choice, it has been made in the library's favour."""

import gc
import json
import sys
import time
from pathlib import Path

BATCH = 1000


def words(texts):
    return [text.lower().split() for text in texts]


def pairs(texts):
    """Shingles of two words: what wirefold's sketch is made of."""
    found = []
    for text in texts:
        tokens = text.lower().split()
        found.append([a + " " + b for a, b in zip(tokens, tokens[1:])] or tokens)
    return found


class Datasketch:
    """MinHash.bulk with a fast hash of its own choice, MinHashLSH: query, then insert."""

    package = "datasketch"

    def __init__(self, tokens):
        import xxhash
        from datasketch import MinHash, MinHashLSH

        self.tokens = lambda texts: [[t.encode() for t in article] for article in tokens(texts)]
        self.bulk = lambda sets: MinHash.bulk(sets, num_perm=128, hashfunc=xxhash.xxh32_intdigest)
        self.lsh = MinHashLSH(threshold=0.5, num_perm=128)

    def sketch(self, sets):
        return self.bulk(sets)

    def index(self, first, sketches):
        for number, sketch in enumerate(sketches, first):
            self.lsh.query(sketch)
            self.lsh.insert(number, sketch)


class DatasketchReadme(Datasketch):
    """As the example that its README begins with: a MinHash an article, SHA-1, one update() a word."""

    def __init__(self, tokens):
        super().__init__(tokens)
        from datasketch import MinHash

        self.make = MinHash

    def sketch(self, sets):
        sketches = []
        for tokens in sets:
            sketch = self.make(num_perm=128)
            for token in tokens:
                sketch.update(token)
            sketches.append(sketch)
        return sketches


class Rensa:
    """R-MinHash of all tokens as a matrix, RMinHashLSH in one pass: candidates are not checked."""

    package = "rensa"

    def __init__(self, tokens):
        from rensa import RMinHash, RMinHashLSH

        self.tokens = tokens
        self.make = RMinHash.digest_matrix_from_token_sets
        self.lsh = RMinHashLSH(threshold=0.8, num_perm=128, num_bands=8)

    def sketch(self, sets):
        return self.make(sets, num_perm=128, seed=42)

    def index(self, first, matrix):
        self.lsh.insert_matrix_and_query_duplicate_flags(matrix, start_key=first)


class RensaRho(Rensa):
    """The rho pipeline of its benchmark: samples the tokens' positions, four probes."""

    def __init__(self, tokens):
        super().__init__(tokens)
        from rensa import RMinHash

        self.make = lambda sets, num_perm, seed: RMinHash.digest_matrix_from_token_sets_rho(
            sets, num_perm=num_perm, seed=seed, probes=4
        )


class RensaDeduplicator(Rensa):
    """RMinHashDeduplicator as in its README: candidates are checked by their sketches, repeats are not kept."""

    def __init__(self, tokens):
        from rensa import RMinHash, RMinHashDeduplicator

        self.tokens = tokens
        self.make = RMinHash.from_token_sets
        self.dedup = RMinHashDeduplicator(threshold=0.8, num_perm=128, use_lsh=True, num_bands=8)

    def index(self, first, sketches):
        self.dedup.add_pairs([(str(number), sketch) for number, sketch in enumerate(sketches, first)])


class FastSketch:
    """FastSimilaritySketch.batch, LSH.insert_and_query_duplicates: candidates are not checked."""

    package = "FastSketchLSH"

    def __init__(self, tokens):
        from FastSketchLSH import LSH, FastSimilaritySketch

        self.tokens = tokens
        self.sketcher = FastSimilaritySketch(size=128, seed=42)
        self.lsh = LSH(num_perm=128, num_bands=16, num_threads=1)

    def sketch(self, sets):
        return self.sketcher.batch(sets, num_threads=1)

    def index(self, first, matrix):
        self.lsh.insert_and_query_duplicates(matrix)


class Gaoya:
    """MinHashStringIndex, which takes texts and cuts and sketches them itself: bulk query, then bulk insert."""

    package = "gaoya"
    index_takes_texts = True

    def __init__(self, ngrams):
        from gaoya.minhash import MinHashStringIndex

        self.made = MinHashStringIndex(
            hash_size=32,
            jaccard_threshold=0.5,
            num_bands=42,
            band_size=3,
            num_hashes=42 * 3,
            analyzer="word",
            lowercase=True,
            ngram_range=ngrams,
            id_container="smallvec",
        )

    def tokens(self, texts):
        return texts

    def sketch(self, texts):
        self.made.minhash_index.bulk_hash_docs(texts)
        return texts

    def index(self, first, texts):
        self.made.par_bulk_query(texts)
        self.made.par_bulk_insert_docs(list(range(first, first + len(texts))), texts)


class TextDedup:
    """Its minhash.py, with the faster hash and width that its help names; the tables and union-find of its main(),
    inserted as they come: every two articles of a bucket are one group."""

    package = "text-dedup"

    def __init__(self, ngram, permutations, threshold):
        import collections

        import numpy
        from text_dedup import minhash
        from text_dedup.utils import UnionFind, optimal_param, xxh3_32hash

        bands, rows = optimal_param(threshold, permutations, false_positive_weight=0.5, false_negative_weight=0.5)
        prime = numpy.uint32((1 << 32) - 5)
        self.settings = {
            "num_perm": permutations,
            "ngram_size": ngram,
            "min_length": 5,
            "hashranges": [(i * rows, (i + 1) * rows) for i in range(bands)],
            "permutations": tuple(
                minhash.RNG.randint(low, prime, size=(permutations,), dtype=numpy.uint32) for low in (1, 0)
            ),
            "hash_func": xxh3_32hash,
            "dtype": numpy.uint32,
            "max_hash": numpy.uint32((1 << 32) - 1),
            "modulo_prime": prime,
        }
        self.embed, self.column = minhash.embed_func, minhash.SIGNATURE_COLUMN
        self.tables = [collections.defaultdict(set) for _ in range(bands)]
        self.groups = UnionFind()

    def tokens(self, texts):
        return texts

    def sketch(self, texts):
        return [self.embed(text, 0, **self.settings)[self.column] for text in texts]

    def index(self, first, signatures):
        for number, signature in enumerate(signatures, first):
            for table, key in zip(self.tables, signature):
                bucket = table[key]
                bucket.add(number)
                if len(bucket) > 1:
                    self.groups.union(number, min(bucket))


class Milvus:
    """Milvus Lite with the index MINHASH_LSH on signatures of datasketch, by its client: search, then insert."""

    package = "milvus-lite"

    def __init__(self, tokens):
        import tempfile

        from pymilvus import DataType, MilvusClient

        self.sketcher = Datasketch(tokens)
        self.tokens = self.sketcher.tokens
        self.folder = tempfile.TemporaryDirectory()
        self.client = MilvusClient(str(Path(self.folder.name, "articles.db")))
        schema = self.client.create_schema(auto_id=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("signature", DataType.BINARY_VECTOR, dim=128 * 32)
        indexes = self.client.prepare_index_params()
        indexes.add_index(
            "signature",
            index_type="MINHASH_LSH",
            metric_type="MHJACCARD",
            params={"mh_element_bit_width": 32, "mh_lsh_band": 16, "with_raw_data": True},
        )
        self.client.create_collection("articles", schema=schema, index_params=indexes)

    def sketch(self, sets):
        return [one.hashvalues.astype(">u4").tobytes() for one in self.sketcher.sketch(sets)]

    def index(self, first, signatures):
        self.client.search(
            "articles", signatures, anns_field="signature", limit=10, search_params={"metric_type": "MHJACCARD"}
        )
        self.client.insert("articles", [{"id": n, "signature": s} for n, s in enumerate(signatures, first)])


PEERS = {
    "datasketch": (Datasketch, (words,), "words, 128 permutations"),
    "datasketch-pairs": (Datasketch, (pairs,), "2-word shingles, 128 permutations"),
    "datasketch-readme": (DatasketchReadme, (words,), "as its README's example: words, SHA-1, 128 permutations"),
    "rensa-rho": (RensaRho, (words,), "rho: samples the words, 128 slots, 8 bands, unchecked"),
    "rensa": (Rensa, (words,), "words, 128 slots, 8 bands, unchecked"),
    "rensa-pairs": (Rensa, (pairs,), "2-word shingles, 128 slots, 8 bands, unchecked"),
    "rensa-checked": (RensaDeduplicator, (words,), "words, 128 slots, 8 bands, checked by sketch, repeats dropped"),
    "fastsketch": (FastSketch, (words,), "words, 128 slots, 16 bands, unchecked"),
    "fastsketch-pairs": (FastSketch, (pairs,), "2-word shingles, 128 slots, 16 bands, unchecked"),
    "gaoya": (Gaoya, ((1, 1),), "words, 42 x 3 hashes, checked by sketch"),
    "gaoya-pairs": (Gaoya, ((2, 2),), "2-word shingles, 42 x 3 hashes, checked by sketch"),
    "text-dedup": (TextDedup, (5, 250, 0.7), "its defaults with xxh3: 5-word shingles, 250 permutations, unchecked"),
    "text-dedup-news": (TextDedup, (2, 256, 0.45), "for news: 2-word shingles, 256 permutations, unchecked"),
    "milvus-lite": (Milvus, (words,), "MINHASH_LSH, words, 128 permutations of datasketch, 16 bands"),
}


def resident_bytes():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def run(name, path, sizes, seconds):
    with open(path, encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    kind, arguments, _ = PEERS[name]
    peer = kind(*arguments)
    # What a batch leaves in the process's heap is no memory of the index.
    peer.sketch(peer.tokens(texts[:BATCH]))
    gc.collect()
    before, start = resident_bytes(), time.monotonic()
    done, clocks = 0, [0.0, 0.0, 0.0]
    for size in sizes:
        first = done
        while done < size:
            batch = texts[done : min(done + BATCH, size)]
            marks = [time.process_time()]
            tokens = peer.tokens(batch)
            marks.append(time.process_time())
            sketches = peer.sketch(tokens)
            marks.append(time.process_time())
            peer.index(done, sketches)
            marks.append(time.process_time())
            clocks = [clock + b - a for clock, a, b in zip(clocks, marks, marks[1:])]
            done += len(batch)
            del tokens, sketches
            if time.monotonic() - start > seconds:
                return
        gc.collect()
        each = [clock * 1e6 / (done - first) for clock in clocks]
        row = dict(zip(("token_us", "sketch_us", "index_us"), each), size=size)
        row["total_us"] = each[2] if getattr(peer, "index_takes_texts", False) else sum(each)
        row["bytes"] = (resident_bytes() - before) / done
        print(json.dumps(row), flush=True)
        clocks = [0.0, 0.0, 0.0]


def main():
    if sys.argv[1] == "--version":
        from importlib.metadata import version

        print(version(PEERS[sys.argv[2]][0].package))
        return
    try:
        run(sys.argv[1], sys.argv[2], [int(word) for word in sys.argv[3].split(",")], float(sys.argv[4]))
    except Exception as error:  # the comparison goes on without it, and says why
        print(json.dumps({"skipped": "%s: %s" % (type(error).__name__, " ".join(str(error).split())[:300])}))


if __name__ == "__main__":
    main()
