"""Runs the contract tests in Node, and the example client, against wirefoldd.

Packages are installed into a folder that goes away again. Without Node, npm or its registry the test is skipped,
which is exit status 77.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SKIPPED = 77
sys.path.insert(0, str(ROOT / "tests" / "client"))

from real_daemon import RealDaemon  # noqa: E402


def skip(why):
    print("skipped: " + why)
    sys.exit(SKIPPED)


def install(folder):
    for name in ("package.json", "contract.test.mjs"):
        shutil.copy(HERE / name, folder)
    try:
        result = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--fetch-retries=1",
             "--fetch-timeout=30000"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=180,
        )
    except subprocess.TimeoutExpired:
        skip("the npm registry did not answer in time")
    if result.returncode != 0:
        skip("the packages could not be installed:\n" + result.stdout.decode())


def run_example(folder, port):
    source = (ROOT / "examples" / "client.mjs").read_text()
    example = folder / "client.mjs"
    example.write_text(source.replace("7411", str(port)))
    result = subprocess.run(["node", example], stdout=subprocess.PIPE, timeout=60, check=True)
    first, second = shown = result.stdout.decode().splitlines()
    cluster = first.split()[4]
    assert first == "wire-1 is in cluster %s as unique" % cluster, shown
    assert second.startswith("site-7 is in cluster %s as " % cluster), shown


def main():
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            skip(program + " is not installed")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="wf-node-"))
    try:
        install(folder)
        with contextlib.closing(RealDaemon()) as daemon:
            environment = dict(os.environ, WIREFOLD_SOCKET=daemon.path)
            result = subprocess.run(["node", "--test", "contract.test.mjs"], cwd=folder, env=environment, timeout=120)
        with contextlib.closing(RealDaemon()) as daemon:
            run_example(folder, daemon.port)
        sys.exit(result.returncode)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
