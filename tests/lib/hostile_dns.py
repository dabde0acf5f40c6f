#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# hostile_dns - a DNS server on a loopback port that misbehaves, by the first label of
# the name that is asked for which says how. Prints each question to standard output.
#
#   hostile_dns.py PORT [SPF-RECORDS]
#
# SPF-RECORDS: lines "NAME TYPE DATA" that are answered honestly, any length.
import os
import random
import socket
import struct
import sys
import threading
import time

TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT",
         28: "AAAA"}
NUMBERS = {name: number for number, name in TYPES.items()}
POINTER = b"\xc0\x0c"
UDP_BYTES = 1232


def read_question(packet):
    at = 12
    labels = []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]])
        at += packet[at] + 1
    kind = struct.unpack(">H", packet[at + 1:at + 3])[0]
    name = b".".join(labels).decode("latin-1").lower()
    return name, TYPES.get(kind, str(kind)), packet[12:at + 5]


def pack_name(name):
    out = b""
    for label in name.split(".") if name else []:
        out += bytes([len(label)]) + label.encode("latin-1")
    return out + b"\0"


def record(name, kind, data, ttl=60):
    return name + struct.pack(">HHIH", NUMBERS[kind], 1, ttl, len(data)) + data


def text(value):
    value = value.encode("latin-1") if isinstance(value, str) else value
    chunks = [value[i:i + 255] for i in range(0, len(value), 255)] or [b""]
    return b"".join(bytes([len(chunk)]) + chunk for chunk in chunks)


def reply(packet, question, answers, rcode=0, flags=0x8580, authority=b"", counts=None):
    number = counts if counts is not None else len(answers)
    head = packet[:2] + struct.pack(">HHHHH", flags | rcode, 1, number,
                                    1 if authority else 0, 0)
    return head + question + b"".join(answers) + authority


def soa(name, minimum):
    data = pack_name("ns." + name) + pack_name("host." + name) + \
        struct.pack(">IIIII", 1, 3600, 600, 86400, minimum)
    return record(pack_name(name), "SOA", data, minimum)


