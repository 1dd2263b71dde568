"""A SOCKS5 proxy (RFC 1928, RFC 1929) for the tests: it records what it is asked for, and leads where the test says."""

import socket
import threading
from dataclasses import dataclass

GENERAL_FAILURE = 1


@dataclass
class Request:
    kind: int  # of the address; 3: a name
    host: str
    port: int
    user: bytes | None
    password: bytes | None


def receive(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError("the client has closed the connection")
        data += part
    return data


def accept_all(listener, serve):
    """Each connection on a thread of its own, until the listener is closed."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Socks5Server:
    """`routes`: from (host, port) as asked for to the address on loopback; others are refused. `asks_for_password`: of
    clients that offer one. `byte_by_byte`: answers come in fragments."""

    def __init__(self, routes=None, asks_for_password=True, byte_by_byte=False, unix_path=None):
        self.routes = routes or {}
        self.asks_for_password, self.byte_by_byte = asks_for_password, byte_by_byte
        self.requests = []
        self.listener = socket.socket(socket.AF_UNIX if unix_path else socket.AF_INET)
        self.listener.bind(unix_path or ("127.0.0.1", 0))
        self.listener.listen()
        self.address = f"unix:{unix_path}" if unix_path else f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=accept_all, args=(self.listener, self.serve), daemon=True).start()

    def answer(self, connection, data):
        if not self.byte_by_byte:
            connection.sendall(data)
            return
        for i in range(len(data)):
            connection.sendall(data[i:i + 1])

    def serve(self, connection):
        try:
            if connection.family == socket.AF_INET:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            request = self.handshake(connection)
            self.requests.append(request)
            target = self.routes.get((request.host, request.port))
            if target is None:
                self.answer(connection, bytes([5, GENERAL_FAILURE, 0, 1]) + bytes(6))
                connection.close()
                return
            outside = socket.create_connection(target)
            self.answer(connection, bytes([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]))
            threading.Thread(target=pump, args=(outside, connection), daemon=True).start()
            pump(connection, outside)
        except OSError:
            connection.close()

    def handshake(self, connection):
        version, count = receive(connection, 2)
        methods = receive(connection, count)
        assert version == 5, version
        user = password = None
        if self.asks_for_password and 2 in methods:
            self.answer(connection, b"\x05\x02")
            assert receive(connection, 1) == b"\x01"
            user = receive(connection, receive(connection, 1)[0])
            password = receive(connection, receive(connection, 1)[0])
            self.answer(connection, b"\x01\x00")
        else:
            self.answer(connection, b"\x05\x00")
        version, command, _, kind = receive(connection, 4)
        assert (version, command, kind) == (5, 1, 3), (version, command, kind)
        host = receive(connection, receive(connection, 1)[0]).decode()
        return Request(kind, host, int.from_bytes(receive(connection, 2), "big"), user, password)

    def close(self):
        # Wakes accept() up, which close() alone would not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
