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

# The oracles take most of the time, and one processor: twelve programs share the list. What is told of memory is compared
# with what is free, so those cases run alone.
workers='0 1 2 3 4 5 6 7 8 9 10 11'
all_cases() {
  results=$(mktemp -d) || return 1
  for part in $workers; do
    { "$programs/gpu_tests" --golden "$root/tests/golden" --skip memory --every 12 --from $part >"$results/$part" 2>&1 ||
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

# Every kernel runs under both sanitizers, with cases that do not take minutes there. A line: the tool, or both; of the cases
# whose names contain the text, each so-manieth. Each worker takes the next line that none has taken.
sanitized='racecheck 5 layer_step
racecheck 6 train: ssd_scan bf16
racecheck 7 stack_step q4
racecheck 1 batch_step of 7 sequences, states bf16
racecheck 1 train: ssd_scan f32 H=4
racecheck 1 train: cross_entropy bf16 11 x
racecheck 1 9 sequences, 64,1,64
racecheck 1 ssd_settle of 3
racecheck 2 sequences, N=
racecheck 1 stack_step bf16, D=256
racecheck 1 stack_step bf16, D=104
racecheck 2 stack_step wide, bf16, D=1056, groups
racecheck 1 sample: rows
memcheck 2 train: ssd_scan bf16
memcheck 1 train: cross_entropy bf16
memcheck 3 batch_step
memcheck 2 that tokens wait for
memcheck 1 ssd_settle
memcheck 3 stack_step
memcheck 2 stack_step wide
memcheck 3 layer_step
memcheck 5 sample
memcheck 3 golden
memcheck 1 turns run
memcheck 1 replies of a batch
both 4 train: gated
both 9 train: matmul
both 4 train: frozen_linear
both 3 train: linear_input_backward
both 3 train: cross_entropy f32
both 1 train: causal_conv1d bf16 136
both 9 bf16 ssd_scan
both 5 train: rms_norm
both 5 inspector: s
both 4 , T=65
both 3 train: causal_conv1d f32
both 3 train: bias_backward
both 2 train: embedding
both 3 train: adamw
both 3 train: sums
both 3 train: conversions
both 11 causal_conv1d T
both 9 norm
both 2 bf16 norms
both 9 ssd_step
both 7 embedding of
both 9 linear q4_k (1
both 11 linear q8_0 (
both 11 linear bf16 (
both 5 linear from bf16'
# What racecheck tells of rings and is none, and of cuBLASLt (README.md).
known_races='bulk_copy(\|make_steps(\|nvjet_\|tell_fetcher('
sanitize() { # tool, every, cases
  case $1 in
    memcheck) how='--tool memcheck --error-exitcode 9 --print-limit 3' ;;
    *) how='--tool racecheck --racecheck-indirect-barrier-dependency --print-limit 1000' ;;
  esac
  timeout 120 compute-sanitizer $how "$programs/gpu_tests" --golden "$root/tests/golden" \
    --every "$2" --only "$3" </dev/null >"$said" 2>&1 || echo "FAILED with $?"
  grep '^========= .*\(Race reported\|hazard detected\)' "$said" | grep -v "$known_races" && echo 'FAILED with races'
  grep -v '^=========  \|^========= *$\|Race reported' "$said"
}
sanitizers() {
  results=$(mktemp -d) || return 1
  echo "$sanitized" | while read -r tool every cases; do
    case $tool in
      both) printf '%s\n' "racecheck $every $cases" "memcheck $every $cases" ;;
      *) echo "$tool $every $cases" ;;
    esac
  done | grep -n . | sed 's|:| |' >"$results/list"
  for worker in $workers; do
    while read -r place tool every cases; do
      mkdir "$results/$place" 2>/dev/null || continue
      said=$results/$place/all
      begin=$(date +%s)
      sanitize "$tool" "$every" "$cases" >"$results/$place/told"
      echo "$(($(date +%s) - begin)) s" >>"$results/$place/told"
    done <"$results/list" &
  done
  wait
  while read -r place tool every cases; do
    echo "-- $tool: $cases (each ${every}th)"
    cat "$results/$place/told"
  done <"$results/list"
  ! grep -q '^FAILED' "$results"/*/told
  result=$?
  rm -r "$results"
  return $result
}
if [ "$quick" = no ]; then
  if command -v compute-sanitizer >/dev/null 2>&1; then
    step 'sanitizers' sanitizers
  else
    failed="$failed [no compute-sanitizer]"
  fi
  step 'figures' "$programs/gpu_bench" ops 130m bf16 7b bf16 q8 q4_k
fi
if [ -n "$failed" ]; then
  echo "FAILED:$failed"
  exit 1
fi
echo 'all GPU tests passed'
