"""The check of the library for others: what it borrows, and what it refuses."""

import tempfile
import unittest
import zipfile
from pathlib import Path

import here  # noqa: F401
from tinylab import embed

CLASSES = ("tinyllm/model/Models.class", "tinyllm/model/Models$1.class")


def write(jar: Path, names: tuple[str, ...], manifest: str = "") -> None:
    jar.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(jar, "w") as out:
        out.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\n{manifest}\r\n")
        for name in names:
            out.writestr(name, "")


class EmbedTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def artefacts(self, **changes) -> list[str]:
        for module, name in embed.NAMES.items():
            place = self.folder / "org/tinyllm" / f"tinyllm-{module}" / "1" / f"tinyllm-{module}-1"
            classes = (*CLASSES, *("tinyllm/" + file.relative_to(embed.paths.ROOT).as_posix() for file in (embed.paths.ROOT / "metal").rglob("*") if file.is_file()))
            write(place.with_name(place.name + ".jar"), changes.get("classes", classes),
                  changes.get("manifest", f"Automatic-Module-Name: {name}\r\n"))
            write(place.with_name(place.name + "-sources.jar"), changes.get("sources", ("tinyllm/model/Models.java",)))
            if "javadoc" not in changes:
                write(place.with_name(place.name + "-javadoc.jar"), ("index.html",))
        return embed.artefacts(self.folder)

    def test_each_lack_is_named(self):
        self.assertIn("tinyllm-core-javadoc was not made", self.artefacts(javadoc=None))
        self.assertIn("the manifest of tinyllm-core does not name the module tinyllm.core", self.artefacts(manifest=""))
        self.assertIn("the sources of tinyllm-core lack tinyllm/model/Models.java", self.artefacts(sources=()))
        self.assertIn("tinyllm-core holds tinyllm/lab/Lab.class", self.artefacts(classes=(*CLASSES, "tinyllm/lab/Lab.class")))

    def test_only_the_parts_of_a_model_are_wanted(self):
        for name in ("tinyllm-core-0.1.0-SNAPSHOT.jar", "jackson-core-3.2.4.jar", "openblas-0.3.31-1.5.13-linux-x86_64.jar"):
            self.assertTrue(embed.WANTED.match(name), name)
        for name in ("tinyllm-lab-0.1.0-SNAPSHOT.jar", "tablesaw-core-0.44.4.jar", "xchart-4.0.3.jar", "netty-buffer.jar", "slf4j-simple-2.0.17.jar"):
            self.assertFalse(embed.WANTED.match(name), name)

    def test_borrows_everything_but_its_own_group(self):
        own, other = self.folder / "m2/org/tinyllm/tinyllm-core", self.folder / "m2/org/other"
        for place in (own, other, self.folder / "m2/com/some"):
            place.mkdir(parents=True)
        embed.borrow(self.folder / "m2", self.folder / "new")
        self.assertTrue((self.folder / "new/org/other").is_dir() and (self.folder / "new/com/some").is_dir())
        self.assertFalse((self.folder / "new/org/tinyllm").exists())
        self.assertFalse((self.folder / "new/org").is_symlink())


if __name__ == "__main__":
    unittest.main()
