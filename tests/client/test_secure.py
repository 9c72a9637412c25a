"""The command where the daemon asks for a token, and over TLS."""

import os
import signal
import sys
import threading
import unittest

from command_case import CommandCase, story
from real_daemon import RealDaemon

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from certificates import Certificates  # noqa: E402

TOKEN = "correct-horse-battery-staple"
READ_TOKEN = "only-looking-thank-you-very-much"


class Tokens(CommandCase):
    def setUp(self):
        super().setUp()
        self.daemon = RealDaemon(environment={"WIREFOLD_TOKEN": TOKEN, "WIREFOLD_READ_TOKEN": READ_TOKEN})
        self.addCleanup(self.daemon.close)

    def token_file(self, content, mode=0o600):
        path = self.write("token", content)
        os.chmod(path, mode)
        return path

    def test_it_shows_the_token_of_the_environment_or_of_a_file(self):
        articles = self.lines("articles.jsonl", [story(n) for n in range(5)])
        self.run_command(self.daemon, "feed", articles, WIREFOLD_TOKEN=TOKEN)
        path = self.token_file(TOKEN + "\n")
        self.assertEqual(self.run_json(self.daemon, "get", "wire-1", "--token-file", path)[0]["id"], "wire-1")
        self.assertEqual(len(self.run_json(self.daemon, "dump", WIREFOLD_TOKEN_FILE=path)), 5)
        # The flag wins over both.
        self.run_command(self.daemon, "--token-file", path, "stats", WIREFOLD_TOKEN="x", WIREFOLD_TOKEN_FILE="/none")

    def test_a_token_for_readers_reads(self):
        path = self.token_file(READ_TOKEN)
        self.run_command(self.daemon, "stats", "--token-file", path)
        result = self.run_command(self.daemon, "remove", "wire-1", "--token-file", path, status=1)
        self.assertIn("denied", result.stderr)
        self.assertNotIn("asks for a token", result.stderr)

    def test_without_a_token_it_says_what_to_do(self):
        result = self.run_command(self.daemon, "stats", status=1)
        self.assertIn("denied", result.stderr)
        self.assertIn("--token-file or $WIREFOLD_TOKEN", result.stderr)

    def test_a_wrong_token_is_no_connection(self):
        result = self.run_command(self.daemon, "stats", status=3, WIREFOLD_TOKEN="wrong")
        self.assertIn("token: not the right one", result.stderr)
        self.assertIn("another token", result.stderr)

    def test_a_file_that_does_not_do_is_wrong_use(self):
        for path, words in (("/nonexistent", "/nonexistent"), (self.token_file(""), "empty")):
            result = self.run_command(self.daemon, "stats", "--token-file", path, status=2)
            self.assertIn(words, result.stderr)
        result = self.run_command(self.daemon, "stats", "--token-file", self.token_file(TOKEN, 0o644))
        self.assertIn("everybody on this machine", result.stderr)

    def test_no_flag_takes_the_token_itself(self):
        self.run_command(self.daemon, "stats", "--token", TOKEN, status=2)

    def test_feed_shows_it_again_after_a_lost_connection(self):
        articles = self.lines("articles.jsonl", [story(n) for n in range(20000)])

        def restart():
            self.daemon.stop(kill=True)
            self.daemon.start()

        thread = threading.Timer(0.3, restart)
        thread.start()
        self.run_command(self.daemon, "feed", articles, WIREFOLD_TOKEN=TOKEN)
        thread.join()
        self.assertEqual(len(self.run_json(self.daemon, "dump", WIREFOLD_TOKEN=TOKEN)), 20000)


