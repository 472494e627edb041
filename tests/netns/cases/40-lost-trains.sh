# Segmentation offload that loses what it should cut. Two kinds: the host's own firewall refuses packets longer than 1,600 bytes, and says so to
# the sender (EPERM); or they vanish on their way. From 2 s after the start the default channel must reach 0.8 times the figure of Batching. Both run
# three times, in turn, and the medians are compared.

# swallow_trains KIND: refused or silent.
swallow_trains() {
  local host
  for host in a b; do
    on "$host" nft flush ruleset
    case "$1" in
      refused)
        nft_on "$host" <<'RULES'
table inet trains {
  chain output { type filter hook output priority 0; meta length > 1600 counter drop; }
}
RULES
        ;;
      silent)
        nft_on "$host" <<'RULES'
table netdev trains {
  chain ingress { type filter hook ingress device eth0 priority 0; meta length > 1600 counter drop; }
}
RULES
        ;;
    esac
  done
}

# swallowed HOST: how many trains the host's rule has dropped.
swallowed() { on "$1" nft list ruleset | grep -o 'packets [0-9]*' | cut -d' ' -f2; }

# rate FILE: bytes per second from 2 s after the start on.
rate() {
  grep '^{"t"' "$1" | sed 's/[^0-9.]*\([0-9.]*\)[^0-9]*\([0-9]*\).*/\1 \2/' \
    | awk '!t0 && $1 > 1.9 { t0 = $1; b0 = $2 } { t1 = $1; b1 = $2 } END { d = t1 - t0; printf "%d", t0 && d ? (b1 - b0) / d : 0 }'
}

# bench OFFLOAD MODE [FLAGS...]: prints bytes per second from 2 s after the start on.
bench() {
  local offload=$1 mode=$2
  shift 2
  utp_on b bench --listen 10.77.1.2:7700 --offload "$offload" >"$work/listen.log" 2>&1 &
  wait_until 30 listens b 7700
  utp_on a bench --connect 10.77.1.2:7700 --offload "$offload" --mode "$mode" --seconds 4 --interval 0.25 --json "$@" >"$work/bench.log" 2>&1
  stop_on b
  rate "$work/bench.log"
}

# median NUMBER NUMBER NUMBER
median() { printf '%s\n' "$@" | sort -n | sed -n 2p; }

host a b
link a eth0 b eth0
address a eth0 10.77.1.1/24
address b eth0 10.77.1.2/24

# compare NAME MODE [FLAGS...]: a case for each kind.
compare() {
  local name=$1 kind batching=() refused=() silent=() lost_refused lost_silent
  shift
  for _ in 1 2 3; do
    swallow_trains refused
    refused+=("$(bench Auto "$@")")
    lost_refused=$(($(swallowed a) + $(swallowed b)))
    swallow_trains silent
    silent+=("$(bench Auto "$@")")
    lost_silent=$(($(swallowed a) + $(swallowed b)))
    batching+=("$(bench Batching "$@")")
  done

  judge "trains refused, $name" "$(median "${refused[@]}")" "$(median "${batching[@]}")" "$lost_refused"
  judge "trains silent, $name" "$(median "${silent[@]}")" "$(median "${batching[@]}")" "$lost_silent"
}

# judge NAME RATE BATCHING LOST
judge() {
  local line="$(($2 / 1000)) kB/s, with Batching $(($3 / 1000)) kB/s; $4 trains lost"
  if [ "$4" -gt 0 ] && [ "$3" -gt 0 ] && [ $(($2 * 10)) -ge $(($3 * 8)) ]; then
    pass "$1" "$line"
  else
    fail "$1" "$line"
  fi
}

compare bulk send
compare "echo of 4,000 bytes" echo --message-size 4000
