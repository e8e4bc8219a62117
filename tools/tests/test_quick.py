"""Java's part of ./lab test --quick: what it compiles, how it starts tests, and what it makes of their results."""

import os
import re
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from here import ROOT
from tinylab import commands, console, everything, machine, paths, quickjava, quickplan, setup
from tinylab.results import Tally


class CountTest(unittest.TestCase):
    def count(self, *lines: str) -> Tally:
        tally = Tally()
        quickjava.count("".join(f"{line}\n" for line in lines), tally)
        return tally

    def test_everything_is_counted_and_a_failure_keeps_its_name_and_message(self):
        tally = self.count("begin\ta.BTest", "passed\ta.BTest\tone()\t", "failed\ta.BTest\ttwo(int)[3]\texpected: 1 but was: 2",
                           "skipped\ta.BTest\tthree()\tno GPU", "end\ta.BTest\t1.500\t1.000")
        self.assertEqual("1 passed, 1 failed, 1 skipped", tally.line())
        self.assertEqual(["a.BTest.two(int)[3]: expected: 1 but was: 2"], tally.problems)
        self.assertEqual(["a.BTest.three(): no GPU"], tally.notes)
        self.assertEqual({"a.BTest": 1.5}, tally.seconds)
        self.assertEqual([], tally.remarks)

    def test_a_class_that_ended_its_jvm_has_failed(self):
        tally = self.count("begin\ta.ATest", "end\ta.ATest\t0.1\t0.1", "begin\ta.BTest", "passed\ta.BTest\tone()\t")
        self.assertEqual([f"a.BTest: its JVM ended while it ran; all that it said is in {paths.home()}/logs/quick"], tally.problems)
        self.assertEqual((1, 1), (tally.passed, tally.failed))

    def test_a_class_without_the_tag_that_takes_long_is_told(self):
        for took, computed, told in ((19.9, 0.2, 0), (20.1, 0.2, 1), (5.0, 4.1, 1), (5.0, 3.9, 0)):
            with self.subTest(took=took, computed=computed):
                self.assertEqual(told, len(self.count("begin\tT", f"end\tT\t{took}\t{computed}").remarks))


