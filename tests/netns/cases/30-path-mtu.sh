# A narrow link behind a router that reports nothing: neither ICMP nor, in half of the cases, fragments pass. 3 MB over 20 Mbit/s, with the
# default settings, must take no more than 1.5 times as long as with a ceiling that suits the path, and never stand still for 2 s.
size=3000000

# The path at full width, 20 Mbit/s, without reports; "drop" also loses fragments where b receives them.
prepare() {
  local fragments=$1
  on r ip link set eth1 mtu 1500
  on b ip link set eth0 mtu 1500
  on r tc qdisc replace dev eth1 root tbf rate 20mbit burst 4kb latency 100ms
  on r nft flush ruleset
  on b nft flush ruleset
  nft_on r <<'RULES'
table inet silent {
  chain output { type filter hook output priority 0; ip protocol icmp icmp type destination-unreachable counter drop; icmpv6 type packet-too-big counter drop; }
}
RULES
  if [ "$fragments" = drop ]; then
    nft_on b <<'RULES'
table netdev fragments {
  chain ingress { type filter hook ingress device eth0 priority -500; ip frag-off & 0x3fff != 0 counter drop; ip6 nexthdr 44 counter drop; }
}
RULES
  fi
}

narrow() {
  on r ip link set eth1 mtu "$1"
  on b ip link set eth0 mtu "$1"
}

# transfer ADDRESS SHRINK_TO [FLAGS...]: sets elapsed and silence (ms); SHRINK_TO is 0 or what the link is narrowed to after a third.
transfer() {
  local to=$1 shrink=$2 sender begin last=0 last_at=0 changed=0 now bytes code
  shift 2
  rm -rf "$work/in"
  mkdir "$work/in"
  utp_on b receive -l 7712 --directory "$work/in" >"$work/receive.log" 2>&1 &
  wait_until 30 listens b 7712
  utp_on a send "$work/file" "$to:7712" "$@" >"$work/send.log" 2>&1 &
  sender=$!
  elapsed=0 silence=0 begin=0
  base_bytes=$(received_on b eth0)
  while kill -0 "$sender" 2>/dev/null; do
    now=$(now_ms)
    bytes=$(received_on b eth0)
    if [ "$bytes" -gt $((last + 3000)) ]; then
      if [ "$begin" -eq 0 ]; then
        [ "$bytes" -gt $((base_bytes + 20000)) ] && begin=$now
      elif [ $((now - last_at)) -gt "$silence" ]; then
        silence=$((now - last_at))
      fi
      last=$bytes last_at=$now
    fi
    if [ "$shrink" -ne 0 ] && [ "$changed" -eq 0 ] && [ "$begin" -ne 0 ] && [ "$bytes" -gt $((base_bytes + size / 3)) ]; then
      narrow "$shrink"
      changed=1
    fi
    [ "$begin" -ne 0 ] && [ $((now - begin)) -gt 40000 ] && stop_on a
    sleep 0.1
  done
  wait "$sender"
  code=$?
  elapsed=$(($(now_ms) - begin))
  stop_on b
  [ "$code" -eq 0 ] && cmp -s "$work/file" "$work/in/file" && { [ "$shrink" -eq 0 ] || [ "$changed" -eq 1 ]; }
}

received_on() { on "$1" cat "/sys/class/net/$2/statistics/rx_bytes"; }

# hits CHAIN: how many packets the rules have dropped that the router reports with (output), or that b received in fragments (ingress).
hits() {
  case "$1" in
    output) on r nft list chain inet silent output ;;
    ingress) on b nft list chain netdev fragments ingress ;;
  esac | awk '/packets/ { for (i = 1; i < NF; i++) if ($i == "packets") sum += $(i + 1) } END { print sum + 0 }'
}

# rules VERSION ADDRESS: whether the rules do what they are for. A datagram that is too long for the link, and one that leaves in fragments.
rules() {
  prepare drop
  narrow 1280
  on a bash -c "head -c 1400 /dev/zero >/dev/udp/$2/9"
  wait_until 2 eval '[ "$(hits output)" -gt 0 ]'
  narrow 1500
  on a bash -c "head -c 2500 /dev/zero >/dev/udp/$2/9"
  if wait_until 2 eval '[ "$(hits ingress)" -gt 0 ]' && [ "$(hits output)" -gt 0 ]; then
    pass "IPv$1, rules" "$(hits output) reports and $(hits ingress) fragments dropped"
  else
    fail "IPv$1, rules" "$(hits output) reports and $(hits ingress) fragments dropped"
  fi
}

# one VERSION pass|drop WIDTH SHRINK_TO [FLAGS...]: a case. With flags, packets are too long for the path at times, so the router must report;
# and where the path shrinks below what is in flight, the timeout that this costs may make the transfer take twice as long, not 1.5 times.
one() {
  local version=$1 fragments=$2 width=$3 shrink=$4 to headers narrowest right limit name best reports line
  shift 4
  case "$version" in
    4) to=10.77.2.1 headers=28 ;;
    6) to='[fd77:2::1]' headers=48 ;;
  esac
  narrowest=$width
  name="IPv$version, link of $width"
  if [ "$shrink" -ne 0 ]; then
    narrowest=$shrink
    name="IPv$version, $width shrinking to $shrink"
  fi
  name="$name, fragments $fragments${*:+, $*}"
  right=$((narrowest - headers))
  limit=15
  [ "$shrink" -ne 0 ] && [ $# -gt 0 ] && limit=20

  prepare "$fragments"
  narrow "$narrowest"
  if ! transfer "$to" 0 --mtu-ceiling "$right"; then
    fail "$name" "not even with --mtu-ceiling $right: $(tail -n 1 "$work/send.log")"
    return
  fi
  best=$elapsed

  prepare "$fragments"
  narrow "$width"
  if ! transfer "$to" "$shrink" "$@"; then
    fail "$name" "after $elapsed ms: $(tail -n 1 "$work/send.log")"
    return
  fi
  reports=$(hits output)
  line="$elapsed ms ($best ms with --mtu-ceiling $right), longest silence $silence ms, $reports reports dropped"
  if [ "$silence" -le 2000 ] && [ $((elapsed * 10)) -le $((best * limit)) ] && { [ $# -eq 0 ] || [ "$reports" -gt 0 ]; }; then
    pass "$name" "$line"
  else
    fail "$name" "$line"
  fi
}

routed_path
head -c "$size" /dev/urandom >"$work/file"
rules 4 10.77.2.1
rules 6 fd77:2::1
for version in 4 6; do
  for fragments in pass drop; do
    for width in 1280 1420 1492; do
      one "$version" "$fragments" "$width" 0
    done
    one "$version" "$fragments" 1500 1280
  done

  # Large segments by request (--mtu-ceiling): probes cost nothing, and what is in flight when the path becomes narrower passes in fragments.
  one "$version" drop 1420 0 --mtu-ceiling 1472
  one "$version" pass 1500 1280 --mtu-ceiling 1452
done