class Tls(CommandCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.certificates.sign("server")
        cls.certificates.sign("elsewhere", names="DNS:elsewhere.example")
        cls.certificates.authority("clients")
        cls.certificates.authority("others")
        cls.certificates.sign("newsroom", ca="clients", usage="clientAuth")

    @classmethod
    def tearDownClass(cls):
        cls.certificates.close()

    def start(self, name="server", *flags):
        self.daemon = RealDaemon("--tls-certificate", self.certificates.path(name + ".pem"), "--tls-key",
                                 self.certificates.path(name + ".key"), *flags)
        self.addCleanup(self.daemon.close)
        return "tls://localhost:%d" % self.daemon.port

    def ca(self):
        return "--tls-ca", self.certificates.ca

    def test_it_feeds_and_reads_over_tls(self):
        address = self.start()
        large = {"id": "large", "text": "word and another one " * 200000}
        articles = self.lines("articles.jsonl", [story(n) for n in range(3000)] + [large])
        self.run_command(address, "feed", articles, *self.ca())
        self.assertEqual(len(self.run_json(address, "dump", *self.ca())), 3001)
        self.assertEqual(self.run_json(address, "get", "large", *self.ca())[0]["text"], large["text"])
        self.run_json(address, "get", *["wire-%d" % n for n in range(500)], WIREFOLD_TLS_CA=self.certificates.ca)
        self.run_command(address, "bench", *self.ca(), "--articles", "2000")
        by_number = "tls://127.0.0.1:%d" % self.daemon.port
        self.run_command(by_number, "stats", *self.ca())

    def test_a_certificate_of_nobody_trusted_or_for_another_name_is_no_connection(self):
        address = self.start()
        result = self.run_command(address, "stats", status=3)
        self.assertIn("the daemon's certificate: ", result.stderr)
        self.assertIn("--tls-ca", result.stderr)
        result = self.run_command(address, "stats", "--tls-ca", self.certificates.path("others.pem"), status=3)
        self.assertIn("the daemon's certificate: ", result.stderr)
        self.run_command(address, "stats", "--tls-insecure")
        self.daemon.stop()
        address = self.start("elsewhere")
        for host in ("localhost", "127.0.0.1"):
            result = self.run_command("tls://%s:%d" % (host, self.daemon.port), "stats", *self.ca(), status=3)
            self.assertIn("mismatch", result.stderr)
        self.run_command(address, "stats", *self.ca(), "--tls-name", "elsewhere.example")
        self.run_command(address, "stats", *self.ca(), "--tls-name", "other.example", status=3)

    def test_it_shows_a_certificate_where_the_daemon_asks_for_one(self):
        address = self.start("server", "--tls-client-ca", self.certificates.path("clients.pem"))
        result = self.run_command(address, "stats", *self.ca(), status=3)
        self.assertIn("certificate required", result.stderr)
        pair = ("--tls-certificate", self.certificates.path("newsroom.pem"), "--tls-key",
                self.certificates.path("newsroom.key"))
        self.run_command(address, "stats", *self.ca(), *pair)
        both = self.path("both.pem")
        with open(both, "wb") as file:
            for path in pair[1::2]:
                with open(path, "rb") as part:
                    file.write(part.read())
        self.run_command(address, "stats", *self.ca(), "--tls-certificate", both)

    def test_files_that_do_not_do_are_wrong_use(self):
        address = self.start()
        for flags in (("--tls-ca", "/nonexistent"), (*self.ca(), "--tls-certificate", "/nonexistent"),
                      (*self.ca(), "--tls-certificate", self.certificates.ca)):
            result = self.run_command(address, "stats", *flags, status=2)
            self.assertIn(flags[-1], result.stderr)

    def test_plain_and_tls_do_not_understand_each_other_and_say_so(self):
        self.start()
        self.run_command("tcp://localhost:%d" % self.daemon.port, "stats", status=3)
        self.daemon.stop()
        plain = RealDaemon()
        self.addCleanup(plain.close)
        result = self.run_command("tls://localhost:%d" % plain.port, "stats", *self.ca(), status=3)
        self.assertIn("TLS: ", result.stderr)

    def test_a_daemon_that_ends_is_told_as_a_closed_connection(self):
        address = self.start()
        articles = self.lines("articles.jsonl", [story(n) for n in range(10)])
        self.run_command(address, "feed", articles, *self.ca())
        self.daemon.process.send_signal(signal.SIGTERM)
        self.daemon.process.wait(60)
        self.assertEqual(self.run_command(address, "stats", *self.ca(), status=3).stdout, "")


if __name__ == "__main__":
    unittest.main()
