"""Requests of a connection take effect, and are answered, in the order in which they came."""

import random
import threading
import time
import unittest

import msgpack

from daemon import WAIT_SECONDS, Daemon, DaemonCase, article, words


class Exchange(DaemonCase):
    def exchange(self, requests):
        """Sends all in one write; (error, result) of each."""
        self.client.send(b"".join(msgpack.packb([0, n, *request]) for n, request in enumerate(requests)))
        replies = [self.client.reply() for _ in requests]
        self.assertEqual([reply[1] for reply in replies], list(range(len(requests))))
        return [(reply[2], reply[3]) for reply in replies]


class Order(Exchange):
    def test_add_get_remove_get_in_one_write(self):
        for n in range(200):
            key = "article-%d" % n
            replies = self.exchange([
                ("add", [article(n)]), ("get", [key]), ("remove", [key]), ("get", [key]), ("remove", [key]),
                ("add", [article(n, title="again")]), ("get", [key]),
                ("add", [article(n, title="third")]), ("get", [key]),
            ])
            self.assertEqual(replies[1][1]["text"], words(n))
            self.assertNotIn("title", replies[1][1])
            self.assertIs(replies[2][1], True)
            self.assertEqual(replies[3][0][0], "not_found")
            self.assertIs(replies[4][1], False)
            self.assertEqual((replies[6][1]["title"], replies[7][1]["replaced"]), ("again", True))
            self.assertEqual(replies[8][1]["title"], "third")
            self.exchange([("remove", [key])])

    def test_a_reading_request_sees_all_before_it_and_nothing_after(self):
        first = self.exchange([("add", [dict(article(1), id="m-0")])])[0][1]["cluster"]
        requests = []
        for n in range(1, 100):
            requests.append(("add", [dict(article(1), id="m-%d" % n)]))
            requests += [("cluster", [first]), ("stats", []), ("clusters", [{}])]
        replies = self.exchange(requests)
        for n in range(1, 100):
            _, cluster, _, clusters = (reply[1] for reply in replies[4 * n - 4 : 4 * n])
            self.assertEqual(cluster["size"], n + 1)
            self.assertEqual([member["id"] for member in cluster["articles"]], ["m-%d" % i for i in range(n + 1)])
            self.assertIn(n + 1, [one["size"] for one in clusters["clusters"]])

    def test_small_requests_behind_a_large_one_wait_for_it(self):
        text = " ".join(words(n, 1000) for n in range(200))
        replies = self.exchange([("add", [{"id": "large", "text": text}])] + [("ping", [])] * 50 + [("get", ["large"])])
        self.assertEqual(replies[0][1]["id"], "large")
        self.assertEqual(replies[-1][1]["text"], text)

    def relations_amid(self, batch):
        """What queries of another connection for the first and the last of a batch were told, the first time that the
        first was there."""
        with self.daemon.client() as other:
            other.send(msgpack.packb([0, 7, "add_batch", [batch]]))
            relations = ("unique", "unique")
            while relations[0] == "unique":
                replies = self.exchange([("query", [{"text": one["text"]}]) for one in (batch[0], batch[-1])])
                relations = tuple(reply[1]["relation"] for reply in replies)
                if replies[0][1].get("match"):
                    self.assertEqual(replies[0][1]["match"], batch[0]["id"])
                    # What a query has named is there, whoever asks.
                    self.assertEqual(self.client.result("get", batch[0]["id"])["id"], batch[0]["id"])
            verdicts = other.reply()[3]
            self.assertEqual([verdict["id"] for verdict in verdicts], [one["id"] for one in batch])
        return relations

    def test_queries_of_others_are_served_amid_a_large_batch_and_name_what_is_durable(self):
        # On a busy machine this side may sleep through a whole batch, but not through all of them.
        for n in range(12):
            batch = [article(i, id="amid-%d" % i) for i in range(100000 + 4000 * n, 104000 + 4000 * n)]
            relations = self.relations_amid(batch)
            if relations == ("exact", "unique"):
                break
        self.assertEqual(relations, ("exact", "unique"))

    def test_a_connection_that_adds_a_batch_and_queries_sees_all_of_it(self):
        batch = [article(n, id="own-%d" % n) for n in range(20000, 21000)]
        replies = self.exchange([("add_batch", [batch]), ("query", [{"text": batch[-1]["text"]}])])
        self.assertEqual(replies[1][1]["match"], "own-20999")

    def test_errors_keep_their_place(self):
        replies = self.exchange([
            ("ping", []), ("nonsense", []), ("add", [article(3)]), ("add", [{}]), ("get", ["?"]), ("ping", [])])
        self.assertEqual([reply[0] and reply[0][0] for reply in replies],
                         [None, "no_such_method", None, "bad_article", "not_found", None])

    def test_a_random_mix_agrees_with_a_model(self):
        chance = random.Random(7)
        model = {}
        for _ in range(30):
            requests, expected = [], []
            for _ in range(100):
                key = "mix-%d" % chance.randrange(12)
                step = chance.randrange(4)
                if step < 2:
                    title = "title %d" % chance.randrange(3)
                    requests.append(("add", [{"id": key, "text": words(sum(key.encode())), "title": title}]))
                    expected.append(("replaced", key in model and model[key] != title))
                    model[key] = title
                elif step == 2:
                    requests.append(("get", [key]))
                    expected.append(("title", model.get(key)))
                else:
                    requests.append(("remove", [key]))
                    expected.append(("result", model.pop(key, None) is not None))
            for request, (what, value), (error, result) in zip(requests, expected, self.exchange(requests)):
                if what == "result":
                    self.assertIs(result, value, request)
                elif what == "title" and value is None:
                    self.assertEqual(error[0], "not_found", request)
                else:
                    self.assertEqual(result[what], value, request)


