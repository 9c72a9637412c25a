"""Bytes in every shape that a socket can bring them in, and clients that do not behave."""

import os
import socket
import threading
import time
import unittest

import msgpack

from daemon import Client, Closed, Daemon, DaemonCase, allow_descriptors, article, words

MIB = 1 << 20


def assert_grew_less(case, daemon, before, limit):
    if not daemon.has_shadow_memory():
        case.assertLess(daemon.resident_bytes() - before, limit)


class Pieces(DaemonCase):
    def test_one_byte_at_a_time(self):
        requests = self.client.request("add", article(1)) + self.client.request("get", "article-1")
        self.client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        for i in range(len(requests)):
            self.client.send(requests[i : i + 1])
        self.assertEqual(self.client.reply()[3]["relation"], "unique")
        self.assertEqual(self.client.reply()[3]["text"], words(1))

    def test_cut_anywhere(self):
        requests = b"".join(self.client.request("ping") for _ in range(3))
        for cut in range(1, len(requests)):
            self.client.send(requests[:cut])
            time.sleep(0.001)
            self.client.send(requests[cut:])
            self.assertEqual([self.client.reply()[3] for _ in range(3)], ["pong"] * 3)

    def test_ten_thousand_requests_in_one_write(self):
        for client in (self.client, self.daemon.client_tcp()):
            with client:
                sender = threading.Thread(
                    target=client.send, args=(b"".join(msgpack.packb([0, n, "ping", []]) for n in range(10000)),))
                sender.start()
                replies = [client.reply() for _ in range(10000)]
                sender.join()
                self.assertEqual(replies, [[1, n, None, "pong"] for n in range(10000)])

    def test_ten_thousand_adds_in_one_write_before_any_reply_is_read(self):
        self.client.send(b"".join(msgpack.packb([0, n, "add", [article(1000 + n)]]) for n in range(10000)))
        # nothing has been read yet, and the daemon has taken all
        for n in range(10000):
            kind, msgid, error, verdict = self.client.reply()
            self.assertEqual((kind, msgid, error, verdict["id"]), (1, n, None, "article-%d" % (1000 + n)))

    def test_a_giant_request_and_its_neighbours(self):
        text = " ".join(words(n, 1000) for n in range(1200))
        self.assertGreater(len(text), 8 * MIB)
        self.client.send(self.client.request("add", {"id": "giant", "text": text}))
        with self.daemon.client() as other:
            self.assertEqual(other.result("add", article(2))["relation"], "unique")
        self.assertIsNone(self.client.reply()[2])
        self.assertEqual(self.client.result("get", "giant")["text"], text)

    def test_a_request_of_the_largest_size_is_taken(self):
        filler = [dict(article(n), id="filler-%d" % n, text="x" * (15 * MIB)) for n in range(4)]
        results = self.client.result("add_batch", filler)
        self.assertEqual([result["id"] for result in results], [one["id"] for one in filler])

    def test_a_client_that_closes_its_side_is_answered(self):
        self.client.send(b"".join(self.client.request("add", article(n)) for n in range(20, 40)))
        self.client.socket.shutdown(socket.SHUT_WR)
        for n in range(20, 40):
            self.assertEqual(self.client.reply()[3]["id"], "article-%d" % n)
        with self.assertRaises(Closed):
            self.client.reply()


