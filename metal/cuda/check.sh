#!/bin/sh
# Runs the tables of MetalSourcesTest, MetalAttentionTest, PagedAttentionTest and CodedPagesTest on an NVIDIA GPU: through MLX's cuda_kernel
# beside the host run; then every call again without MLX
# and JVM (run.py), plain and under the tools of compute-sanitizer; last the time of each kernel beside MLX's own. Needs the
# driver, a C++ compiler, python3, the libraries that native/README.md lists for -Pcuda, and compute-sanitizer (CUDA toolkit) on PATH.
#
#     metal/cuda/check.sh [FOLDER for the logs]
#
# Maven builds and runs what is here. On a machine without Maven, TINYLLM_JAVA is a command that runs Java with the class path of
# lib/core's tests (built elsewhere with -Pcuda) and JUnit's console launcher in it.
set -eu
cd "$(dirname "$0")/../.."
logs=${1:-target/cuda-check}
mkdir -p "$logs"
logs=$(cd "$logs" && pwd)
command -v nvidia-smi >/dev/null || { echo "check.sh: there is no NVIDIA driver (nvidia-smi) on this machine" >&2; exit 2; }
nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | tee "$logs/gpu"

# MLX keeps compiled kernels here; an old one must not stand in for a new one.
MLX_PTX_CACHE_DIR=$(mktemp -d)
export MLX_PTX_CACHE_DIR
trap 'rm -rf "$MLX_PTX_CACHE_DIR"' EXIT

# tests CLASS...: classes of lib/core's tests. passesTheChecker is about Apple's compiler; no GPU is in it.
tests() {
  if [ -n "${TINYLLM_JAVA-}" ]; then
    (cd lib/core && $TINYLLM_JAVA org.junit.platform.console.ConsoleLauncher execute --disable-banner --details=testfeed \
      --disable-ansi-colors --exclude-methodname='.*passesTheChecker.*' $(printf -- '-c tinyllm.kernel.%s ' "$@"))
  else
    mvn -q -B -Pcuda -pl native,lib/core test -Dtest="$(printf '%s,' "$@")!MetalSourcesTest#passesTheChecker" \
      -Dsurefire.failIfNoSpecifiedTests=false
  fi
}

# quietly LOG COMMAND...: the log is shown if the command fails.
quietly() {
  log=$logs/$1.log
  shift
  "$@" > "$log" 2>&1 || { tail -n 60 "$log"; echo "check.sh: failed, see $log" >&2; exit 1; }
}

echo "the tables, through MLX"
rm -rf "$logs/calls"
export TINYLLM_CUDA_EXPORT="$logs/calls"
# Several tests at a time: most of the time goes into compiling.
export JAVA_TOOL_OPTIONS="-Djunit.jupiter.execution.parallel.enabled=true -Djunit.jupiter.execution.parallel.mode.default=concurrent"
quietly tables tests MetalSourcesTest MetalAttentionTest PagedAttentionTest CodedPagesTest
unset TINYLLM_CUDA_EXPORT JAVA_TOOL_OPTIONS
echo "times"
quietly times tests GpuTimesTest
grep -E "microseconds|^[a-z_]+, .*[0-9]$" "$logs/times.log"
echo "the calls of the tables, without MLX"
quietly calls python3 metal/cuda/run.py "$logs/calls"
tail -n 1 "$logs/calls.log"

if ! command -v compute-sanitizer >/dev/null; then
  echo "check.sh: no compute-sanitizer on PATH; its tools were left out" >&2
  exit 3
fi
for tool in memcheck racecheck synccheck initcheck; do
  echo "$tool"
  quietly "$tool" compute-sanitizer --tool "$tool" --error-exitcode 9 python3 metal/cuda/run.py "$logs/calls"
  tail -n 2 "$logs/$tool.log"
done
