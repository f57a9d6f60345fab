"""Writing and checking reference fixtures, shared by every make.py below this folder."""

import json

# Two computations of one reference may differ by this much.
TOLERANCE = 1e-9


def as_text(value, depth=0):
    """JSON with a list of plain values on one line and everything else indented by a space."""
    if isinstance(value, dict) and value:
        rows = [f"{json.dumps(key)}: {as_text(item, depth + 1)}" for key, item in value.items()]
        opening, closing = "{", "}"
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        rows = [as_text(item, depth + 1) for item in value]
        opening, closing = "[", "]"
    else:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    inner = "\n" + " " * (depth + 1)
    return opening + inner + ("," + inner).join(rows) + "\n" + " " * depth + closing


def differences(committed, computed, place, found):
    """Adds to `found` a line for each place where the two documents do not agree.

    Whole numbers, text and shapes must be equal, other numbers within the tolerance, which is
    relative for values above one.
    Returns the largest difference of two numbers.
    """
    if isinstance(computed, dict) and isinstance(committed, dict):
        if list(computed) != list(committed):
            found.append(f"{place}: keys differ")
            return 0.0
        pairs = [(f"{place}.{key}", committed[key], computed[key]) for key in computed]
    elif isinstance(computed, list) and isinstance(committed, list):
        if len(computed) != len(committed):
            found.append(f"{place}: lengths differ")
            return 0.0
        pairs = [(f"{place}[{i}]", a, b) for i, (a, b) in enumerate(zip(committed, computed))]
    elif isinstance(computed, float) and isinstance(committed, float):
        difference = abs(computed - committed)
        # Written so that a value that is not a number counts as a difference.
        if not difference <= TOLERANCE * max(1.0, abs(computed)):
            found.append(f"{place}: committed {committed!r}, computed {computed!r}")
        return difference
    else:
        if type(computed) is not type(committed) or computed != committed:
            found.append(f"{place}: committed {committed!r}, computed {computed!r}")
        return 0.0
    return max((differences(a, b, where, found) for where, a, b in pairs), default=0.0)


def finish(target, document, check):
    """Writes the document, or compares it with the committed one; returns whether all is well."""
    # Through text once, so that both sides of a comparison have the same types.
    text = as_text(document) + "\n"
    if not check:
        target.write_text(text, encoding="utf-8")
        print(f"wrote {target.name}: {len(text)} bytes")
        return True
    computed = json.loads(text)
    committed = json.loads(target.read_text(encoding="utf-8"))
    # Other versions may be used for a check, so only the rest is compared.
    computed_versions, committed_versions = computed.pop("made_by"), committed.pop("made_by")
    if computed_versions != committed_versions:
        print(f"{target.name}: made by {committed_versions}, checked by {computed_versions}")
    found = []
    largest = differences(committed, computed, target.name, found)
    for line in found[:20]:
        print(line)
    print(f"{target.name}: {len(found)} differences, the largest of two numbers is {largest:.3g}")
    return not found
