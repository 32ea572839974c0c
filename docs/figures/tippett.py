"""Ratios of pairs that are known, as docs/emitter.md shows them."""

from pathlib import Path

from cellwarden.document.sheet import png
from cellwarden.signature.comparators import taught, trial
from cellwarden.signature.tippett import picture


def main() -> None:
    sheet = picture([(f"{family}, {kind}", trial(family, kind)) for family, kind in taught()])
    (Path(__file__).parent / "tippett.png").write_bytes(png(sheet))


if __name__ == "__main__":
    main()
