"""merge and split: an editor's words, which last, are respected by what comes later, and undo each other."""

import signal
import unittest

import msgpack

from daemon import Daemon, DaemonCase, eventually, words


class Editors(DaemonCase):
    numbers = iter(range(100, 10**6))

    def add(self, key, text, **more):
        return self.client.result("add", dict({"id": key, "text": text}, **more))

    def story(self, copies):
        """A story of its own with so many exact copies: (its cluster, its ids, its text)."""
        number = next(self.numbers)
        ids = ["%d-%d" % (number, n) for n in range(copies)]
        for key in ids:
            cluster = self.add(key, words(number))["cluster"]
        return cluster, ids, words(number)

    def members(self, cluster):
        answer = self.client.result("cluster", cluster)
        self.assertEqual(answer["size"], len(answer["articles"]))
        return answer["cluster"], sorted(one["id"] for one in answer["articles"])

    # ---- merge

    def test_a_merge_makes_unlike_clusters_one_and_later_copies_of_either_join(self):
        one, one_ids, one_text = self.story(2)
        two, two_ids, two_text = self.story(3)
        self.assertEqual(self.client.result("merge", [one, two]), two)  # the bigger keeps its ID
        for cluster in (one, two):
            self.assertEqual(self.members(cluster), (two, sorted(one_ids + two_ids)))
        for key, text in ("later-%d" % one, one_text), ("later-%d" % two, two_text):
            verdict = self.add(key, text)
            self.assertEqual((verdict["cluster"], verdict["new"], verdict["merged"]), (two, False, []))
        self.assertEqual(self.client.result("query", {"text": one_text})["size"], 8)
        self.assertEqual(self.client.result("get", one_ids[0])["cluster"], two)

    def test_of_equals_the_older_keeps_its_id_whatever_the_order(self):
        clusters = [self.story(1)[0] for _ in range(4)]
        self.assertEqual(self.client.result("merge", clusters[::-1]), clusters[0])
        for cluster in clusters:
            self.assertEqual(self.client.result("cluster", cluster)["cluster"], clusters[0])

    def test_a_merge_of_one_or_of_what_is_one_changes_nothing(self):
        one, ids, _ = self.story(2)
        other = self.story(1)[0]
        self.assertEqual(self.client.result("merge", [one]), one)
        self.assertEqual(self.client.result("merge", [one, one, one]), one)
        self.assertEqual(self.members(one), (one, ids))
        merged = self.client.result("merge", [one, other])
        self.assertEqual(self.client.result("merge", [other, one]), merged)

    def test_a_merge_that_is_wrong_is_refused_whole(self):
        one, ids, _ = self.story(1)
        cases = [
            ([], "bad_request", "params"), ([[], []], "bad_request", "params"), ([7], "bad_request", "clusters"),
            ([[]], "bad_request", "clusters"), ([{}], "bad_request", "clusters"),
            ([[one, "1"]], "bad_request", "clusters[1]"), ([[one, 1.0]], "bad_request", "clusters[1]"),
            ([[one, -1]], "bad_request", "clusters[1]"), ([[one, 2**53]], "bad_request", "clusters[1]"),
            ([[one, None]], "bad_request", "clusters[1]"), ([[one, 2**40]], "not_found", "clusters[1]"),
            ([[one, 0]], "not_found", "clusters[1]"), ([[one] * 1025], "too_large", "clusters"),
        ]
        for params, code, field in cases:
            error = self.client.error("merge", *params)
            self.assertEqual(error[0], code, error)
            self.assertTrue(error[1].startswith(field), error)
        self.assertEqual(self.client.error("merge", [one, 2**40])[1],
                         "clusters[1]: no cluster has the number %d" % 2**40)
        self.assertEqual(self.members(one), (one, ids))
        self.assertEqual(self.client.result("merge", [one] * 1024), one)

    # ---- split

    def test_a_split_gives_a_new_number_and_both_go_on(self):
        one, ids, text = self.story(4)
        new = self.client.result("split", one, ids[1:3])
        self.assertEqual(self.client.error("cluster", new + 1)[0], "not_found")
        self.assertEqual(self.members(new), (new, ids[1:3]))
        self.assertEqual(self.members(one), (one, [ids[0], ids[3]]))
        self.assertEqual(self.client.result("get", ids[1])["cluster"], new)
        # as near to either: the older
        verdict = self.add("later-%d" % one, text)
        self.assertEqual((verdict["cluster"], verdict["merged"], verdict["size"]), (one, [], 3))
        # the same again stays where it was put, and its content elsewhere
        again = self.add(ids[1], text)
        self.assertEqual((again["cluster"], again["size"], again["replaced"]), (new, 2, False))

    def test_what_comes_later_joins_the_nearer_side(self):
        number = next(self.numbers)
        one = self.add("%d-a" % number, words(number) + " " + words(number + 10**7, 60))["cluster"]
        self.add("%d-b" % number, words(number) + " " + words(number + 2 * 10**7, 60))
        new = self.client.result("split", one, ["%d-b" % number])
        for n in range(6):
            side, cluster = ((10**7, one), (2 * 10**7, new))[n % 2]
            text = words(number) + " " + words(number + side, 60) + " edited %d" % n
            verdict = self.add("%d-later-%d" % (number, n), text)
            self.assertEqual((verdict["cluster"], verdict["merged"], verdict["new"]), (cluster, [], False))

    def test_the_founder_can_be_split_off_and_the_id_stays(self):
        one, ids, _ = self.story(3)
        new = self.client.result("split", one, ids[:1])
        self.assertEqual(self.members(one), (one, ids[1:]))
        self.assertEqual(self.members(new), (new, ids[:1]))
        for key in ids[1:]:
            self.assertTrue(self.client.result("remove", key))
        self.assertEqual(self.client.error("cluster", one)[0], "not_found")
        self.assertEqual(self.members(new), (new, ids[:1]))

    def test_ids_given_twice_count_once_and_all_of_them_are_a_cluster_already(self):
        one, ids, _ = self.story(3)
        new = self.client.result("split", one, [ids[1]] * 3)
        self.assertEqual(self.members(new), (new, ids[1:2]))
        self.assertEqual(self.client.result("split", one, [ids[0], ids[2], ids[0]]), one)
        self.assertEqual(self.members(one), (one, [ids[0], ids[2]]))

    def test_a_split_that_is_wrong_is_refused_whole(self):
        one, ids, _ = self.story(3)
        other, other_ids, _ = self.story(1)
        cases = [
            ([], "bad_request", "params"), ([one], "bad_request", "params"), ([one, []], "bad_request", "ids"),
            ([one, ids[0]], "bad_request", "ids"), ([str(one), ids], "bad_request", "cluster"),
            ([one, [ids[0], 7]], "bad_request", "ids[1]"), ([one, [ids[0], ""]], "bad_request", "ids[1]"),
            ([one, [ids[0], "x" * 513]], "bad_request", "ids[1]"), ([2**40, ids], "not_found", "cluster"),
            ([one, [ids[0], "nobody"]], "not_found", "ids[1]"),
            ([one, [ids[0], other_ids[0]]], "not_found", "ids[1]"),
            ([one, [ids[0]] * 65537], "too_large", "ids"),
        ]
        for params, code, field in cases:
            error = self.client.error("split", *params)
            self.assertEqual(error[0], code, (params[1:], error))
            self.assertTrue(error[1].startswith(field), error)
        self.assertEqual(self.client.error("split", one, other_ids)[1],
                         "ids[0]: the article is in cluster %d, not in %d" % (other, one))
        self.assertEqual(self.members(one), (one, ids))

    # ---- both

    def test_each_undoes_the_other(self):
        one, one_ids, one_text = self.story(2)
        two, two_ids, _ = self.story(3)
        self.assertEqual(self.client.result("merge", [one, two]), two)
        new = self.client.result("split", one, one_ids)
        self.assertGreater(new, two)
        self.assertEqual(self.members(new), (new, one_ids))
        # an ID that was folded stays so
        self.assertEqual(self.members(one), (two, two_ids))
        self.assertEqual(self.add("later-%d" % one, one_text)["cluster"], new)
        self.assertEqual(self.client.result("merge", [new, two]), two)
        self.assertEqual(self.members(new)[0], two)

    def test_a_merge_lifts_what_a_split_said_and_a_split_says_it_again(self):
        one, ids, text = self.story(4)
        new = self.client.result("split", one, ids[2:])
        self.client.result("merge", [one, new])
        again = self.client.result("split", one, ids[3:])
        self.assertNotIn(again, (one, new))
        verdict = self.add("later-%d" % one, text)
        self.assertEqual((verdict["cluster"], verdict["size"]), (one, 4))
        self.assertEqual(self.members(new)[0], one)

    def test_another_version_of_an_article_stays_where_the_editor_put_it(self):
        one, ids, text = self.story(2)
        new = self.client.result("split", one, ids[1:])
        verdict = self.add(ids[1], text, title="again")
        self.assertEqual((verdict["cluster"], verdict["replaced"], verdict["size"]), (new, True, 1))
        self.assertEqual(self.members(one), (one, ids[:1]))
        two, two_ids, two_text = self.story(1)
        three, three_ids, three_text = self.story(1)
        self.assertEqual(self.client.result("merge", [two, three]), two)
        for key, other in (three_ids[0], three_text), (two_ids[0], two_text), (three_ids[0], three_text + " at last"):
            verdict = self.add(key, other, title="again and again")
            self.assertEqual((verdict["cluster"], verdict["replaced"], verdict["size"]), (two, True, 2))

    def test_another_story_under_the_same_id_is_decided_afresh(self):
        one, ids, _ = self.story(2)
        two, _, text = self.story(2)
        new = self.client.result("split", one, ids[1:])
        verdict = self.add(ids[1], text)
        self.assertEqual((verdict["cluster"], verdict["replaced"], verdict["size"]), (two, True, 3))
        self.assertEqual(self.client.error("cluster", new)[0], "not_found")

    def test_they_keep_their_place_among_the_requests_of_a_connection(self):
        for _ in range(30):
            number = next(self.numbers)
            text = words(number)
            ids = ["%d-%d" % (number, n) for n in range(4)]
            first = self.add(ids[0], text)["cluster"]
            # The first number after: of ids[1] to ids[3], then of the split.
            requests = [("add", {"id": key, "text": text}) for key in ids[1:]]
            requests += [("split", first, ids[2:]), ("cluster", first), ("cluster", first + 4),
                         ("merge", [first + 4, first]), ("cluster", first + 4), ("split", first, ids[:1]),
                         ("remove", ids[1]), ("cluster", first), ("get", ids[0])]
            self.client.send(b"".join(msgpack.packb([0, n, one[0], list(one[1:])]) for n, one in enumerate(requests)))
            replies = [self.client.reply() for _ in requests]
            self.assertEqual([reply[2] for reply in replies], [None] * len(requests))
            results = [reply[3] for reply in replies][3:]
            self.assertEqual(results[0], first + 4)
            self.assertEqual([one["id"] for one in results[1]["articles"]], ids[:2])
            self.assertEqual([one["id"] for one in results[2]["articles"]], ids[2:])
            self.assertEqual(results[3], first)
            self.assertEqual((results[4]["cluster"], results[4]["size"]), (first, 4))
            self.assertEqual(results[5], first + 5)
            self.assertEqual([one["id"] for one in results[7]["articles"]], ids[2:])
            self.assertEqual(results[8]["cluster"], first + 5)

    def test_info_and_stats_know_of_them(self):
        methods = self.client.result("info")["methods"]
        self.assertIn("merge", methods)
        self.assertIn("split", methods)
        before = self.client.result("stats")["counters"]
        one, ids, _ = self.story(2)
        new = self.client.result("split", one, ids[1:])
        self.client.result("merge", [one, new])
        after = self.client.result("stats")["counters"]
        self.assertEqual(after["clusters_split"] - before["clusters_split"], 1)
        self.assertEqual(after["clusters_merged"] - before["clusters_merged"], 1)

    def test_a_notification_is_carried_out_and_not_answered(self):
        one, ids, _ = self.story(2)
        self.client.send(msgpack.packb([2, "split", [one, ids[1:]]]))
        self.assertEqual(self.members(one), (one, ids[:1]))