class Server:
    def __init__(self, port, records):
        self.records = records
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", port))
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind(("127.0.0.1", port))
        self.tcp.listen(64)

    def honest(self, packet, name, kind, question):
        """What the records say; None: they do not know the name."""
        found = [data for owner, type_, data in self.records
                 if owner == name and type_ == kind]
        names = {owner for owner, _, _ in self.records}
        if not found and kind != "CNAME":
            found = [data for owner, type_, data in self.records
                     if owner == name and type_ == "CNAME"]
            kind = "CNAME" if found else kind
        if found:
            make = {"TXT": text,
                    "A": socket.inet_aton,
                    "AAAA": lambda d: socket.inet_pton(socket.AF_INET6, d),
                    "MX": lambda d: struct.pack(">H", int(d.split()[0])) +
                    pack_name(d.split()[1]),
                    "CNAME": pack_name, "PTR": pack_name}[kind]
            return reply(packet, question,
                         [record(POINTER, kind, make(data)) for data in found])
        if name in names:
            return reply(packet, question, [], authority=soa(name, 5))
        if self.records and not name.endswith("hostile.test"):
            return reply(packet, question, [], rcode=3, authority=soa("test", 5))
        return None

    def answer(self, packet, is_tcp):
        """The bytes to send back, or None; a list: one after the other."""
        name, kind, question = read_question(packet)
        print(kind, name, "tcp" if is_tcp else "udp", flush=True)
        said = self.honest(packet, name, kind, question)
        if said is not None:
            return said
        method = next(filter(None, (getattr(self, "do_" + label.split("-")[0], None)
                                    for label in name.split("."))), None)
        if method is None:
            return reply(packet, question, [], rcode=3, authority=soa("test", 5))
        return method(packet, question, name, kind, is_tcp)

    # What may go wrong, one each.

    def do_silent(self, packet, question, name, kind, is_tcp):
        return None

    def do_slow(self, packet, question, name, kind, is_tcp):
        time.sleep(0.7)
        return reply(packet, question, [record(POINTER, "TXT", text("late"))])

    def do_once(self, packet, question, name, kind, is_tcp):
        return reply(packet, question, [record(POINTER, "TXT", text("one"), 1)])

    def do_servfail(self, packet, question, name, kind, is_tcp):
        return reply(packet, question, [], rcode=2)

    def do_refused(self, packet, question, name, kind, is_tcp):
        return reply(packet, question, [], rcode=5)

    def do_truncated(self, packet, question, name, kind, is_tcp):
        if not is_tcp:
            return reply(packet, question, [], flags=0x8780)
        return reply(packet, question, [record(POINTER, "TXT", text("by tcp"))])

    def do_alwayscut(self, packet, question, name, kind, is_tcp):
        return reply(packet, question, [], flags=0x8780)

    def do_huge(self, packet, question, name, kind, is_tcp):
        if not is_tcp:
            return reply(packet, question, [], flags=0x8780)
        return reply(packet, question, [record(POINTER, "TXT", text(b"x" * 65000))])

    def do_crowd(self, packet, question, name, kind, is_tcp):
        if not is_tcp:
            return reply(packet, question, [], flags=0x8780)
        return reply(packet, question,
                     [record(POINTER, "A", bytes([10, 0, i >> 8, i & 255]))
                      for i in range(4000)])

    def do_loop(self, packet, question, name, kind, is_tcp):
        other = "loop-b" if name.startswith("loop-a") else "loop-a"
        return reply(packet, question,
                     [record(POINTER, "CNAME", pack_name(other + ".hostile.test"))])

    def do_self(self, packet, question, name, kind, is_tcp):
        return reply(packet, question, [record(POINTER, "CNAME", POINTER)])

    def do_chain(self, packet, question, name, kind, is_tcp):
        step = int(name.split(".")[0].split("-")[1])
        target = "chain-%d.hostile.test" % (step + 1)
        return reply(packet, question, [record(POINTER, "CNAME", pack_name(target))])

    def do_wrongid(self, packet, question, name, kind, is_tcp):
        good = reply(packet, question, [record(POINTER, "TXT", text("forged"))])
        return struct.pack(">H", struct.unpack(">H", good[:2])[0] ^ 0x5555) + good[2:]

    def do_wrongname(self, packet, question, name, kind, is_tcp):
        other = pack_name("other.hostile.test")
        return reply(packet, question, [record(other, "TXT", text("not yours"))])

    def do_wrongquestion(self, packet, question, name, kind, is_tcp):
        other = pack_name("other.hostile.test") + question[-4:]
        return reply(packet, other, [record(POINTER, "TXT", text("not asked"))])

    def do_counts(self, packet, question, name, kind, is_tcp):
        return reply(packet, question, [record(POINTER, "TXT", text("few"))], counts=9000)

    def do_rdlength(self, packet, question, name, kind, is_tcp):
        broken = POINTER + struct.pack(">HHIH", 16, 1, 60, 60000) + text("short")
        return reply(packet, question, [broken])

    def do_stringlength(self, packet, question, name, kind, is_tcp):
        return reply(packet, question, [record(POINTER, "TXT", b"\xffshort")])

    def do_pointer(self, packet, question, name, kind, is_tcp):
        return reply(packet, question, [record(b"\xc0\xff", "TXT", text("x"))])

    def do_pointerloop(self, packet, question, name, kind, is_tcp):
        at = 12 + len(question)
        loop = struct.pack(">H", 0xc000 | at)
        return reply(packet, question, [record(loop, "TXT", text("x"))])

    def do_shorta(self, packet, question, name, kind, is_tcp):
        return reply(packet, question, [record(POINTER, "A", b"\x7f\0")])

    def do_nul(self, packet, question, name, kind, is_tcp):
        return reply(packet, question, [record(POINTER, "TXT", text(b"a\0b\x1b\xff"))])

    def do_label(self, packet, question, name, kind, is_tcp):
        return reply(packet, question,
                     [record(POINTER, "PTR", b"\5a.\0\\b\4\xc3\xbc\n%\0")])

    def do_empty(self, packet, question, name, kind, is_tcp):
        return b""

    def do_head(self, packet, question, name, kind, is_tcp):
        return packet[:2] + b"\x85\x80\0\1"

    def do_echo(self, packet, question, name, kind, is_tcp):
        return packet

    def do_random(self, packet, question, name, kind, is_tcp):
        good = bytearray(reply(packet, question,
                               [record(POINTER, "TXT", text("y" * 60))] * 3))
        for _ in range(random.randint(1, 12)):
            good[random.randrange(2, len(good))] = random.randrange(256)
        return bytes(good)

    def do_ttl(self, packet, question, name, kind, is_tcp):
        return reply(packet, question,
                     [record(POINTER, "TXT", text("for ever"), 0xffffffff)])

    # ----

    def serve_udp(self):
        while True:
            packet, peer = self.udp.recvfrom(4096)
            threading.Thread(target=self.one_udp, args=(packet, peer),
                             daemon=True).start()

    def one_udp(self, packet, peer):
        said = self.answer(packet, False)
        if said is None:
            return
        if len(said) > UDP_BYTES:
            _, _, question = read_question(packet)
            said = reply(packet, question, [], flags=0x8780)
        self.udp.sendto(said, peer)

    def serve_tcp(self):
        while True:
            peer, _ = self.tcp.accept()
            threading.Thread(target=self.one_tcp, args=(peer,), daemon=True).start()

    def one_tcp(self, peer):
        try:
            head = peer.recv(2, socket.MSG_WAITALL)
            packet = peer.recv(struct.unpack(">H", head)[0], socket.MSG_WAITALL)
            said = self.answer(packet, True)
            if said is not None:
                peer.sendall(struct.pack(">H", len(said)) + said)
            time.sleep(0.05)
        except (OSError, struct.error):
            pass
        peer.close()


def main():
    records = []
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="latin-1") as lines:
            for line in lines:
                if line.strip():
                    records.append(tuple(line.rstrip("\n").split(" ", 2)))
    server = Server(int(sys.argv[1]), records)
    threading.Thread(target=server.serve_tcp, daemon=True).start()
    print("ready", os.getpid(), flush=True)
    server.serve_udp()


main()
