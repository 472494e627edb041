"""A BitTorrent peer (libtorrent) that speaks uTP only and has no way to find other peers. It executes requests from standard input.

Each line is a JSON object with "id" and "op"; the answer has the same "id". Standard input's end ends the program.
"""

import json
import sys
import threading
import time

import libtorrent as lt

# The longest time for which the loop waits for an alert before it looks at the requests again.
ALERT_WAIT_MS = 50

# libtorrent's peer_info::utp_socket, which the Python module does not name.
UTP_SOCKET = 1 << 17


class Peer:
    def __init__(self):
        self.session = None
        self.handle = None
        self.pieces = 0
        self.is_checked = False
        self.seen = {}
        self.failures = []
        self.waiting = []

    def bind(self, request):
        policy, level = {
            "plain": (lt.enc_policy.pe_disabled, lt.enc_level.pe_plaintext),
            "encrypted": (lt.enc_policy.pe_forced, lt.enc_level.pe_rc4),
        }[request["encryption"]]
        category = lt.alert.category_t
        settings = {
            "listen_interfaces": request["listen"],
            "alert_mask": category.error_notification
            | category.status_notification
            | category.connect_notification
            | category.progress_notification,
            "alert_queue_size": 100000,
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "enable_incoming_tcp": False,
            "enable_outgoing_tcp": False,
            "enable_incoming_utp": True,
            "enable_outgoing_utp": request["outgoing"],
            "in_enc_policy": policy,
            "out_enc_policy": policy,
            "allowed_enc_level": level,
            # The relay is one address with several ports.
            "allow_multiple_connections_per_ip": True,
            # A lost connection is noticed, and made again, within seconds instead of minutes.
            "min_reconnect_time": 1,
            "peer_timeout": request.get("silence", 120),
        }
        # No plugins: peer exchange is one of them.
        self.session = lt.session(settings, 0)
        port = self.wait_for_port(time.monotonic() + 30)
        return {"port": port, "version": lt.__version__}

    def wait_for_port(self, deadline):
        while time.monotonic() < deadline:
            self.session.wait_for_alert(ALERT_WAIT_MS)
            for alert in self.session.pop_alerts():
                if isinstance(alert, lt.listen_failed_alert):
                    raise RuntimeError(alert.message())
                if isinstance(alert, lt.listen_succeeded_alert) and "uTP" in alert.message():
                    return alert.port
        raise RuntimeError("no UDP socket was opened")

    def add(self, request):
        parameters = lt.add_torrent_params()
        parameters.ti = lt.torrent_info(request["torrent"])
        parameters.save_path = request["folder"]
        flags = lt.torrent_flags
        parameters.flags = flags.disable_dht | flags.disable_lsd | flags.disable_pex
        self.handle = self.session.add_torrent(parameters)
        self.wait(request, lambda: self.is_checked, lambda: {"pieces": self.handle.status().num_pieces})

    def connect(self, request):
        self.handle.connect_peer((request["host"], request["port"]))
        return {}

    def have(self, request):
        """Waits until this number of pieces has passed its hash."""
        self.wait(request, lambda: self.handle.status().num_pieces >= request["pieces"], lambda: {})

    def peers(self, _):
        return {"peers": list(self.seen.values()), "failures": self.failures}

    def wait(self, request, is_done, answer):
        self.waiting.append((request["id"], is_done, answer))

    def look(self):
        """Notes the present connections."""
        for peer in self.handle.get_peer_info():
            if peer.flags & (peer.connecting | peer.handshake):
                continue
            host, port = peer.ip
            self.seen[peer.ip] = {
                "host": host,
                "port": port,
                "isUtp": bool(peer.flags & UTP_SOCKET),
                "isEncrypted": bool(peer.flags & peer.rc4_encrypted),
            }

    def poll(self):
        if self.session is None:
            time.sleep(0.01)
            return
        self.session.wait_for_alert(ALERT_WAIT_MS)
        if self.handle is not None:
            self.look()
        for alert in self.session.pop_alerts():
            if isinstance(alert, lt.torrent_checked_alert):
                self.is_checked = True
            elif isinstance(alert, lt.hash_failed_alert):
                self.failures.append(alert.message())
        for entry in list(self.waiting):
            number, is_done, answer = entry
            if is_done():
                self.waiting.remove(entry)
                say(number, answer())


def say(number, answer):
    print(json.dumps({"id": number, **answer}), flush=True)


def main():
    peer = Peer()
    requests = []
    ended = threading.Event()

    def read():
        for line in sys.stdin:
            requests.append(json.loads(line))
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    while not ended.is_set():
        while requests:
            request = requests.pop(0)
            try:
                answer = getattr(peer, request["op"])(request)
            except Exception as error:  # Whatever it is, the test has to see it.
                answer = {"error": f"{type(error).__name__}: {error}"}
            if answer is not None:
                say(request["id"], answer)
        peer.poll()


main()
