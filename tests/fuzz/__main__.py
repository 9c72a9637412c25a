#!/usr/bin/python3
"""Runs the fuzz targets and prints what each has seen.

usage: python3 tests/fuzz [--minutes N] [--jobs N] [--input-seconds N]
                          [--build DIR] [--corpus DIR] [TARGET ...]

TARGET: reader, tokenise ...; none: all. Each runs until it has had N minutes (default 1) of processor time, --jobs of
them at once (default 1), from the corpus beside its source and from what earlier runs have found, which is kept in
--corpus and begins with what corpus.tar.xz has. The time is the processor's, so that the figures mean the same at a low
priority beside other work.
An input that takes longer than --input-seconds (default 20) counts as a crash. That time is the clock's: give more
where the machine may stop the run for a while.
--build is a folder that was configured with the preset `fuzz`; where it is not there, or not up to date, it is made.

corpus.tar.xz holds few inputs, which reach what all earlier ones did. To bring it up to date, for each target:
fuzz_TARGET -set_cover_merge=1 NEW/TARGET CORPUS/TARGET, then tar -cJf corpus.tar.xz -C NEW .
Where the processor lacks vector instructions that others have, whose code no input reaches, add what the archive had.

An input that crashes a target stays in the corpus folder, as TARGET-crash-*; the target goes on without it. Exit status
1 where there was one.
"""

import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MEMORY_MIB_MAX = 2048
CRASHES_MAX = 20        # of one target: more are hardly worth more
FAULT = re.compile(rb"(not so: .*|SUMMARY: .*|runtime error: .*)")


def targets():
    return sorted(os.path.basename(path)[len("fuzz_"):-len(".c")] for path in glob.glob(os.path.join(HERE, "fuzz_*.c")))


def build(folder, names):
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["cmake", "--preset", "fuzz", "-B", folder], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", folder, "--target"] + ["fuzz_" + name for name in names], check=True,
                   stdout=subprocess.DEVNULL)


def last_number(pattern, text, otherwise=0):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else otherwise


def unpack(folder):
    """What earlier runs found, once."""
    if os.path.exists(folder):
        return
    os.makedirs(folder)
    with tarfile.open(os.path.join(HERE, "corpus.tar.xz")) as archive:
        archive.extractall(folder)


def run_once(command):
    """Exit status, what it wrote to stderr, seconds of processor time."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        return process.returncode, log.read(), usage.ru_utime + usage.ru_stime


def run(name, options):
    """Processor seconds, executions, edges covered, edges in all, inputs in the corpus, peak memory in MiB, crashes."""
    program = os.path.join(options.build, "tests", "fuzz", "fuzz_" + name)
    kept = os.path.join(options.corpus, name)
    os.makedirs(kept, exist_ok=True)
    seconds = executions = covered = edges = inputs = memory = 0
    crashes = []
    while seconds < options.minutes * 60 and len(crashes) < CRASHES_MAX:
        prefix = os.path.join(options.corpus, name + "-")
        known = set(glob.glob(prefix + "crash-*"))
        status, text, used = run_once(
            [program, "-max_total_time=%d" % max(1, options.minutes * 60 - seconds), "-print_final_stats=1",
             "-rss_limit_mb=%d" % MEMORY_MIB_MAX, "-timeout=%d" % options.input_seconds,
             "-artifact_prefix=" + prefix, kept, os.path.join(HERE, "fuzz_%s.in" % name)])
        seconds += used
        executions += last_number(rb"stat::number_of_executed_units: (\d+)", text)
        memory = max(memory, last_number(rb"stat::peak_rss_mb: *(\d+)", text))
        covered = last_number(rb" cov: (\d+) ", text, covered)
        edges = last_number(rb"\((\d+) inline 8-bit counters\)", text, edges)
        inputs = last_number(rb" corp: (\d+)/", text, inputs)
        if status != 0:
            found = FAULT.findall(text)
            new = sorted(set(glob.glob(prefix + "*-*")) - known)
            crashes.append("%s: %s: %s" % (name, found[0].decode("utf-8", "replace") if found else text[-300:],
                                           new[-1] if new else "the input was seen before"))
    return seconds, executions, covered, edges, inputs, memory, crashes


def main():
    parser = argparse.ArgumentParser(prog="python3 tests/fuzz")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--input-seconds", type=int, default=20)
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "fuzz"))
    parser.add_argument("--corpus", default=os.path.join(ROOT, "build", "fuzz-corpus"))
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    options = parser.parse_args()
    names = options.targets or targets()
    unknown = [name for name in names if name not in targets()]
    if unknown:
        parser.error("no target %s: there are %s" % (unknown[0], ", ".join(targets())))
    unpack(options.corpus)
    build(options.build, names)
    print("| target | minutes | executions | a second | edges covered | corpus | peak memory, MiB | crashes |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    crashes = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=options.jobs) as jobs:
        runs = {jobs.submit(run, name, options): name for name in names}
        for done in concurrent.futures.as_completed(runs):
            seconds, executions, covered, edges, inputs, memory, found = done.result()
            print("| %s | %.1f | %d | %d | %d of %d | %d | %d | %d |" % (
                runs[done], seconds / 60, executions, executions / seconds, covered, edges, inputs, memory, len(found)),
                  flush=True)
            for one in found:
                print("  " + one, flush=True)
            crashes += found
    print("%d crashes" % len(crashes))
    return 1 if crashes else 0


if __name__ == "__main__":
    sys.exit(main())
