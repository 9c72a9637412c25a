"""Who may do what: tokens, the addresses that ask for one, the Unix socket's file."""

import os
import socket
import stat
import subprocess
import tempfile
import threading
import time
import unittest

import msgpack

from daemon import BINARY, Closed, Daemon, DaemonCase, article

TOKEN = "correct-horse-battery-staple"
READ_TOKEN = "only-looking-thank-you-very-much"
WRITES = (("add", article(1)), ("add_batch", [article(1)]), ("remove", "article-1"))
READS = (("query", article(1)), ("get", "article-1"), ("cluster", 1), ("clusters", {}),
         ("compare", article(1), article(2)), ("stats",), ("info",), ("ping",))


def run_daemon(*flags, environment=None):
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run([BINARY, "--store", os.path.join(folder, "store"), "--tcp", "127.0.0.1:0", *flags],
                              capture_output=True, text=True, timeout=60, env=dict(os.environ, **(environment or {})))


class TokenFile:
    """A file with a token in it, for the time of a test."""

    def __init__(self, content, mode=0o600):
        descriptor, self.path = tempfile.mkstemp()
        os.write(descriptor, content)
        os.fchmod(descriptor, mode)
        os.close(descriptor)

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        os.unlink(self.path)


class WithTokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(environment={"WIREFOLD_TOKEN": TOKEN, "WIREFOLD_READ_TOKEN": READ_TOKEN})

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()

    def client(self, token=None):
        client = self.daemon.client()
        self.addCleanup(client.close)
        if token is not None:
            self.assertIs(client.result("auth", token), True)
        return client

    def counters(self):
        with self.daemon.client() as client:
            client.result("auth", READ_TOKEN)
            return client.result("stats")["counters"]

    def test_every_other_method_before_auth_is_refused_and_the_connection_goes_on(self):
        for client in (self.client(), self.daemon.client_tcp()):
            with client:
                for call in WRITES + READS + (("merge", [1]), ("subscribe", {}), ("no_such_thing",)):
                    self.assertEqual(client.error(*call)[0], "denied", call)
                self.assertIs(client.result("auth", TOKEN), True)
                self.assertEqual(client.result("ping"), "pong")
                self.assertEqual(client.error("no_such_thing")[0], "no_such_method")

    def test_pipelined_requests_are_judged_in_their_order(self):
        client = self.client()
        client.send(client.request("add", article(10)) + client.request("auth", TOKEN)
                    + client.request("add", article(11)) + client.request("get", "article-10"))
        replies = [client.reply() for _ in range(4)]
        self.assertEqual([reply[1] for reply in replies], [1, 2, 3, 4])
        self.assertEqual(replies[0][2][0], "denied")
        self.assertIs(replies[1][3], True)
        self.assertEqual(replies[2][3]["id"], "article-11")
        self.assertEqual(replies[3][2][0], "not_found")

    def test_notifications_before_auth_have_no_effect_and_an_auth_notification_has_its_own(self):
        client = self.client()
        client.send(msgpack.packb([2, "add", [article(20)]]) + msgpack.packb([2, "auth", [TOKEN]])
                    + msgpack.packb([2, "add", [article(21)]]) + client.request("get", "article-20")
                    + client.request("get", "article-21"))
        self.assertEqual(client.reply()[2][0], "not_found")
        self.assertEqual(client.reply()[3]["id"], "article-21")

    def test_a_large_request_before_auth_is_refused_like_any_other(self):
        client = self.client()
        batch = client.request("add_batch", [dict(article(n), text="x" * 1000) for n in range(5000)])
        client.send(batch + client.request("auth", TOKEN) + client.request("ping"))
        self.assertEqual(client.reply()[1:3][1][0], "denied")
        self.assertIs(client.reply()[3], True)
        self.assertEqual(client.reply()[3], "pong")
        self.assertEqual(len(client.result("add_batch", [article(n) for n in range(1000, 1200)])), 200)

    def test_a_wrong_token_is_denied_and_the_right_one_still_works(self):
        before = self.counters()["auth_failures"]
        client = self.client()
        for wrong in ("", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "y" * 5000):
            self.assertEqual(client.error("auth", wrong), ["denied", "token: not the right one"])
            self.assertEqual(client.error("ping")[0], "denied")
        self.assertIs(client.result("auth", TOKEN.encode()), True)
        self.assertEqual(client.result("ping"), "pong")
        self.assertEqual(self.counters()["auth_failures"], before + 6)

    def test_a_guess_costs_its_connection_time_and_nobody_else(self):
        guesser = self.client()
        guesser.send(b"".join(guesser.request("auth", "guess %d" % n) for n in range(3)))
        other = self.client(TOKEN)
        began = time.monotonic()
        for n in range(200):
            other.result("ping")
        others = time.monotonic() - began
        for _ in range(3):
            self.assertEqual(guesser.reply()[2][0], "denied")
        self.assertGreater(time.monotonic() - began, 2.5)  # three pauses, less what came before `began`
        self.assertLess(others, 2)  # two hundred of these take less than two of those

    def test_a_guesser_who_leaves_still_pays(self):
        watcher = self.client(TOKEN)
        idle = watcher.result("stats")["connections"]
        for n in range(20):
            with self.daemon.client() as guesser:
                guesser.send(guesser.request("auth", "guess %d" % n))
        # Each is one of the connections until its pause is over.
        seen = 0
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            now = watcher.result("stats")["connections"]
            seen = max(seen, now)
            if now == idle and seen > idle:
                break
        self.assertGreaterEqual(seen, idle + 20)
        self.assertEqual(watcher.result("stats")["connections"], idle)

    def test_params_of_another_shape_are_a_bad_request_and_no_guess(self):
        client = self.client()
        before = self.counters()["auth_failures"]
        for params in ((), (1,), (None,), (TOKEN, TOKEN), ({"token": TOKEN},)):
            self.assertEqual(client.error("auth", *params)[0], "bad_request", params)
        self.assertEqual(self.counters()["auth_failures"], before)
        client.send(msgpack.packb([0, 9, "auth", TOKEN]))  # params that are no array
        self.assertEqual(client.reply()[2][0], "bad_request")
        self.assertEqual(client.error("ping")[0], "denied")

    def test_a_reader_may_call_what_changes_nothing(self):
        writer = self.client(TOKEN)
        writer.result("add", article(1))
        reader = self.client(READ_TOKEN)
        for call in READS:
            error = reader.call(*call)[0]
            self.assertTrue(error is None or error[0] == "not_found", (call, error))
        for call in WRITES:
            error = reader.error(*call)
            self.assertEqual(error[0], "denied", call)
            self.assertIn("reading", error[1])
        self.assertEqual(reader.error("no_such_thing")[0], "no_such_method")
        self.assertEqual(writer.result("get", "article-1")["id"], "article-1")

    def test_auth_again_takes_the_rights_of_the_new_token_and_a_wrong_one_takes_none(self):
        client = self.client(READ_TOKEN)
        self.assertEqual(client.error("remove", "nothing")[0], "denied")
        self.assertIs(client.result("auth", TOKEN), True)
        self.assertIs(client.result("remove", "nothing"), False)
        self.assertEqual(client.error("auth", "wrong")[0], "denied")
        self.assertIs(client.result("remove", "nothing"), False)
        self.assertIs(client.result("auth", READ_TOKEN), True)
        self.assertEqual(client.error("remove", "nothing")[0], "denied")

    def test_auth_is_a_method_that_info_lists_and_tokens_are_nowhere_to_be_seen(self):
        client = self.client(READ_TOKEN)
        info = client.result("info")
        self.assertIn("auth", info["methods"])
        self.assertNotIn(TOKEN, repr(info) + repr(client.result("stats")) + self.daemon.log())
        with open("/proc/%d/environ" % self.daemon.process.pid, "rb") as environment:
            seen = environment.read()
        self.assertNotIn(TOKEN.encode(), seen)
        self.assertNotIn(READ_TOKEN.encode(), seen)

    def test_what_strangers_send_is_bounded_in_memory(self):
        watcher = self.client(READ_TOKEN)
        before = watcher.result("stats")["in_flight_bytes"]
        halves = [self.client() for _ in range(200)]
        for client in halves:
            client.send(b"\x94\x00\x01\xa3add\x91\x82\xa2id\xa1x\xa4text\xc5\x1f\x00" + b"x" * 100)
        time.sleep(0.3)
        self.assertLess(watcher.result("stats")["in_flight_bytes"] - before, 200 * 8192)


