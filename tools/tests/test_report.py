"""A report that can be pasted says nothing of its owner."""

import socket
import unittest
from pathlib import Path
from unittest import mock

import here  # noqa: F401
from tinylab import cli, machine, paths, report


class ReportTest(unittest.TestCase):
    def test_home_user_and_host_are_replaced(self):
        with mock.patch.object(Path, "home", return_value=Path("/home/anna")), \
                mock.patch.object(socket, "gethostname", return_value="annas-box"), \
                mock.patch.object(report, "_user", return_value="anna"), \
                mock.patch.object(paths, "ROOT", Path("/home/anna/tiny")), \
                mock.patch.object(paths, "home", return_value=Path("/srv/models")):
            self.assertEqual(
                "~/bin/g++ of USER on HOST in CLONE/lib, TINYLLM_HOME/x, ~/z",
                report.redacted("/home/anna/bin/g++ of anna on annas-box in /home/anna/tiny/lib, /srv/models/x, /Users/bob/z"))

    def test_what_is_missing_is_markdown(self):
        with mock.patch.object(machine, "lacks", return_value=["no JDK 25 was found"]), mock.patch("builtins.print") as printed:
            self.assertEqual(1, cli.doctor(["--report"]))
        text = printed.call_args.args[0]
        self.assertIn("### Tiny LLM Lab", text)
        self.assertIn("- **missing**: no JDK 25 was found", text)


if __name__ == "__main__":
    unittest.main()
