"""What a daemon has told its clients, and whether the daemon of today stands by it.

A Version is one content of one article, with a title that no other has. A Feed writes through one connection, and is
the only one that writes its ids, so that what it asked for and was not answered can be told exactly: requests of a
connection take effect in order and a request as a whole, so that the store holds what was answered, and, of the
others, the first k, for some k.

An article is where it was told to be last: by its verdict, or by the answer to a split. IDs that were told to have
become one stay so for ever; the two of a split are never made one by an article.
"""

import os
import random
import sys
import threading
import time

import msgpack

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "contract"))

from daemon import Closed, words  # noqa: E402

IDS = 120      # of a feed
STORIES = 25   # that articles are copies of
COARSE_CLOCK = 5    # CLOCK_REALTIME_COARSE of Linux, which Python has no name for
PIPELINE = 30
GETS_AT_ONCE = 200
LIMIT = 200    # clusters a page
WRITES = ("add", "add_batch", "remove")


class Difference(Exception):
    """The daemon does not stand by its word. kind: lost, half, changed, listing, reply."""

    def __init__(self, kind, text):
        super().__init__("%s: %s" % (kind, text))
        self.kind = kind


class Version:
    def __init__(self, key, title, text, sent_at):
        self.id = key
        self.title = title
        self.text = text
        self.sent_at = sent_at  # whole seconds, not later than `seen`
        self.verdict = None     # once answered
        self.feed = None
        self.request_index = None

    def article(self):
        return {"id": self.id, "title": self.title, "text": self.text, "outlet": "outlet " + self.id[-1]}

    def may_have_expired(self, keep):
        return keep > 0 and time.time() >= self.sent_at + keep


class Ledger:
    """All that was told, by whichever connection."""

    def __init__(self):
        self.lock = threading.Lock()
        self.parents = {}    # cluster ID told -> another that it is one with, or itself
        self.by_articles = {}  # likewise, of those that articles, not editors, made one
        self.splits = []     # (cluster, the new one)
        self.versions = {}   # title -> Version
        self.state = {}      # id -> Version or None, settled
        self.highest_at_start = 0
        self.highest = 0
        self.counts = dict(acknowledged=0, checked=0, clusters_checked=0, doubtful=0, doubtful_done=0, merges=0,
                           merges_unheard=0, copies=0, editor_merges=0, editor_splits=0, splits_doubtful_done=0)

    def root(self, cluster):
        while self.parents[cluster] != cluster:
            cluster = self.parents[cluster]
        return cluster

    def tell(self, cluster):
        if cluster is not None:
            self.parents.setdefault(cluster, cluster)
            self.highest = max(self.highest, cluster)

    def unite(self, one, other):
        self.tell(one)
        self.tell(other)
        self.parents[self.root(other)] = self.root(one)

    def root_by_articles(self, cluster):
        while self.by_articles.get(cluster, cluster) != cluster:
            cluster = self.by_articles[cluster]
        return cluster

    def was_split(self, cluster, new, versions):
        """Acknowledged, or found done."""
        if self.root_or_none(new) == self.root(cluster):
            return  # it was all of the cluster
        self.tell(new)
        self.splits.append((cluster, new))
        for version in versions:
            version.verdict = dict(version.verdict, cluster=new)
        self.counts["editor_splits"] += 1

    def were_merged(self, clusters, into):
        for cluster in clusters:
            self.tell(cluster)
            if self.root(cluster) != self.root_or_none(into):
                self.counts["editor_merges"] += 1
            self.unite(into, cluster)

    def heard(self, verdict):
        with self.lock:
            self.tell(verdict["cluster"])
            for cluster in verdict["merged"]:
                self.by_articles[self.root_by_articles(cluster)] = self.root_by_articles(verdict["cluster"])
            for cluster in verdict["related"]:
                self.tell(cluster)
            for cluster in verdict["merged"]:
                if self.root_or_none(cluster) != self.root(verdict["cluster"]):
                    self.counts["merges"] += 1
                self.unite(verdict["cluster"], cluster)

    def heard_of_query(self, verdict):
        """Nothing is made one by what is only asked."""
        with self.lock:
            for cluster in [verdict["cluster"], *verdict["merged"], *verdict["related"]]:
                self.tell(cluster)

    def are_one(self, cluster, other):
        with self.lock:
            return self.root_or_none(cluster) is not None and self.root_or_none(cluster) == self.root_or_none(other)

    def root_or_none(self, cluster):
        return self.root(cluster) if cluster in self.parents else None


