#!/usr/bin/env bash
# libtorrent ends the second of two uTP connections that leave from one UDP port.
#
# Version: libtorrent 2.0.8 (Debian 12: python3-libtorrent 2.0.8-1+b1), Linux on amd64.
# Expected: with allow_multiple_connections_per_ip, it keeps two connections of two peers. uTP tells connections from one port apart by their ids, and
#           a peer that shares its port for all uTP connections is the usual case.
# Seen:     it knows a peer by address and port. It accepts the second connection, answers its handshake with a FIN, and keeps the first. Two
#           connections from two ports of the same address stay:
#             two ports: 2 connections
#             one port: 1 connections
# Why it matters: a relay, a proxy or a test that makes several connections to such a peer has to dial each from a port of its own.
#
# Exit code: 0 while this holds, 1 when it has changed, 2 when the package cannot be installed or run.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
for package in python3-libtorrent=2.0.8-1+b1 libtorrent-rasterbar2.0=2.0.8-1+b1 libboost-python1.74.0; do
  apt-get download "$package" >/dev/null 2>&1 || { echo "cannot download $package"; exit 2; }
done
for package in *.deb; do dpkg -x "$package" . || exit 2; done
export PYTHONPATH="$folder/usr/lib/python3/dist-packages"
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu"
/usr/bin/python3 -c 'import libtorrent' 2>/dev/null || { echo "libtorrent does not load here"; exit 2; }

cat >try.py <<'PY'
import hashlib
import socket
import struct
import time

import libtorrent as lt

content = bytes(65536)
with open("content", "wb") as file:
    file.write(content)
metainfo = b"d4:infod6:lengthi65536e4:name7:content12:piece lengthi65536e6:pieces20:" + hashlib.sha1(content).digest() + b"ee"
session = lt.session({
    "listen_interfaces": "127.0.0.2:0", "alert_mask": lt.alert.category_t.all_categories, "allow_multiple_connections_per_ip": True,
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_outgoing_tcp": False, "enable_incoming_tcp": False, "enable_outgoing_utp": False,
}, 0)
parameters = lt.add_torrent_params()
parameters.ti = lt.torrent_info(lt.bdecode(metainfo))
parameters.save_path = "."
torrent = session.add_torrent(parameters)

port = None
deadline = time.monotonic() + 20
while (port is None or not torrent.status().is_seeding) and time.monotonic() < deadline:
    session.wait_for_alert(100)
    for alert in session.pop_alerts():
        if isinstance(alert, lt.listen_succeeded_alert) and "uTP" in alert.message():
            port = alert.port


def open_socket():
    result = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    result.bind(("127.0.0.1", 0))
    result.settimeout(0.05)
    return result


def packet(kind, connection, number, acknowledged, payload=b""):
    now = int(time.time() * 1e6) & 0xffffffff
    return struct.pack(">BBHIIIHH", kind << 4 | 1, 0, connection, now, 1000, 1 << 20, number, acknowledged) + payload


def shake_hands(udp, connection, peer):
    """A handshake of uTP (BEP 29) and one of BitTorrent (BEP 3); acknowledges what comes for a second."""
    udp.sendto(packet(4, connection, 1000, 0), ("127.0.0.2", port))
    is_open, until = False, time.monotonic() + 1
    while time.monotonic() < until:
        try:
            data = udp.recv(2000)
        except OSError:
            continue
        kind, (number, _) = data[0] >> 4, struct.unpack(">HH", data[16:20])
        if kind == 2 and not is_open:
            is_open = True
            greeting = b"\x13BitTorrent protocol" + bytes(8) + torrent.info_hash().to_bytes() + peer
            udp.sendto(packet(0, connection + 1, 1001, number - 1 & 0xffff, greeting), ("127.0.0.2", port))
        elif kind in (0, 1):
            udp.sendto(packet(2, connection + 1, 1002, number), ("127.0.0.2", port))


def count(name, first, second):
    shake_hands(first, 100, b"-XX0000-123456789012")
    shake_hands(second, 200, b"-XX0000-223456789012")
    print(f"{name}: {len(torrent.get_peer_info())} connections", flush=True)


count("two ports", open_socket(), open_socket())
torrent.pause()
while torrent.get_peer_info() and time.monotonic() < deadline:
    time.sleep(0.1)
torrent.resume()
shared = open_socket()
count("one port", shared, shared)
PY

seen=$(timeout 60 /usr/bin/python3 try.py)
printf '%s\n' "$seen"
case "$seen" in
  "two ports: 2 connections"*"one port: 1 connections"*) exit 0 ;;
  "two ports: 2 connections"*) exit 1 ;;
  *) echo "the plain case does not work here"; exit 2 ;;
esac
