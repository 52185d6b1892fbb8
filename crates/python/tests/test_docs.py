"""The examples of docs/python.md, one after the other in one folder, as they stand."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from calls import CALL, ROOT, cuts

PAGE = ROOT / "docs" / "python.md"


def test_the_examples_are_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 5
    monkeypatch.chdir(tmp_path)
    shutil.copy(CALL, "call.wav")
    cuts(Path("archive"), 4, 6)
    names: dict[str, Any] = {}
    count = 0
    for block in blocks:
        # A statement at a time; what it prints stands behind it.
        for line in re.split(r"\n(?=(?!except|else|finally)\S)", block.strip("\n")):
            exec(compile(line, str(PAGE), "exec"), names)  # noqa: S102
            printed = capsys.readouterr().out
            told = re.findall(r"print\(.*\)  # (.*)", line)
            assert told == printed.splitlines(), line
            count += len(told)
    assert count >= 8
