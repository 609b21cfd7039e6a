"""What a workbook holds, read without the library that wrote it."""

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def sheets(path: Path) -> dict[str, list[dict[str, str]]]:
    """What the workbook's sheets hold: by row, the cells' texts by their column's letters."""
    with zipfile.ZipFile(path) as book:
        names = [s.get("name") for s in ElementTree.fromstring(book.read("xl/workbook.xml")).iterfind(".//m:sheet", NS)]
        shared = [t.text or "" for t in ElementTree.fromstring(book.read("xl/sharedStrings.xml")).iterfind(".//m:t", NS)]
        found = {}
        for number, name in enumerate(names, 1):
            root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
            found[name] = [
                {re.sub(r"\d", "", c.get("r")): _text(c, shared) for c in row.iterfind("m:c", NS)}
                for row in root.iterfind(".//m:row", NS)
            ]
        return found


def _text(cell, shared: list[str]) -> str:
    if cell.get("t") == "s":
        return shared[int(cell.find("m:v", NS).text)]
    return cell.find("m:is/m:t", NS).text or "" if cell.get("t") == "inlineStr" else cell.find("m:v", NS).text
