"""`wirefold compare`: against the stub for what it shows, against wirefoldd for what it shows of real articles."""

import json
import re
import unittest

from command_case import CommandCase
from real_daemon import RealDaemon
from stub_server import StubServer

RESET, SHARED, MOVED, ONLY_A, ONLY_B = "\033[0m", "\033[36m", "\033[33m", "\033[31m", "\033[32m"
STYLED = re.compile("(\033\\[[0-9]+m)([^\033]*)\033\\[0m")

A = """LONDON, Feb 26 (Wire) - Showers continued throughout the week in the Bahia cocoa zone, alleviating the drought \
since early January.

The dry period means the temporao will be late this year, Comissaria Smith said in its weekly review on Tuesday.
Arrivals for the week ended February 22 were 155,221 bags of 60 kilos making a cumulative total of 5.93 mln.

Again it seems that cocoa delivered earlier on consignment was included in the arrivals figures.
"""
B = """(Gazette) Again it seems that cocoa delivered earlier on consignment was included in the arrivals figures.

Showers continued throughout the week in the Bahia cocoa zone, relieving the drought since early January.

The dry period means the temporao will be late this year, Comissaria Smith said in its monthly report on Monday.
Arrivals for the week ended February 22 were 155,221 bags of 60 kilos making a cumulative total of 5.93 mln.
Add new comment
"""


def plain(shown):
    return re.sub("\033\\[[0-9]+m", "", shown)


def styled(shown, style):
    """All that is shown in a style, blanks and lines aside."""
    return " ".join(" ".join(text for code, text in STYLED.findall(shown) if code == style).split())


class StubCase(CommandCase):
    def setUp(self):
        super().setUp()
        self.server = StubServer()
        self.addCleanup(self.server.stop)

    def store(self, key, text, **more):
        self.server.method_add(dict({"id": key, "text": text}, **more))


