"""Time and room for those who have not shown who they are, and for one client with many connections."""

import os
import socket
import sys
import time
import unittest

import msgpack

from daemon import Client, Closed, Daemon, article, eventually

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from certificates import Certificates  # noqa: E402

TOKEN = "correct-horse-battery-staple"


def is_closed(connection):
    """Whether the daemon has closed it; what it said before that is read."""
    try:
        while connection.recv(65536):
            pass
    except (ConnectionResetError, BrokenPipeError):
        pass
    except TimeoutError:
        return False
    return True


class StrangersCase(unittest.TestCase):
    def start(self, *flags, **options):
        daemon = Daemon(*flags, **options)
        self.addCleanup(daemon.close)
        return daemon

    def counter(self, daemon, name):
        with daemon.client() as client:
            client.result("auth", TOKEN)
            return client.result("stats")["counters"][name]


class Time(StrangersCase):
    def test_a_token_must_be_shown_in_time_and_what_came_before_is_answered(self):
        daemon = self.start("--auth-timeout", "1s", environment={"WIREFOLD_TOKEN": TOKEN})
        known = daemon.client()
        self.addCleanup(known.close)
        known.result("auth", TOKEN)
        silent, half, busy = daemon.client(), daemon.client_tcp(), daemon.client()
        half.send(b"\x94\x00\x01\xa4pi")
        for client in (silent, half, busy):
            self.addCleanup(client.close)
        self.assertEqual(busy.error("ping")[0], "denied")
        for client in (silent, half, busy):
            error = client.reply()
            self.assertEqual((error[1], error[2][0]), (None, "denied"))
            self.assertIn("auth_timeout", error[2][1])
            with self.assertRaises(Closed):
                client.reply()
        self.assertEqual(known.result("ping"), "pong")
        self.assertEqual(self.counter(daemon, "connections_timed_out"), 3)

    def test_wrong_guesses_do_not_win_time(self):
        daemon = self.start("--auth-timeout", "2s", environment={"WIREFOLD_TOKEN": TOKEN})
        with daemon.client() as client:
            client.send(b"".join(client.request("auth", "guess %d" % n) for n in range(100)))
            self.assertTrue(is_closed(client.socket))
        self.assertLess(self.counter(daemon, "auth_failures"), 10)

    def test_a_handshake_must_end_in_time(self):
        certificates = Certificates()
        self.addCleanup(certificates.close)
        certificate, key = certificates.sign("server")
        daemon = self.start("--auth-timeout", "1s", "--tls-certificate", certificate, "--tls-key", key)
        for data in (b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
            with socket.create_connection(daemon.tcp, timeout=60) as stranger:
                stranger.sendall(data)
                self.assertTrue(is_closed(stranger))
        with daemon.client() as client:
            self.assertEqual(client.result("stats")["counters"]["connections_timed_out"], 2)

    def test_without_a_token_nobody_is_hurried(self):
        daemon = self.start("--auth-timeout", "1s")
        with daemon.client_tcp() as client:
            time.sleep(2.5)
            self.assertEqual(client.result("ping"), "pong")

    def test_idle_connections_are_closed_where_that_is_asked_for(self):
        daemon = self.start("--idle-timeout", "1s")
        with daemon.client() as idle, daemon.client_tcp() as half, daemon.client() as deaf, daemon.client() as busy:
            half.send(b"\x94\x00\x01")
            # More than a socket takes: what is left waits for a client that never reads.
            busy.result("add", {"id": "large", "text": " ".join(article(n)["text"] for n in range(3000))})
            deaf.send(b"".join(deaf.request("get", "large") for _ in range(20)))
            deadline = time.monotonic() + 60
            while daemon_connections(busy) > 1 and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertEqual(daemon_connections(busy), 1)
            self.assertTrue(is_closed(idle.socket))
            self.assertTrue(is_closed(half.socket))
            self.assertEqual(busy.result("stats")["counters"]["connections_timed_out"], 3)


def daemon_connections(client):
    return client.result("stats")["connections"]


class Room(StrangersCase):
    def test_strangers_never_keep_out_those_who_show_a_token(self):
        daemon = self.start("--connections-max", "20", "--connections-per-client-max", "20",
                            environment={"WIREFOLD_TOKEN": TOKEN})
        known = [daemon.client() for _ in range(5)]
        for client in known:
            self.addCleanup(client.close)
            client.result("auth", TOKEN)
        strangers = []
        for n in range(100):
            strangers.append(daemon.client())
            self.addCleanup(strangers[-1].close)
            if n % 3 == 0:
                strangers[-1].send(strangers[-1].request("auth", "wrong"))
        with daemon.client() as late:
            self.assertIs(late.result("auth", TOKEN), True)
            self.assertEqual(late.result("ping"), "pong")
        for client in known:
            self.assertEqual(client.result("ping"), "pong")
        self.assertGreaterEqual(self.counter(daemon, "connections_evicted"), 85)
        self.assertTrue(is_closed(strangers[0].socket))

    def test_guessers_who_leave_do_not_keep_the_room_either(self):
        daemon = self.start("--connections-max", "20", "--connections-per-client-max", "20",
                            environment={"WIREFOLD_TOKEN": TOKEN})
        for n in range(200):
            with daemon.client() as guesser:
                guesser.send(guesser.request("auth", "guess %d" % n))
        with daemon.client() as late:
            self.assertIs(late.result("auth", TOKEN), True)

    def test_one_client_has_no_more_than_its_share(self):
        daemon = self.start("--connections-per-client-max", "3")
        mine = [daemon.client() for _ in range(3)]
        for client in mine:
            self.addCleanup(client.close)
            self.assertEqual(client.result("ping"), "pong")
        with daemon.client() as more:
            error = more.reply()
            self.assertEqual((error[1], error[2][0]), (None, "overloaded"))
            self.assertIn("connections_per_client_max is 3", error[2][1])
            with self.assertRaises(Closed):
                more.reply()
        # Other addresses, and others than the users of this machine, are other clients.
        for source in ("127.0.0.1", "127.0.0.2"):
            theirs = [self.from_address(daemon, source) for _ in range(3)]
            for client in theirs:
                self.assertEqual(client.result("ping"), "pong")
            self.assertEqual(self.from_address(daemon, source).reply()[2][0], "overloaded")
        mine[0].close()

        def is_let_in():
            with daemon.client() as client:
                try:
                    client.send(msgpack.packb([0, 1, "ping", []]))
                    return client.reply()[3] == "pong"
                except (Closed, BrokenPipeError, ConnectionResetError):
                    return False

        self.assertTrue(eventually(is_let_in))

    def from_address(self, daemon, source):
        client = Client.__new__(Client)
        connection = socket.create_connection(daemon.tcp, timeout=60, source_address=(source, 0))
        client.adopt(connection)
        self.addCleanup(client.close)
        return client

    def test_one_client_has_no_more_requests_under_way_than_its_share(self):
        daemon = self.start("--client-requests-max", "20", "--connection-reply-bytes-max", "64K")
        text = " ".join("word%d" % n for n in range(100000))
        with daemon.client_tcp() as other, daemon.client() as deaf:
            other.result("add", {"id": "big", "text": text})
            taken = other.result("stats")["counters"]["requests"]
            deaf.send(msgpack.packb([0, 1, "get", ["big"]]) * 100)
            time.sleep(0.3)
            self.assertLess(other.result("stats")["counters"]["requests"] - taken, 30)
            # Others of the same client are served a request at a time, other clients as ever.
            with daemon.client() as fellow:
                fellow.send(b"".join(msgpack.packb([0, n, "ping", []]) for n in range(5)))
                self.assertEqual([fellow.reply()[1] for _ in range(5)], list(range(5)))
            other.send(b"".join(msgpack.packb([0, n, "get", ["big"]]) for n in range(100)))
            self.assertEqual([other.reply()[1] for _ in range(100)], list(range(100)))

    def test_one_client_has_no_more_bytes_under_way_than_its_share(self):
        daemon = self.start("--client-bytes-max", "1M")
        text = " ".join("word%d" % n for n in range(100000))
        with daemon.client_tcp() as other:
            other.result("add", {"id": "big", "text": text})
            deaf = [daemon.client() for _ in range(8)]
            for client in deaf:
                self.addCleanup(client.close)
                client.socket.setblocking(False)
                try:
                    for n in range(40):
                        client.socket.send(msgpack.packb([0, 1, "get", ["big"]]) +
                                           msgpack.packb([0, 1, "query", [{"id": "q", "text": text[:200000]}]]))
                except BlockingIOError:
                    pass
            # Of its connections those go that take no replies; a request of any size of the others is answered then.
            self.assertTrue(eventually(lambda: other.result("stats")["counters"]["connections_shed"] > 0))
            with daemon.client() as fellow:
                self.assertIsNone(fellow.call("query", {"id": "q", "text": text})[0])

    def test_by_default_one_client_leaves_a_fifth_to_others(self):
        daemon = self.start("--connections-max", "10")
        for _ in range(8):
            client = daemon.client()
            self.addCleanup(client.close)
            self.assertEqual(client.result("ping"), "pong")
        with daemon.client() as more:
            self.assertIn("connections_per_client_max is 8", more.reply()[2][1])
        with daemon.client_tcp() as other:
            self.assertEqual(other.result("ping"), "pong")


if __name__ == "__main__":
    unittest.main()