def story(number):
    return words(number, 130).split()


def text_of(chance, title):
    """An article of its own, or a whole, cut, wrapped or edited copy of a story; now and then two stories in one."""
    kind = chance.randrange(10)
    body = story(chance.randrange(STORIES) + 1000)
    if kind < 3:
        return " ".join(words(chance.getrandbits(40), 110).split()) + " " + title
    if kind == 3:
        body = body[:65]
    elif kind == 4:
        body = body[65:]
    elif kind == 5:
        body = body[:100]
    elif kind == 6:
        body = words(chance.getrandbits(40), 8).split() + body + ["subscribe", "to", "our", "newsletter", "today"]
    elif kind == 7:
        for _ in range(4):
            body[chance.randrange(len(body))] = "edited%d" % chance.randrange(100)
    return " ".join(body) + " " + title


class Request:
    def __init__(self, kind, items, expected=None):
        self.kind = kind          # add, add_batch, remove, get, peek, query, cluster, merge, split
        self.items = items        # [(id, Version or None: removed)]; of a read: what was asked; of a split: (id, the
        #                           Version that is to move); of a merge: (cluster, None)
        self.cluster = None       # of a split
        self.expected = expected  # of a get: what the feed has written before; of a write: what it replaces


class Feed(threading.Thread):
    def __init__(self, daemon, ledger, number, round_number, seed, keep, target):
        super().__init__(daemon=True)
        self.client = daemon.client()
        self.ledger = ledger
        self.number = number
        self.round_number = round_number
        self.chance = random.Random("%s:%d:%d" % (seed, round_number, number))
        self.keep = keep
        self.target = target
        self.settled = {key: value for key, value in ledger.state.items() if key.startswith("%d:" % number)}
        self.written = dict(self.settled)  # with all that was sent
        self.open = []                     # requests sent and not answered
        self.sent_count = 0
        self.answered_count = 0
        self.seen_by_others = 0            # requests that another connection has seen the effect of
        self.peers = []
        self.titles = 0
        self.parts = 0
        self.acknowledged = 0
        self.failure = None

    # ---- what is sent

    def version(self, key):
        self.titles += 1
        title = "v%d.%d.%d" % (self.round_number, self.number, self.titles)
        # The clock that time() of the daemon reads: some milliseconds behind that of time.time().
        sent_at = int(time.clock_gettime(COARSE_CLOCK))
        made = Version(key, title, self.next_text(title), sent_at)
        made.feed = self.number
        made.request_index = (self.round_number, self.sent_count)
        with self.ledger.lock:
            self.ledger.versions[title] = made
        return made

    def next_text(self, title):
        """Now and then the next part of a story that makes two clusters and then one of them: both ends, the whole,
        the middle."""
        if self.chance.randrange(8) != 0:
            return text_of(self.chance, title)
        number, part = divmod(self.parts, 4)
        self.parts += 1
        first, last = ((0, 100), (100, 200), (0, 200), (40, 160))[part]
        body = words((self.round_number * 10 + self.number) * 1000 + number + 2**32, 200).split()
        return " ".join(body[first:last]) + " " + title

    def own_id(self):
        return "%d:%d" % (self.number, self.chance.randrange(IDS))

    def next_request(self):
        dice = self.chance.randrange(100)
        key = self.own_id()
        here = self.written.get(key)
        if dice < 38:
            return Request("add", [(key, self.version(key))], [here])
        if dice < 48 and here is not None:
            return Request("add", [(key, here)], [here])  # the same again
        if dice < 62:
            keys = sorted({self.own_id() for _ in range(self.chance.randrange(1, 14))})
            items = [(one, self.version(one)) for one in keys]
            return Request("add_batch", items, [self.written.get(one) for one in keys])
        if dice < 76:
            return Request("remove", [(key, None)], [here])
        if dice < 84:
            return Request("get", [(key, None)], here)
        if dice < 90:
            return Request("peek", [("%d:%d" % (self.chance.randrange(3), self.chance.randrange(IDS)), None)])
        if dice < 94:
            return Request("query", [(None, text_of(self.chance, "query"))])
        if dice < 96:
            return self.next_split() or self.next_merge()
        if dice < 97:
            return self.next_merge()
        return Request("cluster", [(self.told_cluster(), None)])

    def told_cluster(self):
        with self.ledger.lock:
            return self.chance.choice(list(self.ledger.parents) or [1])

    def next_merge(self):
        here = [version.verdict["cluster"] for version in self.settled.values() if version is not None]
        chosen = [self.chance.choice(here) for _ in range(self.chance.randrange(1, 3))] if here else []
        return Request("merge", [(cluster, None) for cluster in chosen + [self.told_cluster()]])

    def next_split(self):
        """Of articles that nothing else is on its way for; one at a time, so that it is known where they are."""
        if any(one.kind == "split" for one in self.open):
            return None
        here = [key for key, version in self.settled.items() if version is not None and self.written[key] is version]
        if not here:
            return None
        first = self.chance.choice(here)
        with self.ledger.lock:
            cluster = self.settled[first].verdict["cluster"]
            root = self.ledger.root(cluster)
            near = [key for key in here if self.ledger.root(self.settled[key].verdict["cluster"]) == root]
        chosen = sorted({first, *self.chance.sample(near, self.chance.randrange(len(near)) if len(near) < 4 else 3)})
        request = Request("split", [(key, self.settled[key]) for key in chosen])
        request.cluster = cluster
        return request

    def send(self):
        request = self.next_request()
        first = request.items[0]
        if request.kind == "add":
            data = self.client.request("add", first[1].article())
        elif request.kind == "add_batch":
            data = self.client.request("add_batch", [version.article() for _, version in request.items])
        elif request.kind == "merge":
            data = self.client.request("merge", [cluster for cluster, _ in request.items])
        elif request.kind == "split":
            data = self.client.request("split", request.cluster, [key for key, _ in request.items])
        elif request.kind in ("remove", "cluster"):
            data = self.client.request(request.kind, first[0])
        elif request.kind == "query":
            data = self.client.request("query", {"text": first[1]})
        else:
            data = self.client.request("get", first[0])
        if request.kind in WRITES:
            self.written.update(request.items)
        self.open.append(request)
        self.sent_count += 1
        self.client.send(data)

    # ---- what is answered

    def was_told(self, verdict, version, before):
        if verdict.get("error"):
            raise Difference("reply", "%s: %r" % (version.id, verdict))
        if self.keep == 0:
            if verdict["replaced"] != (before is not None and before is not version):
                raise Difference("reply", "%s: replaced is %r" % (version.id, verdict["replaced"]))
            told = version.verdict
            if before is version and told is not None and (told["relation"], told["new"], told["similarity"]) != (
                    verdict["relation"], verdict["new"], verdict["similarity"]):
                raise Difference("changed", "%s: the same again was %r, is %r" % (version.id, told, verdict))
        if before is not version and verdict["new"] and verdict["cluster"] <= self.ledger.highest_at_start:
            # One that tells the story of what it replaces stays in the cluster that that one founded.
            if before is None or before.verdict is not None and not self.ledger.are_one(
                    before.verdict["cluster"], verdict["cluster"]):
                raise Difference("changed", "a new cluster got the number %d again" % verdict["cluster"])
        self.ledger.heard(verdict)
        version.verdict = verdict

    def answered(self, request, result):
        if request.kind == "add":
            self.was_told(result, request.items[0][1], request.expected[0])
        elif request.kind == "add_batch":
            for verdict, (_, version), before in zip(result, request.items, request.expected):
                self.was_told(verdict, version, before)
        elif request.kind == "remove" and self.keep == 0 and result != (request.expected[0] is not None):
            raise Difference("reply", "remove of %s answered %r" % (request.items[0][0], result))
        elif request.kind == "query":
            self.ledger.heard_of_query(result)
        elif request.kind == "merge" and result is not None:
            with self.ledger.lock:
                self.ledger.were_merged([cluster for cluster, _ in request.items], result)
        elif request.kind == "split" and result is not None:
            with self.ledger.lock:
                known = self.ledger.root_or_none(result)
                if result <= self.ledger.highest_at_start and known != self.ledger.root(request.cluster):
                    raise Difference("changed", "a split got the number %d again" % result)
                self.ledger.was_split(request.cluster, result, [version for _, version in request.items])
        elif request.kind == "peek" and result is not None:
            version = self.ledger.versions[result["title"]]
            if version.request_index[0] == self.round_number:
                peer = self.peers[version.feed]
                peer.seen_by_others = max(peer.seen_by_others, version.request_index[1] + 1)
            with self.ledger.lock:
                self.ledger.tell(result["cluster"])
        if request.kind in WRITES:
            self.settled.update(request.items)
            self.acknowledged += len(request.items)

    def receive(self):
        _, _, error, result = self.client.reply()
        request = self.open[0]
        may_be_gone = ("get", "peek", "cluster", "merge") + (("split",) if self.keep > 0 else ())
        if error is not None and not (error[0] == "not_found" and request.kind in may_be_gone):
            raise Difference("reply", "%s: %r" % (request.kind, error))
        if request.kind == "get":
            version = request.expected
            fits = (version is None) if result is None else (
                version is not None and (result["title"], result["text"]) == (version.title, version.text))
            if not fits and not (result is None and version.may_have_expired(self.keep)):
                raise Difference("reply", "get %s: %r, written before: %r" % (
                    request.items[0][0], result, version and version.title))
        self.answered(request, result)
        self.open.pop(0)
        self.answered_count += 1
        self.target.count()

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
            self.target.fail()
        finally:
            self.client.close()


