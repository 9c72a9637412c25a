#!/usr/bin/env python3
"""Where each microsecond of an article goes: the daemon's threads and, of each, the parts that it spends its time in.

usage: profile.py [--articles N] [--words N] [--folder FOLDER] [--build FOLDER] [--no-text] [--least SHARE]

A daemon on a fresh store takes `add_batch` of 64 articles, sixteen under way, while perf (Debian: linux-perf) looks
some thousand times a second at what each thread does. What a thread spent is the kernel's own count; perf divides it.
A part is a source file of ours (those that are built for several processors are one), a library, or the system.
Prints a Markdown table. Exit status 0 done, 1 something failed, 2 wrong use."""

import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import service

FREQUENCY = 3000
SOURCES = ("shingles", "protocol", "daemon")
DEFINITION = re.compile(r"^(?:[a-z_][\w ]*[\s*])?(\w+)\((?!.*;\s*$)", re.MULTILINE)
ATTRIBUTE = re.compile(r"__attribute__\(\(\w+\)\) ?")
VARIANT = re.compile(r"_(avx2|avx512|neon|body|vector|emit|state)$")


def parts_of_functions():
    """{function: the part whose source file defines it}; of equal names, the first file's."""
    parts = {}
    for folder in SOURCES:
        for path in sorted((service.ROOT / folder).rglob("*.[ch]")):
            part = "%s/%s" % (folder, VARIANT.sub("", path.stem))
            text = ATTRIBUTE.sub("", path.read_text(encoding="utf-8"))
            for name in DEFINITION.findall(text):
                parts.setdefault(name, part)
    return parts


def part_of(function, library, parts):
    name = os.path.basename(library)
    if name.startswith("["):
        return "system"
    if name.startswith("lib"):
        return re.sub(r"\.so.*", "", name)
    return "xxhash" if function.startswith("XXH") else parts.get(function.split(".")[0], "other")


def samples(path, parts):
    """{thread: {part: samples}} of a recording."""
    found = collections.defaultdict(collections.Counter)
    command = ["perf", "script", "-i", path, "-F", "comm,ip,sym,dso"]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        match = re.match(r"\s*(\S+)\s+[0-9a-f]+ (.*) \((.*)\)$", line)
        if match:
            thread, function, library = match.groups()
            found[thread][part_of(function, library, parts)] += 1
    return found


def thread_seconds(process):
    """{thread: seconds of processor time so far}."""
    tick = os.sysconf("SC_CLK_TCK")
    seconds = collections.Counter()
    for task in Path("/proc/%d/task" % process).iterdir():
        name, rest = (task / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
        fields = rest.split()
        seconds[name] += (int(fields[11]) + int(fields[12])) / tick
    return seconds


def record(daemon, options, path):
    """Feeds the daemon under perf; returns what the bench says, and each thread's seconds."""
    before = thread_seconds(daemon.process.pid)
    perf = subprocess.Popen(
        ["perf", "record", "-q", "-F", str(FREQUENCY), "-e", "cpu-clock", "-p", str(daemon.process.pid), "-o", path],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(1)
    bench = daemon.bench(articles=options.articles, words=options.words, batch=64, outstanding=16, seed=7)
    perf.terminate()
    perf.wait()
    after = thread_seconds(daemon.process.pid)
    return bench, {name: after[name] - before[name] for name in after}


def run(options):
    if not shutil.which("perf"):
        raise service.Missing("no perf: apt-get install linux-perf")
    daemon_path, client_path = service.find_all(options.build, "wirefoldd", "wirefold")
    parts = parts_of_functions()
    with tempfile.NamedTemporaryFile(dir=options.folder) as file:
        with service.Service(
            daemon_path, client_path, options.folder, ["--no-text"] if options.no_text else []
        ) as daemon:
            bench, seconds = record(daemon, options, file.name)
        found = samples(file.name, parts)
    print("%s; %.0f articles/s.\n" % (service.machine_words(), bench["rate"]))
    print("| thread | part | us an article |\n|---|---|---|")
    for thread, spent in sorted(seconds.items(), key=lambda item: -item[1]):
        us = spent * 1e6 / options.articles
        count = sum(found[thread].values())
        print("| %s | | **%.2f** |" % (thread, us))
        rest = us if count else 0
        for part, hits in found[thread].most_common():
            if hits < options.least * count:
                break
            rest -= us * hits / count
            print("| | %s | %.2f |" % (part, us * hits / count))
        if rest > 0.005:
            print("| | the rest | %.2f |" % rest)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=300_000, metavar="N", help="(300000)")
    parser.add_argument("--words", type=int, default=200, metavar="N", help="of a story, in the middle (200)")
    parser.add_argument("--folder", default=".", help="where the store is made and removed again (.)")
    parser.add_argument("--build", metavar="FOLDER", help="with the programs; default: the newest under build*/")
    parser.add_argument("--no-text", action="store_true", help="a daemon that stores no texts")
    parser.add_argument(
        "--least", type=float, default=0.03, metavar="SHARE", help="of a thread's time that a part is named for (0.03)"
    )
    try:
        run(parser.parse_args())
    except (service.Missing, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print("profile.py: %s" % error, file=sys.stderr)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
