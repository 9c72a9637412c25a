#!/usr/bin/python3
"""Makes labelled syndicated copies of stories: what 12 or 150 outlets would print of one wire, with the truth.

usage: syndicate.py --base STORIES.jsonl[.gz] [--avoid SET.jsonl[.gz]] --profile NAME [--articles N] [--letters RATE]
                    [--seed N] --out FILE.jsonl[.gz]
       syndicate.py --profile lang [--seed N] --out FILE.jsonl[.gz]      (its stories are in stories.py)

Output: one JSON object a line with "id", "outlet", "title", "text", "cluster", "how", and of some outlets "url" and
"published". The same arguments give the same bytes. Stories of --base that share an 8-word shingle with --avoid are
left out, and so is a story that repeats passages of one taken before: the truth is then known by construction.
"""

import argparse
import gzip
import json
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import formulas
import stock
import stories

# A profile: how many articles and outlets, which stories, and how often each kind of change is made.
DEFAULTS = dict(
    articles=3400,
    stories=600,
    outlets=150,
    biggest=60,
    words=(130, 2000),
    join=0.0,
    template_stories=150,
    notices=0,
    followups=90,
    roundups=24,
    same_titles=14,
    typos=0.14,
    letters=(0.006, 0.02),
    whole=0.58,
    half=0.29,
    third=0.07,
    teaser=0.06,
    furniture=(1, 4, 0, 2, 2, 7),
    pleas=0.3,
    boiler=0.97,
    names=True,
    hosts=0.5,
    lang="en",
)
PROFILES = {
    "a": {},
    "long": dict(
        articles=1600, stories=260, words=(260, 2500), join=0.8, template_stories=30, followups=80, roundups=24
    ),
    "typos": dict(articles=2400, stories=450, template_stories=60, typos=0.5, letters=(0.03, 0.06)),
    "boiler": dict(
        articles=2400,
        stories=450,
        words=(60, 170),
        template_stories=80,
        furniture=(3, 9, 1, 4, 6, 18),
        pleas=1.0,
        boiler=1.0,
    ),
    "formula": dict(
        articles=2400, stories=200, biggest=25, notices=600, template_stories=0, followups=30, roundups=8, same_titles=4
    ),
    "mono": dict(articles=2000, stories=400, template_stories=80, followups=50, names=False),
    "few": dict(
        articles=300, stories=60, outlets=12, biggest=12, template_stories=14, followups=12, roundups=4, same_titles=3
    ),
    "lang": dict(
        articles=600,
        stories=0,
        outlets=60,
        biggest=14,
        template_stories=0,
        followups=18,
        roundups=12,
        same_titles=0,
        lang="all",
    ),
}


def lines(path):
    with (gzip.open if str(path).endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


def words_of(text):
    return re.findall(r"\w+", text.lower())


def shingles_of(text, width):
    words = words_of(text)
    return {hash_of(words[i : i + width]) for i in range(len(words) - width + 1)}


def hash_of(words):
    return " ".join(words)


# ---------------------------------------------------------------- a story and its sentences

ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Inc|Corp|Co|Ltd|Jan|Feb|Aug|Sept|Oct|Nov|Dec|St|Gov|Gen|vs|No|cts|pct)|\b[A-Z])\.$"
)


class Script:
    """How a language writes: what ends a sentence, what stands between sentences."""

    def __init__(self, name):
        self.name = name
        self.space = "" if name in ("zh", "ja") else " "
        self.has_case = name in ("en", "es", "ru")

    def sentences(self, paragraph):
        if self.name in ("zh", "ja"):
            return [s for s in re.split(r"(?<=[。！？])", paragraph) if s]
        if self.name == "th":
            return [s for s in paragraph.split(" ") if s]
        pieces, result = re.split(r"(?<=[.!?؟])[\"”']? +", paragraph), []
        for piece in pieces:
            if result and ABBREVIATION.search(result[-1]):
                result[-1] += " " + piece
            else:
                result.append(piece)
        return result