class PlanTest(unittest.TestCase):
    """From this clone's own poms and sources."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "path.txt"
        self.path.write_text(os.pathsep.join(["/m2/junit.jar", *(f"{ROOT}/{place}/target/classes" for place in setup.MODULES)]))
        patch = mock.patch.object(quickplan, "_maven_path", lambda _: self.path)
        patch.start()
        self.addCleanup(patch.stop)

    def test_every_class_that_surefire_takes(self):
        names = quickplan.test_classes("core")
        self.assertIn("tinyllm.ArchitectureTest", names)
        self.assertNotIn("tinyllm.weights.ChildJvm", names)
        self.assertEqual(sorted(set(names)), names)

    def test_a_module_sees_what_it_needs_and_nothing_of_mavens_but_native(self):
        entries = quickplan.class_path("lab").split(os.pathsep)
        base = str(quickplan.folder())
        wanted = [f"{base}/lab/target/test-classes", f"{base}/lab/target/classes", f"{base}/core/target/classes"]
        self.assertEqual(wanted, [entry for entry in entries if entry.startswith(base) and "target/" in entry[len(base):]])
        self.assertIn(f"{ROOT}/native/target/classes", entries)
        self.assertNotIn(f"{ROOT}/lib/core/target/classes", entries)
        self.assertNotIn(f"{ROOT}/lib/serve/target/classes", entries)

    def test_units_come_after_what_they_need_and_tests_only_for_the_modules_asked_for(self):
        with mock.patch.object(setup, "foundation_digest", lambda _: "x"):
            names = [line.split("\t")[0] for line in quickplan.units(("lab",), Path("/jdk"))]
        self.assertEqual(["runner", "core main", "lab main", "lab test"], names)

    def test_flags_and_environment_are_surefires(self):
        command = quickplan.command("lab", Path("/jdk"), Path("/runner"))
        for flag in ("-Xmx3g", "--enable-native-access=ALL-UNNAMED", "jdk.jshell/jdk.jshell=ALL-UNNAMED", f"-Duser.home={paths.home()}/java"):
            self.assertIn(flag, command)
        env = quickplan.environment("lab", 2, Path("/jdk"))
        self.assertEqual(("1", f"{ROOT}/lib/lab/target/my/2", "1"), tuple(env[k] for k in ("TINYLLM_QUICK", "TINYLLM_NOTEBOOKS", "TINYLLM_THREADS")))
        self.assertTrue(any(re.match(r"-Dmlx.version=[\d.]+$", word) for word in quickplan.command("native", Path("/jdk"), Path("/runner"))))
        for name in quickplan.MODULES:
            words = [*quickplan.command(name, Path("/jdk"), Path("/runner")), *quickplan.environment(name, 1, Path("/jdk")).values()]
            self.assertNotIn("${", " ".join(words).replace("${TINYLLM", ""))


class PartsTest(unittest.TestCase):
    def test_what_quick_leaves_out(self):
        self.assertEqual(["tools", "Java", "notebooks"], list(everything.plan(commands.parse("test", ["--quick"]))))
        self.assertEqual(["Java"], list(everything.plan(commands.parse("test", ["core", "--quick"]))))
        self.assertEqual(["tools"], list(everything.plan(commands.parse("test", ["tools", "--quick"]))))

    def test_jars_are_built_for_who_runs_them(self):
        for words, jars in (([], True), (["--quick"], False), (["core", "--quick"], False), (["embed", "--quick"], True)):
            with self.subTest(words):
                self.assertEqual(jars, commands.needs_jars(commands.parse("test", words)))


class FoundationTest(unittest.TestCase):
    """Which change makes a quick run wait for Maven."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        for name in ("pom.xml", *(f"{module}/pom.xml" for module in setup.MODULES), "native/build.py", "native/src/main/a.cpp",
                     "native/src/test/ATest.java", "lib/core/src/main/java/A.java", "lib/lab/target/classpath.txt", "lib/serve/target/classpath.txt"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text("old")
        for name, value in (("ROOT", self.root), ("TARGET", self.root / "target")):
            patch = mock.patch.object(paths, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def built(self, jars: bool) -> bool:
        with mock.patch.object(setup, "run") as build, mock.patch.object(machine, "check_served"), \
                mock.patch.object(machine, "find_compiler"), mock.patch.object(machine, "find_maven", lambda: "mvn"):
            setup.ensure_build(Path("/jdk"), jars)
        return build.called

    def test_only_what_it_does_not_compile_itself(self):
        self.assertTrue(self.built(jars=False))
        self.assertFalse(self.built(jars=False))
        for name, waits in (("lib/core/src/main/java/A.java", False), ("native/src/test/ATest.java", False), ("native/src/main/a.cpp", True),
                            ("lib/lab/pom.xml", True)):
            with self.subTest(name):
                (self.root / name).write_text("new")
                self.assertEqual(waits, self.built(jars=False))
        self.assertFalse(self.built(jars=True))
        (self.root / "lib/core/src/main/java/A.java").write_text("newer")
        self.assertFalse(self.built(jars=False))
        self.assertTrue(self.built(jars=True))


class LaneTest(unittest.TestCase):
    """Two lanes on modules that are made up, with a JVM in whose place a function stands."""

    def run_with(self, jvm, compiled=lambda run: None) -> tuple[Tally, list[tuple[str, int]]]:
        started, lock = [], threading.Lock()

        def start(self, module, lane):
            with lock:
                started.append((module.name, lane))
            jvm(self, module, lane)

        def compile_(self):
            try:
                compiled(self)
            except console.Failure:
                self.broken = True
                raise
            finally:
                for module in self.modules.values():
                    module.ready.set()

        with tempfile.TemporaryDirectory() as folder, mock.patch.object(quickplan, "folder", lambda: Path(folder)), \
                mock.patch.object(quickplan, "ensure_class_paths"), mock.patch.object(quickplan, "link_metal"), \
                mock.patch.object(quickplan, "test_classes", lambda name: [f"{name}.{n}Test" for n in range(10)]), \
                mock.patch.object(machine, "find_jdk", lambda: Path("/jdk")), mock.patch.object(quickjava._Run, "compile", compile_), \
                mock.patch.object(quickjava._Run, "_jvm", start):
            return quickjava.test(("core", "lab")), started

    @staticmethod
    def whole(run, module, lane):
        for name in module.names:
            try:
                (module.folder / "claims" / name).touch(exist_ok=False)
            except FileExistsError:
                continue
            with open(module.folder / f"results-{lane}.txt", "a") as out:
                out.write(f"begin\t{name}\npassed\t{name}\ta()\t\nend\t{name}\t0.1\t0.1\n")

    def test_each_class_once(self):
        tally, started = self.run_with(self.whole)
        self.assertEqual("20 passed, 0 failed, 0 skipped", tally.line())
        self.assertEqual({"core", "lab"}, {name for name, _ in started})

    def test_a_jvm_that_ends_is_followed_by_another_for_the_rest(self):
        def dies_once(run, module, lane):
            if not run.crashes:
                name = module.names[0]
                (module.folder / "claims" / name).touch()
                (module.folder / f"results-{lane}.txt").write_text(f"begin\t{name}\n")
                run.crashes.append(f"{module.name}: testing {module.name} failed (exit code 134)")
            else:
                self.whole(run, module, lane)

        with mock.patch.object(quickjava, "LANES", (("core", "lab"),)):
            tally, _ = self.run_with(dies_once)
        self.assertEqual((19, 1), (tally.passed, tally.failed))
        self.assertRegex(tally.problems[0], "core.0Test: its JVM ended while it ran")

    def test_what_does_not_compile_is_told_and_starts_no_tests(self):
        def refused(run):
            raise console.Failure("compiling failed (exit code 1)")

        tally, started = self.run_with(self.whole, refused)
        self.assertEqual([], started)
        self.assertEqual(0, tally.passed)
        self.assertIn("compiling failed (exit code 1)", tally.problems)
        self.assertIn("10 test classes of core did not run, core.0Test the first of them", tally.problems)


class CompileTest(unittest.TestCase):
    """tools/java/Compile.java on two units of one class each."""

    slow = True  # starts Java several times

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.write("a", "class A { static int one() { return 1; } }")
        self.write("b", "class B { int two() { return A.one() + 1; } }")

    def write(self, unit: str, text: str) -> None:
        (self.base / unit).mkdir(exist_ok=True)
        (self.base / unit / f"{unit.upper()}.java").write_text(text)

    def compile(self) -> tuple[int, list[str], str]:
        line = lambda name, before: "\t".join(  # noqa: E731
            [name, f"{self.base}/out/{name}", f"{self.base}/out/a", "-parameters", f"{self.base}/{name}", before, "x"])
        (self.base / "units.txt").write_text(line("a", "") + "\n" + line("b", "a") + "\n")
        done = subprocess.run([machine.find_jdk() / "bin" / "java", quickplan.RUNNER / "Compile.java", self.base / "units.txt"],
                              capture_output=True, text=True, timeout=120)
        return done.returncode, re.findall(r"compiled \d+ files of (\w)", done.stdout), done.stdout + done.stderr

    def test_what_changed_and_what_sees_the_change(self):
        self.assertEqual((0, ["a", "b"]), self.compile()[:2])
        self.assertEqual((0, []), self.compile()[:2])
        self.write("a", "class A { static int one() { return secret(); } private static int secret() { return 3; } }")
        self.assertEqual((0, ["a"]), self.compile()[:2], "a body and a private method")
        for text in ("class A { static final int N = 1; static int one() { return 1; } }",
                     "class A { static final int N = 2; static int one() { return 1; } }",
                     "class A { static final int N = 2; static short one() { return 1; } }"):
            self.write("a", text)
            self.assertEqual((0, ["a", "b"]), self.compile()[:2], text)
        self.write("a", "class A { static int another() { return 1; } }")
        code, compiled, words = self.compile()
        self.assertEqual((1, ["a"]), (code, compiled))
        self.assertRegex(words, r"B\.java:1: error: cannot find symbol")
        self.assertEqual(1, self.compile()[0], "and again, until it is mended")
        self.write("a", "class A { static int one() { return 1; } }")
        self.assertEqual((0, ["a", "b"]), self.compile()[:2])


if __name__ == "__main__":
    unittest.main()
