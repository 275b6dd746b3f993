"""Write data/places/area_codes.csv: ``.venv/bin/python scripts/area_codes.py``.

Which state an area code belongs to, out of the geocoding data of ``phonenumbers`` (Google's libphonenumber,
Apache-2.0), as the shortest prefixes that tell. The package's own reader takes 130 MB and seconds to import, for all
countries.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from phonenumbers.geodata import GEOCODE_DATA

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bot.catalogue.places import Places, fold  # noqa: E402 (the project's root was not on the path)

_SHORT = {
    "AGS": "Aguascalientes", "BC": "Baja California", "BCN": "Baja California", "BCS": "Baja California Sur",
    "CAMP": "Campeche",
    "CAM": "Campeche", "CHIS": "Chiapas", "CHIH": "Chihuahua", "CDMX": "Ciudad de México", "COAH": "Coahuila",
    "COL": "Colima", "DGO": "Durango", "MEX": "Estado de México", "GTO": "Guanajuato", "GRO": "Guerrero",
    "HGO": "Hidalgo", "JAL": "Jalisco", "MICH": "Michoacán", "MOR": "Morelos", "NAY": "Nayarit", "NL": "Nuevo León",
    "OAX": "Oaxaca", "PUE": "Puebla", "QRO": "Querétaro", "QROO": "Quintana Roo", "SLP": "San Luis Potosí",
    "SIN": "Sinaloa", "SON": "Sonora", "TAB": "Tabasco", "TAMPS": "Tamaulipas", "TLAX": "Tlaxcala", "VER": "Veracruz",
    "YUC": "Yucatán", "ZAC": "Zacatecas",
}  # fmt: skip


def main() -> None:
    """Write the file and say how many prefixes it has, and what could not be told."""
    places = Places.load(ROOT / "data" / "places")
    names = {name: found[0].state for name, found in places.aliases.items() if len({p.state for p in found}) == 1}
    names |= {fold(name): name for name in places.state_names}
    found: dict[str, str] = {}
    untold: set[str] = set()
    for prefix, words in GEOCODE_DATA.items():
        described = words.get("es") or words.get("en") or ""
        if not prefix.startswith("52") or not described:
            continue
        last = described.rpartition(",")[2].strip()
        state = _SHORT.get(last.replace(".", "").replace(" ", "").upper()) or names.get(fold(last))
        if state:
            found[prefix[2:]] = state
        else:
            untold.add(described)
    told = {code: state for code, state in sorted(found.items()) if _before(code, found) != state}
    with (ROOT / "data" / "places" / "area_codes.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("prefix", "state"))
        writer.writerows(sorted(told.items()))
    sys.stdout.write(f"{len(told)} prefixes of {len(found)}; of more than one state: {sorted(untold)}\n")


def _before(code: str, found: dict[str, str]) -> str | None:
    """Return the state of the longest shorter prefix."""
    return next((found[code[:n]] for n in range(len(code) - 1, 1, -1) if code[:n] in found), None)


if __name__ == "__main__":
    main()