class Shown(StubCase):
    def test_a_pipe_gets_the_reply_as_it_is(self):
        self.store("a", "one\ntwo"), self.store("b", "two\nthree")
        for arguments in (["a", "b"], ["--json", "a", "b"]):
            result = self.run_command(self.server, "compare", *arguments)
            self.assertEqual(
                json.loads(result.stdout),
                {"similarity": 0.5, "containment": [3 / 7, 1 / 3], "passages": [[4, 7, 0, 3]]},
            )
        self.assertEqual([one[0] for one in self.server.requests], ["compare"] * 2)

    def test_json_also_on_a_terminal(self):
        self.store("a", "one"), self.store("b", "one")
        self.assertEqual(
            json.loads(self.run_terminal(self.server, "compare", "--json", "a", "b"))["passages"], [[0, 3, 0, 3]]
        )

    def test_each_part_has_its_colour(self):
        self.store("a", "only here\nof both\nlast of a", title="The title", outlet="Wire")
        self.store("b", "elsewhere\nof both\nlast of b", title="Another", outlet="Gazette")
        shown = self.run_terminal(self.server, "compare", "a", "b").split("\n\n", 1)[1]
        self.assertEqual(styled(shown, SHARED), "of both")
        self.assertEqual(styled(shown, ONLY_A), "only here last of a")
        self.assertEqual(styled(shown, ONLY_B), "elsewhere last of b")

    def test_without_colour_marks_say_the_same(self):
        self.store("a", "only here\nof both\nlast of a"), self.store("b", "elsewhere\nof both\nlast of b")
        expected = "[-only here-] {+elsewhere+}\nof both\n[-last of a-] {+last of b+}\n"
        shown = self.run_terminal(self.server, "compare", "a", "b", NO_COLOR="1")
        self.assertEqual(shown.split("\n\n", 1)[1], expected)
        shown = self.run_command(self.server, "compare", "--plain", "a", "b").stdout
        self.assertEqual(shown.split("\n\n", 1)[1], expected)

    def test_the_header_names_both(self):
        self.store("a", "x\ny", title="The title", outlet="Wire"), self.store("b", "y")
        lines = self.run_command(self.server, "compare", "--plain", "a", "b").stdout.splitlines()
        self.assertEqual(
            lines[:4],
            [
                "A  a  The title (Wire)",
                "B  b",
                "similarity 0.50; 33 % of A is in B, 100 % of B is in A (boilerplate aside); 1 passage, 1 B",
                "shared  [~shared, moved~]  [-only in A-]  {+only in B+}",
            ],
        )

    def test_what_has_moved_is_marked_and_the_heavier_part_is_not(self):
        self.store("a", "a short one\na longer one that stays where it is\nand more of it that stays as well")
        self.store("b", "a longer one that stays where it is\nand more of it that stays as well\na short one")
        shown = self.run_command(self.server, "compare", "--plain", "a", "b").stdout.split("\n\n", 1)[1]
        self.assertEqual(
            shown, "[~a short one~]\na longer one that stays where it is\nand more of it that stays as well\n"
        )

    def test_side_by_side_rows_stand_beside_each_other(self):
        self.store("a", "only here\nof both\nlast of a"), self.store("b", "elsewhere\nof both\nlast of b")
        shown = self.run_terminal(self.server, "compare", "--side-by-side", "a", "b", columns=43).split("\n\n", 1)[1]
        self.assertEqual(
            [line.rstrip() for line in plain(shown).splitlines()],
            [
                "only here            │ elsewhere",
                "of both              │ of both",
                "last of a            │ last of b",
            ],
        )
        self.assertEqual(
            (styled(shown, SHARED), styled(shown, ONLY_A), styled(shown, ONLY_B)),
            ("of both of both", "only here last of a", "elsewhere last of b"),
        )

    def rows(self, a, b, columns=43):
        self.store("a", a), self.store("b", b)
        shown = self.run_terminal(self.server, "compare", "--side-by-side", "a", "b", columns=columns).split(
            "\n\n", 1
        )[1]
        return [tuple(side.strip() for side in line.split("\u2502")) for line in plain(shown).splitlines()]

    def test_one_long_passage_outweighs_two_short_ones(self):
        long = "a passage that is longer than both of the others together"
        self.store("a", "first\nsecond\n" + long), self.store("b", long + "\nfirst\nsecond")
        shown = self.run_command(self.server, "compare", "--plain", "a", "b").stdout.split("\n\n", 1)[1]
        self.assertEqual(shown, "[~first~]\n[~second~]\n" + long + "\n")

    def test_lines_that_both_have_stay_in_one_row_after_uneven_ones(self):
        own = "a paragraph of a alone that takes several lines of its column"
        self.assertEqual(
            self.rows("x\n" + own + "\ny\n\nz", "x\nshort\ny\n\nz"),
            [
                ("x", "x"),
                ("a paragraph of a", "short"),
                ("alone that takes", ""),
                ("several lines of its", ""),
                ("column", ""),
                ("y", "y"),
                ("", ""),
                ("z", "z"),
            ],
        )

    def test_lines_within_a_passage_are_rows_of_their_own(self):
        self.server.misbehaviour.passages = [[0, 33, 0, 35]]
        self.assertEqual(
            self.rows("first line of\nboth, \nlast of both", "first line of all\nboth, \nlast of both", 33),
            [
                ("first line of", "first line of"),
                ("", "all"),
                ("both,", "both,"),
                ("last of both", "last of both"),
            ],
        )

    def test_a_passage_without_lines_ends_a_row_once_it_is_long(self):
        words = " ".join("word%02d" % one for one in range(20))
        self.server.misbehaviour.passages = [
            [0, len(words), 0, len(words)],
            [len(words) + 7, len(words) + 11, len(words) + 1, len(words) + 5],
        ]
        rows = self.rows(words + " extra tail", words + " tail", 43)
        self.assertEqual(rows[-1], ("extra tail", "tail"))

    def test_what_has_moved_stands_in_rows_of_its_own(self):
        self.server.misbehaviour.passages = [[0, 9, 10, 19], [10, 14, 5, 9], [15, 23, 20, 28]]
        self.assertEqual(
            self.rows("long part tiny the rest", "zero tiny long part the rest"[:5] + "tiny long part the rest"),
            [
                ("long part", "long part"),
                ("tiny", "zero tiny"),
                ("the rest", "the rest"),
            ],
        )

    def test_columns_are_wrapped_by_the_width_of_characters(self):
        text = "央行周二宣布维持关键利率不变并称经济前景仍存在不确定性"
        self.store("a", text), self.store("b", text)
        shown = plain(self.run_terminal(self.server, "compare", "--side-by-side", "a", "b", columns=43)).split(
            "\n\n", 1
        )[1]
        self.assertEqual(
            shown.splitlines(),
            [
                "%s │ %s" % (text[at : at + 10].ljust(20 - len(text[at : at + 10])), text[at : at + 10])
                for at in (0, 10, 20)
            ],
        )

    def test_lines_fit_the_terminal(self):
        text = " ".join("word%d" % one for one in range(200)) + " " + "x" * 300
        self.store("a", text + "\nmore"), self.store("b", text + "\nless")
        for arguments, columns in (([], 30), ([], 77), (["--side-by-side"], 30), (["--side-by-side"], 78)):
            shown = plain(self.run_terminal(self.server, "compare", *arguments, "a", "b", columns=columns))
            body = shown.split("\n\n", 1)[1]
            self.assertLessEqual(max(map(len, body.splitlines())), columns)
            self.assertGreaterEqual(max(map(len, body.splitlines())), columns - 8)
            self.assertEqual(len(re.findall(r"\bword\d+\b", body)), 200 * (1 + len(arguments)))

    def test_nothing_of_an_article_reaches_the_terminal_as_an_order(self):
        self.store("a\033[2J", "one\033]0;evil\007 two\ttabs\u202e\nof both\033c"), self.store("b", "of both\033c")
        for arguments in ([], ["--side-by-side"]):
            shown = self.run_terminal(self.server, "compare", *arguments, "a\033[2J", "b", NO_COLOR="1")
            self.assertNotRegex(shown, "[\033\007\u202e]")
            self.assertIn("evil", shown)

    def test_texts_without_anything_in_common(self):
        self.store("a", "one"), self.store("b", "two")
        shown = self.run_command(self.server, "compare", "--plain", "a", "b").stdout
        self.assertIn("; 0 passages, 0 B\n", shown)
        self.assertTrue(shown.endswith("\n[-one-] {+two+}\n"))
        shown = self.run_command(self.server, "compare", "--plain", "--side-by-side", "a", "b", COLUMNS="33").stdout
        self.assertTrue(shown.endswith("\n[-one-]         │ {+two+}\n"), shown)

    def test_a_store_without_texts_is_told(self):
        self.store("a", "one"), self.store("b", "one")
        self.server.articles["a"]["text"] = None
        self.server.misbehaviour.passages = []
        self.server.method_compare = lambda a, b: {"similarity": 1.0, "containment": [1.0, 1.0], "passages": []}
        self.assertIn("stores no texts", self.run_command(self.server, "compare", "--plain", "a", "b").stdout)