class Stop(unittest.TestCase):
    def test_a_pause_does_not_hold_up_the_end(self):
        daemon = Daemon(environment={"WIREFOLD_TOKEN": TOKEN})
        self.addCleanup(daemon.close)
        with daemon.client() as client:
            client.send(client.request("auth", "wrong") + client.request("auth", TOKEN))
            with daemon.client() as other:
                other.result("auth", TOKEN)
                while other.result("stats")["counters"]["auth_failures"] == 0:
                    pass
            self.assertEqual(daemon.stop(), 0)
            self.assertEqual(client.reply()[2][0], "denied")
            with self.assertRaises(Closed):
                client.reply()
        daemon.start()


class WithoutToken(DaemonCase):
    def test_auth_answers_true_to_any_token(self):
        self.assertIs(self.client.result("auth", "whatever"), True)
        self.assertEqual(self.client.error("auth")[0], "bad_request")
        self.assertEqual(self.client.result("ping"), "pong")


class Files(unittest.TestCase):
    def start(self, *flags, environment=None):
        daemon = Daemon(*flags, environment=environment)
        self.addCleanup(daemon.close)
        return daemon

    def test_the_end_of_the_line_is_not_of_the_token(self):
        for end in (b"", b"\n", b"\r\n"):
            with TokenFile(TOKEN.encode() + end) as path:
                daemon = self.start("--token-file", path)
                with daemon.client() as client:
                    self.assertEqual(client.error("ping")[0], "denied")
                    self.assertIs(client.result("auth", TOKEN), True)
                self.assertNotIn("token", daemon.log())

    def test_a_file_wins_over_the_environment(self):
        with TokenFile(b"the-token-of-the-file") as path:
            daemon = self.start("--token-file", path, environment={"WIREFOLD_TOKEN": TOKEN})
        with daemon.client() as client:
            self.assertEqual(client.error("auth", TOKEN)[0], "denied")
            self.assertIs(client.result("auth", "the-token-of-the-file"), True)
        self.assertIn("token of the environment is not used", daemon.log())

    def test_it_warns_of_a_file_that_others_may_read_and_of_a_short_token(self):
        with TokenFile(b"short", mode=0o644) as path:
            log = self.start("--token-file", path).log()
        self.assertIn("token can be read by others", log)
        self.assertIn("token is short", log)
        self.assertNotIn("fact=short", log)
        with TokenFile(TOKEN.encode(), mode=0o640) as path:
            self.assertNotIn("token", self.start("--token-file", path).log())

    def test_what_is_no_token_is_refused_in_words(self):
        for content, mode, words_of_it in ((b"", 0o600, "empty"), (b"\n", 0o600, "empty"),
                                           (b"x" * 1025, 0o600, "1024"), (b"token", 0o602, "everybody may write")):
            with TokenFile(content, mode) as path:
                done = run_daemon("--token-file", path)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(words_of_it, done.stderr)
                self.assertIn(path, done.stderr)
        done = run_daemon("--token-file", "/nonexistent/token")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent/token", done.stderr)
        self.assertIn("1024", run_daemon(environment={"WIREFOLD_TOKEN": "x" * 1025}).stderr)

    def test_a_longest_token_works_and_an_empty_variable_is_none(self):
        with TokenFile(b"x" * 1024 + b"\r\n") as path:
            daemon = self.start("--token-file", path, environment={"WIREFOLD_READ_TOKEN": ""})
        with daemon.client() as client:
            self.assertIs(client.result("auth", "x" * 1024), True)

    def test_a_readers_token_needs_a_writers_token_that_is_another(self):
        done = run_daemon(environment={"WIREFOLD_READ_TOKEN": READ_TOKEN})
        self.assertEqual(done.returncode, 1)
        self.assertIn("nobody could write", done.stderr)
        done = run_daemon(environment={"WIREFOLD_READ_TOKEN": TOKEN, "WIREFOLD_TOKEN": TOKEN})
        self.assertEqual(done.returncode, 1)
        self.assertIn("the same", done.stderr)

    def test_no_flag_takes_the_token_itself(self):
        for flag in ("--token", "--read-token", "--token=x"):
            done = run_daemon(flag, "x")
            self.assertEqual(done.returncode, 2)