class Garbage(DaemonCase):
    def assert_refused(self, data):
        with self.daemon.client() as client:
            client.send(client.request("ping") + data)
            self.assertEqual(client.reply(), [1, 1, None, "pong"])
            kind, msgid, error, result = client.reply()
            self.assertEqual((kind, msgid, error[0], result), (1, None, "bad_request", None))
            with self.assertRaises((Closed, ConnectionResetError)):
                client.reply()

    def test_bytes_that_are_no_messagepack_get_one_answer_and_the_end(self):
        self.assert_refused(b"\xc1")
        self.assert_refused(b"\x94\x00\xc1" + b"x" * 1000)
        self.assert_refused(b"\xc1" * 5 * MIB)

    def test_other_protocols_get_one_answer_and_the_end(self):
        self.assert_refused(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assert_refused(bytes.fromhex("16030100") + bytes(200))
        self.assert_refused(b"SSH-2.0-OpenSSH_9.2\r\n")

    def test_the_others_do_not_notice(self):
        for _ in range(50):
            with self.daemon.client() as client:
                client.send(os.urandom(2000))
        self.assertEqual(self.client.result("ping"), "pong")

    def test_a_connection_that_ends_within_a_request(self):
        with self.daemon.client() as client:
            client.send(client.request("add", article(1))[:50])
        with self.daemon.client() as client:
            client.send(msgpack.packb([0, 1, "add", [article(3)]]))  # gone before the reply
        self.assertEqual(self.client.result("ping"), "pong")


class Crowds(unittest.TestCase):
    def test_a_thousand_idle_connections(self):
        if not allow_descriptors(4096):
            self.skipTest("not enough file descriptors")
        daemon = Daemon()
        self.addCleanup(daemon.close)
        with daemon.client() as client:
            client.result("add", article(1))
            before = daemon.resident_bytes()
            idle = [daemon.client() if n % 2 else daemon.client_tcp() for n in range(1000)]
            for connection in idle:
                self.addCleanup(connection.close)
            for n, connection in enumerate(idle):
                if n % 10 == 0:
                    self.assertEqual(connection.result("ping"), "pong")
            self.assertEqual(client.result("stats")["connections"], 1001)
            assert_grew_less(self, daemon, before, 8192 * 1000)
            self.assertEqual(client.result("add", article(2))["relation"], "unique")
            self.assertEqual(idle[999].result("get", "article-2")["id"], "article-2")

    def test_a_connection_too_many_is_told_so(self):
        daemon = Daemon("--connections-max", "3")
        self.addCleanup(daemon.close)
        clients = [daemon.client() for _ in range(3)]
        self.assertEqual(clients[2].result("ping"), "pong")
        with daemon.client() as refused:
            kind, msgid, error, result = refused.reply()
            self.assertEqual((kind, msgid, error[0], result), (1, None, "overloaded", None))
            with self.assertRaises((Closed, ConnectionResetError)):
                refused.reply()
        clients.pop().close()
        deadline = time.monotonic() + 20
        while True:
            with daemon.client() as client:
                client.send(client.request("ping"))
                if client.reply()[3] == "pong":
                    break
            self.assertLess(time.monotonic(), deadline)
        for client in clients:
            client.close()

    def test_those_who_are_refused_over_and_over_keep_nobody_waiting(self):
        daemon = Daemon("--connections-max", "1")
        self.addCleanup(daemon.close)
        client = daemon.client()
        self.addCleanup(client.close)
        stop = threading.Event()

        def knock():
            while not stop.is_set():
                with daemon.client() as refused:
                    refused.reply()

        client.result("ping")
        knockers = [threading.Thread(target=knock) for _ in range(2)]
        for knocker in knockers:
            knocker.start()
        for n in range(200):
            self.assertEqual(client.result("add", article(n))["id"], "article-%d" % n)
        stats = client.result("stats")
        stop.set()
        for knocker in knockers:
            knocker.join()
        self.assertLess(stats["connections"], 60)


class Deaf(unittest.TestCase):
    """Clients that ask and do not read the answers."""

    def deafen(self, daemon, data):
        """Writes until the daemon takes no more; the connection and what it took."""
        client = daemon.client()
        client.socket.setblocking(False)
        sent = 0
        still = 0
        while still < 10 and sent < 400 * MIB:
            try:
                sent += client.socket.send(data)
                still = 0
            except BlockingIOError:
                still += 1
                time.sleep(0.02)
        return client, sent

    def test_is_held_within_its_bounds_while_others_are_served(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        with daemon.client() as other:
            text = " ".join(words(n, 1000) for n in range(100))
            other.result("add", {"id": "big", "text": text})
            before = daemon.resident_bytes()
            deaf, sent = self.deafen(daemon, msgpack.packb([0, 1, "get", ["big"]]) * 1000)
            self.assertLess(sent, 2 * MIB)
            assert_grew_less(self, daemon, before, 64 * MIB)
            for n in range(20):
                self.assertIsNone(other.call("add", article(n))[0])
            deaf.close()
            self.assertEqual(other.result("ping"), "pong")

    def test_what_it_asked_is_answered_when_it_reads_at_last(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        with daemon.client() as client:
            client.result("add", {"id": "big", "text": words(1, 20000)})
            client.send(b"".join(msgpack.packb([0, n, "get", ["big"]]) for n in range(300)))
            time.sleep(0.3)
            for n in range(300):
                self.assertEqual(client.reply()[1], n)

    def test_many_of_them_are_held_within_the_sum(self):
        daemon = Daemon("--in-flight-bytes-max", "32M")
        self.addCleanup(daemon.close)
        with daemon.client() as other:
            other.result("add", {"id": "big", "text": words(1, 100000)})
            before = daemon.resident_bytes()
            deaf = [self.deafen(daemon, msgpack.packb([0, 1, "get", ["big"]]) * 100)[0] for _ in range(20)]
            self.assertEqual(other.result("ping"), "pong")
            self.assertIsNone(other.call("add", article(1))[0])
            assert_grew_less(self, daemon, before, 128 * MIB)
            # a request that is not small gets its turn as well: the deaf make room for it
            self.assertIsNone(other.call("add", {"id": "large", "text": words(2, 100000)})[0])
            for client in deaf:
                client.close()

    def test_half_requests_do_not_fill_the_memory(self):
        daemon = Daemon("--in-flight-bytes-max", "16M")
        self.addCleanup(daemon.close)
        with daemon.client() as other:
            before = daemon.resident_bytes()
            half = msgpack.packb([0, 1, "add", [{"id": "half", "text": "x" * (8 * MIB)}]])[: 6 * MIB]
            clients = []
            for _ in range(12):
                client = Client(daemon.path, timeout=1)
                clients.append(client)
                try:
                    client.send(half)
                except (socket.timeout, BrokenPipeError, ConnectionResetError):
                    pass  # not read from any more, or shed
            assert_grew_less(self, daemon, before, 64 * MIB)
            self.assertIsNone(other.call("add", article(1))[0])
            self.assertGreater(other.result("stats")["counters"]["connections_shed"], 0)
            for client in clients:
                client.close()


if __name__ == "__main__":
    unittest.main()