# ---- the check after a restart


def answers_of(client, method, keys):
    """key -> what the method answers for it, or None where it is not found; many under way at a time."""
    answers = {}
    for first in range(0, len(keys), GETS_AT_ONCE):
        part = keys[first : first + GETS_AT_ONCE]
        client.send(b"".join(client.request(method, key) for key in part))
        for key in part:
            _, _, error, result = client.reply()
            if error is not None and error[0] != "not_found":
                raise Difference("lost", "%s %s: %r" % (method, key, error))
            answers[key] = result
    return answers


def is_split_done(ledger, request, found, answers):
    """Whether the split that was not answered is to be seen; None: its articles are not there any more."""
    home = answers[request.cluster] and answers[request.cluster]["cluster"]
    homes = {found[key]["cluster"] for key, version in request.items
             if found.get(key) is not None and found[key]["title"] == version.title}
    if not homes:
        return None
    if len(homes) > 1:
        raise Difference("half", "split of %r from %d: they are in %r" % (
            [key for key, _ in request.items], request.cluster, homes))
    return homes != {home}


def settle_words(ledger, client, feed, found, fitting, writes):
    """What is to be seen of the splits and merges that were not answered is done for good."""
    for place, (_, request) in enumerate(writes):
        if request.kind == "split":
            answers = answers_of(client, "cluster", [request.cluster])
            if is_split_done(ledger, request, found, answers):
                if place >= fitting:
                    raise Difference("half", "connection %d: a split is done, not what was before" % feed.number)
                versions = [version for key, version in request.items if ledger.state[key] is version]
                ledger.was_split(request.cluster, found[versions[0].id]["cluster"], versions)
                ledger.counts["splits_doubtful_done"] += 1
        elif request.kind == "merge":
            clusters = [cluster for cluster, _ in request.items]
            answers = answers_of(client, "cluster", clusters)
            now = {answer["cluster"] for answer in answers.values() if answer is not None}
            if len(now) == 1 and None not in answers.values():
                ledger.were_merged(clusters, now.pop())


