"""Ratios of pairs that are known, as docs/emitter.md shows them."""

from pathlib import Path

from cellwarden.document.sheet import png
from cellwarden.signature.comparators import KINDS, taught, trial
from cellwarden.signature.tippett import picture


def main() -> None:
    trials = [(family if kind == KINDS[0] else f"{family}, {kind}", trial(family, kind)) for family, kind in taught()]
    sheet = picture(trials)
    (Path(__file__).parent / "tippett.png").write_bytes(png(sheet))


if __name__ == "__main__":
    main()
