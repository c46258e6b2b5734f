#!/usr/bin/env bash
# Project rules that no compiler checks. Prints each place that breaks one; status 1 if there is any.
#
#   edges       every pair of orderings that a header names ("// Pairs") has a comment at its releasing and at its
#               acquiring end: "// release: NAME", "// acquire: NAME", or a stronger order
#   atomics     std::atomic and std::memory_order are spelled in detail/sync/atomic.hpp only
#   platforms   conditional compilation on a compiler, a processor or a system in the headers of `platform` only
#   lengths     public headers 450 lines, detail headers 350 (those of detail/face 600: they spell each overload of a public
#               class), tests and benchmarks 400
#   documents   links between documents lead somewhere; cells of docs/guarantees have at most 200 characters
#
# usage: tools/lint.sh [RULE[:FOLDER]...]      with a folder: only what lies under it, as lengths:tests
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

# Headers that may ask what they are compiled for.
platform='detail/config\.hpp|detail/platform/'

folder=
headers() { find include -name '*.hpp' | grep "^$folder" | sort; }
sources() { find tests bench \( -name '*.cpp' -o -name '*.hpp' \) | grep "^$folder" | sort; }

edges() {
  # shellcheck disable=SC2046  # no header has a blank in its name
  awk '
    function comment_of(line) { return match(line, /\/\/ /) ? substr(line, RSTART + 3) : "" }
    FNR == 1 { declares = 0 }
    /^ *\/\/ Pairs$/ { declares = 1; next }
    declares && /^ *\/\/   [a-z]/ {
      name = comment_of($0)
      sub(/^ */, "", name)
      if (match(name, /  +/)) { name = substr(name, 1, RSTART - 1); where[name] = FILENAME; next }
    }
    declares && !/^ *\/\// { declares = 0 }
    { text[FILENAME] = text[FILENAME] " " comment_of($0) }
    END {
      for (file in text) all = all " " text[file]
      gsub(/ +/, " ", all)
      for (name in where) {
        if (all !~ ("(release|acq_rel|seq_cst)[^.:;]*: ([^.;]*, )?" name)) print where[name] ": no end of \"" name "\" releases"
        if (all !~ ("(acquire|acq_rel|seq_cst)[^.:;]*: ([^.;]*, )?" name)) print where[name] ": no end of \"" name "\" acquires"
      }
    }' $(headers)
}

atomics() {
  headers | grep -v 'detail/sync/atomic\.hpp$' | xargs grep -nE '^[^/]*std::(atomic|memory_order)'
}

platforms() {
  headers | grep -vE "$platform" |
    xargs grep -nE '^ *# *(if|ifdef|ifndef|elif) .*(__[A-Za-z0-9_]+__|__linux|_WIN32|_MSC_VER|__SSE|__ARM|EVAC_HAS_)'
}

lengths() {
  too_long() {
    local most=$1
    shift
    xargs -r wc -l | awk -v most="$most" '$2 != "total" && $1 > most { print $2 ": " $1 " lines, at most " most }'
  }
  headers | grep -v '/detail/' | too_long 450
  headers | grep '/detail/face/' | too_long 600
  headers | grep '/detail/' | grep -v '/detail/face/' | too_long 350
  sources | too_long 400
}

documents() {
  local document target
  for document in README.md docs/*.md docs/guarantees/*.md; do
    grep -oE '\]\([^)#: ]+\)' "$document" | sed 's/^](//; s/)$//' | while read -r target; do
      [ -e "$(dirname "$document")/$target" ] || echo "$document: $target is not there"
    done
  done
  awk -F'|' '/^\|/ {
    for (i = 2; i < NF; ++i) if (length($i) > 202) print FILENAME ":" FNR ": a cell of " length($i) - 2 " characters"
  }' docs/guarantees/*.md
}

[ $# -gt 0 ] || set -- edges atomics platforms lengths documents
broken=0
for rule in "$@"; do
  folder=
  case "$rule" in *:*) folder=${rule#*:} ;; esac
  rule=${rule%%:*}
  case "$rule" in
    edges | atomics | platforms | lengths | documents) ;;
    *)
      echo "tools/lint.sh: no such rule: $rule" >&2
      exit 2
      ;;
  esac
  found=$("$rule")
  [ -n "$found" ] || continue
  broken=1
  sed "s/^/$rule: /" <<<"$found"
done
exit "$broken"
