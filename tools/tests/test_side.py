"""Chapters side by side: in order, each counted once, and an interrupt ends what runs."""

import threading
import unittest
from unittest import mock

import here  # noqa: F401
from tinylab import commands
from tinylab.console import WrongUsage
from tinylab.notebooks import first_cell, side


class SideTest(unittest.TestCase):
    def test_two_at_once_and_in_order(self):
        meet = threading.Barrier(2, timeout=30)

        def job(number: int) -> int:
            meet.wait()  # alone nobody would get past this
            return number

        jobs = [lambda number=number: job(number) for number in range(4)]
        self.assertEqual([0, 1, 2, 3], list(side.by_side(jobs, 2)))

    def test_a_failure_stops_the_rest_and_ends_the_kernels(self):
        ran = []

        def fails():
            raise KeyboardInterrupt

        with mock.patch.object(side.execute, "stop_all") as stop, self.assertRaises(KeyboardInterrupt):
            list(side.by_side([fails, *[lambda: ran.append(1)] * 50], 1))
        stop.assert_called_once_with()
        self.assertLess(len(ran), 50)

    def test_kernels_and_threads_by_the_machine(self):
        for cores, gigabytes, kernels, threads in ((1, 32, 1, 0), (2, 4, 1, 0), (2, 16, 2, 1), (8, 64, 2, 4)):
            pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": gigabytes * (1 << 18)}
            with self.subTest(cores=cores, gigabytes=gigabytes), mock.patch("os.cpu_count", return_value=cores), \
                    mock.patch("os.sysconf", side_effect=pages.get):
                self.assertEqual(kernels, side.kernels())
                self.assertEqual(threads, side.threads(side.kernels()))


class FirstCellTest(unittest.TestCase):
    def test_what_misses_is_said(self):
        self.assertEqual("", first_cell.Wait(1, 19, 25, "picture").misses("qwen2.5-coder-0.5b"))
        self.assertEqual("its line after 2 s, its picture after 8 s", first_cell.Wait(3, 9, 9, "picture").misses("smollm2-135m"))
        self.assertEqual("", first_cell.Wait(1, 90, 90, "table").misses("another"))

    def test_options(self):
        self.assertEqual(commands.Options("first-cell", ("11",), model="smollm2-135m"),
                         commands.parse("notebooks", ["first-cell", "--model", "smollm2-135m", "11"]))
        for words, sentence in ((["check", "--model", "x"], "goes with first-cell"), (["first-cell", "--model"], "goes with first-cell"),
                                (["first-cell", "--long"], "always runs in full")):
            with self.subTest(words), self.assertRaisesRegex(WrongUsage, sentence):
                commands.parse("notebooks", words)


if __name__ == "__main__":
    unittest.main()
