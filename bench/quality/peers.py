"""The same articles through the libraries that people use today, each as its own documentation uses it.

rows -> temporary virtual environment with the packages -> peer_run.py there -> clusters -> measures -> Markdown table
"""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import metrics

PACKAGES = ["datasketch", "rensa"]
INSTALL_SECONDS = 600
RUN_SECONDS = 1800
_environment = []


def environment():
    """(python of a virtual environment with the packages, words): python is None where they can't be had."""
    if not _environment:
        folder = tempfile.mkdtemp(prefix="wirefold-peers-")
        atexit.register(shutil.rmtree, folder, True)
        python = os.path.join(folder, "bin", "python")
        try:
            for command in (
                maker(folder),
                [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES],
            ):
                subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
            _environment.append((python, ""))
        except (OSError, subprocess.SubprocessError) as error:
            words = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            _environment.append((None, words[-1] if words else "unknown"))
    return _environment[0]


def maker(folder):
    """Debian's python3 makes virtual environments only with python3-venv; another python3 on the path may do it."""
    for python in (sys.executable, shutil.which("python3")):
        if python and subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0:
            return [python, "-m", "venv", folder]
    raise OSError("no python3 with venv and ensurepip")


def table(name, rows, run):
    """Markdown: a line for wirefold and for each peer."""
    truth = {r["id"]: r["cluster"] for r in rows}
    head = [
        "",
        "%s, %d articles:" % (name, len(rows)),
        "",
        "| method | pairwise P | R | ARI | B-cubed F | biggest (true: %d) | seconds |"
        % metrics.measures(truth, truth)["biggest"],
        "|---|---|---|---|---|---|---|",
        line("wirefold, default settings, over its socket, durable", truth, run.clusters, run.seconds),
    ]
    python, words = environment()
    if python is None:
        return "\n".join(head + ["", "Peers skipped, their packages can't be installed here: " + words])
    with tempfile.TemporaryDirectory(prefix="wirefold-peers-run-") as folder:
        source = Path(folder, "articles.jsonl")
        source.write_text(
            "".join(json.dumps({"id": r["id"], "text": r["text"]}) + "\n" for r in rows), encoding="utf-8"
        )
        done = subprocess.run(
            [python, str(Path(__file__).with_name("peer_run.py")), str(source)],
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
        )
    if done.returncode:
        return "\n".join(head + ["", "Peers failed: " + done.stderr.strip().splitlines()[-1]])
    for result in map(json.loads, done.stdout.splitlines()):
        if "skipped" in result:
            head.append("| %s | skipped: %s | | | | | |" % (result["name"], result["skipped"]))
        else:
            head.append(line(result["name"], truth, result["clusters"], result["seconds"]))
    return "\n".join(head)


def line(name, truth, clusters, seconds):
    m = metrics.measures(truth, clusters)
    return "| %s | %.3f | %.3f | %.3f | %.3f | %d | %.1f |" % (
        name,
        m["precision"],
        m["recall"],
        m["ari"],
        m["bcubed"],
        m["biggest"],
        seconds,
    )
