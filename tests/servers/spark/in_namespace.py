"""Runs a program in a network namespace that has nothing but its loopback, and lets one of its ports out.

    unshare --net [--map-root-user] python3 in_namespace.py SOCKET PORT PROGRAM ARGUMENT...

Whoever connects to the Unix socket SOCKET reaches 127.0.0.1:PORT in the namespace.
"""

import fcntl
import socket
import struct
import subprocess
import sys
import threading

SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        # One side has gone; the other notices by itself.
        pass


def bridge(client, port):
    try:
        server = socket.create_connection(("127.0.0.1", port))
    except OSError:
        client.close()
        return
    back = threading.Thread(target=copy, args=(server, client), daemon=True)
    back.start()
    copy(client, server)
    back.join()
    client.close()
    server.close()


def main():
    path, port, *program = sys.argv[1:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(64)

    def serve():
        while True:
            client, _ = listener.accept()
            threading.Thread(target=bridge, args=(client, int(port)), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    sys.exit(subprocess.call(program))


if __name__ == "__main__":
    main()