class Files(StubCase):
    def test_texts_and_articles_out_of_files(self):
        self.write("a.txt", "The title\nof both\n")
        self.write("b.json", json.dumps({"id": "b", "title": "Another", "outlet": "Gazette", "text": "of both"}))
        shown = self.run_command(self.server, "compare", "--plain", "--files", "a.txt", "b.json").stdout
        self.assertEqual(shown.splitlines()[:2], ["A  a.txt  The title", "B  b.json  Another (Gazette)"])
        self.assertTrue(shown.endswith("\n[-The title-]\nof both\n"), shown)
        self.assertEqual(self.server.articles, {})
        ((method, (a, b)),) = self.server.requests
        self.assertEqual(
            (method, a, b["id"]), ("compare", {"title": "The title", "text": "The title\nof both\n"}, "b")
        )

    def test_a_file_that_cannot_be_had_is_exit_status_1(self):
        self.write("a.txt", "x")
        self.write("two.jsonl", '{"text": "x"}\n{"text": "y"}\n')
        self.write("bad.json", '{"text": 5}')
        self.write("empty.jsonl", "")
        for name, words in (("nosuch", "No such file"), ("two.jsonl", "more than one"), ("bad.json", "text: ")):
            result = self.run_command(self.server, "compare", "--files", "a.txt", name, status=1)
            self.assertIn(words, result.stderr)
            self.assertIn(name, result.stderr)
            self.assertEqual(result.stdout, "")
        self.assertEqual(self.server.requests, [])


