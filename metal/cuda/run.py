#!/usr/bin/env python3
"""Runs kernel calls on an NVIDIA GPU without MLX and compares them with the host run. For compute-sanitizer: each buffer is an allocation of
its own, so that a step over its end is seen, and there is no JVM in the process.

    run.py FOLDER

FOLDER holds a folder for each call, with the program, call.json, the inputs and the host's outputs (CudaExport writes them). Machine code is
kept in FOLDER/code. Outputs start as NaNs. Exit code 0 if all calls agree, 1 if one does not, 2 without a GPU or NVRTC.
"""

import ctypes
import hashlib
import json
import math
import multiprocessing
import struct
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from nvrtc import Nvrtc

FORMATS = {"F32": "f", "F16": "e", "I32": "i", "U32": "I"}


def fail(message, code):
    print("run.py: " + message, file=sys.stderr)
    sys.exit(code)


def numbers(data, dtype):
    if dtype == "BF16":
        return [struct.unpack("<f", b"\0\0" + data[i:i + 2])[0] for i in range(0, len(data), 2)]
    size = struct.calcsize(FORMATS[dtype])
    return struct.unpack(f"<{len(data) // size}{FORMATS[dtype]}", data)


def difference(actual, truth, tolerance):
    """The first element that differs by more than the tolerance, relative to the largest finite number; None if there is none."""
    largest = max([1e-3] + [abs(t) for t in truth if math.isfinite(t)])
    for i, (a, t) in enumerate(zip(actual, truth)):
        same = abs(a - t) <= tolerance * largest if math.isfinite(t) else a == t or (math.isnan(a) and math.isnan(t))
        if not same:
            return f"element {i} is {a} and not {t}"
    return None


def compile_to(path, place, arch):
    code, log = Nvrtc().compile(path, arch)
    if code is None:
        return f"{path.parent.name} does not compile: {log}"
    place.write_bytes(code)
    return None


class Cuda:
    """The driver's interface, as far as a launch needs it; an error ends the process."""

    def __init__(self):
        try:
            self.driver = ctypes.CDLL("libcuda.so.1")
        except OSError as error:
            fail(f"there is no NVIDIA driver here ({error})", 2)
        self.call("cuInit", 0)
        device, context, major, minor = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_int(), ctypes.c_int()
        self.call("cuDeviceGet", ctypes.byref(device), 0)
        self.call("cuDeviceGetAttribute", ctypes.byref(major), 75, device)
        self.call("cuDeviceGetAttribute", ctypes.byref(minor), 76, device)
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self.call("cuCtxSetCurrent", context)
        self.arch = f"sm_{major.value}{minor.value}" + ("a" if major.value >= 9 else "")

    def call(self, name, *words):
        code = getattr(self.driver, name)(*words)
        if code:
            text = ctypes.c_char_p()
            self.driver.cuGetErrorString(code, ctypes.byref(text))
            fail(f"{name}: {text.value.decode() if text.value else code}", 1)

    def buffer(self, data):
        address = ctypes.c_uint64()
        self.call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(len(data)))
        self.call("cuMemcpyHtoD_v2", address, data, ctypes.c_size_t(len(data)))
        return address

    def read(self, address, size):
        data = ctypes.create_string_buffer(size)
        self.call("cuMemcpyDtoH_v2", data, address, ctypes.c_size_t(size))
        return data.raw

    def launch(self, code, grid, group, arguments):
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("cuModuleLoadData", ctypes.byref(module), code)
        self.call("cuModuleGetFunction", ctypes.byref(function), module, b"custom_kernel")
        blocks = [ctypes.c_uint(n // g) for n, g in zip(grid, group)]
        threads = [ctypes.c_uint(g) for g in group]
        pointers = (ctypes.c_void_p * len(arguments))(*[ctypes.cast(ctypes.byref(a), ctypes.c_void_p) for a in arguments])
        self.call("cuLaunchKernel", function, *blocks, *threads, ctypes.c_uint(0), None, pointers, None)
        self.call("cuCtxSynchronize")
        self.call("cuModuleUnload", module)


def run(cuda, folder, code):
    """What differs, or None."""
    call = json.loads((folder / "call.json").read_text())
    arguments, buffers, outputs = [], [], []
    for item in call["inputs"]:
        buffers.append(cuda.buffer((folder / item["file"]).read_bytes()))
        arguments.append(buffers[-1])
        for numbers_of, kind in (("shape", ctypes.c_int32), ("strides", ctypes.c_int64)):
            if numbers_of in item:
                arguments.append((kind * 8)(*item[numbers_of]))
        if "ndim" in item:
            arguments.append(ctypes.c_int32(item["ndim"]))
    for item in call["outputs"]:
        truth = (folder / item["file"]).read_bytes()
        outputs.append((item, truth, cuda.buffer(b"\xff" * len(truth))))
        arguments.append(outputs[-1][2])
    cuda.launch(code, call["grid"], call["group"], arguments)
    wrong = None
    for item, truth, address in outputs:
        actual = numbers(cuda.read(address, len(truth)), item["dtype"])
        found = difference(actual, numbers(truth, item["dtype"]), call["tolerance"])
        wrong = wrong or (found and f"{item['file']}: {found}")
    for address in buffers + [o[2] for o in outputs]:
        cuda.call("cuMemFree_v2", address)
    return wrong


def main():
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        fail("usage: run.py FOLDER", 2)
    root = Path(sys.argv[1])
    folders = sorted(f.parent for f in root.glob("*/call.json"))
    if not folders:
        fail(f"there is no call in {root}", 2)
    cuda = Cuda()
    store = root / "code"
    store.mkdir(exist_ok=True)
    place = {f: store / f"{hashlib.sha256((f / 'kernel.cu').read_bytes()).hexdigest()[:20]}.{cuda.arch}" for f in folders}
    missing = {p: f for f, p in place.items() if not p.is_file()}
    if missing:
        try:
            Nvrtc()
        except FileNotFoundError as error:
            fail(str(error), 2)
        # Processes of their own, for speed; they are started afresh, since a fork would share this process's CUDA.
        with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
            jobs = [pool.submit(compile_to, f / "kernel.cu", p, cuda.arch) for p, f in missing.items()]
            for said in [j.result() for j in jobs]:
                if said:
                    fail(said, 1)
    wrong = 0
    for folder in folders:
        said = run(cuda, folder, place[folder].read_bytes())
        if said:
            wrong += 1
            print(f"{folder.name}: {said}")
    print(f"{len(folders) - wrong} of {len(folders)} calls agree with the host run ({len(set(place.values()))} programs, {cuda.arch})")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
