#!/bin/sh
# Runs every GPU test on this machine and fails if one cannot run. See README.md.
#   tests/gpu/run.sh                  builds gpu_tests and gpu_bench into build/gpu, then runs them
#   tests/gpu/run.sh FOLDER           runs gpu_tests and gpu_bench from FOLDER, with libraries from FOLDER/lib
#   tests/gpu/run.sh [FOLDER] quick   the tests alone: no sanitizers, no figures
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
programs=
quick=no
for word in "$@"; do
  if [ "$word" = quick ]; then quick=yes; else programs=$word; fi
done

if [ -z "$programs" ]; then
  cmake -G Ninja -S "$root" -B "$root/build/gpu" -DHOLDFAST_CUDA=ON || exit 1
  cmake --build "$root/build/gpu" --target gpu_tests gpu_bench || exit 1
  programs=$root/build/gpu/bin
fi
LD_LIBRARY_PATH=$programs/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
if [ -z "${HOLDFAST_CUBLASLT:-}" ]; then # toolkits and Python packages keep it in many places
  library=$(find /usr/local/cuda*/ /opt /usr/lib -name 'libcublasLt.so.1[0-9]' 2>/dev/null | head -n 1)
  if [ -n "$library" ]; then LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$(dirname "$library"); fi
fi
export LD_LIBRARY_PATH
export HOLDFAST_REQUIRE_GPU=1

failed=
step() { # name, command...
  name=$1
  shift
  echo "== $name"
  "$@" || failed="$failed [$name]"
}

# The oracles take most of the time, and one processor: six programs share the list. What is told of memory is compared
# with what is free, so those cases run alone.
all_cases() {
  results=$(mktemp -d) || return 1
  for part in 0 1 2 3 4 5; do
    { "$programs/gpu_tests" --golden "$root/tests/golden" --skip memory --every 6 --from $part >"$results/$part" 2>&1 ||
      touch "$results/failed"; } &
  done
  wait
  "$programs/gpu_tests" --golden "$root/tests/golden" --only memory >"$results/memory" 2>&1 || touch "$results/failed"
  cat "$results"/[0-9m]*
  [ ! -e "$results/failed" ]
  result=$?
  rm -r "$results"
  return $result
}
step 'all cases' all_cases
step 'all cases without cuBLASLt' env HOLDFAST_CUBLASLT=none "$programs/gpu_tests" --golden "$root/tests/golden" --only linear
if [ "$quick" = no ]; then
  if command -v compute-sanitizer >/dev/null 2>&1; then
    # What takes minutes under the sanitizers is left out there; every kernel runs.
    for tool in memcheck racecheck; do
      for cases in 'causal_conv1d' 'norm' 'ssd_scan' 'ssd_step' 'sequences, N=64' 'batch_step of 7' 'layer_step' 'embedding of' 'to 67' 'sample top'; do
        step "$tool: $cases" timeout 120 compute-sanitizer --tool "$tool" --error-exitcode 9 --print-limit 3 \
          "$programs/gpu_tests" --golden "$root/tests/golden" --only "$cases" --every 5
      done
    done
  else
    failed="$failed [no compute-sanitizer]"
  fi
  step 'figures' "$programs/gpu_bench" ops 130m bf16 7b bf16 q8 q4
fi
if [ -n "$failed" ]; then
  echo "FAILED:$failed"
  exit 1
fi
echo 'all GPU tests passed'
