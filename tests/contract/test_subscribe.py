"""subscribe and unsubscribe: what happens to clusters is told to those who asked, once it is on disk, in order."""

import socket
import threading
import unittest

import msgpack

from daemon import Closed, Client, Daemon, DaemonCase, eventually, words

OUTLETS_MAX = 64


def event(kind, cluster, size, key=None, into=None):
    return {"kind": kind, "cluster": cluster, "size": size, "id": key, "into": into}


class Subscriber(Client):
    """Keeps events and replies apart."""

    def __init__(self, daemon, *params, **options):
        super().__init__(daemon.path, **options)
        self.events = []
        if params != (None,):
            assert self.result("subscribe", *params) is True

    def answer(self):
        """The next reply; events before it are kept."""
        while True:
            message = super().reply()
            if message[0] == 1:
                return message
            assert message[:2] == [2, "event"] and len(message[2]) == 1, message
            self.events.append(message[2][0])

    def call(self, method, *params):
        self.send(self.request(method, *params))
        _, _, error, result = self.answer()
        return error, result

    def wait_for(self, count):
        while len(self.events) < count:
            message = super().reply()
            assert message[0] == 2, message
            self.events.append(message[2][0])
        return self.take()

    def take(self):
        events, self.events = self.events, []
        return events


class Events(DaemonCase):
    numbers = iter(range(1000, 10**6))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.daemon.client() as client:
            client.result("add_batch", [{"id": "background-%d" % n, "text": words(n)} for n in range(100)])

    def subscriber(self, *params):
        made = Subscriber(self.daemon, *params)
        self.addCleanup(made.close)
        return made

    def add(self, key, text, **more):
        return self.client.result("add", dict({"id": key, "text": text}, **more))

    def after_all(self, subscriber):
        """The events of all that was done before: a reply on the subscriber's connection comes after them."""
        subscriber.result("stats")
        return subscriber.take()

    def test_each_kind_is_told_with_what_it_is_about(self):
        subscriber = self.subscriber()
        number = next(self.numbers)
        a, b, c = ("%d-%s" % (number, letter) for letter in "abc")
        one = self.add(a, words(number))["cluster"]
        self.assertEqual(self.after_all(subscriber), [event("new", one, 1, a)])
        self.add(b, words(number))
        self.add(c, words(number))
        self.assertEqual(self.after_all(subscriber), [event("grew", one, 2, b), event("grew", one, 3, c)])
        new = self.client.result("split", one, [b, c])
        self.assertEqual(self.after_all(subscriber), [event("split", one, 2, None, new)])
        self.assertEqual(self.client.result("merge", [one, new]), new)
        self.assertEqual(self.after_all(subscriber), [event("merged", one, 3, None, new)])
        self.client.result("remove", b)
        self.client.result("remove", a)
        self.client.result("remove", c)
        self.assertEqual(self.after_all(subscriber), [
            event("removed", new, 2, b), event("removed", new, 1, a), event("removed", new, 0, c)])

    def test_what_changes_nothing_is_not_told(self):
        subscriber = self.subscriber()
        number = next(self.numbers)
        one = self.add("%d" % number, words(number))["cluster"]
        self.after_all(subscriber)
        self.add("%d" % number, words(number))
        self.client.result("query", {"text": words(number)})
        self.client.result("merge", [one, one])
        self.client.result("split", one, ["%d" % number])
        self.client.result("remove", "nobody")
        self.client.error("merge", [one, 2**40])
        self.client.error("split", one, ["nobody"])
        self.client.error("add", {"id": "x"})
        self.assertEqual(self.after_all(subscriber), [])

    def test_a_replacement_is_a_removal_and_then_an_arrival(self):
        subscriber = self.subscriber()
        number, other = next(self.numbers), next(self.numbers)
        key = "%d-a" % number
        one = self.add(key, words(number))["cluster"]
        self.add("%d-b" % number, words(number))
        self.after_all(subscriber)
        self.add(key, words(number), title="another")
        self.assertEqual(self.after_all(subscriber), [event("removed", one, 2, key), event("grew", one, 2, key)])
        moved = self.add(key, words(other))["cluster"]
        self.assertEqual(self.after_all(subscriber), [event("removed", one, 1, key), event("new", moved, 1, key)])

    def test_an_article_that_makes_clusters_one_says_so_before_it_joins(self):
        subscriber = self.subscriber()
        # Which parts of a story are found is drawn with each store: some of these make two clusters and then one.
        for _ in range(30):
            number = next(self.numbers)
            body = words(number, 200).split()
            for n, part in enumerate((body[:60], body[60:180], body, body[:185])):
                verdict = self.add("%d-%d" % (number, n), " ".join(part))
            if verdict["merged"]:
                break
        cluster, size, key = verdict["cluster"], verdict["size"], verdict["id"]
        self.assertEqual(self.after_all(subscriber)[-2:], [
            event("merged", verdict["merged"][0], size, key, cluster), event("grew", cluster, size, key)])

    def test_a_batch_is_told_article_by_article(self):
        subscriber = self.subscriber()
        number = next(self.numbers)
        articles = [{"id": "%d-%d" % (number, n), "text": words(number)} for n in range(50)]
        verdicts = self.client.result("add_batch", articles + [{"id": "no text"}])
        self.assertEqual(self.after_all(subscriber), [
            event("grew" if n else "new", verdict["cluster"], n + 1, verdict["id"])
            for n, verdict in enumerate(verdicts[:-1])])

    def test_min_size_looks_at_the_larger_of_before_and_after(self):
        subscriber = self.subscriber({"min_size": 3})
        number = next(self.numbers)
        keys = ["%d-%d" % (number, n) for n in range(4)]
        one = [self.add(key, words(number))["cluster"] for key in keys][0]
        self.assertEqual(self.after_all(subscriber), [event("grew", one, n + 1, keys[n]) for n in (2, 3)])
        new = self.client.result("split", one, keys[:2])
        self.client.result("split", one, keys[2:3])
        self.assertEqual(self.after_all(subscriber), [event("split", one, 2, None, new)])
        self.client.result("merge", [one, new])
        self.assertEqual(self.after_all(subscriber), [event("merged", one, 3, None, new)])
        for key in keys[:2]:
            self.client.result("remove", key)
        self.assertEqual(self.after_all(subscriber), [event("removed", new, 2, keys[0])])

    def test_an_outlet_is_told_of_the_clusters_that_it_is_in(self):
        number = next(self.numbers)
        subscriber = self.subscriber({"outlet": "  The Outlet %d " % number})
        other = self.subscriber({"outlet": "nobody"})
        first = self.add("%d-a" % number, words(number), outlet="elsewhere")["cluster"]
        self.add("%d-b" % number, words(number), outlet="the outlet %d" % number)
        self.add("%d-c" % number, words(number))
        self.add("%d-d" % number, words(next(self.numbers)), outlet="elsewhere")
        self.assertEqual(self.after_all(subscriber), [
            event("grew", first, 2, "%d-b" % number), event("grew", first, 3, "%d-c" % number)])
        new = self.client.result("split", first, ["%d-b" % number])
        self.client.result("remove", "%d-c" % number)
        self.client.result("remove", "%d-b" % number)
        self.assertEqual(self.after_all(subscriber), [
            event("split", first, 1, None, new), event("removed", new, 0, "%d-b" % number)])
        self.assertEqual(self.after_all(other), [])

    def test_a_second_subscription_takes_the_place_of_the_first(self):
        subscriber = self.subscriber({"min_size": 100})
        number = next(self.numbers)
        self.add("%d-a" % number, words(number))
        self.assertEqual(self.after_all(subscriber), [])
        subscriber.result("subscribe", {"min_size": None})
        self.add("%d-b" % number, words(number))
        self.assertEqual(len(self.after_all(subscriber)), 1)
        subscriber.result("subscribe", {"min_size": 3, "unknown": [1]})
        self.add("%d-c" % number, words(number + 10**6))
        self.assertEqual(self.after_all(subscriber), [])
        self.assertEqual(self.client.result("stats")["subscribers"], 1)

    def test_it_begins_and_ends_in_its_place_among_the_requests(self):
        subscriber = self.subscriber(None)
        for _ in range(30):
            number = next(self.numbers)
            requests, wanted = [], []
            for n, method in enumerate(["unsubscribe", "subscribe", "subscribe", "unsubscribe"] * 5):
                keys = ["%d-%d-%s" % (number, n, letter) for letter in "ab"]
                requests += [("add", {"id": key, "text": words(number)}) for key in keys]
                requests.append((method,))
                if n % 4 in (2, 3):
                    wanted += keys
            subscriber.send(b"".join(msgpack.packb([0, n, one[0], list(one[1:])]) for n, one in enumerate(requests)))
            sequence = [subscriber.reply() for _ in range(len(requests) + len(wanted))]
            replies = [one for one in sequence if one[0] == 1]
            self.assertEqual([one[1:3] for one in replies], [[n, None] for n in range(len(requests))])
            told = [one[2][0]["id"] for one in sequence if one[0] == 2]
            self.assertEqual(told, wanted)
            # Between the reply to unsubscribe and that to subscribe nothing is told.
            is_on = False
            for one in sequence:
                if one[0] == 1 and requests[one[1]][0] != "add":
                    is_on = requests[one[1]][0] == "subscribe"
                self.assertTrue(one[0] == 1 or is_on, sequence)

    def test_nothing_comes_after_the_reply_to_unsubscribe(self):
        stop = threading.Event()

        def feed():
            with self.daemon.client() as client:
                while not stop.is_set():
                    client.result("add", {"id": "fed", "text": words(next(self.numbers))})

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            subscriber = self.subscriber(None)
            for _ in range(50):
                subscriber.result("subscribe")
                subscriber.wait_for(5)
                subscriber.result("unsubscribe")
                subscriber.take()
                subscriber.result("stats")
                self.assertEqual(subscriber.events, [])
        finally:
            stop.set()
            feeder.join()

    def test_events_come_between_whole_replies(self):
        subscriber = self.subscriber()
        number = next(self.numbers)
        texts = [words(number * 1000 + n, 3000) for n in range(8)]
        for n, text in enumerate(texts):
            self.add("%d-%d" % (number, n), text)

        def feed():
            with self.daemon.client() as client:
                for n in range(1500):
                    client.result("add", {"id": "%d-fed-%d" % (number, n), "text": words(number + n % 7)})

        feeder = threading.Thread(target=feed)
        feeder.start()
        while feeder.is_alive():
            for n, text in enumerate(texts):
                subscriber.send(subscriber.request("get", "%d-%d" % (number, n)))
            for text in texts:
                self.assertEqual(subscriber.answer()[3]["text"], text)
        feeder.join()
        told = [one["id"] for one in self.after_all(subscriber) if "fed" in one["id"]]
        self.assertEqual(told, ["%d-fed-%d" % (number, n) for n in range(1500)])

    def test_wrong_params_are_named(self):
        for params, field in (([7], "filter"), ([[]], "filter"), ([{}, {}], "params"), ([{"min_size": -1}], "min_size"),
                              ([{"min_size": "2"}], "min_size"), ([{"outlet": 7}], "outlet"),
                              ([{"outlet": ""}], "outlet")):
            error = self.client.error("subscribe", *params)
            self.assertEqual((error[0], error[1].split(":")[0]), ("bad_request", field), params)
        self.assertEqual(self.client.error("unsubscribe", {})[0], "bad_request")
        self.assertIs(self.client.result("unsubscribe"), True)
        self.assertIs(self.client.result("subscribe", None), True)
        self.assertIs(self.client.result("unsubscribe"), True)
        self.assertEqual(self.client.result("stats")["subscribers"], 0)

    def test_only_so_many_outlets_are_subscribed_to_and_one_that_left_makes_room(self):
        several = [self.subscriber({"outlet": "outlet %d" % n}) for n in range(OUTLETS_MAX)]
        again = self.subscriber({"outlet": "OUTLET 7"})
        more = self.subscriber(None)
        error = more.error("subscribe", {"outlet": "one more"})
        self.assertEqual((error[0], error[1].split(":")[0]), ("overloaded", "outlet"))
        several[3].close()
        self.assertTrue(eventually(lambda: more.call("subscribe", {"outlet": "one more"})[0] is None))
        number = next(self.numbers)
        self.add("%d" % number, words(number), outlet="one more")
        self.assertEqual(len(self.after_all(more)), 1)
        self.assertEqual(self.after_all(several[4]) + self.after_all(again), [])


