"""A client that was not written here: the unmodified MessagePack-RPC sessions of pynvim."""

import os
import sys
import unittest

from daemon import Daemon, article, words

try:
    from pynvim.msgpack_rpc import socket_session, tcp_session
except ImportError:
    print("python3-pynvim is not installed")
    sys.exit(77)


class Pynvim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()

    def exchange(self, session, prefix):
        # what the session raises of an error is for its owner to set, as pynvim.Nvim does
        session.error_wrapper = lambda error: Exception("%s: %s" % tuple(error))
        text = prefix + " " + words(sum(prefix.encode()))
        first = session.request("add", {"id": prefix + "-1", "text": text, "title": "Title"})
        self.assertEqual((first["relation"], first["new"]), ("unique", True))
        copy = session.request("query", {"text": text.upper()})
        self.assertEqual((copy["match"], copy["relation"], copy["cluster"]), (prefix + "-1", "exact", first["cluster"]))
        got = session.request("get", prefix + "-1")
        self.assertEqual((got["text"], got["title"]), (text, "Title"))
        # asynchronous: a notification
        session.request("add", {"id": prefix + "-2", "text": text, "outlet": "by notification"}, async_=True)
        cluster = session.request("cluster", first["cluster"])
        self.assertEqual([member["id"] for member in cluster["articles"]], [prefix + "-1", prefix + "-2"])
        clusters = session.request("clusters", {"min_size": 2})["clusters"]
        self.assertIn(first["cluster"], [one["cluster"] for one in clusters])
        with self.assertRaises(Exception) as raised:
            session.request("get", "nobody")
        self.assertIn("not_found", str(raised.exception))
        with self.assertRaises(Exception) as raised:
            session.request("nonsense", [1, 2])
        self.assertIn("no_such_method", str(raised.exception))
        self.assertEqual(session.request("ping"), "pong")
        self.be_told(session, prefix)

    def be_told(self, session, prefix):
        """Events reach it between the answers to its requests, and while it waits for nothing else."""
        self.assertIs(session.request("subscribe", {"outlet": prefix}), True)
        one = session.request("add", {"id": prefix + "-3", "text": words(77), "outlet": prefix})["cluster"]
        session.request("add", {"id": prefix + "-4", "text": words(77)})
        other = session.request("split", one, [prefix + "-4"])
        self.assertEqual(session.request("merge", [other, one]), one)
        told = [session.next_message() for _ in range(4)]
        self.assertEqual([message[:2] for message in told], [("notification", "event")] * 4)
        self.assertEqual([message[2][0] for message in told], [
            {"kind": "new", "cluster": one, "size": 1, "id": prefix + "-3", "into": None},
            {"kind": "grew", "cluster": one, "size": 2, "id": prefix + "-4", "into": None},
            {"kind": "split", "cluster": one, "size": 1, "id": None, "into": other},
            {"kind": "merged", "cluster": other, "size": 2, "id": None, "into": one},
        ])
        with self.daemon.client() as client:
            client.result("remove", prefix + "-4")
        self.assertEqual(session.next_message()[2][0]["kind"], "removed")
        self.assertIs(session.request("unsubscribe"), True)
        session.request("remove", prefix + "-3")
        self.assertEqual(session.request("ping"), "pong")

    def test_over_a_unix_socket(self):
        session = socket_session(self.daemon.path)
        self.addCleanup(session.close)
        self.exchange(session, "unix")

    def test_over_tcp(self):
        session = tcp_session(*self.daemon.tcp)
        self.addCleanup(session.close)
        self.exchange(session, "tcp")


if __name__ == "__main__":
    unittest.main()
