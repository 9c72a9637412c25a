"""The units for systemd: that it can read them, and how far the service is shut in."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from daemon import BINARY

UNITS = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "systemd"
EXPOSURE_MAX = 20  # of 100, what is called OK begins under 30


class Units(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in ("wirefoldd.service", "wirefoldd.socket"):
            # Neither the program nor its manual is installed here.
            text = (UNITS / name).read_text(encoding="utf-8").replace("ExecStart=wirefoldd", "ExecStart=" + BINARY)
            text = "".join(line + "\n" for line in text.splitlines() if not line.startswith("Documentation="))
            (self.folder / name).write_text(text, encoding="utf-8")

    def analyze(self, *arguments):
        done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_systemd_understands_every_line(self):
        for name in ("wirefoldd.service", "wirefoldd.socket"):
            self.assertEqual(self.analyze("verify", str(self.folder / name)), "")

    def test_the_service_is_shut_in(self):
        self.analyze("security", "--offline=true", "--no-pager", "--threshold=%d" % EXPOSURE_MAX,
                     str(self.folder / "wirefoldd.service"))


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        print("skipped: there is no systemd-analyze")
        sys.exit(77)
    BINARY = os.path.abspath(BINARY)
    unittest.main()
