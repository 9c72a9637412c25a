"""An outlet's first articles are looked at again once what the outlet repeats is known."""

import unittest

from daemon import Daemon, eventually, words

FURNITURE = 180  # words around a story of 60: too much to see the story while they count


class Mending(unittest.TestCase):
    def start(self, *flags):
        daemon = Daemon(*flags)
        self.addCleanup(daemon.close)
        client = daemon.client()
        self.addCleanup(client.close)
        client.result("add_batch", [{"id": "background-%d" % n, "text": words(n)} for n in range(100)])
        return daemon, client

    def add(self, client, key, number, outlet=None):
        text = words(number, 60)
        if outlet:
            text = " ".join((words(9000, FURNITURE // 2), text, words(9001, FURNITURE // 2)))
        article = {"id": key, "text": text}
        return client.result("add", dict(article, outlet=outlet) if outlet else article)

    def first_copy(self, client):
        """A story, and a copy that an outlet nobody knows puts into its furniture: (story's cluster, copy's)."""
        story = self.add(client, "story", 1000)["cluster"]
        copy = self.add(client, "copy", 1000, "The Paper")
        self.assertTrue(copy["new"], copy)
        return story, copy["cluster"]

    def seven_more(self, client):
        for n in range(7):
            self.add(client, "other-%d" % n, 1001 + n, "The Paper")

    def mended(self, client):
        return client.result("stats")["counters"]["articles_mended"]

    def test_a_copy_that_stood_alone_joins_its_story_and_it_is_told(self):
        daemon, client = self.start()
        story, copy = self.first_copy(client)
        with daemon.client() as subscriber:
            subscriber.result("subscribe", {"min_size": 2})
            self.seven_more(client)
            self.assertEqual(subscriber.reply()[2], [
                {"kind": "merged", "cluster": copy, "size": 2, "id": "copy", "into": story}])
        self.assertEqual(self.mended(client), 1)
        for end in (daemon.kill, daemon.stop):
            end()
            daemon.start()
            with daemon.client() as again:
                self.assertEqual(again.result("cluster", copy)["cluster"], story)
                self.assertEqual([one["id"] for one in again.result("cluster", story)["articles"]], ["story", "copy"])

    def test_what_an_editor_split_off_stays_where_it_was_put(self):
        _, client = self.start()
        story, copy = self.first_copy(client)
        self.assertEqual(client.result("merge", [story, copy]), story)
        alone = client.result("split", story, ["copy"])
        self.seven_more(client)
        self.add(client, "last", 2000, "Another")
        self.assertEqual(client.result("get", "copy")["cluster"], alone)
        self.assertEqual(self.mended(client), 0)

    def test_it_can_be_turned_off(self):
        _, client = self.start("--mend=no")
        _, copy = self.first_copy(client)
        self.seven_more(client)
        self.assertFalse(eventually(lambda: self.mended(client) > 0, 0.5))
        self.assertEqual(client.result("get", "copy")["cluster"], copy)


if __name__ == "__main__":
    unittest.main()
