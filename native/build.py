#!/usr/bin/env python3
"""Prepares the native build: says whether it is up to date, and if not, fetches MLX's wheel and checks our own C++.

    build.py compiler
    build.py prepare --part presets --target DIR --package mlx-cpu --version 0.32.4 --platform linux-x86_64 [--key VERSION ...]
    build.py finish  (the same arguments)

There are two parts with a digest each: `presets` for MLX, and `kernels`, our own C++ (src/main/cpp/tinyllm, tinyllm.natives).

`compiler` prints the C++ compiler to use: $CXX, else g++ or clang++.

`prepare` prints `true` on standard output if the libraries under DIR/classes were built from exactly these sources and
versions; otherwise it prints `false`, and DIR/mlx/{include,lib,libs} lead to the unpacked wheel. `finish` checks the
result and writes the stamp that the next `prepare` compares. Everything else goes to standard error.

Wheels are kept in $TINYLLM_HOME/mlx (default ~/.cache/tinyllm/mlx).
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLATFORMS = {
    "linux-x86_64": ("manylinux_2_35_x86_64",),
    "linux-arm64": ("manylinux_2_35_aarch64",),
    "macosx-arm64": ("macosx_26_0_arm64", "macosx_15_0_arm64", "macosx_14_0_arm64"),
}


def fail(message):
    sys.exit("native: " + message)


def say(message):
    print("native: " + message, file=sys.stderr, flush=True)


def key_of(args):
    """A digest of all that decides what the libraries look like."""
    digest = hashlib.sha256()
    files = [HERE / "build.py", HERE / "pom.xml"]
    # The helper package has no native methods: the Java compiler alone looks after it.
    sources = (p for p in (HERE / "src" / "main").rglob("*") if p.is_file() and p.parent.name != "helper")
    files += sorted(p for p in sources if ("tinyllm" in p.relative_to(HERE).parts) == (args.part == "kernels"))
    for file in files:
        digest.update(file.relative_to(HERE).as_posix().encode() + b"\0")
        digest.update(file.read_bytes() + b"\0")
    for word in [args.package, args.version, args.platform, *args.key]:
        digest.update(word.encode() + b"\0")
    return digest.hexdigest()


def output_of(args):
    if args.part == "kernels":
        return Path(args.target) / "classes" / "tinyllm" / "natives" / args.platform
    return Path(args.target) / "classes" / "org" / "bytedeco" / "mlx" / args.platform


def libraries(args):
    """The names of the files that a finished build has."""
    dylib = args.platform.startswith("macosx")
    if args.part == "kernels":
        return ["libjnitinyllm.dylib" if dylib else "libjnitinyllm.so"]
    names = ["libmlx.dylib", "libjnimlx.dylib"] if dylib else ["libmlx.so", "libjnimlx.so"]
    if dylib:
        names += ["libjaccl.dylib", "mlx.metallib"]
    else:
        libs = Path(args.target) / "mlx" / "libs"
        names += sorted(p.name for p in libs.iterdir()) if libs.exists() else []
    return names


def is_current(args):
    stamp = output_of(args) / "build.stamp"
    if not stamp.is_file():
        return False
    key, *names = stamp.read_text().split()
    return key == key_of(args) and all((output_of(args) / name).is_file() for name in names)


def pip_download(args, folder):
    tags = PLATFORMS[args.platform]
    if args.platform.startswith("macosx"):
        release = os.uname().release.split(".")[0] if sys.platform == "darwin" else "23"
        macos = int(release) - 9 if int(release) < 25 else int(release) + 1
        tags = tuple(t for t in tags if int(t.split("_")[1]) <= macos) or tags[-1:]
    for i, tag in enumerate(tags):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                   "--only-binary=:all:", "--platform", tag, "--dest", str(folder), f"{args.package}=={args.version}"]
        say(f"fetching {args.package} {args.version} for {tag}")
        done = subprocess.run(command, stdout=sys.stderr)
        wheels = list(folder.glob("*.whl"))
        if done.returncode == 0 and len(wheels) == 1:
            return wheels[0]
    fail(f"pip could not download the wheel {args.package}=={args.version} for {' or '.join(tags)}. "
         "Is the package registry reachable, and does `python3 -m pip --version` work?")


def unpack(args, wheel, folder):
    """Keeps include, lib and the bundled libraries of a wheel, after checking that it is the version we want."""
    with zipfile.ZipFile(wheel) as archive:
        metadata = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        version = re.search(r"^Version: (\S+)", archive.read(metadata[0]).decode(), re.M).group(1) if metadata else "?"
        if version != args.version:
            fail(f"{wheel.name} holds version {version}; the root pom.xml asks for {args.version}.")
        archive.extractall(folder / "all", [n for n in archive.namelist() if ".." not in Path(n).parts])
    shutil.move(folder / "all" / "mlx" / "include", folder / "include")
    shutil.move(folder / "all" / "mlx" / "lib", folder / "lib")
    bundled = list((folder / "all").glob("*.libs"))
    if bundled:
        shutil.move(bundled[0], folder / "libs")
    else:
        (folder / "libs").mkdir()
    shutil.rmtree(folder / "all")


def fetch(args):
    """The folder with include, lib and libs of the wheel; it appears complete or not at all."""
    home = Path(os.environ.get("TINYLLM_HOME") or Path.home() / ".cache" / "tinyllm") / "mlx"
    place = home / f"{args.package}-{args.version}-{args.platform}"
    if not place.is_dir():
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=".tmp-") as temporary:
            wheel = pip_download(args, Path(temporary))
            ready = Path(temporary) / "ready"
            ready.mkdir()
            unpack(args, wheel, ready)
            try:
                ready.rename(place)
            except OSError:
                if not place.is_dir():  # else another build was quicker
                    raise
    return place


def link(target, place):
    """DIR/mlx leads to the cache, whichever machine or folder the target folder came from."""
    entry = target / "mlx"
    if entry.is_symlink() or entry.exists():
        entry.unlink() if entry.is_symlink() else shutil.rmtree(entry)
    target.mkdir(parents=True, exist_ok=True)
    entry.symlink_to(place, target_is_directory=True)


def find_compiler():
    names = [os.environ.get("CXX", ""), *(("clang++", "g++") if sys.platform == "darwin" else ("g++", "clang++"))]
    for name in names:
        if name and shutil.which(name):
            return shutil.which(name)
    fail("there is no C++ compiler. Install one that knows C++20: g++ 12 or newer (Debian: apt install g++), "
         "or Xcode's command line tools.")


def check_own_cpp(args):
    """Our headers have to be free of warnings; MLX's headers and JavaCPP's generated code are not ours to judge."""
    compiler = find_compiler()
    include = Path(args.target) / "mlx" / "include"
    command = [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-isystem", str(include)]
    for header in sorted((HERE / "src/main/resources/org/bytedeco/mlx/include").glob("*.h")):
        command += ["-include", str(header)]
    if subprocess.run([*command, "-x", "c++", os.devnull], stdout=sys.stderr).returncode != 0:
        fail(f"our headers do not compile without warnings with {compiler} -std=c++20 (see above).")


# Flags of the files that are compiled for one instruction set. Nothing else may be: what the linker shares between files would then
# run on CPUs that lack it. A fused multiply-add stands only where the source has one, so that all sets give the same bits.
VARIANTS = {
    "forms_avx2.cpp": ("x86_64", ["-mavx2", "-mfma", "-mf16c"]),
    "forms_avxvnni.cpp": ("x86_64", ["-mavx2", "-mfma", "-mf16c", "-mavxvnni"]),
    "forms_avx512.cpp": ("x86_64", ["-march=skylake-avx512", "-mavx512vnni", "-mprefer-vector-width=512"]),
    "forms_amx.cpp": ("x86_64", ["-march=skylake-avx512", "-mavx512vnni", "-mprefer-vector-width=512", "-mamx-tile", "-mamx-int8"]),
    "forms_neon.cpp": ("arm64", ["-march=armv8.2-a+dotprod+fp16"]),
}
KERNEL_FLAGS = ["-std=c++20", "-O3", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra", "-Werror"]
# g++ 12 finds its own AVX-512 headers uninitialised (GCC bug 105593).
AVX512_FLAGS = ["-Wno-uninitialized", "-Wno-maybe-uninitialized"]


def compile_kernels(args):
    """Our C++ kernels as one static library, DIR/kernels/libtinyllm_kernels.a, which the JNI library is linked with."""
    compiler = find_compiler()
    folder = Path(args.target) / "kernels"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    commands = []
    for source in sorted((HERE / "src/main/cpp/tinyllm").glob("*.cpp")):
        cpu, flags = VARIANTS.get(source.name, ("", []))
        if args.platform.endswith(cpu):
            quirks = AVX512_FLAGS if "-mavx512vnni" in flags and "clang" not in compiler else []
            commands.append([compiler, *KERNEL_FLAGS, *flags, *quirks, "-isystem", str(Path(args.target) / "mlx" / "include"),
                             "-c", str(source), "-o", str(folder / (source.stem + ".o"))])
    say(f"compiling {len(commands)} files of our kernels")
    threads = int(os.environ.get("TINYLLM_THREADS") or os.cpu_count() or 1)
    with ThreadPoolExecutor(max(1, threads)) as pool:
        failed = [done.args[-3] for done in pool.map(lambda c: subprocess.run(c, stdout=sys.stderr), commands) if done.returncode]
    if failed:
        fail(f"{', '.join(failed)} did not compile (see above).")
    objects = [command[-1] for command in commands]
    if subprocess.run(["ar", "rcs", str(folder / "libtinyllm_kernels.a"), *objects], stdout=sys.stderr).returncode != 0:
        fail("ar could not join our kernels into a library.")


def prepare(args):
    current = is_current(args)
    if not current or not (Path(args.target) / "mlx" / "include").is_dir():
        link(Path(args.target), fetch(args))
    if current:
        print("true")
        return
    if args.part == "kernels":
        compile_kernels(args)
    else:
        check_own_cpp(args)
        say("parsing MLX's headers and compiling the library (about a minute)")
    # The stamp goes first, so that an interrupted build is never taken for a finished one.
    (output_of(args) / "build.stamp").unlink(missing_ok=True)
    print("false")


# What MLX's CUDA kernels include when they are compiled at run time; libmlx looks for them in ../include.
JIT_HEADERS = ("cccl", "cute", "cutlass")


def copy_jit_headers(args):
    """Puts the headers of run-time compilation beside the library of a CUDA wheel, and takes them away for another wheel."""
    for name in JIT_HEADERS:
        source = Path(args.target) / "mlx" / "include" / name
        place = output_of(args).parent / "include" / name
        shutil.rmtree(place, ignore_errors=True)
        if args.package.startswith("mlx-cuda") and source.is_dir():
            shutil.copytree(source, place)


def finish(args):
    if is_current(args):
        return
    names = libraries(args)
    if args.part == "presets":
        copy_jit_headers(args)
    if args.part == "presets" and args.platform.startswith("macosx"):  # never run here
        shutil.copy2(Path(args.target) / "mlx" / "lib" / "mlx.metallib", output_of(args))
    missing = [n for n in names if not (output_of(args) / n).is_file()]
    if missing:
        fail(f"the build left no {', '.join(missing)} in {output_of(args)}. If MLX's version was changed, the names in "
             "the preload lists of org.bytedeco.mlx.presets.mlx have to follow the wheel's.")
    stamp = output_of(args) / "build.stamp"
    stamp.with_suffix(".new").write_text("\n".join([key_of(args), *names]) + "\n")
    stamp.with_suffix(".new").replace(stamp)


def main():
    if sys.argv[1:] == ["compiler"]:
        print(find_compiler())
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["prepare", "finish"])
    parser.add_argument("--part", required=True, choices=["presets", "kernels"])
    parser.add_argument("--target", required=True)
    parser.add_argument("--package", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--platform", required=True, choices=sorted(PLATFORMS))
    parser.add_argument("--key", action="append", default=[])
    args = parser.parse_args()
    (prepare if args.step == "prepare" else finish)(args)


if __name__ == "__main__":
    main()
