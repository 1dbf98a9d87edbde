"""Recomputes charges from what a receipt names: usage, price version and instant of admission.

A second implementation of libs/rating's rate, in another language and with another kind of number (decimal, standard
library only), written from the rules and not from the code. It reads receipts from standard input, one JSON object a
line, and prints how many it checked and which differ.
"""

import json
import sys
from decimal import Decimal, getcontext

getcontext().prec = 80

INPUT_SIDE = (
    "input cached_input cache_write cache_write_1h cache_write_12h "
    "input_audio cached_input_audio input_image cached_input_image"
).split()
OUTPUT_SIDE = "output output_audio output_image".split()
PIECES = "image second request".split()
MILLION = Decimal(1_000_000)


def minute(clock):
    hours, minutes = clock.split(":")[:2]
    return int(hours) * 60 + int(minutes)


def rates_in_force(version, tokens, at):
    """The plain rates, replaced by those of the hour, replaced by those of the highest tier that the input exceeds."""
    rates = dict(version["rates"])
    now = minute(at[11:16])
    for window in version["windows"]:
        start, end = minute(window["fromUtc"]), minute(window["toUtc"])
        inside = start <= now < end if start < end else now >= start or now < end
        if inside:
            rates.update(window["rates"])
    whole_input = sum(tokens.get(kind, 0) for kind in INPUT_SIDE)
    exceeded = [tier for tier in version["tiers"] if whole_input > tier["overInputTokens"]]
    if exceeded:
        rates.update(max(exceeded, key=lambda tier: tier["overInputTokens"])["rates"])
    return rates


def price_of(kind, rates, fallback):
    while kind is not None and kind not in rates:
        kind = fallback.get(kind)
    return None if kind is None else Decimal(rates[kind])


def charge(receipt):
    """The amount as Decimal, or the kind that has no price."""
    version, usage = receipt["version"], receipt["usage"]
    rates = rates_in_force(version, usage["tokens"], receipt["at"])
    amount = Decimal(0)
    for kind in INPUT_SIDE + OUTPUT_SIDE:
        quantity = usage["tokens"].get(kind, 0)
        if quantity == 0:
            continue
        price = price_of(kind, rates, version["fallback"])
        if price is None:
            return f"unpriced-kind {kind}"
        amount += price * quantity / MILLION
    for kind in PIECES:
        price = version["unitPrices"].get(kind)
        implied = 1 if kind == "request" and price is not None else 0
        quantity = usage["units"].get(kind, implied)
        if quantity == 0:
            continue
        if price is None:
            return f"unpriced-kind {kind}"
        amount += Decimal(price) * quantity
    return amount


def differs(receipt):
    expected, found = receipt["outcome"], charge(receipt)
    if isinstance(found, str):
        return found != expected
    lines = receipt.get("lines", [])
    summed = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
    return expected.startswith("unpriced") or found != Decimal(expected) or summed != found


def main():
    receipts = [json.loads(line) for line in sys.stdin]
    different = [receipt for receipt in receipts if differs(receipt)]
    charged = sum(1 for receipt in receipts if not receipt["outcome"].startswith("unpriced"))
    print(json.dumps({"checked": len(receipts), "charged": charged, "different": different[:3], "differences": len(different)}))


main()
