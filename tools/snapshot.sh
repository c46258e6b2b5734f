#!/usr/bin/env bash
# Writes what a running process shows of its maps, locks and memory into one folder. The process stands still meanwhile,
# for about as long as gdb takes to read its symbols; then it goes on.
#
#   threads.txt     what each thread is doing: stacks
#   locks.txt       evac-locks: who is inside which map
#   domains.txt     evac-domains: guards, epochs, garbage
#   map-NAME.txt    print NAME, the first 20 elements, and evac-dump in map-NAME.csv, for each --map NAME
#   memory.txt      resident memory by the name of its mapping, largest first: evac's tables have names
#   metrics.txt     what the process exports at --metrics URL
#
# usage: tools/snapshot.sh PID [--folder FOLDER] [--map EXPRESSION]... [--metrics URL]
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)

usage() {
  sed -n '2,/^set/{/^set/d; s/^# \{0,1\}//; p}' "$0"
  exit "$1"
}
process='' folder='' metrics=''
maps=()
while [ $# -gt 0 ]; do
  case "$1" in
    --folder | --map | --metrics)
      [ $# -ge 2 ] || usage 2 >&2
      case "$1" in
        --folder) folder=$2 ;;
        --map) maps+=("$2") ;;
        --metrics) metrics=$2 ;;
      esac
      shift
      ;;
    --help | -h) usage 0 ;;
    *[!0-9]*) usage 2 >&2 ;;
    *) process=$1 ;;
  esac
  shift
done
[ -n "$process" ] || usage 2 >&2
if [ ! -r "/proc/$process/smaps" ]; then
  echo "tools/snapshot.sh: there is no process $process, or it is another user's" >&2
  exit 1
fi
command -v gdb >/dev/null || {
  echo "tools/snapshot.sh: there is no gdb (Debian: gdb)" >&2
  exit 1
}
folder=${folder:-snapshot-$process-$(date +%Y%m%d-%H%M%S)}
mkdir -p "$folder" || exit 1

# KiB resident, number of mappings, name: of all mappings with one name.
awk '
  /^[0-9a-f]+-[0-9a-f]+ / {
    name = $6
    for (i = 7; i <= NF; ++i) name = name " " $i
    if (name == "") name = "[no name]"
    ++count[name]
  }
  /^Rss:/ { resident[name] += $2 }
  END { for (name in count) printf "%10d KiB %6d  %s\n", resident[name], count[name], name }
' "/proc/$process/smaps" | sort -rn >"$folder/memory.txt"

[ -z "$metrics" ] || curl -sS --max-time 10 "$metrics" >"$folder/metrics.txt"

to_file() {
  commands+=(-ex "set logging file $folder/$1" -ex 'set logging enabled on' -ex "$2" -ex 'set logging enabled off')
}
commands=(-iex 'set debuginfod enabled off' -ex 'set pagination off' -ex 'set width 0' -ex "source $here/gdb/evac.py"
  -ex 'set logging overwrite on' -ex 'set logging redirect on')
to_file locks.txt evac-locks
to_file domains.txt evac-domains
for map in ${maps[@]+"${maps[@]}"}; do
  name=map-${map//[^A-Za-z0-9_]/_}
  to_file "$name.txt" "print -elements 20 -- $map"
  commands+=(-ex "evac-dump $map --csv $folder/$name.csv")
done
to_file threads.txt 'thread apply all backtrace'
if ! gdb -nx -batch -p "$process" "${commands[@]}" >"$folder/gdb.log" 2>&1 || [ ! -s "$folder/threads.txt" ]; then
  echo "tools/snapshot.sh: gdb could not look into process $process:" >&2
  tail -n 5 "$folder/gdb.log" >&2
  exit 1
fi
echo "$folder"
