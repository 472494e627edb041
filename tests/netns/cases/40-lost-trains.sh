# Segmentation offload that loses what it should cut. Two kinds: the host's own firewall refuses packets longer than 1,600 bytes, and says so to
# the sender (EPERM); or they vanish on their way. From 2 s after the start the default channel must reach 0.8 times the figure of Batching, which
# runs beside it.

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

# serve PORT OFFLOAD: the other end, in the background.
serve() {
  utp_on b bench --listen "10.77.1.2:$1" --offload "$2" >"$work/listen.$1.log" 2>&1 &
  wait_until 30 listens b "$1"
}

# rate FILE: bytes per second from 2 s after the start on.
rate() {
  grep '^{"t"' "$1" | sed 's/[^0-9.]*\([0-9.]*\)[^0-9]*\([0-9]*\).*/\1 \2/' \
    | awk '!t0 && $1 > 1.9 { t0 = $1; b0 = $2 } { t1 = $1; b1 = $2 } END { d = t1 - t0; printf "%d", t0 && d ? (b1 - b0) / d : 0 }'
}

# bench MODE [FLAGS...]: both channels at the same time, so that they share whatever else this machine does; sets batching and auto.
bench() {
  local mode=$1 common clients
  shift
  serve 7700 Batching
  serve 7701 Auto
  common=(--mode "$mode" --seconds 6 --interval 0.25 --json "$@")
  utp_on a bench --connect 10.77.1.2:7700 --offload Batching "${common[@]}" >"$work/batching.log" 2>&1 &
  clients=$!
  utp_on a bench --connect 10.77.1.2:7701 --offload Auto "${common[@]}" >"$work/auto.log" 2>&1
  wait "$clients"
  stop_on b
  batching=$(rate "$work/batching.log") auto=$(rate "$work/auto.log")
}

host a b
link a eth0 b eth0
address a eth0 10.77.1.1/24
address b eth0 10.77.1.2/24

# compare NAME MODE [FLAGS...]: a case for each kind.
compare() {
  local name=$1 mode=$2 kind batching auto lost
  shift 2
  for kind in refused silent; do
    swallow_trains "$kind"
    bench "$mode" "$@"
    lost=$(($(swallowed a) + $(swallowed b)))
    line="$((auto / 1000)) kB/s, beside Batching with $((batching / 1000)) kB/s; $lost trains lost"
    if [ "$lost" -gt 0 ] && [ "$batching" -gt 0 ] && [ $((auto * 10)) -ge $((batching * 8)) ]; then
      pass "trains $kind, $name" "$line"
    else
      fail "trains $kind, $name" "$line"
    fi
  done
}

compare bulk send
compare "echo of 4,000 bytes" echo --message-size 4000
