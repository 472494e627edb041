# Section 2 of issue 10: the source address of a connection is the address that was dialled.

# receiver HOST: a receiver on all addresses of a host, until end_receiver.
receiver() {
  rm -rf "$work/in"
  mkdir "$work/in"
  (exec ip netns exec "$lab-$1" dotnet "$UTP_DLL" receive -l 7712 -k --directory "$work/in" >"$work/receive.log" 2>&1) &
  receiver=$!
  wait_until 20 listens "$1" 7712
}

# received NAME: whether what was sent is what has arrived. The receiver says so after the sender has ended.
received() { wait_until 10 cmp -s "$work/file" "$work/in/file"; }

# end_receiver: ends the receiver, and waits for it.
end_receiver() {
  kill "$receiver" 2>/dev/null
  wait "$receiver" 2>/dev/null
}

# dial NAME LISTENER CLIENT ADDRESS: sends the file to an address of a listener on all addresses.
dial() {
  local begin
  receiver "$2"
  begin=$(now_ms)
  if utp_on "$3" send "$work/file" "$4:7712" >"$work/send.log" 2>&1 && received; then
    pass "$1" "$(stat -c %s "$work/file") bytes in $(($(now_ms) - begin)) ms"
  else
    fail "$1" "$(tail -n 1 "$work/send.log")"
  fi
  end_receiver
}

# transfer_while NAME LISTENER CLIENT ADDRESS COMMAND...: runs the command once the transfer has made some way, and expects the file to arrive.
# On the client's link the file takes some seconds.
transfer_while() {
  local name=$1 begin sender
  receiver "$2"
  begin=$(now_ms)
  utp_on "$3" send "$work/file" "$4:7712" >"$work/send.log" 2>&1 &
  sender=$!
  shift 4
  wait_until 20 under_way
  "$@"
  if wait "$sender" && received; then
    pass "$name" "$(stat -c %s "$work/file") bytes in $(($(now_ms) - begin)) ms"
  else
    fail "$name" "$(tail -n 1 "$work/send.log")"
  fi
  end_receiver
}

# under_way: whether some of the file has arrived.
under_way() { [ "$(du -sb "$work/in" 2>/dev/null | cut -f 1)" -gt 300000 ]; }

# renumber HOST OLD NEW: a new IPv6 address is preferred from now on, and the old one deprecated, as at a renumbering or with temporary addresses.
renumber() {
  address "$1" eth0 "$3/64"
  on "$1" ip -6 addr change "$2/64" dev eth0 preferred_lft 0 valid_lft forever
}

host a b
link a eth0 b eth0
address a eth0 10.78.0.1/24 fd78::1/64
address b eth0 10.78.0.2/24 10.78.0.3/24 fd78::2/64 fd78::3/64
head -c 1000000 /dev/urandom >"$work/file"

dial "another loopback address" a a 127.0.0.2
dial "secondary IPv4 address of the same subnet" b a 10.78.0.3
dial "second IPv6 address of the interface" b a '[fd78::2]'
dial "first IPv6 address of the interface" b a '[fd78::3]'

link_local() { on "$1" ip -6 -o addr show dev eth0 scope link | awk '{ split($4, parts, "/"); print parts[1]; exit }'; }
dial "link-local IPv6, dialled by a" b a "[$(link_local b)%eth0]"
dial "link-local IPv6, dialled by b" a b "[$(link_local a)%eth0]"

# A host with a container behind it: the container dials the host's address on the other interface.
host c
link b cni0 c eth0
address b cni0 10.79.0.1/24 fd79::1/64
address c eth0 10.79.0.2/24 fd79::2/64
on c ip route add default via 10.79.0.1
on c ip -6 route add default via fd79::1
dial "container dials another IPv4 address of its host" b c 10.78.0.2
dial "container dials another IPv6 address of its host" b c '[fd78::2]'

# Some seconds for what follows.
head -c 6000000 /dev/urandom >"$work/file"
on a tc qdisc add dev eth0 root tbf rate 16mbit burst 32k latency 50ms
transfer_while "new preferred IPv6 address of the sender in mid-transfer" b a '[fd78::2]' renumber a fd78::1 fd78::11
transfer_while "new preferred IPv6 address of the listener in mid-transfer" b a '[fd78::2]' renumber b fd78::2 fd78::22

# An address that is removed: no packet of the peer reaches the host any more, as with TCP. The connection resumes when the address comes back.
flap() {
  on "$1" ip addr del "$2" dev eth0
  sleep 1
  address "$1" eth0 "$2"
}
transfer_while "IPv4 address of the listener gone for a second" b a 10.78.0.3 flap b 10.78.0.3/24
transfer_while "IPv6 address of the listener gone for a second" b a '[fd78::3]' flap b fd78::3/64

# An address that stays away: both ends time out in an orderly way, and the listener continues to serve others.
receiver b
begin=$(now_ms)
utp_on a send "$work/file" 10.78.0.3:7712 --idle-timeout 5 >"$work/send.log" 2>&1 &
sender=$!
wait_until 20 under_way
on b ip addr del 10.78.0.3/24 dev eth0
wait "$sender"
status=$?
rm -f "$work"/in/*
head -c 100000 /dev/urandom >"$work/file"
if [ "$status" -ne 0 ] && [ "$status" -lt 128 ] && kill -0 "$receiver" 2>/dev/null; then
  pass "IPv4 address of the listener gone for good" "the sender gave up after $(($(now_ms) - begin)) ms: $(tail -n 1 "$work/send.log" | cut -c 1-120)"
else
  fail "IPv4 address of the listener gone for good" "status $status; $(tail -n 1 "$work/send.log"); $(tail -n 1 "$work/receive.log")"
fi
end_receiver