class Story:
    def __init__(self, label, title, paragraphs, lang="en"):
        self.label, self.title, self.script = label, title, Script(lang)
        self.paragraphs = [self.script.sentences(p) for p in paragraphs]
        self.is_notice = False  # what it tells is its figures: no copy has newer ones

    def length(self):
        if self.script.name in ("zh", "ja", "th"):
            return sum(len(s) for p in self.paragraphs for s in p) // 3
        return sum(len(s.split()) for p in self.paragraphs for s in p)


def is_prose(text):
    words = text.split()
    if not words:
        return False
    figures = sum(any(c.isdigit() for c in w) for w in words)
    return figures / len(words) < 0.18 and text.count(".") >= 3


def choose_stories(rows, avoid, profile, rng):
    """Base stories, no two of which share more than a passing phrase, none of which is in `avoid`."""
    forbidden, taken, low, high = set(), set(), *profile["words"]
    for row in avoid:
        forbidden |= shingles_of(row["text"], 8)
    rows = [r for r in rows if is_prose(r["text"]) and (60 <= len(r["text"].split()) <= high)]
    rng.shuffle(rows)
    if profile["join"]:
        rows.sort(key=lambda r: -len(r["text"].split()))
    free = []
    for row in rows:
        eight, five = shingles_of(row["text"], 8), shingles_of(row["text"], 5)
        if eight & forbidden or len(five & taken) > 0.04 * len(five):
            continue
        taken |= five
        free.append(row)
    found = []
    used = set()
    by_word = {}
    for n, row in enumerate(free):
        for word in set(words_of(row["title"])):
            by_word.setdefault(word, []).append(n)
    for n, row in enumerate(free):
        if len(found) >= profile["stories"] + profile["followups"]:
            break
        if n in used:
            continue
        used.add(n)
        parts = [row]
        if rng.random() < profile["join"]:
            want = rng.randint(2, 4)
            score = {}
            for word in set(words_of(row["title"])):
                for other in by_word[word]:
                    if other not in used:
                        score[other] = score.get(other, 0) + 1 / len(by_word[word])
            for other in sorted(score, key=lambda o: (-score[o], o))[: want - 1]:
                if sum(len(p["text"].split()) for p in parts) > 900:
                    break
                used.add(other)
                parts.append(free[other])
        paragraphs = [p for part in parts for p in part["text"].split("\n") if p.strip()]
        if sum(len(p.split()) for p in paragraphs) >= low:
            found.append((row["title"], paragraphs))
    return found, free


# ---------------------------------------------------------------- outlets


