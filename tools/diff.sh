# shellcheck shell=sh disable=SC2154
# Sourced by `evolve`: what stage $new adds to $old, which is empty before the
# first one, or the same of two states in $base; of all files, or of those that
# $file names.

# git_diff OPTION... BEFORE AFTER: as everybody has it, whatever the reader's own
# configuration, attributes and environment say. Its status is that of git.
git_diff() (
  unset GIT_EXTERNAL_DIFF GIT_DIFF_OPTS GIT_CONFIG_PARAMETERS GIT_CONFIG_COUNT
  export GIT_DIR=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null \
    GIT_ATTR_NOSYSTEM=1 HOME=/dev/null XDG_CONFIG_HOME=/dev/null
  git diff --no-index "$@"
)

# parts: the files to compare, in reading order: the library, what it can do now,
# how it is built, its tests. A header comes before its source.
parts() {
  for part in evolve sample cmake CMakeLists.txt test; do
    for folder in ${old:+"$old"} "$new"; do
      (cd "$folder" && find "$part" -type f 2>/dev/null)
    done | sed 's/\.h$/.:h/' | LC_ALL=C sort -u | sed 's/\.:h$/.h/'
  done
}

# named PARTS: those that $file names, whole or by the end of their path.
named() {
  printf '%s\n' "$1" | while IFS= read -r part; do
    case /$part in *"${file:+/$file}") printf '%s\n' "$part" ;; esac
  done
}

# of_each OPTION...: git's diff of the files that are read.
of_each() {
  while IFS= read -r part; do
    before=$old/$part
    after=$new/$part
    [ -n "$old" ] && [ -f "$before" ] || before=/dev/null
    [ -f "$after" ] || after=/dev/null
    git_diff "$@" -- "$before" "$after"
    [ $? -le 1 ] || return
  done
}

# counted: --stat, in the order of parts.
counted() {
  while IFS= read -r part; do
    printf '%s\n' "$part" | of_each --numstat | sed "s|	[^	]*\$|	$part|"
  done | awk -F '\t' '{
    printf "%6s %6s  %s\n", "+" $1, "-" $2, $3
    added += $1
    gone += $2
  }
  END { printf "%6s %6s  in %d files\n", "+" added, "-" gone, NR }'
}

# paged COMMAND...: as it is for a program; coloured and paged for a person.
paged() {
  color=always
  [ -z "${NO_COLOR-}" ] && [ "${TERM:-dumb}" != dumb ] || color=never
  if [ ! -t 1 ]; then
    "$@" --color=never
    return
  fi
  pager=${PAGER:-less}
  command -v "${pager%% *}" >/dev/null || pager="cat"
  "$@" --color=$color | LESS=${LESS-FRX} sh -c "$pager"
}

# diff_stages: all of it, or with only=stat how much it is.
diff_stages() {
  cd "$base" || return
  [ -n "$old" ] || old=$(echo stage[0-9][0-9]_* | sed -n "s/\(.* \)\{0,1\}\(.*\) $new.*/\2/p")
  all=$(parts)
  chosen=$(named "$all")
  if [ -z "$chosen" ]; then
    case $file in */*) ;; *) all=$(printf '%s\n' "$all" | sed 's/.*\///') ;; esac
    # shellcheck disable=SC2086  # one word per file
    misused "there is no file $file in ${old:+$old or }$new: $(nearest "$file" $all)"
  fi
  case $only in
    stat) printf '%s\n' "$chosen" | counted ;;
    *) printf '%s\n' "$chosen" | paged of_each ;;
  esac
}
