"""NVRTC, NVIDIA's run-time compiler, as MLX calls it: from a program's text to machine code. No GPU is needed."""

import ctypes
import os
import site
import sys
from pathlib import Path

PACKAGES = ["nvidia-cuda-nvrtc==13.*", "nvidia-cuda-runtime==13.*", "nvidia-cuda-crt==13.*", "nvidia-cuda-cccl==13.*"]

# What a program of ours uses of MLX's own header; a shape or stride travels as eight numbers.
UTILS = b"""
#include <cuda_bf16.h>
#include <cuda_fp16.h>
namespace mlx::core::cu {
template <class T> struct Axes { T at[8]; __device__ const T& operator[](int i) const { return at[i]; } };
using Shape = Axes<int>;
using Strides = Axes<long long>;
}
"""


def places():
    """Folders that may hold CUDA: lib*/libnvrtc.so.13 and include/."""
    for name in ("CUDA_HOME", "CUDA_PATH"):
        if os.environ.get(name):
            yield Path(os.environ[name])
    for folder in [*sys.path, *site.getsitepackages(), site.getusersitepackages()]:
        yield Path(folder) / "nvidia" / "cu13"
    yield Path("/usr/local/cuda")


class Nvrtc:
    """The compiler of this machine; FileNotFoundError, with what to install, where there is none."""

    def __init__(self):
        for place in places():
            for lib in ("lib", "lib64"):
                file = place / lib / "libnvrtc.so.13"
                if file.is_file() and (place / "include" / "cuda_fp16.h").is_file():
                    for builtins in sorted((place / lib).glob("libnvrtc-builtins.so.13*")):
                        ctypes.CDLL(str(builtins), mode=ctypes.RTLD_GLOBAL)  # NVRTC asks for it by name alone
                    self.library = ctypes.CDLL(str(file))
                    self.include = place / "include"
                    return
        raise FileNotFoundError("there is no NVRTC 13. Install it: python3 -m pip install " + " ".join(f"'{p}'" for p in PACKAGES))

    def compile(self, path, arch):
        """Machine code of the file's program, and the compiler's words: the code is None where it refuses."""
        lib = self.library
        program, size = ctypes.c_void_p(), ctypes.c_size_t()
        headers = (ctypes.c_char_p * 1)(UTILS)
        names = (ctypes.c_char_p * 1)(b"mlx/backend/cuda/device/utils.cuh")
        lib.nvrtcCreateProgram(ctypes.byref(program), path.read_bytes(), path.name.encode(), 1, headers, names)
        words = ["--device-as-default-execution-space", "--generate-line-info", f"--gpu-architecture={arch}",
                 f"--include-path={self.include}", f"--include-path={self.include / 'cccl'}"]
        options = (ctypes.c_char_p * len(words))(*[w.encode() for w in words])
        failed = lib.nvrtcCompileProgram(program, len(words), options)
        lib.nvrtcGetProgramLogSize(program, ctypes.byref(size))
        log = ctypes.create_string_buffer(size.value + 1)
        lib.nvrtcGetProgramLog(program, log)
        code = None
        if not failed:
            lib.nvrtcGetCUBINSize(program, ctypes.byref(size))
            code = ctypes.create_string_buffer(size.value)
            lib.nvrtcGetCUBIN(program, code)
        lib.nvrtcDestroyProgram(ctypes.byref(program))
        return code and code.raw, log.value.decode(errors="replace")
