#!/bin/sh
# Runs the tables of MetalSourcesTest on an NVIDIA GPU: once as they are, then every kernel under compute-sanitizer's memcheck and
# racecheck. Needs the driver, the libraries that native/README.md lists for -Pcuda, and compute-sanitizer (CUDA toolkit) on PATH.
#
#     metal/cuda/check.sh [FOLDER for the logs]
set -eu
cd "$(dirname "$0")/../.."
logs=${1:-target/cuda-check}
mkdir -p "$logs"
command -v nvidia-smi >/dev/null || { echo "check.sh: there is no NVIDIA driver (nvidia-smi) on this machine" >&2; exit 2; }
nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | tee "$logs/gpu"

# MLX keeps compiled kernels here; an old one must not stand in for a new one.
MLX_PTX_CACHE_DIR=$(mktemp -d)
export MLX_PTX_CACHE_DIR
trap 'rm -rf "$MLX_PTX_CACHE_DIR"' EXIT

tables() {
  "$@" mvn -q -B -Pcuda -pl native,lib/core test -Dtest=MetalSourcesTest -Dsurefire.failIfNoSpecifiedTests=false
}

echo "the tables"
tables env > "$logs/tables.log" 2>&1 || { cat "$logs/tables.log"; exit 1; }

if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck; do
    echo "$tool"
    status=0
    tables compute-sanitizer --tool "$tool" --target-processes all --error-exitcode 1 --kernel-name kns=custom_kernel_ \
      > "$logs/$tool.log" 2>&1 || status=$?
    if [ "$status" -ne 0 ] || grep -q "ERROR SUMMARY: [1-9]" "$logs/$tool.log"; then
      echo "check.sh: $tool found something, see $logs/$tool.log" >&2
      exit 1
    fi
  done
else
  echo "check.sh: no compute-sanitizer on PATH; memcheck and racecheck were left out" >&2
  exit 3
fi
