"""A daemon for tests of the command: answers as the contract says, groups equal texts, and misbehaves on request.

It runs in a thread of the test. What it saw is in `requests`, what it holds in `articles`.
"""

import os
import socket
import threading
import time

import msgpack

ARTICLE_KEYS = {"id", "text", "title", "outlet", "url", "lang", "published"}


class Misbehaviour:
    """What to do wrong, each once or a number of times."""

    def __init__(self):
        self.close_at_request = set()  # numbers of add_batch requests (from 1): close instead of answering
        self.close_after_effect = set()  # the same, after the articles were stored: the answer is lost
        self.overloaded_requests = 0  # so many add_batch requests are answered `overloaded`
        self.overloaded_articles = {}  # id -> so many times its own answer is `overloaded`
        self.refused = {}  # id -> [code, message]
        self.batch_articles_max = None  # larger batches are answered `too_large`
        self.pause = 0.0  # seconds before each add_batch answer
        self.verdict = {}  # what every verdict says instead
        self.passages = None  # what `compare` answers, true or not
        self.garbage = False  # answer with bytes that are not MessagePack-RPC


class StubServer:
    def __init__(self, path=None, misbehaviour=None):
        self.misbehaviour = misbehaviour or Misbehaviour()
        self.articles = {}
        self.cluster_of_text = {}
        self.clusters = {}
        self.requests = []
        self.batches_seen = 0
        self.connections_seen = 0
        self.outstanding_max = 0
        self.lock = threading.Lock()
        self.sockets = []
        self.path = path
        self.listener = None
        self.start()

    def start(self):
        if self.path is None:
            self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind(("127.0.0.1", getattr(self, "port", 0)))
            self.port = self.listener.getsockname()[1]
            self.address = "tcp://127.0.0.1:%d" % self.port
        else:
            if os.path.exists(self.path):
                os.unlink(self.path)
            self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.listener.bind(self.path)
            self.address = "unix:" + self.path
        self.listener.listen(16)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def stop(self):
        """Closes everything, as a daemon that was killed; start() brings it back with what it held."""
        listener, self.listener = self.listener, None
        if listener is not None:
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()
        for connection in self.sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()
        self.sockets = []

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()

    def accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.sockets.append(connection)
            self.connections_seen += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        unpacker = msgpack.Unpacker(raw=False, max_buffer_size=1 << 30, unicode_errors="surrogateescape")
        try:
            while True:
                received = connection.recv(1 << 20)
                if not received:
                    return
                unpacker.feed(received)
                messages = list(unpacker)
                self.outstanding_max = max(self.outstanding_max, len(messages))
                for message in messages:
                    if not self.answer(connection, message):
                        connection.close()
                        return
        except OSError:
            return

    def answer(self, connection, message):
        kind, number, method, params = message
        assert kind == 0
        if self.misbehaviour.garbage:
            connection.sendall(b"\xc1HTTP/1.1 400\r\n")
            return False
        with self.lock:
            self.requests.append((method, params))
            if method == "add_batch":
                self.batches_seen += 1
                if self.batches_seen in self.misbehaviour.close_at_request:
                    return False
            error, result = self.call(method, params)
            if method == "add_batch" and self.batches_seen in self.misbehaviour.close_after_effect:
                return False
        if method == "add_batch" and self.misbehaviour.pause:
            time.sleep(self.misbehaviour.pause)
        connection.sendall(msgpack.packb([1, number, error, result], unicode_errors="surrogateescape"))
        return True

    def call(self, method, params):
        function = getattr(self, "method_" + method, None)
        if function is None:
            return ["no_such_method", method], None
        try:
            return None, function(*params)
        except Refusal as refusal:
            return [refusal.code, refusal.message], None

    # Articles

    def verdict(self, article, store):
        key = article["text"]
        cluster = self.cluster_of_text.get(key)
        members = self.clusters.get(cluster, [])
        others = [one for one in members if one != article.get("id")]
        known = self.articles.get(article.get("id"))
        replaced = False
        if store:
            if known is not None and known["text"] != key:
                self.method_remove(article["id"])
                replaced, known = True, None
            if cluster is None:
                cluster = len(self.clusters) + 1
                self.cluster_of_text[key] = cluster
                self.clusters[cluster] = []
            if known is None:
                self.clusters[cluster].append(article["id"])
                self.articles[article["id"]] = dict(article, cluster=cluster, seen=1762164000 + len(self.articles))
            members = self.clusters[cluster]
        return {
            "id": article.get("id"), "cluster": cluster, "new": not others,
            "relation": "exact" if others else "unique", "match": others[0] if others else None,
            "similarity": 1.0 if others else 0.0, "containment": 1.0 if others else 0.0, "size": len(members),
            "merged": [], "related": [], "replaced": replaced, **self.misbehaviour.verdict,
        }

    def check(self, article, needs_id=True):
        if needs_id and not article.get("id"):
            raise Refusal("bad_article", "id: missing")
        if "text" not in article:
            raise Refusal("bad_article", "text: missing")
        if article.get("id") in self.misbehaviour.refused:
            raise Refusal(*self.misbehaviour.refused[article["id"]])
        left = self.misbehaviour.overloaded_articles.get(article.get("id"), 0)
        if left:
            self.misbehaviour.overloaded_articles[article["id"]] = left - 1
            raise Refusal("overloaded", "the queue is full")

    def method_add(self, article):
        self.check(article)
        return self.verdict(article, True)

    def method_add_batch(self, articles):
        if self.misbehaviour.overloaded_requests:
            self.misbehaviour.overloaded_requests -= 1
            raise Refusal("overloaded", "the queue is full")
        if self.misbehaviour.batch_articles_max is not None and len(articles) > self.misbehaviour.batch_articles_max:
            raise Refusal("too_large", "articles: more than %d" % self.misbehaviour.batch_articles_max)
        answers = []
        for article in articles:
            try:
                answers.append(self.method_add(article))
            except Refusal as refusal:
                answers.append({"id": article.get("id"), "error": [refusal.code, refusal.message]})
        return answers

    def method_query(self, article):
        self.check(article, needs_id=False)
        return self.verdict(article, False)

    def method_get(self, key):
        if key not in self.articles:
            raise Refusal("not_found", "id: no such article")
        return dict(self.articles[key], relation="unique", match=None, similarity=0.0, containment=0.0)

    def method_remove(self, key):
        article = self.articles.pop(key, None)
        if article is None:
            return False
        self.clusters[article["cluster"]].remove(key)
        return True

    def method_compare(self, a, b):
        """Whole lines that both have, each once."""
        texts = []
        for name, side in (("a", a), ("b", b)):
            if isinstance(side, str) and side not in self.articles:
                raise Refusal("not_found", name + ": no article has this id")
            text = self.articles[side]["text"] if isinstance(side, str) else side["text"]
            texts.append(text.encode("utf-8", "surrogateescape"))
        passages = self.misbehaviour.passages
        if passages is None:
            passages = []
            for line in texts[0].split(b"\n"):
                if line and line in texts[1].split(b"\n"):
                    starts = texts[0].index(line), texts[1].index(line)
                    passages.append([starts[0], starts[0] + len(line), starts[1], starts[1] + len(line)])
        shared = sum(one[1] - one[0] for one in passages)
        return {"similarity": 0.5, "passages": passages,
                "containment": [min(1.0, shared / max(1, len(text))) for text in texts]}

    # Clusters

    def summary(self, cluster):
        members = [self.articles[one] for one in self.clusters[cluster]]
        return {
            "cluster": cluster, "size": len(members),
            "outlets": len({one.get("outlet") for one in members if one.get("outlet")}),
            "title": members[0].get("title"), "first_seen": members[0]["seen"], "last_seen": members[-1]["seen"],
            "first_published": members[0].get("published"), "representative": members[0]["id"],
        }

    def method_cluster(self, cluster):
        if not self.clusters.get(cluster):
            raise Refusal("not_found", "cluster: no such cluster")
        return dict(self.summary(cluster), articles=[
            {
                "id": one["id"], "outlet": one.get("outlet"), "title": one.get("title"), "url": one.get("url"),
                "published": one.get("published"), "seen": one["seen"], "relation": "exact" if at else "unique",
                "match": self.clusters[cluster][0] if at else None, "similarity": 1.0 if at else 0.0,
                "containment": 1.0 if at else 0.0,
            }
            for at, one in enumerate(self.articles[key] for key in self.clusters[cluster])
        ])

    def method_clusters(self, options=None):
        options = options or {}
        found = sorted(
            cluster for cluster, members in self.clusters.items()
            if len(members) >= max(1, options.get("min_size", 1))
        )
        if options.get("outlet"):
            found = [one for one in found
                     if options["outlet"] in {self.articles[key].get("outlet") for key in self.clusters[one]}]
        begin = int(options["after"]) if options.get("after") else 0
        limit = min(options.get("limit", 100), 1000)
        end = begin + limit
        return {
            "clusters": [self.summary(one) for one in found[begin:end]],
            "next": str(end) if end < len(found) else None,
        }

    # The daemon

    def method_articles(self, options=None):
        options = options or {}
        numbers = list(self.articles)
        begin = options.get("after", 0)
        end = begin + min(options.get("limit", 1000), 5000)
        return {"articles": [{"id": key, "cluster": self.articles[key]["cluster"]} for key in numbers[begin:end]],
                "next": end if end < len(numbers) else None}

    def method_stats(self):
        return {
            "articles": len(self.articles), "clusters": sum(1 for one in self.clusters.values() if one),
            "uptime": 90061,
            "store_bytes": 1 << 20, "memory_bytes": 3 << 20, "candidates_per_article": 1.5,
            "latency_us": {"p50": 120, "p99": 900, "p999": 4000},
        }

    def method_info(self):
        return {"name": "wirefold", "version": "0", "protocol": 1, "methods": [], "settings": {}}

    def method_ping(self):
        return "pong"


class Refusal(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message
