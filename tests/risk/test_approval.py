"""Only approved requests reach a router: the gate makes each approval, and the type checker refuses anything else."""

import ast
from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).parents[2]
# The gate; the kit, which drives routers without one; and the exchange in a box, a venue to which others send orders.
MAKERS = {"risk/gate.py", "testing/router.py", "session/live/venue/exchange/market.py"}

_CALLS = """
from mainspring.model import Approved, CancelRequest, NewOrder, ReplaceRequest
from mainspring.seams import Router


def send(
    router: Router,
    order: NewOrder,
    replace: ReplaceRequest,
    cancel: CancelRequest,
    approved: Approved[CancelRequest],
) -> None:
    router.submit(order, 0)
    router.replace(replace, 0)
    router.cancel(cancel, 0)
    router.submit(approved, 0)
    router.cancel(approved, 0)
"""


@pytest.mark.gate
def test_the_type_checker_refuses_raw_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw requests, and the approval of another kind of request, are errors of mypy; the right approval isn't."""
    file = tmp_path / "calls.py"
    file.write_text(_CALLS)
    monkeypatch.setenv("MYPYPATH", str(ROOT / "platform"))
    options = ["--strict", "--namespace-packages", "--explicit-package-bases", "--follow-imports=silent", "--no-color"]
    out, errors, _ = api.run([*options, "--config-file=", "--no-error-summary", f"--cache-dir={tmp_path}", str(file)])
    assert errors == ""
    wrong = [
        ("submit", "NewOrder", "NewOrder"),
        ("replace", "ReplaceRequest", "ReplaceRequest"),
        ("cancel", "CancelRequest", "CancelRequest"),
        ("submit", "Approved[CancelRequest]", "NewOrder"),
    ]
    for line, (method, given, wanted) in zip(out.splitlines(), wrong, strict=True):
        problem = f'"{method}" of "Router" has incompatible type "{given}"; expected "Approved[{wanted}]"'
        assert problem in line


def test_nothing_but_the_gate_makes_approvals() -> None:
    """No other code of the platform or the built-in plugins calls `Approved`."""
    makers = set()
    for root in (ROOT / "platform/mainspring", ROOT / "plugins/mainspring_plugins"):
        for path in root.rglob("*.py"):
            calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
            if any(isinstance(call, ast.Name) and call.id == "Approved" for call in calls):
                makers.add(str(path.relative_to(root)))
    assert makers == MAKERS
