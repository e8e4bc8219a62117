#!/usr/bin/env python3
"""Compiles CUDA programs with NVRTC, as MLX does. No GPU is needed.

    compile.py FOLDER [--arch sm_80]

FOLDER holds programs as *.cu, in the form that MLX's cuda_kernel makes (CudaCompileTest writes them). NVRTC and CUDA's headers are the
Python packages that nvrtc.py names, or what CUDA_HOME has. Prints the compiler's words for each program that fails, and the number of
those that compile; exit code 0 if all do, 1 if one fails, 2 if there is no NVRTC.
"""

import argparse
import sys
from pathlib import Path

from nvrtc import Nvrtc


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--arch", default="sm_80")
    args = parser.parse_args()
    try:
        nvrtc = Nvrtc()
    except FileNotFoundError as missing:
        print(f"compile.py: {missing}", file=sys.stderr)
        sys.exit(2)
    programs = sorted(args.folder.glob("*.cu"))
    failures = 0
    for path in programs:
        code, log = nvrtc.compile(path, args.arch)
        if code is None:
            failures += 1
            print(f"{path.name}: {log}")
    print(f"{len(programs) - failures} of {len(programs)} programs compile for {args.arch}")
    sys.exit(1 if failures or not programs else 0)


if __name__ == "__main__":
    main()
