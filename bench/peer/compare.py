#!/usr/bin/env python3
"""wirefold and the libraries that people use for the same task, on the same articles in the same run, in turns.

usage: compare.py [FILE.jsonl[.gz] ...] [--articles LIST] [--rounds N] [--peers LIST] [--venv FOLDER] [--build FOLDER]
                  [--folder FOLDER] [--seconds N] [--out FOLDER]

Made-up articles (those of `wirefold bench`) in the sizes of the list, then the articles of each FILE. Prints Markdown;
--out FOLDER gets peers.md, peers.csv and peers.svg. The libraries are installed from PyPI in a virtual environment;
what cannot be had is named with the reason. Needs the programs built, and python3 with venv.
Exit status 0 done, 1 something failed, 2 wrong use."""

import argparse
import csv
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import peer_worker
import plot
import service

PACKAGES = ["datasketch", "xxhash", "rensa", "FastSketchLSH", "gaoya", "text-dedup", "pymilvus", "milvus-lite"]
INSTALL_SECONDS = 900
ONE_THREAD = {name: "1" for name in ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
SEED = 1
STAGE_TEXTS = 5000
OURS = "wirefold"
IN_PROCESS = "wirefold, library"
IN_PROCESS_WORDS = (
    "2-word shingles, 64 slots, evidence of every word; every candidate checked on its evidence, cluster decided"
)
DURABLE = "wirefold, daemon"
DURABLE_WORDS = (
    "all of that over a socket, texts compressed and stored, every verdict after its sync; all cores, by the wall"
)
LEAN = "wirefold, daemon --no-text"
LEAN_WORDS = "the same, texts not stored"


def maker():
    """A python3 that makes virtual environments: Debian's does so only with python3-venv."""
    for python in (sys.executable, shutil.which("python3")):
        if python and not subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True).returncode:
            return python
    raise service.Missing("no python3 with venv and ensurepip: apt-get install python3-venv")


def prepare(folder):
    """Python of the virtual environment, with what of the packages can be had; words on what cannot."""
    python = os.path.join(folder, "bin", "python")
    troubles = {}
    if not os.path.exists(python):
        subprocess.run([maker(), "-m", "venv", folder], check=True, capture_output=True)
    for package in PACKAGES:
        try:
            done = subprocess.run(
                [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package],
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
            )
            lines = done.stderr.strip().splitlines()
            if done.returncode:
                troubles[package] = lines[-1] if lines else "pip ended with status %d" % done.returncode
        except subprocess.TimeoutExpired:
            troubles[package] = "pip took more than %d s" % INSTALL_SECONDS
    return python, troubles


class Results:
    """Figures of every round: [set, size, name, figure] -> values."""

    def __init__(self):
        self.values = {}
        self.words = {}
        self.skipped = {}

    def add(self, which, size, name, **figures):
        for figure, value in figures.items():
            self.values.setdefault((which, size, name), {}).setdefault(figure, []).append(value)

    def median(self, which, size, name, figure):
        values = self.values.get((which, size, name), {}).get(figure)
        return statistics.median(values) if values else None

    def sizes(self, which):
        return sorted({size for a, size, _ in self.values if a == which})

    def names(self, which):
        return list(dict.fromkeys(name for a, _, name in self.values if a == which))


def measure_peer(results, python, name, which, path, sizes, seconds):
    done = subprocess.run(
        [python, str(HERE / "peer_worker.py"), name, path, ",".join(map(str, sizes)), str(seconds)],
        capture_output=True,
        text=True,
        env={**os.environ, **ONE_THREAD},
    )
    for line in done.stdout.splitlines():
        row = json.loads(line)
        if "skipped" in row:
            results.skipped[name] = row["skipped"]
            return
        results.add(
            which,
            row["size"],
            name,
            text_us=row["token_us"] + row["sketch_us"],
            sketch_us=row["sketch_us"],
            index_us=row["index_us"],
            total_us=row["total_us"],
            bytes=row["bytes"],
        )
    if done.returncode:
        results.skipped[name] = (done.stderr.strip().splitlines() or ["it ended with %d" % done.returncode])[-1]


