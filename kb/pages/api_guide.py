"""The API for people who write programs, described from its own schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from kb.addresses import API_GUIDE
from kb.pages.base import BasePage


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiGuidePage(BasePage):
    """``/api``."""

    template: ClassVar[str] = "api.html"
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the API: its parameters as (name, description)."""

    path: str
    summary: str
    description: str
    parameters: tuple[tuple[str, str], ...]
    example: str


def api_guide_page(schema: Mapping[str, Any]) -> ApiGuidePage:
    """The guide, from the OpenAPI schema."""
    operations = []
    for path, methods in schema["paths"].items():
        get = methods["get"]
        operations.append(
            Operation(
                path=path,
                summary=get["summary"],
                description=get.get("description", ""),
                parameters=tuple((p["name"], p.get("description", "")) for p in get.get("parameters", ())),
                example=get.get("x-example", ""),
            )
        )
    return ApiGuidePage(title="API", canonical=API_GUIDE, operations=tuple(operations))
