# Stops everything a test run started, whichever way the run ended.
#
# Reads registrations on standard input, one a line:
#   add RANK:PID      PID leads a process group to be stopped at the end
#   forget RANK:PID   it has been stopped already
#   folder PATH       to be removed at the end
# Standard input closes when the run exits, panics or is killed. Then the ranks are stopped one after
# the other (the API server before etcd: the other way round it hangs for minutes).
trap '' INT TERM HUP
children=''
folder=''

while read -r word rest; do
  case $word in
    add) children="$children $rest" ;;
    forget)
      kept=''
      for child in $children; do [ "$child" = "$rest" ] || kept="$kept $child"; done
      children=$kept ;;
    folder) folder=$rest ;;
  esac
done

alive() {
  kill -s 0 -- "-$1" 2>/dev/null && ! grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"
}

any_alive() {
  for pid in "$@"; do alive "$pid" && return 0; done
  return 1
}

for rank in 0 1 2 3; do
  pids=''
  for child in $children; do
    case $child in "$rank":*) pids="$pids ${child#*:}" ;; esac
  done
  for pid in $pids; do kill -s TERM -- "-$pid" 2>/dev/null; done
  ticks=0
  # shellcheck disable=SC2086
  while [ "$ticks" -lt 50 ] && any_alive $pids; do
    sleep 0.1
    ticks=$((ticks + 1))
  done
  for pid in $pids; do kill -s KILL -- "-$pid" 2>/dev/null; done
done
[ -z "$folder" ] || rm -rf -- "$folder"
