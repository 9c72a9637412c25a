"""Start, stop, restart, retention, a disk that is full, settings."""

import glob
import mmap
import os
import random
import resource
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import msgpack

from daemon import BINARY, Closed, Daemon, article, eventually, words


def story(number, copy):
    text = words(number) + " and copy number %d" % copy
    return {"id": "%d-%d" % (number, copy), "text": text, "title": "t", "outlet": "outlet %d" % copy}


def everything(client):
    """All that can be read of a store."""
    clusters, after = [], None
    while True:
        page = client.result("clusters", {"after": after, "order": "size"})
        clusters += page["clusters"]
        after = page["next"]
        if after is None:
            break
    full = [client.result("cluster", cluster["cluster"]) for cluster in clusters]
    articles = {member["id"]: client.result("get", member["id"]) for cluster in full for member in cluster["articles"]}
    return full, articles


def thread_names(daemon):
    names = []
    for path in glob.glob("/proc/%d/task/*/comm" % daemon.process.pid):
        with open(path) as file:
            names.append(file.read().strip())
    return names


class Threads(unittest.TestCase):
    def test_each_has_a_name(self):
        daemon = Daemon("--workers", "2")
        self.addCleanup(daemon.close)
        wanted = {"worker": 2, "index": 1, "commit": 1}

        def named():
            names = thread_names(daemon)
            return all(names.count(name) == count for name, count in wanted.items())

        self.assertTrue(eventually(named))


class ColdStore(unittest.TestCase):
    """A store of which nothing is in memory: what articles are compared with is read ahead."""

    def forget(self, path):
        """Has the system forget the file's pages; whether it then says that they are waited for."""
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as pages:
                pages.madvise(mmap.MADV_RANDOM)
                before = resource.getrusage(resource.RUSAGE_SELF).ru_majflt
                sum(pages[i] for i in range(0, len(pages), 1 << 20))
                return resource.getrusage(resource.RUSAGE_SELF).ru_majflt > before

    def verdicts(self, client, copies):
        client.send(b"".join(msgpack.packb([0, n, "query", [copy]]) for n, copy in enumerate(copies)))
        return [client.reply()[3] for _ in copies]

    def test_answers_as_one_that_is_in_memory(self):
        daemon = Daemon("--recent-bytes-max", "0", "--fetch-threads", "3")
        self.addCleanup(daemon.close)
        numbers = random.Random(1).sample(range(1500), 1500)  # no order that the store itself would read ahead in
        copies = [{"text": words(n, 380) + " cut"} for n in numbers]
        with daemon.client() as client:
            for n in range(0, 1500, 100):
                client.result("add_batch", [{"id": str(i), "text": words(i, 400)} for i in range(n, n + 100)])
            warm = self.verdicts(client, copies)
        self.assertEqual([verdict["match"] for verdict in warm], [str(n) for n in numbers])
        daemon.stop()
        is_counted = self.forget(os.path.join(daemon.folder, "store", "data.mdb"))
        daemon.start()
        with daemon.client() as client:
            self.assertEqual(self.verdicts(client, copies), warm)
        if not is_counted:
            self.skipTest("the file system keeps its files in memory")
        self.assertEqual(thread_names(daemon).count("fetch"), 3)


