"""What is told of the packages of the lock: licences, a bill of materials, known vulnerabilities."""

import json
import re
import sys
import threading
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from orchestration.operations import dependencies
from orchestration.operations.dependencies import DependencyError, Package, licence, needs

FOUND = [Package("duckdb", "1.5.6", "MIT", True, ()), Package("odd", "2.0", "A licence of its own", False, ("duckdb",))]


@pytest.fixture(scope="module")
def installed() -> list[Package]:
    return dependencies.packages()


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the lock has other versions for other Pythons")
def test_the_page_is_what_the_lock_and_the_packages_say(installed):
    assert dependencies.PAGE.read_text(encoding="utf-8") == dependencies.page(installed, dependencies.direct_names()), (
        "run `telco360 dependencies licences`"
    )


def test_every_package_of_the_lock_is_told_with_a_licence(installed):
    named = {
        re.split(r"==|\[", line)[0] for line in dependencies.LOCK.read_text(encoding="utf-8").splitlines() if line[:1].isalnum()
    }
    assert named - {package.name for package in installed} <= {
        "colorama",
        "httpx2-jsfetch",
        "pyreadline3",
        "pywin32",
        "psutil",
        "tzlocal",
    }
    assert len(installed) > 100
    assert not [package.name for package in installed if package.licence == "not told"]


def test_a_bill_of_materials_has_each_package_once_and_its_references_lead_somewhere(installed):
    bill = dependencies.sbom(installed)
    refs = [part["bom-ref"] for part in bill["components"]]
    own = bill["metadata"]["component"]["bom-ref"]
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5") and len(refs) == len(set(refs)) == len(installed)
    assert {one["ref"] for one in bill["dependencies"]} == {own, *refs}
    assert {ref for one in bill["dependencies"] for ref in one["dependsOn"]} <= set(refs)
    assert json.dumps(bill) == json.dumps(dependencies.sbom(installed)), "the same packages give the same bytes"
    assert dependencies.sbom(FOUND)["components"][1]["licenses"] == [{"license": {"name": "A licence of its own"}}]


def test_a_package_that_is_not_as_locked_is_told(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("duckdb==0.0.1 \\\n    --hash=sha256:00\nno-such-package==1.0\n")
    with pytest.raises(DependencyError, match=r"duckdb is installed as .*, not 0\.0\.1; no-such-package is not installed"):
        dependencies.packages(lock)


def test_a_licence_is_an_expression_else_a_class_else_a_short_text():
    said = Message()
    assert licence(said) == ("not told", False)
    said["License"] = "Copyright (c) 2015, somebody who writes all of the text of the licence here"
    assert licence(said) == ("not told", False)
    said["Classifier"] = "License :: OSI Approved :: BSD License"
    assert licence(said) == ("BSD License", False)
    said["License-Expression"] = "BSD-3-Clause"
    assert licence(said) == ("BSD-3-Clause", True)


def test_what_an_extra_or_another_system_needs_is_not_needed():
    asked = ["DuckDB>=1", "odd; extra == 'all'", "odd; python_version < '3'", "unknown"]
    assert needs(asked, {"duckdb", "odd"}) == ("duckdb",)


class Database(BaseHTTPRequestHandler):
    """Answers as osv.dev does: the second package has a known vulnerability."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        assert self.path == "/v1/querybatch" and asked[0] == {"package": {"purl": "pkg:pypi/duckdb@1.5.6"}}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"results": [{}, {"vulns": [{"id": "PYSEC-1"}, {"id": "GHSA-2"}]}]}).encode())

    def log_message(self, *arguments: object) -> None:
        pass


def test_a_database_is_asked_and_one_that_does_not_answer_is_no_clean_result(monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), Database)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TELCO360_VULNERABILITY_DATABASE", f"http://127.0.0.1:{server.server_port}/")
    try:
        assert dependencies.known_vulnerabilities(FOUND) == {"odd 2.0": ["PYSEC-1", "GHSA-2"]}
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(DependencyError, match="was not checked"):
        dependencies.known_vulnerabilities(FOUND)
    with pytest.raises(DependencyError, match="1 answers to 2 questions"):
        dependencies.vulnerable(FOUND, [{}])
