"""A relay between two nodes whose link a test can cut, without any rights on the machine.

`LossyRelay(port)` listens on a port of its own and passes connections on to `port`. `freeze()` stops passing bytes on
in both directions without closing anything, as when every packet is lost; `cut()` closes the connections and accepts
no others; `heal()` ends both. Bytes that arrived during a freeze are passed on afterwards, as TCP would resend them.
"""

import socket
import threading

CHUNK_BYTES = 65536
POLL_SECONDS = 0.2


class LossyRelay:
    def __init__(self, target_port):
        self.target_port = target_port
        self.passing = threading.Event()
        self.passing.set()
        self.open = True
        self.ended = False
        self.lock = threading.Lock()
        self.sockets = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept_loop, daemon=True).start()

    def freeze(self):
        self.passing.clear()

    def cut(self):
        self.open = False
        self.close_all()

    def heal(self):
        self.open = True
        self.passing.set()

    def end(self):
        self.ended = True
        self.passing.set()
        self.listener.close()
        self.close_all()

    def close_all(self):
        with self.lock:
            sockets, self.sockets = self.sockets, set()
        for each in sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def accept_loop(self):
        while not self.ended:
            try:
                inbound, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(inbound,), daemon=True).start()

    def serve(self, inbound):
        self.passing.wait()  # while all packets are lost, no connection is made either
        if self.ended or not self.open:
            inbound.close()
            return
        try:
            outbound = socket.create_connection(("127.0.0.1", self.target_port), timeout=5)
        except OSError:
            inbound.close()
            return
        outbound.settimeout(None)
        for each in (inbound, outbound):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.sockets |= {inbound, outbound}
        threading.Thread(target=self.pump, args=(inbound, outbound), daemon=True).start()
        self.pump(outbound, inbound)

    def pump(self, source, sink):
        try:
            while data := source.recv(CHUNK_BYTES):
                while not self.passing.wait(POLL_SECONDS):
                    if self.ended:
                        return
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for each in (source, sink):
                with self.lock:
                    self.sockets.discard(each)
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                each.close()
