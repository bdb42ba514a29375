# Sourced by `evolve`: what one stage adds to the one before it.

# parts_of FOLDER...: the files to compare, in reading order: the library, what
# it can do now, how it is built, its tests. A header comes before its source.
parts_of() {
  for part in evolve sample cmake CMakeLists.txt test; do
    for folder in "$@"; do
      (cd "$folder" && find "$part" -type f 2>/dev/null)
    done | sed 's/\.h$/.:h/' | LC_ALL=C sort -u | sed 's/\.:h$/.h/'
  done
}

# diff_files OLD NEW [OPTION...]: git's diff of two stages, file by file; OLD is
# empty for the first stage.
diff_files() {
  old=$1
  new=$2
  shift 2
  parts_of ${old:+"$old"} "$new" | while IFS= read -r file; do
    before=$old/$file
    after=$new/$file
    [ -n "$old" ] && [ -f "$before" ] || before=/dev/null
    [ -f "$after" ] || after=/dev/null
    git diff --no-index "$@" -- "$before" "$after"
    [ $? -le 1 ] || return
  done
}

# diff_stage ROOT STAGE: coloured and paged where a person is looking.
diff_stage() {
  cd "$1" || return
  old=
  for folder in stage[0-9][0-9]_*/; do
    folder=${folder%/}
    [ "$folder" = "$2" ] && break
    old=$folder
  done
  if [ ! -t 1 ]; then
    diff_files "$old" "$2" --color=never
    return
  fi
  color=always
  [ -z "${NO_COLOR-}" ] || color=never
  pager=$(git var GIT_PAGER)
  command -v "${pager%% *}" >/dev/null || pager="cat"
  diff_files "$old" "$2" --color=$color | LESS=${LESS-FRX} sh -c "$pager"
}