class Trouble(StubCase):
    def test_an_id_that_is_not_there_is_exit_status_1(self):
        self.store("a", "x")
        for arguments in (["--json"], ["--plain"]):
            result = self.run_command(self.server, "compare", *arguments, "a", "nobody", status=1)
            self.assertIn("not_found: b: no article has this id", result.stderr)
            self.assertEqual(result.stdout, "")

    def test_no_connection_is_exit_status_3(self):
        self.run_command("unix:/nonexistent/socket", "compare", "a", "b", status=3)

    def test_passages_that_do_not_fit_are_told_and_not_shown(self):
        self.store("a", "one two three"), self.store("b", "one two three")
        for passages in (
            [[0, 14, 0, 13]],
            [[0, 3, 0, 14]],
            [[3, 0, 0, 3]],
            [[0, 5, 0, 3], [4, 8, 4, 8]],
            [[0, 3, 0, 5], [4, 8, 4, 8]],
            [[2**64 - 1, 2**64 - 1, 0, 0]],
            [[0, 3, 0]],
            [["x", 3, 0, 3]],
            [5],
        ):
            self.server.method_compare = lambda a, b: {
                "similarity": 1.0,
                "containment": [1.0, 1.0],
                "passages": passages,
            }
            result = self.run_command(self.server, "compare", "--plain", "a", "b", status=1)
            self.assertIn("do not fit", result.stderr)
            self.assertEqual(result.stdout, "", passages)


class WithDaemon(CommandCase):
    def setUp(self):
        super().setUp()
        self.daemon = RealDaemon()
        self.addCleanup(self.daemon.close)
        self.run_command(
            self.daemon,
            "feed",
            self.lines(
                "x.jsonl",
                [
                    {"id": "wire-1", "title": "Bahia cocoa review", "outlet": "Reuters", "text": A},
                    {"id": "gazette-7", "title": "Rain at last", "outlet": "Gazette", "text": B},
                ],
            ),
        )

    def test_passages_are_those_of_the_texts(self):
        (result,) = self.run_json(self.daemon, "compare", "wire-1", "gazette-7")
        passages = result["passages"]
        self.assertEqual(len(passages), 4)
        for a_start, a_end, b_start, b_end in passages:
            self.assertEqual(A[a_start:a_end], B[b_start:b_end])
        self.assertTrue(A[passages[-1][0] :].startswith("Again it seems"))

    def test_a_person_sees_what_was_changed(self):
        shown = self.run_terminal(self.daemon, "compare", "wire-1", "gazette-7")
        body = shown.split("\n\n", 1)[1]
        self.assertEqual(styled(body, ONLY_A), "LONDON, Feb 26 (Wire) - alleviating weekly review on Tuesday.")
        self.assertEqual(styled(body, ONLY_B), "relieving monthly report on Monday. (Gazette) Add new comment")
        self.assertEqual(
            styled(body, MOVED),
            "Again it seems that cocoa delivered earlier on consignment was included in the arrivals figures.",
        )

    def test_files_are_compared_as_stored_articles_are(self):
        self.write("a.txt", A), self.write("b.txt", B)
        (stored,) = self.run_json(self.daemon, "compare", "wire-1", "gazette-7")
        (files,) = self.run_json(self.daemon, "compare", "--files", "a.txt", "b.txt")
        self.assertEqual(files["passages"], stored["passages"])


if __name__ == "__main__":
    unittest.main()
