"""`cellwarden survey` at the real command line."""

from pathlib import Path

from tests.cli.test_commands import run
from tests.locate import heard

STAYS = "start_s,end_s,x_m,y_m,z_m\n0,5,2,3,1.2\n5,10,4,3,1.2\n10,15,6,3,1.2\n15,20,8,3,1.2\n"


def test_a_walk_becomes_a_survey_and_what_is_missing_is_told(tmp_path: Path) -> None:
    readings, _place = heard.walked(1, 20.0)
    site, output, walk = heard.site_file(tmp_path), tmp_path / "survey.csv", tmp_path / "stays.csv"
    walk.write_text(STAYS, encoding="utf-8")
    table = heard.readings_file(tmp_path / "readings.csv", readings)
    done = run("survey", "--site", site, walk, table, "-o", output)
    assert (done.returncode, done.stdout) == (0, f"{len(readings.time_s)} levels at 4 places in {output}\n")
    assert "10 of 12 cells were not visited: C01, C02" in done.stderr
    assert output.read_text().startswith("x_m,y_m,z_m,sensor,rssi_dbm\n2.00,3.00,1.20,S0,")
    late = tmp_path / "late.csv"
    late.write_text("time_s,sensor,rssi_dbm\n500,S0,-60\n", encoding="utf-8")
    done = run("survey", "--site", site, walk, late, "-o", output, "--force", language="fr")
    assert done.returncode == 2 and "même horloge" in done.stderr and len(done.stderr.splitlines()) == 1
