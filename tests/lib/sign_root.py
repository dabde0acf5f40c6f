#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
#
# sign_root - sign a small root zone with a new key: a master file that has RRSIG, NSEC
# and DNSKEY records on standard output, the key's DS record in ANCHOR.
#
#   sign_root.py ANCHOR [OWNER-TO-FORGE] <zone >signed
#
# OWNER-TO-FORGE: the TXT record of this name is changed after it was signed.
import sys
import time

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec

DAY = 86400
TTL = 300


def main():
    anchor, forged = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    key = ec.generate_private_key(ec.SECP256R1())
    dnskey = dns.dnssec.make_dnskey(key.public_key(), "ECDSAP256SHA256", flags=257)
    zone = dns.zone.from_text(sys.stdin.read(), dns.name.root, relativize=False)
    zone.find_rdataset(dns.name.root, "DNSKEY", create=True).add(dnskey, TTL)
    with open(anchor, "w") as out:
        print(". %d IN DS %s" %
              (TTL, dns.dnssec.make_ds(dns.name.root, dnskey, "SHA256")), file=out)

    names = sorted(zone.keys())
    for name, after in zip(names, names[1:] + names[:1]):
        types = sorted({"RRSIG", "NSEC"} | {dns.rdatatype.to_text(each.rdtype)
                                            for each in zone[name]})
        nsec = dns.rdata.from_text("IN", "NSEC", "%s %s" % (after, " ".join(types)))
        zone.find_rdataset(name, "NSEC", create=True).add(nsec, TTL)
    now = int(time.time())
    for name in names:
        for rdataset in list(zone[name].rdatasets):
            rrsig = dns.dnssec.sign((name, rdataset), key, dns.name.root, dnskey,
                                    inception=now - DAY, expiration=now + DAY)
            covers = zone.find_rdataset(name, "RRSIG", covers=rdataset.rdtype,
                                        create=True)
            covers.add(rrsig, rdataset.ttl)
    text = zone.to_text(relativize=False, sorted=True)
    if forged is not None:
        text = "\n".join(line.replace("honest", "forged")
                         if line.startswith(forged + " ") and " TXT " in line else line
                         for line in text.splitlines())
    print(text)


main()
