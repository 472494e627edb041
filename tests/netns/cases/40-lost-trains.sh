# Segmentation offload that loses what it should cut: no packet longer than 1,600 bytes leaves either host.
swallow_trains() {
  for name in a b; do
    nft_on "$name" <<'RULES'
table inet trains {
  chain output { type filter hook output priority 0; meta length > 1600 counter drop; }
}
RULES
  done
}

# bench MODE SECONDS OFFLOAD [FLAGS...]: the summary, and a line for each half second, in bench.log.
bench() {
  local mode=$1 seconds=$2 offload=$3
  shift 3
  utp_on b bench --listen 10.77.1.2:7700 --offload "$offload" >"$work/listen.log" 2>&1 &
  wait_until 30 listens b 7700
  utp_on a bench --connect 10.77.1.2:7700 --mode "$mode" --seconds "$seconds" --interval 0.5 --json --offload "$offload" "$@" >"$work/bench.log" 2>&1
  stop_on b
}

# figure KEY: a number of the summary.
figure() { tail -n 1 "$work/bench.log" | grep -o "\"$1\":[0-9.]*" | cut -d: -f2; }

# rate FROM TO: bytes per second between two moments, from the lines of bench.log.
rate() {
  grep '^{"t"' "$work/bench.log" | sed 's/[^0-9.]*\([0-9.]*\)[^0-9]*\([0-9]*\).*/\1 \2/' \
    | awk -v from="$1" -v to="$2" '$1 <= from { t0 = $1; b0 = $2 } $1 <= to { t1 = $1; b1 = $2 } END { d = t1 - t0; printf "%d", d ? (b1 - b0) / d : 0 }'
}

host a b
link a eth0 b eth0
address a eth0 10.77.1.1/24
address b eth0 10.77.1.2/24
swallow_trains

# compare_bulk, compare_echo: set line, and succeed when the default comes close to Batching.
compare_bulk() {
  local batching default dropped
  bench send 6 Batching
  batching=$(rate 2 6)
  bench send 6 Auto
  default=$(rate 2 6)
  dropped=$(on a nft list ruleset | grep -o 'packets [0-9]*' | cut -d' ' -f2)
  line="from the third second on $((default / 1000000)) MB/s, with Batching $((batching / 1000000)) MB/s; $dropped trains lost"
  [ "$default" -gt 0 ] && [ "$dropped" -gt 0 ] && [ $((default * 10)) -ge $((batching * 8)) ]
}

compare_echo() {
  local batching default
  bench echo 5 Batching --message-size 4000
  batching=$(figure messagesPerSecond)
  bench echo 5 Auto --message-size 4000
  default=$(figure messagesPerSecond)
  line="${default:-0} a second, with Batching ${batching:-0}"
  awk -v d="${default:-0}" -v b="${batching:-0}" 'BEGIN { exit !(d + 0 && d * 2 >= b) }'
}

# judge NAME COMMAND: three tries, since the machine may be busy.
judge() {
  for attempt in 1 2 3; do
    if "$2"; then
      pass "$1" "$line"
      return
    fi
  done
  fail "$1" "$line"
}

judge "trains lost, bulk" compare_bulk
judge "trains lost, echo of 4,000 bytes" compare_echo