def settle(ledger, client, feed, found, keep):
    """Which of the requests that were not answered have happened; the ledger's state is then what is there."""

    def is_there(key, version):
        here = found.get(key)
        if version is None:
            return here is None
        if here is None:
            return version.may_have_expired(keep)
        return (here["title"], here["text"]) == (version.title, version.text)

    writes = [(n, one) for n, one in enumerate(feed.open) if one.kind in WRITES + ("merge", "split")]
    in_doubt = {key for _, one in writes for key, _ in one.items if one.kind in WRITES}
    for key, version in feed.settled.items():
        if key not in in_doubt and not is_there(key, version):
            raise Difference("lost", "%s: acknowledged %r, is %r" % (
                key, version and version.title, found[key] and found[key]["title"]))
    seen = feed.seen_by_others - feed.answered_count
    state = {key: feed.settled.get(key) for key in in_doubt}
    fitting = fitting_last = None
    for k in range(len(writes) + 1):
        if k > 0 and writes[k - 1][1].kind in WRITES:
            state.update(writes[k - 1][1].items)
        next_index = writes[k][0] if k < len(writes) else len(feed.open)
        if next_index >= seen and all(is_there(key, version) for key, version in state.items()):
            fitting = k if fitting is None else fitting
            fitting_last = k
    if fitting is None:
        raise Difference("half", "connection %d: no number of the requests %r gives what is there, %r" % (
            feed.number,
            [(n, one.kind, [(key, version and version.title) for key, version in one.items]) for n, one in writes],
            {key: found[key] and found[key]["title"] for key in sorted(in_doubt)}))
    done = [version for _, one in writes[:fitting] if one.kind in WRITES for _, version in one.items]
    ledger.counts["doubtful"] += sum(len(one.items) for _, one in writes)
    ledger.counts["doubtful_done"] += len(done)
    ledger.counts["checked"] += len(feed.settled)
    ledger.counts["acknowledged"] += feed.acknowledged
    ledger.state.update(feed.settled)
    ledger.state.update(dict.fromkeys(in_doubt))
    for key in {key for _, one in writes if one.kind == "split" for key, _ in one.items}:
        if found.get(key) is not None:
            ledger.state[key] = ledger.versions[found[key]["title"]]
    settle_words(ledger, client, feed, found, fitting_last, writes)
    # Of what cannot be seen any more, some may have happened. The same again, once it had expired, was a new article.
    may_be_done = [version for _, one in writes[:fitting_last] if one.kind in WRITES for _, version in one.items]
    return [version for version in may_be_done if version is not None
            and (version.verdict is None or version.may_have_expired(keep))]


