#!/bin/sh
# Runs two commands in turn, A B A B ..., and compares the numbers they print (one number each, larger is faster):
#   pair.sh [-n PAIRS] [-o FILE.tsv] -a "COMMAND A" -b "COMMAND B"
# Every second pair starts with B, so that neither always runs on a machine that the other has warmed. One uncounted run
# of each comes first. Prints every pair, the medians, and the median, least and most of A / B.
set -eu

usage() {
  echo "usage: pair.sh [-n PAIRS] [-o FILE.tsv] -a \"COMMAND A\" -b \"COMMAND B\"" >&2
  exit 2
}

pairs=7
table=
command_a=
command_b=
while getopts n:o:a:b: option; do
  case $option in
    n) pairs=$OPTARG ;;
    o) table=$OPTARG ;;
    a) command_a=$OPTARG ;;
    b) command_b=$OPTARG ;;
    *) usage ;;
  esac
done
[ -n "$command_a" ] && [ -n "$command_b" ] || usage
case $pairs in '' | *[!0-9]* | 0) echo "pair.sh: -n: $pairs, want a whole number from 1 on" >&2; exit 2 ;; esac

# The command's number; anything else ends the comparison, since a failed run must not count as a slow one.
measure() {
  number=$(sh -c "$1") || { echo "pair.sh: failed: $1" >&2; exit 1; }
  echo "$number" | grep -Eq '^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$' ||
    { echo "pair.sh: want one number, got \"$number\" from: $1" >&2; exit 1; }
  echo "$number"
}

rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
discarded=$(measure "$command_a")
discarded=$(measure "$command_b")
load_before=$(cut -d' ' -f1 /proc/loadavg)
pair=1
while [ "$pair" -le "$pairs" ]; do
  if [ $((pair % 2)) -eq 1 ]; then
    a=$(measure "$command_a")
    b=$(measure "$command_b")
  else
    b=$(measure "$command_b")
    a=$(measure "$command_a")
  fi
  echo "$a $b" | awk -v pair="$pair" '{ printf "%d\t%s\t%s\t%.4f\n", pair, $1, $2, $1 / $2 }' | tee -a "$rows"
  pair=$((pair + 1))
done
[ -z "$table" ] || { printf 'pair\ta\tb\tratio\n'; cat "$rows"; } > "$table"

# median least most of one column
summary() {
  cut -f"$1" "$rows" | sort -g | awk '{ v[NR] = $1 }
    END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2; printf "%.4g (%.4g - %.4g)\n", m, v[1], v[NR] }'
}
echo "A      $(summary 2)"
echo "B      $(summary 3)"
echo "A / B  $(summary 4)"
echo "load   $load_before before, $(cut -d' ' -f1 /proc/loadavg) after, $(nproc) cores"
