#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
#
# spf_suite - the openspf test suite (YAML, perhaps gzipped) as zones and questions:
#
#   spf_suite.py SUITE FOLDER
#
# writes FOLDER/N.zone, a master file for each scenario, FOLDER/N.cases, one line
# "ADDRESS<TAB>HELO<TAB>MAILFROM" a case, and FOLDER/N.want, "NAME<TAB>RESULT[ RESULT]".
# A name that times out is delegated: what the file does not hold of it is not answered.
import gzip
import os
import sys

import yaml


def quoted(data):
    out = ""
    for byte in data:
        out += chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else "\\%03d" % byte
    return '"%s"' % out


def strings(value):
    """A TXT record's strings, none longer than 255 bytes."""
    parts = value if isinstance(value, list) else [value]
    chunks = []
    for part in parts:
        data = str(part).encode("utf-8")
        chunks += [data[i:i + 255] for i in range(0, len(data), 255)] or [b""]
    return " ".join(quoted(chunk) for chunk in chunks or [b""])


def name_of(name):
    out = ""
    for byte in name.rstrip(".").encode("utf-8"):
        plain = chr(byte).isalnum() or byte in b"-_."
        out += chr(byte) if plain and byte < 128 else "\\%03d" % byte
    return out + "."


def is_name(name):
    labels = name.rstrip(".").split(".")
    return all(0 < len(label.encode("utf-8")) < 64 for label in labels)


def lines(owner, records):
    if not is_name(owner):
        return
    has_txt = any(isinstance(each, dict) and "TXT" in each for each in records)
    for each in records:
        if each == "TIMEOUT" or (isinstance(each, dict) and "TIMEOUT" in each):
            yield "NS", "nobody.invalid."
            continue
        (kind, value), = each.items()
        if value == "NONE":
            continue
        if kind == "SPF" and not has_txt:
            yield "TXT", strings(value)
        elif kind == "TXT":
            yield "TXT", strings(value)
        elif kind == "MX":
            yield "MX", "%d %s" % (value[0], name_of(value[1]) if value[1] else ".")
        elif kind in ("CNAME", "PTR"):
            yield kind, name_of(value)
        elif kind in ("A", "AAAA"):
            yield kind, value


def is_late(records):
    return any(each == "TIMEOUT" or "TIMEOUT" in each for each in records or [])


def zone(names):
    """Those below a name that times out do not: each is a zone of its own."""
    late = [owner.lower() for owner, records in names.items() if is_late(records)]
    for owner, records in names.items():
        kinds = [kind for kind, _ in lines(owner, records or [])]
        if any(owner.lower().endswith("." + above) for above in late) and \
                not is_late(records) and "CNAME" not in kinds and is_name(owner):
            yield owner, "SOA", "nobody.invalid. nobody.invalid. 1 60 60 60 60"
        for kind, data in lines(owner, records or []):
            yield owner, kind, data


def write(folder, number, scenario):
    with open(os.path.join(folder, "%d.zone" % number), "w") as out:
        for owner, kind, data in zone(scenario.get("zonedata") or {}):
            print(name_of(owner), kind, data, file=out)
    with open(os.path.join(folder, "%d.cases" % number), "w") as cases, \
            open(os.path.join(folder, "%d.want" % number), "w") as want:
        for name, test in scenario["tests"].items():
            results = test["result"]
            results = results if isinstance(results, list) else [results]
            print(test["host"], test.get("helo") or "", test.get("mailfrom") or "", sep="\t",
                  file=cases)
            print(name, " ".join(results), sep="\t", file=want)


def main():
    suite, folder = sys.argv[1:]
    read = gzip.open if suite.endswith(".gz") else open
    with read(suite, "rt", encoding="utf-8") as text:
        scenarios = [each for each in yaml.safe_load_all(text) if each]
    for number, scenario in enumerate(scenarios):
        write(folder, number, scenario)


main()