def take_as_is(ledger, found):
    for key, here in found.items():
        ledger.state[key] = ledger.versions[here["title"]] if here is not None else None


def hear_again(ledger, client, unheard):
    """Verdicts that nobody heard, or may not have heard: the same again says what was said. True: some of them cannot
    be asked any more."""
    asked = [version for version in unheard if ledger.state[version.id] is version]
    for version in asked:
        verdict = client.result("add", version.article())
        if verdict["replaced"]:
            raise Difference("changed", "%s: the same again replaced" % version.id)
        version.verdict = verdict
        ledger.heard(verdict)
    return len(asked) < len(unheard)


def list_all(client):
    """cluster -> its entry in the listing."""
    listed, after = {}, None
    while True:
        page = client.result("clusters", {"limit": LIMIT, "order": "size", "after": after})
        for one in page["clusters"]:
            if one["cluster"] in listed:
                raise Difference("listing", "cluster %d is listed twice" % one["cluster"])
            listed[one["cluster"]] = one
        after = page["next"]
        if after is None:
            return listed


def check_listing(client, found):
    present = {key: here["cluster"] for key, here in found.items() if here is not None}
    listed = list_all(client)
    whole = answers_of(client, "cluster", list(listed))
    members = {}
    for cluster, answer in whole.items():
        if answer is None or answer["cluster"] != cluster or answer["size"] != len(answer["articles"]):
            raise Difference("listing", "cluster %d is listed, and answers %r" % (cluster, answer))
        if answer["size"] != listed[cluster]["size"]:
            raise Difference("listing", "cluster %d: two sizes" % cluster)
        for one in answer["articles"]:
            if one["id"] in members:
                raise Difference("listing", "%s is in two clusters" % one["id"])
            members[one["id"]] = cluster
    if members != present:
        wrong = sorted(key for key in set(members) | set(present) if members.get(key) != present.get(key))
        raise Difference("listing", "%d articles; first %s: listed in %r, get says %r" % (
            len(wrong), wrong[0], members.get(wrong[0]), present.get(wrong[0])))
    stats = client.result("stats")
    if (stats["articles"], stats["clusters"]) != (len(present), len(listed)):
        raise Difference("listing", "stats: %d articles, %d clusters; there are %d, %d" % (
            stats["articles"], stats["clusters"], len(present), len(listed)))