class Outlet:
    def __init__(self, number, profile, rng):
        self.rng = random.Random(rng.random())
        r = self.rng
        self.site = r.choice(stock.OUTLET_FIRST).replace("\u00a0", " ") + " " + r.choice(stock.OUTLET_LAST)
        self.key = self.site.lower().replace(" ", "-") + "-%d" % number
        self.host = "www.%s.example" % self.key
        self.town = r.choice(stock.TOWNS).replace("\u00a0", " ")
        self.has_url = r.random() < profile["hosts"]
        self.layout = r.choices(["\n", "\n\n", "  ", " "], [5, 2, 2, 1])[0]
        self.dateline = r.choice(stock.DATELINES)
        self.credit = r.choice(stock.CREDITS)
        self.agency = r.choice(stock.AGENCIES)
        self.british = r.random() < 0.3
        self.curly = r.random() < 0.4
        self.dash = r.choice(["--", "\u2014", " \u2013 ", " - "])
        self.subheads = r.random() < 0.2
        self.links = r.random() < 0.2
        low_top, high_top, low_middle, high_middle, low_bottom, high_bottom = profile["furniture"]
        self.top = self.pick(stock.LINES_TOP, low_top, high_top)
        self.middle = self.pick(stock.LINES_MIDDLE, low_middle, high_middle)
        self.bottom = self.pick(stock.LINES_BOTTOM, low_bottom, high_bottom)
        heavy = profile["pleas"] >= 1
        if r.random() < profile["pleas"]:
            for _ in range(r.randint(1, 3) if heavy else 1):
                where = r.choice([self.top, self.middle, self.bottom, self.bottom, self.bottom])
                where.insert(r.randrange(len(where) + 1), self.plea(heavy))
        self.habit = {line: r.choice([1.0, 1.0, 1.0, 0.7, 0.4]) for line in self.top + self.middle + self.bottom}

    def pick(self, lines_of, low, high):
        return self.rng.sample(lines_of, min(len(lines_of), self.rng.randint(low, high)))

    def plea(self, heavy):
        """A long passage of this outlet. A few outlets share theirs to the letter, most have words of their own."""
        r = self.rng
        if r.random() < (0.3 if heavy else 0.15):
            return r.choice(stock.PLEAS)
        parts = [s for p in r.sample(stock.PLEAS, 2 if heavy else 1) for s in Script("en").sentences(p)]
        parts = (
            sorted(r.sample(range(len(parts)), min(len(parts), r.randint(4, 6) if heavy else r.randint(2, 4)))),
            parts,
        )
        return " ".join(change_words(rephrase(parts[1][n], r), r, 0.6) for n in parts[0])

    def fill(self, text, rng, headlines, story=None, extra=None):
        values = dict(
            site=self.site,
            SITE=self.site.upper(),
            town=self.town,
            agency=self.agency,
            small=rng.randint(2, 19),
            count=rng.randint(20, 4999),
            clock="%02d:%02d" % (rng.randint(5, 23), rng.randint(0, 59)),
            clock2="%02d:%02d" % (rng.randint(5, 23), rng.randint(0, 59)),
            zone=rng.choice(["GMT", "CET", "BST"]),
            weekday=rng.choice(stock.WEEKDAYS),
            monthname=rng.choice(stock.MONTHS),
            day=rng.randint(1, 28),
            year=2026,
            temp=rng.randint(-4, 33),
            name=rng.choice(stock.NAMES),
            headline=rng.choice(headlines),
            headline2=rng.choice(headlines),
        )
        city = rng.choice(stock.CITIES)
        values.update(city=city, City=city, CITY=city.upper())
        values.update(extra or {})
        return text.format(**values)

    def furniture(self, which, rng, headlines):
        return [self.fill(line, rng, headlines) for line in which if rng.random() < self.habit[line]]


# ---------------------------------------------------------------- kinds of change, on paragraphs of sentences


def change_words(sentence, rng, rate):
    def other(match):
        word = match.group(0)
        new = stock.SYNONYMS.get(word.lower())
        if new is None or rng.random() > rate:
            return word
        return new.capitalize() if word[0].isupper() else new

    return re.sub(r"[A-Za-z]+", other, sentence)


def rephrase(sentence, rng):
    """Some everyday words in another wording, for the passages that outlets write about themselves."""
    for a, b in stock.HOUSE_WORDS:
        if rng.random() < 0.5:
            sentence = re.sub(r"\b%s\b" % a, b, sentence)
    return sentence


def rewrite(sentence, rng):
    """The same facts in another order or other words."""
    match = re.match(
        r"^(.{30,}?),? ((?:[A-Z]\w+|he|she|it|they|analysts|officials|dealers|sources|the company|a spokesman)"
        r"(?: \w+)?) said\.$",
        sentence,
    )
    if match and rng.random() < 0.7:
        body, who = match.groups()
        sentence = "According to %s, %s." % (who, body[0].lower() + body[1:])
    if rng.random() < 0.3 and len(sentence) > 2:
        sentence = rng.choice(stock.FILLERS) + sentence[0].lower() + sentence[1:]
    return change_words(sentence, rng, 0.8)