def measure_library(results, program, which, path, sizes, folder):
    """stage_bench on the same articles: the first ones for the stages of a text, and an index of each size."""
    rounds = 3
    window = max(1, sizes[0] // (2 * rounds))
    arguments = ["--rounds", str(rounds), "--window", str(min(window, 1000)), "--json", "--folder", folder]
    if path is None:
        arguments += ["--texts", str(min(STAGE_TEXTS, sizes[-1])), "--articles", ",".join(map(str, sizes))]
    else:
        arguments += ["--texts", "0", "--articles", "1", path]
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
    rows = [row for row in map(json.loads, done.stdout.splitlines()) if "stage" in row]
    text = {row["stage"]: row["cpu_us"]["median"] for row in rows if row["articles"] == 0}
    analyse = next(us for stage, us in text.items() if stage.startswith("analyse"))
    sketch = sum(us for stage, us in text.items() if stage.endswith("of tokens"))
    for row in rows:
        if row["stage"] == "decide and apply":
            results.add(
                which,
                row["articles"] if path is None else sizes[-1],
                IN_PROCESS,
                text_us=analyse,
                sketch_us=sketch,
                index_us=row["cpu_us"]["median"],
                bytes=row["bytes_out"],
            )


def measure_daemon(results, programs, name, arguments, which, path, size, folder):
    """A fresh daemon that gets `size` articles, made up or of the file."""
    with service.Service(*programs, folder, arguments) as daemon:
        if path is None:
            rate = daemon.bench(articles=size, batch=64, outstanding=8, seed=SEED)["rate"]
        else:
            start = time.monotonic()
            daemon.command("feed", path)
            rate = size / (time.monotonic() - start)
        stats = daemon.stats()
        results.add(
            which,
            size,
            name,
            total_us=1e6 / rate,
            bytes=stats["memory_bytes"] / stats["articles"],
            store_bytes=stats["store_bytes"] / stats["articles"],
        )


def total_us(results, which, size, name):
    """Text to answer: measured as a whole, or the sum of its parts."""
    whole = results.median(which, size, name, "total_us")
    if whole is None:
        parts = [results.median(which, size, name, figure) for figure in ("text_us", "index_us")]
        whole = sum(parts) if None not in parts else None
    return whole


def rate(us):
    return "" if us is None or us <= 0 else "{:,.0f}".format(1e6 / us)


def times(us, ours):
    return "" if us is None or ours is None else "%.2f" % (us / ours)


def table(results, which, size):
    """Markdown of one set at one size; a ratio tells how many times as fast wirefold's library is."""
    ours = [results.median(which, size, IN_PROCESS, f) for f in ("text_us", "index_us")]
    our_total = total_us(results, which, size, IN_PROCESS)
    lines = [
        "",
        "%s, %s articles:" % (which, "{:,}".format(size)),
        "",
        "| what | includes | text to sketch, articles/s/core | wirefold's library is x times that "
        "| sketch of ready tokens, articles/s/core | index: query and insert, articles/s/core | x "
        "| text to answer, articles/s | x | bytes of memory an article |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in results.names(which):
        median = {f: results.median(which, size, name, f) for f in ("text_us", "sketch_us", "index_us", "bytes")}
        if median["bytes"] is None:
            continue
        whole = total_us(results, which, size, name)
        lines.append(
            "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |"
            % (
                name,
                results.words[name],
                rate(median["text_us"]),
                times(median["text_us"], ours[0]),
                rate(median["sketch_us"]),
                rate(median["index_us"]),
                times(median["index_us"], ours[1]),
                rate(whole),
                times(whole, our_total),
                "{:,.0f}".format(median["bytes"]),
            )
        )
    return lines


def growth_table(results, which, title, cell):
    sizes = results.sizes(which)
    lines = ["", title, "", "| what | " + " | ".join("{:,}".format(size) for size in sizes) + " |"]
    lines.append("|---|" + "---|" * len(sizes))
    for name in results.names(which):
        lines.append("| %s | %s |" % (name, " | ".join(cell(size, name) for size in sizes)))
    return lines


def bytes_cell(results, which):
    def cell(size, name):
        value = results.median(which, size, name, "bytes")
        return "" if value is None else "{:,.0f}".format(value)

    return cell


def report(results, sets, options, before):
    lines = ["%s; at the end: %s." % (before, service.machine_words())]
    lines += ["", "%d rounds, in turns; medians. One thread each, but the daemon." % options.rounds]
    for which, _, sizes in sets:
        lines += table(results, which, sizes[-1])
    first = sets[0][0]
    if len(sets[0][2]) > 1:
        lines += growth_table(
            results, first, "Text to answer, articles/s, by size:", lambda s, n: rate(total_us(results, first, s, n))
        )
        lines += growth_table(
            results, first, "Bytes of memory an article, by size (the index):", bytes_cell(results, first)
        )
    if results.skipped:
        lines += ["", "Not measured:", ""]
        lines += ["- %s: %s" % item for item in results.skipped.items()]
    return "\n".join(lines) + "\n"


def plot_of(results, which):
    names, sizes = results.names(which), results.sizes(which)

    def lines(value):
        found = {name: [(size, value(size, name)) for size in sizes] for name in names}
        return {name: [point for point in line if point[1] is not None] for name, line in found.items()}

    def answers(size, name):
        whole = total_us(results, which, size, name)
        return None if not whole else 1e6 / whole

    return plot.svg(
        [
            ("Text to answer", "articles/s against articles in the index", lines(answers)),
            (
                "Memory",
                "bytes an article against articles in the index",
                lines(lambda size, name: results.median(which, size, name, "bytes")),
            ),
        ]
    )


def write_csv(path, results):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["set", "size", "name", "figure", "median", "least", "most", "rounds"])
        for key, figures in results.values.items():
            for figure, values in figures.items():
                row = [statistics.median(values), min(values), max(values)]
                writer.writerow([*key, figure, *("%.3f" % value for value in row), len(values)])


def prepare_sets(options, corpus_jsonl, folder):
    """[(name, file for the peers, sizes)]; the first is the made-up one."""
    sets = []
    if options.sizes:
        path = os.path.join(folder, "made-up.jsonl")
        with open(path, "wb") as file:
            subprocess.run([corpus_jsonl, str(options.sizes[-1]), "0", str(SEED)], stdout=file, check=True)
        sets.append(("made-up", path, options.sizes))
    for given in options.files:
        name = os.path.basename(given)
        path = os.path.join(folder, "set-%d.jsonl" % len(sets))
        with (gzip.open if given.endswith(".gz") else open)(given, "rt", encoding="utf-8") as source:
            rows = [line for line in source if line.strip() and json.loads(line).get("text")]
        Path(path).write_text("".join(rows), encoding="utf-8")
        sets.append((name, path, [len(rows)]))
    return sets


def versions(python, results, troubles, peers):
    for name in peers:
        kind, _, words = peer_worker.PEERS[name]
        done = subprocess.run([python, str(HERE / "peer_worker.py"), "--version", name], capture_output=True, text=True)
        if done.returncode:
            results.skipped[name] = troubles.get(kind.package, "%s is not installed" % kind.package)
        else:
            results.words[name] = "%s %s: %s" % (kind.package, done.stdout.strip(), words)


def run(options, folder):
    before = service.machine_words()
    daemon, client, stage, corpus = service.find_all(
        options.build, "wirefoldd", "wirefold", "stage_bench", "corpus_jsonl"
    )
    results = Results()
    results.words = {IN_PROCESS: IN_PROCESS_WORDS, DURABLE: DURABLE_WORDS, LEAN: LEAN_WORDS}
    python, troubles = prepare(options.venv or os.path.join(folder, "venv"))
    versions(python, results, troubles, options.peers)
    sets = prepare_sets(options, corpus, folder)
    for turn in range(options.rounds):
        for which, path, sizes in sets:
            ours = None if which == "made-up" else path
            measure_library(results, stage, which, ours, sizes, folder)
            for name, arguments in ((DURABLE, []), (LEAN, ["--no-text"])):
                for size in sizes:
                    measure_daemon(results, (daemon, client), name, arguments, which, ours, size, folder)
            for name in options.peers:
                if name not in results.skipped:
                    measure_peer(results, python, name, which, path, sizes, options.seconds)
            print("round %d, %s: done" % (turn + 1, which), file=sys.stderr)
    text = report(results, sets, options, before)
    print(text)
    if options.out:
        os.makedirs(options.out, exist_ok=True)
        Path(options.out, "peers.md").write_text(text, encoding="utf-8")
        Path(options.out, "peers.svg").write_text(plot_of(results, sets[0][0]), encoding="utf-8")
        write_csv(Path(options.out, "peers.csv"), results)


def numbers(text):
    sizes = [int(word) for word in text.split(",")] if text != "0" else []
    if sizes != sorted(set(sizes)) or any(size < 100 for size in sizes):
        raise argparse.ArgumentTypeError("ascending numbers of at least 100, with commas between, or 0 for none")
    return sizes


def names(text):
    unknown = [word for word in text.split(",") if word not in peer_worker.PEERS]
    if unknown:
        raise argparse.ArgumentTypeError("%s: expected of %s" % (unknown[0], ", ".join(peer_worker.PEERS)))
    return text.split(",")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", help="JSON lines with `text`")
    parser.add_argument(
        "--articles",
        dest="sizes",
        type=numbers,
        default=[1000, 10000, 100000],
        metavar="LIST",
        help="sizes of the made-up set (1000,10000,100000); 0: none",
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="(3)")
    parser.add_argument(
        "--peers",
        type=names,
        default=list(peer_worker.PEERS),
        metavar="LIST",
        help="all: " + ",".join(peer_worker.PEERS),
    )
    parser.add_argument(
        "--venv", metavar="FOLDER", help="virtual environment to make or to use again; default: one that goes"
    )
    parser.add_argument("--build", metavar="FOLDER", help="with the programs; default: the newest under build*/")
    parser.add_argument("--folder", help="for articles and stores; default: a temporary one")
    parser.add_argument(
        "--seconds", type=float, default=600, metavar="N", help="after which a library's round is cut short (600)"
    )
    parser.add_argument("--out", metavar="FOLDER", help="gets peers.md, peers.csv, peers.svg")
    options = parser.parse_args()
    if options.rounds < 1 or not (options.sizes or options.files):
        parser.error("nothing to measure")
    try:
        with tempfile.TemporaryDirectory(prefix="wirefold-peers-", dir=options.folder) as folder:
            run(options, folder)
    except (service.Missing, RuntimeError, OSError, subprocess.SubprocessError, ValueError) as error:
        print("compare.py: %s" % error, file=sys.stderr)
        raise SystemExit(1)


if __name__ == "__main__":
    main()
