# Functions for the cases of tests/netns: hosts, links, routers, and how a case reports. Sourced by tests/netns/run.
#
# A host is a network namespace. Names are short ("a", "b", "r"); the namespace behind them carries the process id, so that two runs
# do not meet. Everything made here ends with the shell that sourced it.

lab_begin() {
  lab="utp$$"
  work=$(mktemp -d)
  trap lab_end EXIT
}

lab_end() {
  local pids
  for host in $(ip netns list | awk -v lab="$lab-" 'index($1, lab) == 1 { print $1 }'); do
    pids=$(ip netns pids "$host" 2>/dev/null)
    [ -n "$pids" ] && kill -9 $pids 2>/dev/null
    ip netns del "$host"
  done
  rm -rf "$work"
}

pass() { printf 'PASS %s: %s\n' "$1" "$2"; }
fail() { printf 'FAIL %s: %s\n' "$1" "$2"; }

# host NAME...: makes hosts with a loopback interface that is up.
host() {
  for name in "$@"; do
    ip netns add "$lab-$name"
    on "$name" ip link set lo up
    on "$name" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
  done
}

# on HOST COMMAND...: runs a command on a host.
on() {
  local name=$1
  shift
  ip netns exec "$lab-$name" "$@"
}

# utp_on HOST ARGUMENTS...: runs the utp command on a host.
utp_on() {
  local name=$1
  shift
  on "$name" dotnet "$UTP_DLL" "$@"
}

# link HOST INTERFACE HOST INTERFACE: a cable between two hosts, both ends up.
link() {
  ip link add "$2" netns "$lab-$1" type veth peer name "$4" netns "$lab-$3"
  on "$1" ip link set "$2" up
  on "$3" ip link set "$4" up
}

# address HOST INTERFACE ADDRESS/LENGTH...: IPv4 or IPv6, usable at once.
address() {
  local name=$1 interface=$2
  shift 2
  for one in "$@"; do
    case "$one" in
      *:*) on "$name" ip -6 addr add "$one" dev "$interface" nodad ;;
      *) on "$name" ip addr add "$one" dev "$interface" ;;
    esac
  done
}

# routed_path: hosts a and b with the router r between them; a is 10.77.1.1 and fd77:1::1, b is 10.77.2.1 and fd77:2::1.
# The link between r and b is the one that cases make narrow.
routed_path() {
  host a r b
  link a eth0 r eth0
  link r eth1 b eth0
  address a eth0 10.77.1.1/24 fd77:1::1/64
  address r eth0 10.77.1.2/24 fd77:1::2/64
  address r eth1 10.77.2.2/24 fd77:2::2/64
  address b eth0 10.77.2.1/24 fd77:2::1/64
  on r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  on a ip route add default via 10.77.1.2
  on a ip -6 route add default via fd77:1::2
  on b ip route add default via 10.77.2.2
  on b ip -6 route add default via fd77:2::2
}

# nft_on HOST <<< RULES: loads nftables rules on a host.
nft_on() { on "$1" nft -f -; }

# now_ms: milliseconds of a clock that only runs forward.
now_ms() { awk '{ printf "%d", $1 * 1000 }' /proc/uptime; }

# wait_until SECONDS COMMAND...: waits for a command to succeed.
wait_until() {
  local end=$(($(now_ms) + $1 * 1000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(now_ms)" -lt "$end" ] || return 1
    sleep 0.05
  done
}

# listens HOST PORT: whether a UDP socket of the host has the port.
listens() { on "$1" ss -Hlun "sport = :$2" | grep -q .; }

# stop_on HOST: ends every process of a host, and waits until they are gone.
stop_on() {
  local pids
  pids=$(ip netns pids "$lab-$1")
  [ -n "$pids" ] && kill -9 $pids 2>/dev/null
  wait_until 5 is_quiet "$1"
}

# is_quiet HOST: whether no process runs on it.
is_quiet() { [ -z "$(ip netns pids "$lab-$1")" ]; }