class Slow(unittest.TestCase):
    def test_one_that_does_not_read_is_told_how_many_it_misses_and_hinders_nobody(self):
        daemon = Daemon("--subscriber-bytes-max", "64K")
        self.addCleanup(daemon.close)
        count = 30000
        with daemon.client() as client, Subscriber(daemon) as quick:
            slow = Subscriber(daemon, None)
            self.addCleanup(slow.close)
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.result("subscribe")
            received = []
            reader = threading.Thread(target=lambda: received.extend(quick.wait_for(count)))
            reader.start()
            before = daemon.resident_bytes()
            for first in range(0, count, 100):
                client.result("add_batch", [{"id": "a%d" % n, "text": "%d" % n} for n in range(first, first + 100)])
            reader.join()
            self.assertEqual([one["id"] for one in received if one["kind"] != "gap"], ["a%d" % n for n in range(count)])
            stats = client.result("stats")
            self.assertLessEqual(stats["subscriber_bytes"], 64 << 10)
            if not daemon.has_shadow_memory():
                self.assertLess(daemon.resident_bytes() - before, 100 << 20)
            # Everything is told, or counted in its place.
            place, gaps = 0, 0
            while place < count:
                one = slow.wait_for(1)[0]
                if one["kind"] == "gap":
                    self.assertEqual({one[key] for key in ("cluster", "size", "id", "into")}, {None})
                    place, gaps = place + one["lost"], gaps + 1
                else:
                    self.assertEqual(one["id"], "a%d" % place)
                    place += 1
            self.assertGreater(gaps, 0)
            self.assertEqual(client.result("stats")["counters"]["events_sent"] +
                             client.result("stats")["counters"]["events_lost"], 2 * count)
            # and it goes on
            client.result("add", {"id": "last", "text": "last"})
            self.assertEqual(slow.wait_for(1)[0]["id"], "last")

    def test_one_that_waits_is_not_closed_when_others_fill_the_memory(self):
        daemon = Daemon("--in-flight-bytes-max", "4M", "--subscriber-bytes-max", "64K", "--connection-bytes-max", "2M",
                        "--connection-reply-bytes-max", "1M")
        self.addCleanup(daemon.close)
        with daemon.client() as client:
            slow = Subscriber(daemon, None)
            self.addCleanup(slow.close)
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.result("subscribe")
            for n in range(120):
                client.result("add_batch", [{"id": "%d-%d" % (n, k), "text": "%d" % (n + 1000 * k)} for k in range(50)])
            client.result("add", {"id": "large", "text": words(1, 60000)})
            greedy = [daemon.client() for _ in range(10)]
            for one in greedy:
                self.addCleanup(one.close)
                one.socket.setblocking(False)

            def others_are_shed():
                for one in greedy:
                    try:
                        one.send(one.request("get", "large") * 20)
                    except (BlockingIOError, ConnectionError):
                        pass
                with daemon.client() as another:
                    error, stats = another.call("stats")
                    return error is None and stats["counters"]["connections_shed"] > 0

            eventually(others_are_shed, 20)
            while slow.wait_for(1)[0]["kind"] != "gap":
                pass
            slow.result("ping")

    def test_subscribers_have_a_bound(self):
        daemon = Daemon("--subscribers-max", "2")
        self.addCleanup(daemon.close)
        with Subscriber(daemon) as first, Subscriber(daemon), Subscriber(daemon, None) as third:
            error = third.error("subscribe", {})
            self.assertEqual(error[0], "overloaded")
            self.assertIn("subscribers_max", error[1])
            first.result("subscribe", {"min_size": 2})
            first.result("unsubscribe")
            self.assertIs(third.result("subscribe"), True)
            self.assertEqual(first.error("subscribe")[0], "overloaded")