class Many(unittest.TestCase):
    def test_connections_that_replace_and_read_the_same_articles(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        failures = []

        def work(number):
            try:
                with daemon.client() as client:
                    for n in range(150):
                        key = "shared-%d" % (n % 5)
                        client.result("add", {"id": key, "text": words(n), "title": "from %d" % number})
                        self.assertIn(" ", client.result("get", key)["text"])
                        cluster = client.result("query", {"text": words(n)})["cluster"]
                        error = client.call("cluster", cluster or 1)[0]
                        self.assertIn(error and error[0], (None, "not_found"))
                        client.result("clusters", {"limit": 3})
            except Exception as failure:  # told by the main thread
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        with daemon.client() as client:
            self.assertEqual(client.result("stats")["articles"], 5)


class Companions(Exchange):
    """A write waits for others that are on their way to the disk with it, and only for those."""

    # So long that waits in vain, one after another, end the test rather than being borne.
    flags = ("--commit-wait-us", "1000000", "--commit-pace-us", "1000000")

    def wait_for(self, requests, rounds):
        began = time.monotonic()
        for n in range(rounds):
            for error, _ in self.exchange(requests(n)):
                self.assertIsNone(error)
            self.assertLess(time.monotonic() - began, WAIT_SECONDS, "%d of %d rounds" % (n + 1, rounds))

    def test_a_lone_write_waits_for_nobody(self):
        self.wait_for(lambda n: [("add", [article(n)])], 4000)

    def test_nor_for_requests_that_turn_out_to_write_nothing(self):
        nothing = [("remove", ["nothing is called so"])] * 30
        self.wait_for(lambda n: [("add", [article(5000 + n)]), *nothing], 4500)

    def test_nor_does_a_batch_that_has_all_that_the_last_ones_had(self):
        self.wait_for(lambda n: [("add", [article(20000 + 4 * n + k)]) for k in range(4)], 1000)

    def test_many_small_requests_at_once_keep_their_order(self):
        """More than the loop prepares itself in a turn."""
        replies = self.exchange([("add", [article(10000 + n)]) for n in range(500)])
        self.assertEqual([result["id"] for _, result in replies], ["article-%d" % (10000 + n) for n in range(500)])


if __name__ == "__main__":
    unittest.main()
