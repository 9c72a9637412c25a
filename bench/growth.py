#!/usr/bin/env python3
"""How the daemon fares as its store grows, durable, over a Unix socket: rate, latency, memory, disk, start-up.

usage: growth.py [--most N] [--sizes LIST] [--folder FOLDER] [--build FOLDER] [--csv FILE] [--no-text]

At each size: `add_batch` of 64 in a closed loop up to it, then `add` in an open loop at half of that rate for some
seconds, then a clean stop and a start. Prints a Markdown table. A store of 10 million articles takes some 60 GB of
disk, which --folder must have room for; where there is none, nothing is begun.
Exit status 0 done, 1 something failed or there is no room, 2 wrong use."""

import argparse
import csv
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import service

SIZES = [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000]
# What a size takes at most, until the run itself has measured it; and what is to stay free in any case, 1 GiB of it
# for the requests that the client makes ahead.
STORE_BYTES_AN_ARTICLE = 3900
STORE_BYTES_WITHOUT_TEXT = 2300
MEMORY_BYTES_AN_ARTICLE = 700
MEMORY_BYTES_OF_THE_REST = 2 << 30
DISK_BYTES_LEFT = 2 << 30
ROOM = 1.1

COLUMNS = [
    ("articles", "articles", "%d"),
    ("rate", "add_batch articles/s", "%.0f"),
    ("p50_ms", "p50 ms of a batch", "%.1f"),
    ("p99_ms", "p99 ms", "%.1f"),
    ("open_rate", "open loop: add/s asked", "%.0f"),
    ("open_rate_had", "add/s had", "%.0f"),
    ("open_p50_ms", "p50 ms of add", "%.2f"),
    ("open_p99_ms", "p99 ms of add", "%.2f"),
    ("memory_bytes", "bytes of memory an article (stats)", "%.0f"),
    ("anonymous_bytes", "(process, but mapped files)", "%.0f"),
    ("anonymous_restarted_bytes", "(the same after the start)", "%.0f"),
    ("store_bytes", "bytes on disk an article", "%.0f"),
    ("candidates", "candidates an article", "%.2f"),
    ("candidates_p999", "at 99.9 %", "%d"),
    ("candidates_max", "most candidates", "%d"),
    ("stop_seconds", "s to stop", "%.2f"),
    ("start_seconds", "s to start", "%.2f"),
]


def refuse(words):
    print("growth.py: " + words, file=sys.stderr)
    raise SystemExit(1)


def check_room(folder, articles, disk_bytes_an_article, memory_bytes_an_article):
    """Ends the program with words where the next articles have no room."""
    disk = articles * disk_bytes_an_article * ROOM + DISK_BYTES_LEFT
    memory = articles * memory_bytes_an_article * ROOM + MEMORY_BYTES_OF_THE_REST
    free, available = service.free_bytes(folder), service.available_memory_bytes()
    if disk > free:
        refuse(
            "%d more articles need %.1f GB in %s, and %.1f GB are free there: name another --folder or a smaller --most"
            % (articles, disk / 1e9, folder, free / 1e9)
        )
    if available is not None and memory > available:
        refuse(
            "%d more articles need %.1f GB of memory, and %.1f GB are to be had: name a smaller --most"
            % (articles, memory / 1e9, available / 1e9)
        )


