"""The ground floor of the example wing, as docs/site.md shows it."""

from pathlib import Path

from cellwarden.document.sheet import png
from cellwarden.locate.plan import plan
from cellwarden.simulate.prison import remand_wing


def main() -> None:
    site = remand_wing()
    (Path(__file__).parent / "plan.png").write_bytes(png(plan(site, site.floors[:1])))


if __name__ == "__main__":
    main()