def check_clusters(ledger, client, found, may_have_merged_unheard):
    """Every ID that was ever told means what it meant."""
    for key, version in ledger.state.items():
        if version is None:
            continue
        told = version.verdict["cluster"]
        if told not in ledger.parents:
            raise Difference("changed", "%s: %d was never told" % (key, told))
    homes = {}   # root -> cluster that its articles are in now
    roots = {}   # cluster of now -> root
    for key, version in ledger.state.items():
        if version is None:
            continue
        now, root = found[key]["cluster"], ledger.root(version.verdict["cluster"])
        if homes.setdefault(root, now) != now:
            raise Difference("changed", "%s was told to be in %d, one with %d; now some are in %d, it is in %d" % (
                key, version.verdict["cluster"], root, homes[root], now))
        if roots.setdefault(now, root) != root:
            if not may_have_merged_unheard:
                raise Difference("changed", "%s is in %d, a stranger's: %d and %d were never one" % (
                    key, now, root, roots[now]))
            ledger.unite(roots[now], root)
            ledger.counts["merges_unheard"] += 1
            check_clusters(ledger, client, found, may_have_merged_unheard)
            return
    answers = answers_of(client, "cluster", list(ledger.parents))
    for cluster, answer in answers.items():
        home = homes.get(ledger.root(cluster))
        now = None if answer is None else answer["cluster"]
        if now == home:
            continue
        if may_have_merged_unheard and home is None and now in roots:
            ledger.unite(roots[now], cluster)
            ledger.counts["merges_unheard"] += 1
            check_clusters(ledger, client, found, may_have_merged_unheard)
            return
        raise Difference("changed", "cluster %d answers as %r; its articles are in %r" % (cluster, now, home))
    for cluster, new in ledger.splits:
        if ledger.root_by_articles(cluster) == ledger.root_by_articles(new):
            raise Difference("changed", "%d and %d were split, and an article made them one" % (cluster, new))
    ledger.counts["clusters_checked"] += len(answers)
    ledger.counts["copies"] = max(ledger.counts["copies"], len(found) - len(homes))


def check(ledger, daemon, feeds, keep):
    """The whole check, on a daemon that has just started and runs without retention."""
    with daemon.client() as client:
        keys = sorted({key for key in ledger.state} | {key for feed in feeds for key in feed.written})
        found = answers_of(client, "get", keys)
        unheard = []
        for feed in feeds:
            unheard += settle(ledger, client, feed, found, keep)
        if not feeds:
            for key, version in ledger.state.items():
                here = found[key]
                if (here and here["title"]) != (version and version.title) and not (
                        here is None and version.may_have_expired(keep)):
                    raise Difference("lost", "%s: was %r, is %r" % (key, version and version.title, here))
            ledger.counts["checked"] += len(keys)
        take_as_is(ledger, found)
        is_unheard = hear_again(ledger, client, unheard)
        check_listing(client, found)
        check_clusters(ledger, client, found, is_unheard)
        ledger.highest_at_start = ledger.highest