class Addresses(unittest.TestCase):
    def test_an_address_that_others_reach_takes_a_token_and_tls_or_insecure(self):
        for address in ("0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"):
            done = run_daemon("--tcp", address)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("no loopback address", done.stderr)
            self.assertIn("a token (--token-file) and TLS", done.stderr)
            self.assertIn("--insecure", done.stderr)
            done = run_daemon("--tcp", address, environment={"WIREFOLD_TOKEN": TOKEN})
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertNotIn("--token-file", done.stderr)
            self.assertIn("TLS", done.stderr)

    def test_insecure_listens_all_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            with subprocess.Popen([BINARY, "--store", os.path.join(folder, "s"), "--tcp", "0.0.0.0:0", "--insecure"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
                line = process.stdout.readline().decode()
                self.assertIn("tcp://0.0.0.0:", line)
                port = int(line.split("tcp://0.0.0.0:")[1])
                with socket.create_connection(("127.0.0.1", port)) as connection:
                    connection.sendall(msgpack.packb([0, 1, "ping", []]))
                    self.assertEqual(msgpack.unpackb(connection.recv(100)), [1, 1, None, "pong"])
                process.terminate()
                self.assertEqual(process.wait(60), 0)

    def test_loopback_addresses_need_neither(self):
        for address, name in (("127.0.0.1:0", "tcp://127.0.0.1:"), ("127.1.2.3:0", "tcp://127.1.2.3:"),
                              ("[::1]:0", "tcp://[::1]:")):
            with tempfile.TemporaryDirectory() as folder:
                with subprocess.Popen([BINARY, "--store", os.path.join(folder, "s"), "--tcp", address],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                    line = process.stdout.readline().decode()
                    process.terminate()
                    error = process.stderr.read().decode()
                if "[::1]" in address and "not available" in error:
                    continue  # no IPv6 here
                self.assertIn(name, line, error)


class UnixSocket(unittest.TestCase):
    def start(self, *flags, **options):
        daemon = Daemon(*flags, **options)
        self.addCleanup(daemon.close)
        return daemon

    def mode(self, daemon):
        return stat.S_IMODE(os.stat(daemon.path).st_mode)

    def test_its_file_has_the_mode_of_the_setting(self):
        self.assertEqual(self.mode(self.start()), 0o660)
        self.assertEqual(self.mode(self.start("--unix-mode", "0600")), 0o600)
        daemon = self.start("--unix-mode", "666")
        self.assertEqual(self.mode(daemon), 0o666)
        with daemon.client() as client:
            self.assertEqual(client.result("info")["settings"]["unix_mode"], "0666")
        for wrong in ("0800", "rw", "", "1777"):
            self.assertEqual(run_daemon("--unix", "/tmp/never", "--unix-mode", wrong).returncode, 2, wrong)

    def test_its_file_is_never_more_open_than_that(self):
        seen, done = set(), threading.Event()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "socket")

            def watch():
                while not done.is_set():
                    try:
                        seen.add(stat.S_IMODE(os.lstat(path).st_mode))
                    except FileNotFoundError:
                        pass

            watcher = threading.Thread(target=watch)
            watcher.start()
            for n in range(10):
                with subprocess.Popen(
                        [BINARY, "--store", os.path.join(folder, "store"), "--tcp", "none", "--unix", path,
                         "--unix-mode", "0620"],
                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, umask=0) as process:
                    process.stdout.readline()
                    process.terminate()
                    self.assertEqual(process.wait(60), 0)
            done.set()
            watcher.join()
        self.assertEqual(seen, {0o620})

    def test_it_asks_for_the_token_unless_it_is_trusted(self):
        daemon = self.start(environment={"WIREFOLD_TOKEN": TOKEN})
        with daemon.client() as client:
            self.assertEqual(client.error("ping")[0], "denied")
        daemon = self.start("--unix-trusted", environment={"WIREFOLD_TOKEN": TOKEN})
        with daemon.client() as client:
            self.assertEqual(client.result("ping"), "pong")
        with daemon.client_tcp() as client:
            self.assertEqual(client.error("ping")[0], "denied")

    def test_a_file_that_another_put_in_its_place_stays(self):
        daemon = self.start()
        os.unlink(daemon.path)
        with open(daemon.path, "w", encoding="ascii") as file:
            file.write("mine")
        self.assertEqual(daemon.stop(), 0)
        with open(daemon.path, encoding="ascii") as file:
            self.assertEqual(file.read(), "mine")
        os.unlink(daemon.path)
        daemon.start()


if __name__ == "__main__":
    unittest.main()
