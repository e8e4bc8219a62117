"""What the Markdown pages promise: links and files that are there, commands that ./lab knows."""

import re
import shlex
import unittest
from pathlib import Path

from here import ROOT
from tinylab import cli, commands, java

PAGES = sorted(path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("lib/*/README.md"), ROOT / "native" / "README.md"))
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
COMMAND = re.compile(r"(?:^|`|&& )\./lab\b([^`#&|\n]*)", re.M)
PLACE = re.compile(r"`((?:lib|native|notebooks|tools|docs|examples|metal)/[\w./-]+)`")
KNOWN = {*java.COMMANDS, *cli.HELP, "--help"}


class DocumentsTest(unittest.TestCase):
    def test_links_lead_somewhere(self):
        self.assertIn(ROOT / "CONTRIBUTING.md", PAGES)
        for page in PAGES:
            for link in LINK.findall(page.read_text(encoding="utf-8")):
                if not re.match(r"\w+:", link):
                    with self.subTest(page=page.name, link=link):
                        self.assertTrue((page.parent / link).exists())

    def test_commands_are_known(self):
        seen = 0
        for page in PAGES:
            for words in COMMAND.findall(page.read_text(encoding="utf-8")):
                words = words.split()
                if words and re.match(r"[a-z-]+$", words[0]):
                    seen += 1
                    with self.subTest(page=page.name, command=words):
                        self.assertTrue(words[0] in KNOWN or words[0] in ("--kernel", "--no-browser", "--port"), words[0])
        self.assertGreater(seen, 15)

    def test_the_recipes_options_are_understood(self):
        text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        for command in re.findall(r"(?:^|`)\./lab ((?:test|book)\b[^`#&\n]*)", text, re.M):
            words = shlex.split(command.replace("NN", "11"))
            with self.subTest(command):
                commands.parse(words[0], words[1:])

    def test_files_are_there(self):
        for place in PLACE.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")):
            if not re.search(r"NN|NAME|/my\b", place):
                with self.subTest(place):
                    self.assertTrue((ROOT / place).exists())


if __name__ == "__main__":
    unittest.main()