class Restart(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon("--state-every", "50")
        self.addCleanup(self.daemon.close)

    def queries(self, client):
        # each is as near to three copies: which of them is the match is left open
        return [dict(client.result("query", {"text": words(n) + " and more"}), match=None) for n in range(60)]

    def test_brings_back_the_same_clusters_and_answers(self):
        with self.daemon.client() as client:
            client.result("add_batch", [story(n, copy) for copy in range(3) for n in range(60)])
            for n in range(0, 60, 7):
                client.result("remove", "%d-0" % n)
            client.result("add", dict(story(1, 1), title="replaced"))
            before = everything(client)
            queries = self.queries(client)
            verdict = client.result("add", story(2, 1))
        for end in (self.daemon.stop, self.daemon.kill):
            self.assertIn(end(), (0, -signal.SIGKILL))
            self.daemon.start()
            with self.daemon.client() as client:
                self.assertEqual(everything(client), before)
                self.assertEqual(self.queries(client), queries)
                self.assertEqual(client.result("add", story(2, 1)), verdict)

    def test_brings_back_a_store_of_which_a_sample_tells_the_size(self):
        with self.daemon.client() as client:
            for n in range(0, 4500, 500):
                client.result("add_batch", [{"id": str(i), "text": words(i, 40)} for i in range(n, n + 500)])
        self.daemon.kill()
        self.daemon.start()
        with self.daemon.client() as client:
            self.assertEqual(client.result("stats")["articles"], 4500)
            for n in (0, 4095, 4096, 4499):
                self.assertEqual(client.result("query", {"text": words(n, 40)})["match"], str(n))

    def test_numbers_that_were_given_are_not_given_again(self):
        with self.daemon.client() as client:
            last = client.result("add", article(1))["cluster"]
            client.result("remove", "article-1")
        self.daemon.stop()
        self.daemon.start()
        with self.daemon.client() as client:
            self.assertEqual(client.error("cluster", last)[0], "not_found")
            self.assertGreater(client.result("add", article(2))["cluster"], last)

    def test_a_second_daemon_does_not_get_the_store(self):
        second = subprocess.run([BINARY, "--store", os.path.join(self.daemon.folder, "store"), "--tcp", "127.0.0.1:0"],
                                capture_output=True, timeout=60)
        self.assertEqual(second.returncode, 1)
        self.assertIn(b"another process", second.stderr)

    def test_a_socket_that_a_killed_daemon_left_is_taken_over(self):
        self.daemon.kill()
        self.assertTrue(os.path.exists(self.daemon.path))
        self.daemon.start()
        with self.daemon.client() as client:
            self.assertEqual(client.result("ping"), "pong")
        with tempfile.TemporaryDirectory() as folder:
            second = subprocess.run([BINARY, "--store", folder, "--tcp", "none", "--unix", self.daemon.path],
                                    capture_output=True, timeout=60)
        self.assertEqual(second.returncode, 1)
        self.assertIn(b"in use", second.stderr)
        self.daemon.stop()
        self.assertFalse(os.path.exists(self.daemon.path))
        self.daemon.start()


class Stop(unittest.TestCase):
    def test_finishes_what_was_accepted(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        acknowledged, clients = [], [daemon.client() for _ in range(4)]

        def feed(number, client):
            requests = b"".join(
                msgpack.packb([0, n, "add", [dict(article(n), id="%d:%d" % (number, n))]]) for n in range(3000))
            sender = threading.Thread(target=lambda: self.try_send(client, requests))
            sender.start()
            try:
                while True:
                    acknowledged.append(client.reply()[3]["id"])
            except (Closed, ConnectionResetError):
                pass
            sender.join()

        threads = [threading.Thread(target=feed, args=pair) for pair in enumerate(clients)]
        for thread in threads:
            thread.start()
        self.assertTrue(eventually(lambda: len(acknowledged) > 500))
        self.assertEqual(daemon.stop(), 0)
        for thread in threads:
            thread.join()
        for client in clients:
            client.close()
        self.assertEqual(len(acknowledged), len(set(acknowledged)))
        daemon.start()
        with daemon.client() as client:
            # Everything that was stored had been answered for, and the other way round.
            self.assertEqual(client.result("stats")["articles"], len(acknowledged))
            for key in acknowledged[::50]:
                self.assertEqual(client.result("get", key)["id"], key)

    def try_send(self, client, data):
        try:
            client.send(data)
        except OSError:
            pass

    def test_a_request_under_way_is_answered(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        text = " ".join(words(n, 1000) for n in range(400))
        with daemon.client() as client:
            client.send(client.request("add", {"id": "slow", "text": text}))
            with daemon.client() as other:
                self.assertTrue(eventually(lambda: other.result("stats")["in_flight_bytes"] > 1 << 20 or
                                           other.result("stats")["articles"] > 0))
            daemon.signal(signal.SIGTERM)
            self.assertEqual(client.reply()[3]["id"], "slow")
            with self.assertRaises(Closed):
                client.reply()
        self.assertEqual(daemon.wait(), 0)
        daemon.start()

    def test_a_client_that_does_not_read_does_not_keep_it_for_ever(self):
        daemon = Daemon()
        with daemon.client() as client:
            client.result("add", {"id": "big", "text": words(1, 100000)})
            client.send(msgpack.packb([0, 1, "get", ["big"]]) * 100)
            time.sleep(0.2)
            daemon.signal(signal.SIGTERM)
            time.sleep(0.2)
            daemon.signal(signal.SIGINT)  # the second hurries
            self.assertEqual(daemon.wait(), 0)
        daemon.start()
        daemon.close()


class Retention(unittest.TestCase):
    def test_old_articles_go_while_it_serves(self):
        daemon = Daemon("--keep", "3s")
        self.addCleanup(daemon.close)
        with daemon.client() as client:
            verdicts = client.result("add_batch", [story(n, copy) for n in range(300) for copy in range(2)])
            self.assertEqual(client.result("stats")["articles"], 600)
            self.assertTrue(eventually(lambda: client.result("stats")["articles"] == 0))
            self.assertEqual(client.result("stats")["counters"]["articles_expired"], 600)
            for verdict in verdicts[::37]:
                self.assertEqual(client.error("get", verdict["id"])[0], "not_found")
                self.assertEqual(client.error("cluster", verdict["cluster"])[0], "not_found")
            again = client.result("add", story(0, 0))
            self.assertEqual((again["relation"], again["replaced"]), ("unique", False))
            self.assertGreater(again["cluster"], max(verdict["cluster"] for verdict in verdicts))

    def test_young_articles_stay(self):
        daemon = Daemon("--keep", "1h")
        self.addCleanup(daemon.close)
        with daemon.client() as client:
            client.result("add", article(1))
            time.sleep(2.5)
            self.assertEqual(client.result("get", "article-1")["id"], "article-1")


class FullDisk(unittest.TestCase):
    """A limit on the size of files stands for the end of the disk: the store takes EFBIG as it takes ENOSPC."""

    def test_refuses_writes_and_goes_on_by_itself(self):
        daemon = Daemon(prefix=["/bin/sh", "-c", 'ulimit -S -f 4096; exec "$0" "$@"'])
        self.addCleanup(daemon.close)
        stored, refused = {}, None
        with daemon.client() as client:
            for n in range(20000):
                error, verdict = client.call("add", {"id": "full-%d" % n, "text": os.urandom(3000).hex()})
                if error is not None:
                    refused = error
                    break
                stored[verdict["id"]] = verdict["cluster"]
            self.assertIsNotNone(refused)
            self.assertEqual(refused[0], "overloaded")
            self.assertIn("room", refused[1])
            self.assertGreater(len(stored), 100)
            # reads go on, and nothing that was acknowledged is gone
            for key, cluster in stored.items():
                self.assertEqual(client.result("get", key)["cluster"], cluster)
            self.assertEqual(client.result("stats")["articles"], len(stored))
            self.assertEqual(client.error("get", "full-%d" % len(stored))[0], "not_found")
            subprocess.run(["prlimit", "--pid", str(daemon.process.pid), "--fsize=unlimited"], check=True)
            self.assertTrue(eventually(lambda: client.call("add", article(1))[0] is None, seconds=60))
            self.assertFalse(client.result("stats")["writes_refused"])
            copy = client.result("add", dict(article(1), id="copy"))
            self.assertEqual(copy["match"], "article-1")
            stored["article-1"] = stored["copy"] = copy["cluster"]
        self.assertEqual(daemon.stop(), 0)
        daemon.prefix = []
        daemon.start()
        with daemon.client() as client:
            self.assertEqual(client.result("stats")["articles"], len(stored))
            for key, cluster in stored.items():
                self.assertEqual(client.result("get", key)["cluster"], cluster)


class Starting(unittest.TestCase):
    def run_daemon(self, *flags, environment=None):
        return subprocess.run([BINARY, *flags], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, **(environment or {})))

    def test_wrong_use_is_told_in_words_with_status_2(self):
        for flags, words_of_it in (
            ((), "--store"), (("--nonsense",), "--nonsense"), (("extra",), "extra"), (("--store",), "--store"),
            (("--store", "x", "--workers", "many"), "--workers"), (("--store", "x", "--workers", "257"), "0 to 256"),
            (("--store", "x", "--keep", "30x"), "--keep"), (("--store", "x", "--log-level", "loud"), "--log-level"),
            (("--store", "x", "--config", "/nonexistent"), "/nonexistent"),
        ):
            done = self.run_daemon(*flags)
            self.assertEqual(done.returncode, 2, (flags, done.stderr))
            self.assertIn(words_of_it, done.stderr)

    def test_what_it_cannot_do_has_status_1(self):
        with tempfile.TemporaryDirectory() as folder:
            for flags, words_of_it in (
                (("--tcp", "127.0.0.1"), "HOST:PORT"), (("--tcp", "0.0.0.0:0"), "insecure"),
                (("--unix", "x" * 200), "bytes"),
                (("--tcp", "none", "--unix", "/nonexistent/socket"), "/nonexistent"),
            ):
                done = self.run_daemon("--store", os.path.join(folder, "store"), *flags)
                self.assertEqual(done.returncode, 1, (flags, done.stderr))
                self.assertIn(words_of_it, done.stderr)
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", 0))
                taken.listen()
                address = "127.0.0.1:%d" % taken.getsockname()[1]
                done = self.run_daemon("--store", os.path.join(folder, "store"), "--tcp", address)
                self.assertEqual(done.returncode, 1)
                self.assertIn("in use", done.stderr)

    def test_flag_environment_file_default_in_this_order(self):
        with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
            file.write("# of the test\ncommit_wait_us = 1\nworkers = 1\nkeep = 30d\nno_text = yes\n")
            file.flush()
            daemon = Daemon("--commit-wait-us", "3", "--config", file.name,
                            environment={"WIREFOLD_COMMIT_WAIT_US": "2", "WIREFOLD_WORKERS": "2"})
            self.addCleanup(daemon.close)
            with daemon.client() as client:
                settings = client.result("info")["settings"]
            self.assertEqual((settings["commit_wait_us"], settings["workers"], settings["keep"]), (3, 2, 30 * 86400))
            self.assertEqual((settings["no_text"], settings["connections_max"]), (True, 10000))

    def test_mistakes_in_the_file_are_told_with_their_key(self):
        for content, words_of_it in (
            ("nonsense = 1\n", "nonsense"), ("workers = x\n", "workers"), ("[part]\nworkers = 1\n", "section"),
            ("just words\n", "line 1"), ("config = y\n", "config"),
        ):
            with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
                file.write(content)
                file.flush()
                done = self.run_daemon("--store", "x", "--config", file.name)
                self.assertEqual(done.returncode, 2, content)
                self.assertIn(words_of_it, done.stderr)

    def test_help_names_every_setting(self):
        for flag in ("--help", "--help-man", "--help-markdown"):
            done = self.run_daemon(flag)
            self.assertEqual(done.returncode, 0)
            self.assertIn("commit", done.stdout)
        self.assertIn("0.", self.run_daemon("--version").stdout)


if __name__ == "__main__":
    unittest.main()