def edit(paragraphs, script, rng, strength):
    """Sentences dropped, swapped or rewritten: strength 1 (a light hand) to 3 (a rewrite of a third)."""
    result = []
    for n, paragraph in enumerate(paragraphs):
        kept = []
        for sentence in paragraph:
            dice = rng.random()
            if dice < 0.05 * strength and (n > 0 or kept):
                continue
            if dice < 0.16 * strength and script.name == "en":
                sentence = rewrite(sentence, rng)
            elif dice < 0.22 * strength and script.name == "en":
                sentence = change_words(sentence, rng, 0.4)
            kept.append(sentence)
        if kept:
            result.append(kept)
    for _ in range(strength - 1):
        if len(result) > 3 and rng.random() < 0.5:
            at = rng.randrange(1, len(result) - 1)
            result[at], result[at + 1] = result[at + 1], result[at]
    return result or paragraphs


def cut(paragraphs, share):
    """The first part of the story, whole sentences, at least one."""
    total = sum(len(s) for p in paragraphs for s in p)
    result, used = [], 0
    for paragraph in paragraphs:
        kept = []
        for sentence in paragraph:
            if used and used + len(sentence) / 2 > total * share:
                break
            kept.append(sentence)
            used += len(sentence)
        if not kept:
            break
        result.append(kept)
    return result


def teaser(paragraphs):
    flat = [s for p in paragraphs for s in p]
    count = 2
    while count < len(flat) and sum(len(s) for s in flat[:count]) < 140:
        count += 1
    return [flat[:count]]


def figures_updated(paragraphs, rng):
    """One to three figures of the story are newer."""
    places = [(i, j) for i, p in enumerate(paragraphs) for j, s in enumerate(p) if re.search(r"\d", s)]
    result = [list(p) for p in paragraphs]
    for i, j in rng.sample(places, min(len(places), rng.randint(1, 3))):
        spots = [m for m in re.finditer(r"\d+", result[i][j]) if m.group(0)[0] != "0"]
        if not spots:
            continue
        spot = rng.choice(spots)
        new = str(int(spot.group(0)) + rng.randint(1, 9))
        result[i][j] = result[i][j][: spot.start()] + new + result[i][j][spot.end() :]
    return result


def spelling(sentence, british):
    for a, b in stock.SPELLING:
        old, new = (b, a) if british else (a, b)
        if old in sentence:
            sentence = re.sub(r"\b%s(s|d|ed|ing)?\b" % old, lambda m: new + (m.group(1) or ""), sentence)
    return sentence


NEAR_KEYS = {a: b for a, b in zip("qwertyuiopasdfghjklzxcvbnm", "wqrtyuiopoasdfghjkxzcvbnnb")}
SCAN_ERRORS = {
    "m": "rn",
    "l": "1",
    "e": "c",
    "o": "0",
    "h": "b",
    "n": "u",
    "i": "l",
    "c": "e",
    "t": "f",
    "s": "5",
    "u": "n",
}


def mistaken(letter):
    """A letter of the same script that stands next to it in Unicode, for scripts without a table of their own."""
    other = chr(ord(letter) + 1)
    return other if other.isalpha() else letter


def errors(text, rng, rate, scanned):
    """Letters dropped, doubled, swapped or mistaken, each letter with probability `rate`."""
    result, n = [], 0
    while n < len(text):
        c = text[n]
        if not c.isalpha() or rng.random() >= rate:
            result.append(c)
        elif scanned:
            dice = rng.random()
            result.append(SCAN_ERRORS.get(c.lower()) or mistaken(c) if dice < 0.7 else (c + " " if dice < 0.85 else ""))
        else:
            dice = rng.random()
            if dice < 0.3:
                pass
            elif dice < 0.5:
                result.append(c + c)
            elif dice < 0.75 and n + 1 < len(text) and text[n + 1].isalpha():
                result.append(text[n + 1] + c)
                n += 1
            else:
                result.append(NEAR_KEYS.get(c.lower()) or mistaken(c))
        n += 1
    return "".join(result)