def measure(daemon, size, before, options):
    """One step: the row of `size`, when the store has `before` articles."""
    open_articles = min(options.open_articles, (size - before) // 4)
    closed = daemon.bench(articles=size - before - open_articles, batch=64, outstanding=options.outstanding, seed=size)
    rate = closed["rate"] / 2
    opened = daemon.bench(articles=open_articles, batch=1, rate=max(1, int(rate)), seed=size + 1)
    stats, memory = daemon.stats(), daemon.memory()
    row = {
        "articles": stats["articles"],
        "rate": closed["rate"],
        "p50_ms": closed["latency_ms"]["p50"],
        "p99_ms": closed["latency_ms"]["p99"],
        "open_rate": rate,
        "open_rate_had": opened["rate"],
        "open_p50_ms": opened["latency_ms"]["p50"],
        "open_p99_ms": opened["latency_ms"]["p99"],
        "memory_bytes": stats["memory_bytes"] / stats["articles"],
        "anonymous_bytes": memory.get("RssAnon", 0) / stats["articles"],
        "store_bytes": stats["store_bytes"] / stats["articles"],
        "candidates": closed["candidates_per_article"],
        "candidates_p999": stats["candidates_p999"],
        "candidates_max": stats["candidates_max"],
        "sync_us": closed["machine"]["sync_us"],
        "write_bytes_per_second": closed["machine"]["write_bytes_per_second"],
        "load": os.getloadavg()[0],
    }
    row["stop_seconds"] = daemon.stop()
    row["start_seconds"] = daemon.start()
    row["anonymous_restarted_bytes"] = daemon.memory().get("RssAnon", 0) / stats["articles"]
    if daemon.stats()["articles"] != stats["articles"]:
        refuse("%d articles before the start, %d after it" % (stats["articles"], daemon.stats()["articles"]))
    return row


def sizes_of(options):
    if options.sizes:
        sizes = [int(word) for word in options.sizes.split(",")]
    else:
        sizes = [size for size in SIZES if size < options.most] + [options.most]
    if sizes != sorted(set(sizes)) or sizes[0] < 1000:
        raise ValueError("sizes: ascending numbers of at least 1000, with commas between")
    return sizes


def run(options):
    daemon_path, client_path = service.find_all(options.build, "wirefoldd", "wirefold")
    sizes = sizes_of(options)
    disk_bytes = STORE_BYTES_WITHOUT_TEXT if options.no_text else STORE_BYTES_AN_ARTICLE
    check_room(options.folder, sizes[-1], disk_bytes, MEMORY_BYTES_AN_ARTICLE)
    print("%s.\n" % service.machine_words())
    print("| " + " | ".join(title for _, title, _ in COLUMNS) + " |")
    print("|" + "---|" * len(COLUMNS), flush=True)
    rows, before = [], 0
    with service.Service(daemon_path, client_path, options.folder, ["--no-text"] if options.no_text else []) as daemon:
        for size in sizes:
            check_room(options.folder, size - before, disk_bytes, MEMORY_BYTES_AN_ARTICLE)
            row = measure(daemon, size, before, options)
            rows.append(row)
            before = row["articles"]
            disk_bytes = row["store_bytes"]
            print("| " + " | ".join(form % row[key] for key, _, form in COLUMNS) + " |", flush=True)
            if options.csv:
                write_csv(options.csv, rows)
    print("\n%s." % service.machine_words())


def write_csv(path, rows):
    """Written anew after each step, so that a run that is cut short leaves what it measured."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=1_000_000, metavar="N", help="the last size (1000000)")
    parser.add_argument("--sizes", metavar="LIST", help="all sizes, with commas between")
    parser.add_argument("--folder", default=".", help="where the store is made and removed again (.)")
    parser.add_argument("--build", metavar="FOLDER", help="with the programs; default: the newest under build*/")
    parser.add_argument("--csv", metavar="FILE", help="write the rows there too, with the disk's rates and the load")
    parser.add_argument("--no-text", action="store_true", help="a daemon that stores no texts")
    parser.add_argument("--outstanding", type=int, default=8, metavar="N", help="batches under way (8)")
    parser.add_argument(
        "--open-articles", type=int, default=30_000, metavar="N", help="of the open loop, a quarter of a step at most"
    )
    options = parser.parse_args()
    try:
        sizes_of(options)
    except ValueError as error:
        parser.error(str(error))
    try:
        run(options)
    except (service.Missing, RuntimeError, OSError) as error:
        refuse(str(error))


if __name__ == "__main__":
    main()
