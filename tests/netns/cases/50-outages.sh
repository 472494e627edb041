# Interruptions that end, and ends that are told. UTP_OUTAGE_SECONDS sets the length of the outages (10); the receiver of issue 10 slept for 90.
outage=${UTP_OUTAGE_SECONDS:-10}
routed_path
on r tc qdisc add dev eth1 root tbf rate 16mbit burst 16k latency 50ms
head -c 8000000 /dev/urandom >"$work/file"

# A transfer over about four seconds, begun; $1 is the port.
begin_transfer() {
  rm -rf "$work/in"
  mkdir "$work/in"
  utp_on b receive -l "$1" --directory "$work/in" --idle-timeout 150 >"$work/receive.log" 2>&1 &
  wait_until 20 listens b "$1"
  utp_on a send "$work/file" "10.77.2.1:$1" --idle-timeout 150 >"$work/send.log" 2>&1 &
  sender=$!
  wait_until 20 received_more_than $(($(received_bytes) + 1000000))
}

received_bytes() { on b cat /sys/class/net/eth0/statistics/rx_bytes; }
received_more_than() { [ "$(received_bytes)" -gt "$1" ]; }

# end_transfer NAME LIMIT_MS: the outage is over; data moves again within the limit, and the file arrives whole.
end_transfer() {
  local begin=$(now_ms) from took
  from=$(received_bytes)
  wait_until 30 received_more_than $((from + 50000))
  took=$(($(now_ms) - begin))
  if ! wait "$sender"; then
    fail "$1" "$(tail -n 1 "$work/send.log")"
  elif ! cmp -s "$work/file" "$work/in/file"; then
    fail "$1" "the file differs"
  elif [ "$took" -gt "$2" ]; then
    fail "$1" "data moved $took ms after the end of an outage of $outage s"
  else
    pass "$1" "data moved $took ms after the end of an outage of $outage s"
  fi
  stop_all
}

stop_all() {
  for host in a b; do
    kill -9 $(ip netns pids "$lab-$host") 2>/dev/null
  done
  kill $(jobs -p) 2>/dev/null
  wait 2>/dev/null
}

begin_transfer 7712
kill -STOP $(ip netns pids "$lab-b")
sleep "$outage"
kill -CONT $(ip netns pids "$lab-b")
end_transfer "receiver stopped" 11000

begin_transfer 7713
nft_on a <<<'table inet outage { chain output { type filter hook output priority 0; udp dport 7713 drop; }; }'
sleep "$outage"
on a nft delete table inet outage
end_transfer "sender's output refused (EPERM)" 1000

begin_transfer 7714
nft_on b <<<'table inet outage { chain output { type filter hook output priority 0; udp sport 7714 drop; }; }'
sleep "$outage"
on b nft delete table inet outage
end_transfer "receiver's output refused (EPERM)" 1000

begin_transfer 7715
on a ip link set eth0 down
sleep "$outage"
on a ip link set eth0 up
on a ip route add default via 10.77.1.2
end_transfer "sender's interface down" 1000

# The same outage for the same program over uTP and over TCP. Sets resumed_ms, or leaves it empty when the transfer did not end well.
resumed_ms=
bench_through_outage() {
  local begin from
  resumed_ms=
  utp_on b bench --listen "10.77.2.1:$2" --transport "$1" >"$work/listen.log" 2>&1 &
  wait_until 20 is_listening "$2"
  utp_on a bench --connect "10.77.2.1:$2" --transport "$1" --bytes 8000000 --interval 0 >"$work/bench.log" 2>&1 &
  sender=$!
  wait_until 20 received_more_than $(($(received_bytes) + 1000000))
  on a ip link set eth0 down
  sleep "$outage"
  on a ip link set eth0 up
  on a ip route add default via 10.77.1.2
  begin=$(now_ms)
  from=$(received_bytes)
  wait_until 60 received_more_than $((from + 50000))
  resumed_ms=$(($(now_ms) - begin))
  wait "$sender" || resumed_ms=
  stop_all
}

is_listening() { on b ss -Htuln | grep -q ":$1 "; }

bench_through_outage tcp 7717
tcp_ms=$resumed_ms
bench_through_outage utp 7718
if [ -z "$resumed_ms" ] || [ -z "$tcp_ms" ]; then
  fail "sender's interface down, beside TCP" "$(tail -n 1 "$work/bench.log")"
elif [ "$resumed_ms" -le "$((tcp_ms > 1000 ? tcp_ms : 1000))" ]; then
  pass "sender's interface down, beside TCP" "data moved after $resumed_ms ms over uTP and $tcp_ms ms over TCP"
else
  fail "sender's interface down, beside TCP" "data moved after $resumed_ms ms over uTP and $tcp_ms ms over TCP"
fi

# killed NAME LISTENER_INPUT VICTIM SURVIVOR: one end of a connection is killed, and the other one ends within five seconds.
killed() {
  local begin took
  eval "utp_on b cat -l 7716 $2 >/dev/null 2>'$work/b.log' &"
  local b_job=$!
  wait_until 20 listens b 7716
  sleep 100 | utp_on a cat 10.77.2.1 7716 >/dev/null 2>"$work/a.log" &
  local a_job=$!
  wait_until 20 has_socket a
  sleep 2
  kill -9 $(ip netns pids "$lab-$3")
  begin=$(now_ms)
  wait_until 30 is_gone "$4"
  took=$(($(now_ms) - begin))
  if [ "$took" -le 5000 ]; then
    pass "$1" "noticed after $took ms: $(tail -n 1 "$work/$4.log")"
  else
    fail "$1" "noticed after $took ms: $(tail -n 1 "$work/$4.log")"
  fi
  stop_all
}

has_socket() { on "$1" ss -Hun -a | grep -q .; }
is_gone() { [ -z "$(ip netns pids "$lab-$1" | xargs -r ps -o comm= -p | grep dotnet)" ]; }

killed "server killed while the client waits" "< <(sleep 100)" b a
killed "server killed while the client reads" "</dev/zero" b a
killed "client killed while the server waits" "< <(sleep 100)" a b
killed "client killed while the server writes" "</dev/zero" a b