def typeset(text, outlet):
    """Quotes and dashes in the outlet's style."""
    if outlet.curly:
        text = re.sub(r'(^|[\s(])"', "\\1\u201c", text).replace('"', "\u201d").replace("'", "\u2019")
    return re.sub(r" ?(?:--|\u2014) ?", outlet.dash, text)


# ---------------------------------------------------------------- one copy


class Wire:
    def __init__(self, profile, seed):
        self.profile, self.rng = profile, random.Random(seed)
        self.outlets = [Outlet(n, profile, self.rng) for n in range(profile["outlets"])]
        self.headlines, self.rows, self.clock = ["Council approves new bus lanes"], [], 1790000000

    def copy(self, story, outlet, kind=(), base=None, allow_cut=True):
        """One outlet's copy of a story. `base` is an earlier copy's paragraphs when the outlet took it from there."""
        p, rng, how = self.profile, self.rng, list(kind)
        script, english = story.script, story.script.name == "en"
        paragraphs = [list(x) for x in (base or story.paragraphs)]
        if base:
            how.append("chain")
        dice = rng.random()
        if dice < 0.36:
            strength = 1 if dice < 0.19 else 2 if dice < 0.275 else 3
            paragraphs = edit(paragraphs, script, rng, strength)
            how.append("edit%d" % strength)
        if rng.random() < 0.1 and not story.is_notice:
            paragraphs = figures_updated(paragraphs, rng)
            how.append("figures")
        kept = paragraphs
        size = (
            rng.choices(["whole", "half", "third", "teaser"], [p["whole"], p["half"], p["third"], p["teaser"]])[0]
            if allow_cut
            else "whole"
        )
        if size != "whole" and story.length() < 45:
            size = "whole"
        if size == "half":
            paragraphs = cut(paragraphs, rng.uniform(0.42, 0.65))
        elif size == "third":
            paragraphs = cut(paragraphs, 0.33)
            if sum(len(s) for x in paragraphs for s in x) < 140:
                size, paragraphs = "teaser", teaser(kept)
        elif size == "teaser":
            paragraphs = teaser(paragraphs)
        how.append(size)
        title = story.title
        if english:
            if outlet.british:
                how.append("uk")
            paragraphs = [[spelling(s, outlet.british) for s in x] for x in paragraphs]
            if rng.random() < 0.06 and size != "teaser":
                lead = paragraphs[0][0]
                new = outlet.fill(
                    rng.choice(stock.NEW_LEADS), rng, self.headlines, extra=dict(title=title.rstrip("."), lead=lead)
                )
                paragraphs = [[new]] + ([paragraphs[0][1:]] if paragraphs[0][1:] else []) + paragraphs[1:]
                how.append("newlead")
        flat = [script.space.join(x) for x in paragraphs]
        if english and outlet.dateline and rng.random() < 0.8:
            flat[0] = outlet.fill(outlet.dateline, rng, self.headlines) + flat[0]
            how.append("dateline")
        if english and outlet.subheads and len(flat) > 3:
            for _ in range(rng.randint(1, max(1, len(flat) // 4))):
                flat.insert(rng.randrange(1, len(flat)), rng.choice(stock.SUBHEADS))
            how.append("subheads")
        if outlet.links and len(flat) > 1 and english:
            for _ in range(rng.randint(1, 2)):
                flat.insert(rng.randrange(1, len(flat)), outlet.fill(rng.choice(stock.LINKS), rng, self.headlines))
            how.append("links")
        if english and size != "teaser" and rng.random() < 0.05:
            flat.insert(rng.choice([1, len(flat)]), outlet.fill(rng.choice(stock.LOCAL), rng, self.headlines))
            how.append("localpara")
        if english and rng.random() < 0.6:
            flat.append(outlet.fill(outlet.credit, rng, self.headlines))
            how.append("credit")
        flat = [typeset(x, outlet) for x in flat]
        if script.has_case and rng.random() < 0.07:
            flat = [x.upper() for x in flat] if rng.random() < 0.4 else [flat[0].upper()] + flat[1:]
            how.append("caps")
        title = self.headline(story, outlet, flat, how)
        scanned, rate = rng.random() < 0.35, 0.0
        if rng.random() < p["typos"]:
            rate = rng.uniform(*p["letters"])
            flat = [errors(x, rng, rate, scanned) for x in flat]
            how.append("ocr" if scanned else "typos")
        if rng.random() < p["boiler"]:
            flat = self.wrap(outlet, flat, rate if scanned else 0.0, script)
            how.append("boiler")
        self.emit(outlet, story.label, title, outlet.layout.join(flat), how)
        return kept

    def headline(self, story, outlet, flat, how):
        rng = self.rng
        dice = rng.random()
        if dice < 0.3 and story.script.space and "sametitle" not in how:
            how.append("newhead")
            return " ".join(flat[0].split()[: rng.randint(7, 12)])
        if dice < 0.4 and story.script.has_case:
            return story.title.capitalize()
        return story.title

    def wrap(self, outlet, flat, rate, script):
        rng = self.rng
        top, middle, bottom = (
            outlet.furniture(x, rng, self.headlines) for x in (outlet.top, outlet.middle, outlet.bottom)
        )
        if rate:
            top, bottom = ([errors(x, rng, rate, True) for x in part] for part in (top, bottom))
        flat = list(flat)
        for line in middle:
            flat.insert(rng.randrange(1, len(flat) + 1), line)
        return top + flat + bottom

    def emit(self, outlet, label, title, text, how):
        row = {"id": "", "title": title, "text": text, "cluster": label, "how": how}
        self.clock += self.rng.randint(5, 200)
        if self.profile["names"]:
            row["outlet"] = outlet.key
        if outlet.has_url:
            row["url"] = "https://%s/wires/%d/%s" % (
                outlet.host,
                self.clock,
                re.sub(r"[^a-z]+", "-", title.lower())[:40],
            )
            row["published"] = self.clock if self.rng.random() < 0.5 else None
        if row.get("published") is None:
            row.pop("published", None)
        self.rows.append(row)

    # ------------------------------------------------------------ stories and their copies

    def syndicate(self, found, articles):
        """Copies of each story, few of most and many of some, `articles` in all."""
        rng, p = self.rng, self.profile
        sizes = [min(p["biggest"], len(self.outlets), max(1, int(rng.paretovariate(0.75)))) for _ in found]
        while sum(sizes) < articles:
            n = rng.randrange(len(sizes))
            sizes[n] = min(p["biggest"], len(self.outlets), sizes[n] + rng.randint(1, 6))
            if all(s >= min(p["biggest"], len(self.outlets)) for s in sizes):
                break
        while sum(sizes) > articles:
            n = rng.randrange(len(sizes))
            sizes[n] = max(1, sizes[n] - rng.randint(1, 4))
        for story, size in zip(found, sizes):
            kind = ("sametitle",) if getattr(story, "same_title", False) else ()
            versions = []
            for outlet in rng.sample(self.outlets, size):
                base = rng.choice(versions) if versions and rng.random() < 0.2 else None
                versions.append(self.copy(story, outlet, kind, base))

    def followups(self, found, leads, count):
        """New stories with two background paragraphs of an older one."""
        rng = self.rng
        for n, (title, paragraphs) in enumerate(leads[:count]):
            old = rng.choice(found)
            new = Story("follow-%d" % n, title, paragraphs[: rng.randint(4, 8)], old.script.name)
            background = old.paragraphs[-3:-1] if len(old.paragraphs) > 4 else old.paragraphs[-2:]
            at = rng.choice([len(new.paragraphs), max(1, len(new.paragraphs) - 1)])
            if new.length() < 40:
                continue
            new.paragraphs[at:at] = [list(x) for x in background]
            for outlet in rng.sample(self.outlets, rng.choice([1, 1, 1, 2, 3])):
                self.copy(new, outlet, ("followup",), allow_cut=False)

    def roundups(self, found, count):
        rng = self.rng
        for n in range(count):
            flat = []
            for story in rng.sample(found, 5):
                sentences = [s for p in story.paragraphs for s in p]
                flat.append(story.title)
                flat.append(story.script.space.join(sentences[: 2 if len(sentences) > 7 else 1]))
            outlet = rng.choice(self.outlets)
            title = outlet.fill(
                rng.choice(["The day in five stories", "{weekday} at a glance", "What you may have missed"]),
                rng,
                self.headlines,
            )
            self.emit(
                outlet,
                "roundup-%d" % n,
                title,
                outlet.layout.join(self.wrap(outlet, flat, 0.0, found[0].script)),
                ["roundup"],
            )

    def templates(self, count):
        rng = self.rng
        for n in range(count):
            title, paragraphs = stock.TEMPLATES[rng.choice(sorted(stock.TEMPLATES))]
            names = rng.sample(stock.NAMES, 4)
            slots = {key: rng.choice(values) for key, values in stock.SLOT_LISTS.items()}
            slots.update(
                n1=rng.randint(21, 97),
                n2=rng.randint(21, 97),
                n3=rng.randint(2, 48),
                n4=rng.randint(300, 9000),
                n5=rng.randint(300, 9000),
                n6=rng.randint(300, 9000),
                small2=rng.randint(2, 19),
                name=names[0],
                name2=names[1],
                name3=names[2],
                name4=names[3],
                lastname=names[0].split()[-1],
                weekday2=rng.choice(stock.WEEKDAYS),
                Colour=slots["colour"].capitalize(),
            )
            values = dict(
                slots,
                small=rng.randint(2, 19),
                clock="%d:%02d" % (rng.randint(5, 23), rng.randint(0, 59)),
                clock2="%d:%02d" % (rng.randint(5, 23), rng.randint(0, 59)),
                weekday=rng.choice(stock.WEEKDAYS),
                day=rng.randint(1, 28),
                monthname=rng.choice(stock.MONTHS),
                town=rng.choice(stock.TOWNS).replace("\u00a0", " "),
                city=rng.choice(stock.CITIES),
            )
            story = Story("template-%d" % n, title.format(**values), [x.format(**values) for x in paragraphs])
            for outlet in rng.sample(self.outlets, rng.choice([1, 1, 1, 2, 2, 3])):
                self.copy(story, outlet, ("template",))

    def notices(self, count):
        """Stories of a wire that are a form filled in, for `syndicate`."""
        told = []
        for n in range(count):
            form = self.rng.choice(sorted(formulas.FORMS))
            title, paragraphs = formulas.story(form, self.rng)
            notice = Story("%s-%d" % (form, n), title, paragraphs)
            notice.is_notice = True
            told.append(notice)
        return told

    def same_titles(self, found, count):
        pairs = self.rng.sample(found, min(len(found), 2 * count))
        for one, two in zip(pairs[::2], pairs[1::2]):
            two.title = one.title
            one.same_title = two.same_title = True


def english_set(wire, args):
    profile = wire.profile
    found, _ = choose_stories(list(lines(args.base)), lines(args.avoid) if args.avoid else (), profile, wire.rng)
    if len(found) < profile["stories"]:
        print("only %d stories where %d were wanted" % (len(found), profile["stories"]), file=sys.stderr)
    wire.rng.shuffle(found)
    count = min(profile["stories"], max(1, len(found) - profile["followups"]))
    leads = found[count:]
    told = [Story("story-%d" % n, title, paragraphs) for n, (title, paragraphs) in enumerate(found[:count])]
    wire.headlines = [s.title for s in told] + [title for title, _ in leads]
    wire.same_titles(told, profile["same_titles"])
    wire.followups(told, leads, profile["followups"])
    wire.roundups(told, profile["roundups"])
    wire.templates(profile["template_stories"])
    wire.syndicate(told + wire.notices(profile["notices"]), profile["articles"] - len(wire.rows))


def language_set(wire):
    profile = wire.profile
    languages = sorted(stories.STORIES)
    share = profile["articles"] // len(languages)
    for lang in languages:
        done = len(wire.rows)
        made = [(topic,) + stories.story(lang, topic, wire.rng) for topic in range(len(stories.STORIES[lang]))]
        told = [Story("%s-story-%d" % (lang, topic), title, paragraphs, lang) for topic, title, paragraphs in made]
        again = []  # two topics tell another event with the same form: other figures and places
        for topic in wire.rng.sample(range(len(told)), 2):
            title, paragraphs = stories.story(lang, topic, wire.rng)
            again.append(Story("%s-again-%d" % (lang, topic), title, paragraphs, lang))
        wire.headlines = [s.title for s in told]
        for outlet in wire.outlets:  # furniture in the language of the story
            pick = outlet.rng.sample(
                stories.FURNITURE[lang], min(len(stories.FURNITURE[lang]), outlet.rng.randint(3, 6))
            )
            outlet.top, outlet.middle, outlet.bottom = pick[:1], [], pick[1:]
            outlet.habit = {line: outlet.rng.choice([1.0, 1.0, 0.6]) for line in pick}
        for n in range(profile["followups"] // len(languages)):
            new, old = wire.rng.sample(told, 2)
            follow = Story("%s-follow-%d" % (lang, n), new.title, [], lang)
            fresh = stories.followup(lang, n, wire.rng)
            follow.paragraphs = [follow.script.sentences(x) for x in fresh] + [list(x) for x in old.paragraphs[-2:]]
            wire.copy(follow, wire.rng.choice(wire.outlets), ("followup",), allow_cut=False)
        before = len(wire.rows)
        wire.roundups(told, profile["roundups"] // len(languages))
        for row in wire.rows[before:]:
            row["cluster"] = lang + "-" + row["cluster"]
        for story in again:
            for outlet in wire.rng.sample(wire.outlets, wire.rng.choice([1, 2, 3])):
                wire.copy(story, outlet, ("template",))
        wire.syndicate(told, share - (len(wire.rows) - done))
        for row in wire.rows[done:]:
            row["lang"] = lang


def write(rows, path):
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    if path.endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    Path(path).write_bytes(data)


def make(args):
    profile = dict(DEFAULTS, **PROFILES[args.profile])
    if args.articles:
        scale = args.articles / profile["articles"]
        for key in ("stories", "template_stories", "notices", "followups", "roundups", "same_titles"):
            profile[key] = round(profile[key] * scale)
        profile["articles"] = args.articles
    if args.letters:
        profile["letters"] = (args.letters * 0.75, args.letters * 1.25)
    wire = Wire(profile, "%s %d" % (args.profile, args.seed))
    if profile["lang"] == "all":
        language_set(wire)
    else:
        english_set(wire, args)
    wire.rng.shuffle(wire.rows)
    for n, row in enumerate(wire.rows):
        row["id"] = "%s%d-%06d" % (args.profile, args.seed, n)
    return wire.rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", help="base stories, JSON lines with title and text (not for the profile lang)")
    parser.add_argument("--avoid", help="a set whose stories must not be used")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="a")
    parser.add_argument("--articles", type=int, help="about how many articles; the number of stories follows")
    parser.add_argument("--letters", type=float, help="share of wrong letters in the copies that have typing errors")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    if args.profile != "lang" and not args.base:
        parser.error("--base is needed for the profile " + args.profile)
    write(make(args), args.out)


if __name__ == "__main__":
    main()
