"""What the lab writes: with an empty home folder, only what lies in TINYLLM_HOME (and in pip's and Maven's caches)."""

import os
import shutil
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path
from unittest import mock

from here import ROOT
from tinylab import paths, setup
from tinylab.browser.server import Server

# A picture makes AWT look for fonts, a table brings Tablesaw, and the tokenizer opens a model's file.
CELLS = (
    'Charts.heatmap("map", Tensor.eye(3))',
    'Tables.of("numbers", Map.of("a", List.of(1, 2)))',
    'predict("a guess", 2, "MB");',
    'System.getProperty("user.home")',
)


@unittest.skipUnless(setup.built(), "./lab has not built the library yet")
class PlacesTest(unittest.TestCase):
    slow = True

    slow = True  # starts a kernel and a server

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tinyllm-empty-home-")
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        jdk = setup.machine.find_jdk()
        env = {**setup.java_environment(jdk), "HOME": str(self.home), "TINYLLM_PRELOAD": "0"}
        env = {name: value for name, value in env.items() if not name.startswith("XDG_")}
        patch = mock.patch.dict(os.environ, env, clear=True)
        patch.start()
        self.addCleanup(patch.stop)

    def tearDown(self):
        self.assertEqual([], sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*") if path.is_file()))

    def test_the_kernel(self):
        import nbformat

        from tinylab.notebooks import execute, source

        cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": dict(source.KERNEL)})
        execute.execute(notebook, quick=True)
        self.assertIn("image/png", str(notebook.cells[0].outputs))
        self.assertEqual(str(paths.home() / "java"), execute.text_of(notebook.cells[-1]).strip())
        self.assertTrue(list((paths.home() / "java" / ".java").rglob("fcinfo*")) or os.uname().sysname == "Darwin",
                        "fonts are remembered in TINYLLM_HOME")

    def test_a_command(self):
        done = subprocess.run([ROOT / "lab", "doctor"], capture_output=True, text=True, timeout=120)
        self.assertEqual("", done.stderr)
        self.assertIn(f"ok       home          {paths.home()}", done.stdout)

    def test_jupyterlab(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "notebooks").mkdir()
            for starter in paths.NOTEBOOKS.glob("[0-9]*.ipynb"):
                shutil.copyfile(starter, Path(folder) / "notebooks" / starter.name)
            with Server(Path(folder)) as server:
                with urllib.request.urlopen(f"{server.base}/lab?token={server.token}", timeout=60) as page:
                    self.assertIn(b"JupyterLab", page.read())


if __name__ == "__main__":
    unittest.main()
