"""kill -9 at random moments of a feed: what was acknowledged is there afterwards, as it was said to be.

The feed adds, adds in batches, replaces and removes, over several connections, pipelined. A model keeps what was
acknowledged; what was sent and not acknowledged may have happened or not, but not by half.
"""

import argparse
import os
import random
import sys
import threading
import time
import unittest
import zlib

import msgpack

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "contract"))

from daemon import Closed, Daemon, words  # noqa: E402

ROUNDS = 10
CONNECTIONS = 3
PIPELINE = 40


class Feed(threading.Thread):
    """Writes through one connection until it breaks. Its ids are its own."""

    def __init__(self, daemon, number, seed, known):
        super().__init__()
        self.client = daemon.client()
        self.number = number
        self.chance = random.Random(seed)
        self.known = known  # id -> {"title", "cluster"} or None: acknowledged
        self.open = []      # (ids and titles, kind) sent and not acknowledged, in order
        self.failure = None
        self.acknowledged = 0

    def article(self):
        key = "%d:%d" % (self.number, self.chance.randrange(2000))
        title = "title %d" % self.chance.randrange(5)
        # every fourth is a copy of a story that others have, too
        number = self.chance.randrange(40) if self.chance.randrange(4) == 0 else zlib.crc32((key + title).encode())
        return {"id": key, "title": title, "text": words(number, 80) + " " + title}

    def send(self):
        step = self.chance.randrange(10)
        if step < 6:
            sent = [self.article()]
            self.client.send(self.client.request("add", sent[0]))
        elif step < 8:
            sent = list({one["id"]: one for one in (self.article() for _ in range(10))}.values())
            self.client.send(self.client.request("add_batch", sent))
        else:
            sent = [{"id": self.article()["id"], "title": None}]
            self.client.send(self.client.request("remove", sent[0]["id"]))
        self.open.append(sent)

    def receive(self):
        _, _, error, result = self.client.reply()
        if error is not None:
            raise AssertionError(error)
        sent = self.open.pop(0)
        verdicts = result if isinstance(result, list) else [result]
        for one, verdict in zip(sent, verdicts):
            is_removal = one["title"] is None
            self.known[one["id"]] = None if is_removal else {"title": one["title"], "cluster": verdict["cluster"]}
            self.acknowledged += 1

    def run(self):
        try:
            while True:
                while len(self.open) < PIPELINE:
                    self.send()
                self.receive()
        except (Closed, OSError):
            pass
        except Exception as failure:
            self.failure = failure
        finally:
            self.client.close()


class Kill(unittest.TestCase):
    def check(self, daemon, known, doubtful):
        """The store against the model; what was doubtful is settled."""
        with daemon.client() as client:
            keys = list(known)
            settled = []
            for first in range(0, len(keys), 500):
                part = keys[first : first + 500]
                client.send(b"".join(msgpack.packb([0, n, "get", [key]]) for n, key in enumerate(part)))
                for key in part:
                    _, _, error, got = client.reply()
                    expected = [known[key]] + doubtful.get(key, [])
                    if error is not None:
                        self.assertEqual(error[0], "not_found")
                        self.assertIn(None, expected, "%s was acknowledged and is gone" % key)
                        known[key] = None
                        continue
                    fitting = [one for one in expected if one is not None and one["title"] == got["title"]]
                    self.assertTrue(fitting, "%s is %r, expected one of %r" % (key, got["title"], expected))
                    self.assertTrue(got["text"].endswith(got["title"]))
                    if len(expected) == 1:
                        settled.append((key, got["cluster"], known[key]["cluster"]))
                    known[key] = {"title": got["title"], "cluster": got["cluster"]}
            for key, now, then in settled:
                # the number that was returned still leads to the article's cluster
                if now != then:
                    self.assertEqual(client.result("cluster", then)["cluster"], now, key)
            for key, now, _ in settled[::10]:
                self.assertIn(key, [member["id"] for member in client.result("cluster", now)["articles"]])
            articles = sum(1 for one in known.values() if one is not None)
            self.assertEqual(client.result("stats")["articles"], articles)

    def test_acknowledged_writes_survive(self):
        seed = random.randrange(10**6)
        print("seed %d, %d rounds" % (seed, ROUNDS))
        chance = random.Random(seed)
        daemon = Daemon("--state-every", "500", "--map-bytes-min", "1M")
        self.addCleanup(daemon.close)
        known = {}
        total = 0
        for round_number in range(ROUNDS):
            feeds = []
            for n in range(CONNECTIONS):
                own = {key: value for key, value in known.items() if key.startswith("%d:" % n)}
                feeds.append(Feed(daemon, n, chance.random(), own))
            for feed in feeds:
                feed.start()
            time.sleep(chance.uniform(0.02, 0.6))
            daemon.kill()
            doubtful = {}
            for feed in feeds:
                feed.join()
                if feed.failure is not None:
                    raise feed.failure
                known.update(feed.known)
                total += feed.acknowledged
                for sent in feed.open:
                    for one in sent:
                        outcome = None if one["title"] is None else {"title": one["title"]}
                        doubtful.setdefault(one["id"], []).append(outcome)
                        known.setdefault(one["id"], None)
            daemon.start()
            self.check(daemon, known, doubtful)
        print("%d effects acknowledged, %d articles at the end" % (total, sum(1 for one in known.values() if one)))
        self.assertGreater(total, 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options, rest = parser.parse_known_args()
    ROUNDS = options.rounds
    unittest.main(argv=sys.argv[:1] + rest)