class Life(unittest.TestCase):
    def test_retention_is_told(self):
        daemon = Daemon("--keep", "2s")
        self.addCleanup(daemon.close)
        with daemon.client() as client, Subscriber(daemon) as subscriber:
            client.result("add_batch", [{"id": "%d-%d" % (n, copy), "text": words(n)}
                                        for n in range(300) for copy in range(2)])
            told = subscriber.wait_for(1200)
            removed = [one for one in told if one["kind"] == "removed"]
            self.assertEqual(sorted(one["id"] for one in removed),
                             sorted("%d-%d" % (n, copy) for n in range(300) for copy in range(2)))
            self.assertEqual([one["size"] for one in removed], [1, 0] * 300)

    def test_what_was_told_has_happened_whenever_the_daemon_is_killed(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        for round_number in range(5):
            told, stop = [], threading.Event()
            subscriber = Subscriber(daemon)
            feeder = daemon.client()

            def listen():
                try:
                    while True:
                        told.append(subscriber.wait_for(1)[0])
                except (Closed, ConnectionError):
                    pass

            def feed():
                try:
                    for n in range(10**6):
                        feeder.send(feeder.request(
                            "add", {"id": "%d-%d" % (round_number, n), "text": words(n % 50 + round_number * 50)}))
                        if n >= 20:
                            feeder.reply()
                except (Closed, ConnectionError):
                    pass

            threads = [threading.Thread(target=listen), threading.Thread(target=feed)]
            for thread in threads:
                thread.start()
            self.assertTrue(eventually(lambda: len(told) > 300))
            daemon.kill()
            for thread in threads:
                thread.join()
            subscriber.close()
            feeder.close()
            daemon.start()
            with daemon.client() as client:
                for one in told:
                    self.assertEqual(client.result("get", one["id"])["cluster"], one["cluster"])

    def test_a_stop_tells_what_is_left_and_says_goodbye(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        with daemon.client() as client, Subscriber(daemon) as subscriber:
            client.result("add_batch", [{"id": "%d" % n, "text": "%d" % n} for n in range(2000)])
            self.assertEqual(daemon.stop(), 0)
            self.assertEqual([one["id"] for one in subscriber.wait_for(2000)], ["%d" % n for n in range(2000)])
            with self.assertRaises(Closed):
                subscriber.wait_for(1)
        daemon.start()


if __name__ == "__main__":
    unittest.main()
