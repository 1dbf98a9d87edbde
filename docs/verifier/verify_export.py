#!/usr/bin/env python3
"""Examines an export of the ledger (of the whole journal or of one book), or one proof, without any of the ledger's own code.

    python3 verify_export.py <export.jsonl> <folder of seals> <public-key.pem>
    python3 verify_export.py <proof.json> <public-key.pem>

Needs Python 3.8 or later and its standard library only. Written from what the formats say (docs/guides/verify-an-export.md),
from RFC 6962 (Merkle trees) and RFC 8032 (Ed25519), and kept apart from the other verifier on purpose.
Ends with 0 where all is well, 1 where something is wrong, 2 where it cannot be examined.
"""

import base64
import datetime
import hashlib
import json
import os
import re
import sys

ZEROS = "0" * 64


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


# --- Ed25519 by RFC 8032, 5.1.7: slow, short, and enough for one signature a day ---

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def x_of(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P != 0:
        return None
    return P - x if (x & 1) != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = x_of(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def plus(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j % P, k * m % P, j * k % P, i * m % P)


def times(scalar, point):
    total = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            total = plus(total, point)
        point = plus(point, point)
        scalar >>= 1
    return total


def same_point(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_of(raw):
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def signature_holds(public_key, message, signature):
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a, r = point_of(public_key), point_of(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % Q
    return same_point(times(s, BASE), plus(r, times(challenge, a)))


def read_keys(path):
    """The keys of a PEM file by their ids: the first 16 digits of the SHA-256 of the 32 bytes."""
    with open(path, encoding="ascii") as file:
        blocks = re.findall(r"-----BEGIN PUBLIC KEY-----(.+?)-----END PUBLIC KEY-----", file.read(), re.S)
    raw = [base64.b64decode("".join(block.split())) for block in blocks]
    if not raw or any(not der.startswith(bytes.fromhex("302a300506032b6570032100")) or len(der) != 44 for der in raw):
        raise ValueError("There must be an Ed25519 public key in PEM, and nothing else.")
    return {sha256(der[-32:]).hex()[:16]: der[-32:] for der in raw}


# --- Texts ---


def framed(*texts):
    return "".join("%d:%s," % (len(text), text) for text in texts)


def unframed(text):
    """The framed texts (`5:hello,`) that a text consists of."""
    parts, at = [], 0
    while at < len(text):
        colon = text.index(":", at)
        if not re.fullmatch(r"0|[1-9][0-9]*", text[at:colon]):
            raise ValueError("a length is not a number")
        end = colon + 1 + int(text[at:colon])
        if text[end : end + 1] != ",":
            raise ValueError("a field does not end where it says")
        parts.append(text[colon + 1 : end])
        at = end + 1
    return parts


def day_after(day):
    return (datetime.date.fromisoformat(day) + datetime.timedelta(days=1)).isoformat()


def cut_of(day):
    """Midnight Asia/Shanghai at the end of a day: 16:00 UTC, all the year."""
    return day + "T16:00:00.000000Z"


def day_of(instant):
    day = instant[:10]
    return day if instant < cut_of(day) else day_after(day)


# --- Merkle trees by RFC 6962, 2.1 ---


def leaf_of(book, version, digest):
    return sha256(b"\0", framed(book, str(version), digest).encode("ascii"))


def split_of(size):
    return 1 << ((size - 1).bit_length() - 1)


def root_of(leaves):
    """Pairs from the left; the last one of an odd level goes up as it is, which is the same tree."""
    level = list(leaves)
    if not level:
        return sha256()
    while len(level) > 1:
        pairs = [sha256(b"\1", level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def root_by_path(leaf, index, size, path):
    if not 0 <= index < size:
        return None
    if size == 1:
        return leaf if not path else None
    if not path:
        return None
    split = split_of(size)
    if index < split:
        inner = root_by_path(leaf, index, split, path[:-1])
        return inner and sha256(b"\1", inner, path[-1])
    inner = root_by_path(leaf, index - split, size - split, path[:-1])
    return inner and sha256(b"\1", path[-1], inner)


# --- Entries ---


def chained(previous, canonical):
    return sha256(previous, sha256(canonical.encode("ascii")))


def read_entry(entry):
    """The facts of an entry that are needed here, from the text that was hashed."""
    fields = unframed(entry["canonical"])
    if len(fields) != 12 or fields[0] != "1":
        raise ValueError("its text is not of version 1")
    if fields[1] != entry["book"] or fields[2] != str(entry["version"]):
        raise ValueError("its text is that of %s/%s" % (fields[1], fields[2]))
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", fields[8]):
        raise ValueError("its text has no instant")
    return {"kind": fields[3], "event": fields[4], "recorded_at": fields[8], "postings": fields[10]}


def postings_of(text):
    return [unframed(posting) for posting in unframed(text)]


# --- Seals ---


def seal_text(seal):
    names = ("day", "cut", "books", "entries", "root", "previous", "keyId")
    return framed("haoli-seal", "1", *(str(seal[name]) for name in names))


def seal_difference(seal, keys):
    text = seal_text(seal).encode("ascii")
    if sha256(text).hex() != seal["hash"]:
        return "its hash is not that of what it says"
    if seal["keyId"] not in keys:
        return "it is signed by the key %s, which is not given" % seal["keyId"]
    if not signature_holds(keys[seal["keyId"]], text, bytes.fromhex(seal["signature"])):
        return "its signature is not that of the key"
    return None


def order_difference(seal, before):
    if seal["cut"] != cut_of(seal["day"]):
        return "its cut is not the midnight at the end of the day"
    if before is None:
        return None if seal["previous"] == ZEROS else "it is not the first, and the seal before it is missing"
    if seal["day"] != day_after(before["day"]):
        return "the day before it is missing; %s comes before it" % before["day"]
    if seal["previous"] != before["hash"]:
        return "it was made after another seal of %s" % before["day"]
    return None


def figures_difference(seal, heads):
    entries = sum(version for version, _ in heads.values())
    if len(heads) != seal["books"]:
        return "it has %d books, and there are %d" % (seal["books"], len(heads))
    if entries != seal["entries"]:
        return "it has %d entries, and there are %d" % (seal["entries"], entries)
    leaves = (leaf_of(book, *heads[book]) for book in sorted(heads))
    return None if root_of(leaves).hex() == seal["root"] else "the heads of the books do not come to its root"


def read_seals(folder):
    names = sorted(name for name in os.listdir(folder) if re.fullmatch(r"\d{4}-\d\d-\d\d\.json", name))
    seals = []
    for name in names:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            seals.append(json.load(file))
    return seals


# --- The export ---


class Export:
    """What an export says, and what is wrong with it by itself."""

    def __init__(self, path):
        self.findings, self.seals, self.moved = [], {}, {}
        self.books, self.broken = set(), set()
        self.only, self.leaves = None, {}
        self.entries, self.end, self.last = 0, None, "its first line"
        self.book, self.version, self.hash, self.recorded_at = None, 0, bytes(32), ""
        with open(path, encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                self.take(number, text)
        if self.end is None:
            self.findings.append("export: it breaks off after %s" % self.last)
        elif (self.end["books"], self.end["entries"]) != (len(self.books), self.entries):
            self.findings.append(
                "export: its last line counts %d books and %d entries, and %d and %d came"
                % (self.end["books"], self.end["entries"], len(self.books), self.entries)
            )

    def take(self, number, text):
        try:
            ((name, value),) = json.loads(text).items()
        except (ValueError, AttributeError):
            name, value = None, None
        if name not in ("export", "seal", "leaf", "entry", "end"):
            self.findings.append("line %d: it is not a line of an export" % number)
            return
        if self.end is not None:
            self.findings.append("line %d: it comes after the end" % number)
            return
        if (name == "export") != (number == 1) or (name == "export" and value["exportVersion"] != 1):
            self.findings.append("line %d: an export begins with one line that names its version 1" % number)
        if name == "export":
            self.only = value.get("book")
        elif name == "seal":
            self.seals[value["day"]] = value
        elif name == "leaf":
            self.leaves[value["day"]] = value
        elif name == "entry":
            self.take_entry(value)
        elif name == "end":
            self.end = value

    def take_entry(self, entry):
        book, version = entry["book"], entry["version"]
        self.entries += 1
        self.last = "%s/%d" % (book, version)
        if book != self.book:
            if book in self.books:
                self.say(entry, "its book has come before")
            if self.only is not None and self.only != book:
                self.say(entry, "the export is of %s alone" % self.only)
            self.books.add(book)
            self.book, self.version, self.hash, self.recorded_at = book, 0, bytes(32), ""
        if book in self.broken:
            return
        difference = self.difference_of(entry)
        if difference is not None:
            self.say(entry, difference)

    def say(self, entry, what):
        self.findings.append("%s/%d: %s" % (entry["book"], entry["version"], what))
        self.broken.add(entry["book"])

    def difference_of(self, entry):
        if entry["version"] != self.version + 1:
            return "entry %d is missing before it" % (self.version + 1)
        try:
            digest = chained(self.hash, entry["canonical"])
            if digest.hex() != entry["hash"]:
                return "its hash is not that of its text and of the entry before"
            facts = read_entry(entry)
        except (ValueError, UnicodeError) as error:
            return str(error)
        if facts["recorded_at"] < self.recorded_at:
            return "it was recorded before the entry before"
        self.version, self.hash, self.recorded_at = entry["version"], digest, facts["recorded_at"]
        heads = self.moved.setdefault(day_of(self.recorded_at), {})
        heads[entry["book"]] = (entry["version"], entry["hash"])
        return None


def seal_findings(seals, export, keys):
    before = None
    for seal in seals:
        difference = seal_difference(seal, keys) or order_difference(seal, before)
        if difference:
            yield "seal of %s: %s" % (seal["day"], difference)
        before = seal
    days = {seal["day"] for seal in seals}
    for day in sorted(export.seals):
        if day not in days:
            yield "seal of %s: it is in the export and was not published" % day
    for seal in seals:
        copy = export.seals.get(seal["day"])
        if copy is None:
            yield "seal of %s: it was published and is not in the export" % seal["day"]
        elif (copy["hash"], copy["signature"]) != (seal["hash"], seal["signature"]):
            yield "seal of %s: the export has another one than was published" % seal["day"]


def head_findings(seals, export, folder):
    """Compares the entries with every seal; on the first day that differs, names the books."""
    exported, days = {}, sorted(export.moved, reverse=True)
    for seal in seals:
        while days and days[-1] <= seal["day"]:
            exported.update(export.moved[days.pop()])
        difference = figures_difference(seal, exported)
        if difference:
            return list(named_findings(seal, seals, exported, difference, export.broken, folder))
    return []


def named_findings(seal, seals, exported, difference, broken, folder):
    place, sealed = "seal of %s: %s" % (seal["day"], difference), {}
    for day in (earlier["day"] for earlier in seals if earlier["day"] <= seal["day"]):
        path = os.path.join(folder, day + ".heads.jsonl")
        if not os.path.exists(path):
            yield "%s; without %s.heads.jsonl no book can be named" % (place, day)
            return
        with open(path, encoding="utf-8") as file:
            for head in map(json.loads, file):
                sealed[head["book"]] = (head["version"], head["hash"])
    if figures_difference(seal, sealed):
        yield "%s; the published heads are not those that were sealed, so no book can be named" % place
        return
    for book in sorted(set(sealed) | set(exported)):
        if book not in broken and sealed.get(book) != exported.get(book):
            yield book_finding(book, seal, sealed.get(book), exported.get(book))


def book_finding(book, seal, sealed, exported):
    """What is wrong with a book on the day of a seal, of which the two heads differ."""
    under = "under the seal of %s" % seal["day"]
    if sealed is None:
        return "%s/%d: it was recorded before the cut and the book is not %s" % (book, exported[0], under)
    if exported is None:
        return "%s/%d: the book is %s and is not in the export" % (book, sealed[0], under)
    if exported[0] < sealed[0]:
        return "%s/%d: it is %s, and the export ends before it, at %d" % (book, sealed[0], under, exported[0])
    if exported[0] > sealed[0]:
        return "%s/%d: it was recorded before the cut, and %s the book ends at %d" % (
            book, exported[0], under, sealed[0])
    return "%s/%d: it is %s with another hash" % (book, sealed[0], under)


def leaf_findings(seals, export):
    """Compares the one book of an export with every seal, by its leaves: of each day on which it moved, and of the last."""
    book, exported, days = export.only, None, sorted(export.moved, reverse=True)
    if book in export.broken:
        return []
    for seal in seals:
        moved = seal is seals[-1]
        while days and days[-1] <= seal["day"]:
            exported, moved = export.moved[days.pop()].get(book), True
        leaf = export.leaves.get(seal["day"])
        if leaf is None:
            if moved and exported:
                return ["%s/%d: there is no proof that it is under the seal of %s" % (book, exported[0], seal["day"])]
            continue
        path = [bytes.fromhex(text) for text in leaf["path"]]
        root = root_by_path(leaf_of(book, leaf["version"], leaf["hash"]), leaf["index"], seal["books"], path)
        if root is None or root.hex() != seal["root"]:
            return ["%s/%d: its proof does not lead to the root of the seal of %s" % (book, leaf["version"], seal["day"])]
        if exported != (leaf["version"], leaf["hash"]):
            return [book_finding(book, seal, (leaf["version"], leaf["hash"]), exported)]
    return []


def verify_export(path, folder, keys):
    export, seals = Export(path), read_seals(folder)
    findings = export.findings + list(seal_findings(seals, export, keys))
    findings += head_findings(seals, export, folder) if export.only is None else leaf_findings(seals, export)
    if findings:
        return findings
    days = "%s to %s" % (seals[0]["day"], seals[-1]["day"]) if seals else "none to none"
    if export.only is None:
        books, sealed = "%d books" % len(export.books), seals[-1]["entries"] if seals else 0
    else:
        last = export.leaves.get(seals[-1]["day"]) if seals else None
        books, sealed = export.only, last["version"] if last else 0
    print("Verified: %s, %d entries." % (books, export.entries))
    print("Sealed days: %d, %s. Entries that no seal covers yet: %d." % (len(seals), days, export.entries - sealed))
    return []


# --- A proof ---


def proof_difference(proof, keys):
    entry, head, seal = proof["entry"], proof["head"], proof["seal"]
    place = "%s/%d" % (entry["book"], entry["version"])
    last = chained(bytes.fromhex(proof["previousHash"]), entry["canonical"])
    if last.hex() != entry["hash"]:
        return "%s: the hash is not that of its text" % place
    if head["book"] != entry["book"]:
        return "%s: the head is that of another book" % place
    try:
        read_entry(entry)
    except ValueError as error:
        return "%s: %s" % (place, error)
    for digest in proof["following"]:
        last = sha256(last, bytes.fromhex(digest))
    if last.hex() != head["hash"] or entry["version"] + len(proof["following"]) != head["version"]:
        return "%s: the chain from it does not lead to the head %d of its book" % (place, head["version"])
    path = [bytes.fromhex(text) for text in proof["path"]]
    root = root_by_path(leaf_of(head["book"], head["version"], head["hash"]), proof["index"], seal["books"], path)
    if root is None or root.hex() != seal["root"]:
        return "%s: the head of its book is not under the root of the seal" % place
    difference = seal_difference(seal, keys)
    return difference and "seal of %s: %s" % (seal["day"], difference)


def verify_proof(path, keys):
    with open(path, encoding="utf-8") as file:
        proof = json.load(file)
    difference = proof_difference(proof, keys)
    if difference:
        return [difference]
    entry, seal, facts = proof["entry"], proof["seal"], read_entry(proof["entry"])
    print("Verified: %s/%d is under the seal of %s, hash %s." % (entry["book"], entry["version"], seal["day"], seal["hash"]))
    print("%s %s, recorded at %s" % (facts["kind"], facts["event"], facts["recorded_at"]))
    for debit, credit, amount in postings_of(facts["postings"]):
        print("  %s -> %s %s" % (debit, credit, amount))
    return []


def main(given):
    if len(given) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    keys = read_keys(given[-1])
    findings = verify_proof(given[0], keys) if len(given) == 2 else verify_export(given[0], given[1], keys)
    for finding in findings[:20]:
        print(finding)
    if findings:
        print("Not verified: %d found." % len(findings))
    return 1 if findings else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        print("It cannot be examined: %s: %s" % (type(problem).__name__, problem), file=sys.stderr)
        sys.exit(2)
