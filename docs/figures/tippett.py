"""Ratios of pairs that are known, as docs/emitter.md shows them."""

from pathlib import Path

from cellwarden.document.sheet import png
from cellwarden.signature.comparators import trial
from cellwarden.signature.tippett import picture


def main() -> None:
    sheet = picture([(kind, trial("gsm:normal", kind)) for kind in ("phones", "models")])
    (Path(__file__).parent / "tippett.png").write_bytes(png(sheet))


if __name__ == "__main__":
    main()