class Lasting(unittest.TestCase):
    def test_words_last_over_restarts_and_kills(self):
        daemon = Daemon("--state-every", "10")
        self.addCleanup(daemon.close)
        with daemon.client() as client:
            for n in range(5):
                for copy in "abc":
                    client.result("add", {"id": "%d%s" % (n, copy), "text": words(n)})
            first = [client.result("get", "%da" % n)["cluster"] for n in range(5)]
            merged = client.result("merge", first[:2])
            new = client.result("split", first[2], ["2c"])
            newer = client.result("split", first[2], ["2b"])
            gone = client.result("split", first[3], ["3a"])
            client.result("merge", [gone, first[4]])
            client.result("remove", "3b")
        expected = None
        for number, end in enumerate((daemon.stop, daemon.kill, daemon.kill, daemon.stop)):
            self.assertIn(end(), (0, -signal.SIGKILL))
            daemon.start()
            with daemon.client() as client:
                where = {key: client.result("get", key)["cluster"]
                         for key in ("0a", "1a", "2a", "2b", "2c", "3a", "3c", "4a")}
                self.assertEqual(where, expected or where)
                expected = where
                self.assertEqual((where["0a"], where["1a"]), (merged, merged))
                self.assertEqual((where["2a"], where["2b"], where["2c"]), (first[2], newer, new))
                self.assertEqual((where["3a"], where["3c"]), (first[4], first[3]))
                self.assertEqual(client.result("cluster", gone)["cluster"], first[4])
                # neither of the three is made one with another
                for n in (0, 1, 2):
                    verdict = client.result("add", {"id": "later-%d-%d" % (number, n), "text": words(n)})
                    self.assertEqual((verdict["cluster"], verdict["merged"]), ([merged, merged, first[2]][n], []))
                    client.result("remove", "later-%d-%d" % (number, n))
                last = client.result("add", {"id": "last", "text": words(1000 + number)})["cluster"]
                self.assertGreater(last, gone)
        with daemon.client() as client:
            self.assertGreater(client.result("split", merged, ["0a"]), last)

    def test_a_number_given_last_to_a_split_is_never_given_again(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        with daemon.client() as client:
            for n in range(3):
                one = client.result("add", {"id": "a%d" % n, "text": words(1)})["cluster"]
            new = client.result("split", one, ["a1"])
            client.result("remove", "a1")
        for end in (daemon.stop, daemon.kill):
            end()
            daemon.start()
            with daemon.client() as client:
                self.assertEqual(client.error("cluster", new)[0], "not_found")
                self.assertGreater(client.result("add", {"id": "b", "text": words(2)})["cluster"], new)
                client.result("remove", "b")

    def test_words_of_a_batch_that_fails_are_refused_or_done(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        highest = 0
        for number in range(6):
            with daemon.client() as client:
                for n in range(2):
                    for copy in "ab":
                        client.result("add", {"id": "%d-%d%s" % (number, n, copy), "text": words(2 * number + n)})
                one, two = (client.result("get", "%d-%da" % (number, n))["cluster"] for n in range(2))
            daemon.stop()
            daemon.flags = ["--room-bytes-min", "16T"]  # articles are refused, and all that is in their batch
            daemon.start()
            with daemon.client() as client:
                client.send(b"".join(client.request(*one) for one in (
                    ("split", one, ["%d-0b" % number]), ("add", {"id": "refused", "text": "no room for it"}),
                    ("merge", [one, two]), ("split", two, ["%d-1b" % number]))))
                split, add, merge, again = [client.reply()[2:] for _ in range(4)]
                self.assertEqual(add[0][0], "overloaded")
                self.assertEqual(client.error("get", "refused")[0], "not_found")
            daemon.stop()
            daemon.flags = []
            daemon.start()
            with daemon.client() as client:
                where = [client.result("get", "%d-%s" % (number, key))["cluster"] for key in ("0a", "0b", "1a", "1b")]
                self.assertEqual(where[1] != where[0], split[0] is None)
                self.assertEqual(where[2] == where[0], merge[0] is None)
                self.assertEqual(where[3] != where[2], again[0] is None)
                for error in (split[0], merge[0], again[0]):
                    self.assertIn(error and error[0], (None, "overloaded"))
                new = client.result("split", where[2], ["%d-1a" % number])
                self.assertGreater(new, max(highest, *where))
                highest = new

    def test_retention_removes_words_with_what_they_were_about(self):
        daemon = Daemon("--keep", "5s")
        self.addCleanup(daemon.close)
        with daemon.client() as client:
            client.result("add_batch", [
                {"id": "%d-%s" % (n, copy), "text": words(n)} for n in range(300) for copy in "ab"])
            one = client.result("get", "7-a")["cluster"]
            new = client.result("split", one, ["7-b"])
            self.assertTrue(eventually(lambda: client.result("stats")["articles"] == 0))
            for cluster in (one, new):
                self.assertEqual(client.error("cluster", cluster)[0], "not_found")
                self.assertEqual(client.error("merge", [cluster])[0], "not_found")
            verdict = client.result("add", {"id": "7-b", "text": words(7)})
            self.assertGreater(verdict["cluster"], new)


class Killed(unittest.TestCase):
    def test_the_same_again_tells_of_no_merge_that_is_not_on_disk(self):
        """The article may be there, and what has made its cluster one with another not yet: then the verdict waits."""
        daemon = Daemon()
        self.addCleanup(daemon.close)
        for turn in range(20):
            articles = [{"id": "%d-%d" % (turn, n), "text": words(2 * turn + n)} for n in range(2)]
            with daemon.client() as client, daemon.client() as other:
                one, two = (client.result("add", article)["cluster"] for article in articles)
                client.send(client.request("merge", [one, two]))
                told = other.result("add", articles[1])["cluster"]
                daemon.kill()
            daemon.start()
            with daemon.client() as client:
                now = client.result("get", articles[1]["id"])["cluster"]
            # Where it was not told of the merge, that may have come later and be there.
            self.assertIn((told, now), ((one, one), (two, two), (two, one)))


if __name__ == "__main__":
    unittest.main()
