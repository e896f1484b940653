"""An OpenAPI document as a page shows it: routes by subject, and the types they speak of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lacunar.report.tables import Table, table

Json = Mapping[str, Any]

_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "{} letters or more",
    "maxLength": "{} letters or fewer",
    "minItems": "{} entries or more",
    "maxItems": "{} entries or fewer",
    "minProperties": "{} entries or more",
    "maxProperties": "{} entries or fewer",
    "pattern": "of the form {}",
}


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent or answered in one media type."""

    status: str
    media_type: str
    what: str
    description: str
    example: str


@dataclass(frozen=True, slots=True)
class Route:
    """A path and a method."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: Table | None
    bodies: tuple[Body, ...]
    answers: tuple[Body, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """Routes that belong together."""

    name: str
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Type:
    """A named object of the documents."""

    name: str
    description: str
    fields: Table


def subjects(document: Json) -> list[Subject]:
    """Routes of an OpenAPI document by their first tag, each in the document's order."""
    found: dict[str, list[Route]] = {}
    named = _named(document)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = operation.get("tags", ["others"])[0]
            found.setdefault(name, []).append(_route(path, method, operation, named))
    return [Subject(name, tuple(routes)) for name, routes in found.items()]


def types(document: Json) -> list[Type]:
    """Named objects of an OpenAPI document that have fields."""
    return [
        Type(name, schema.get("description", ""), _fields(name, schema))
        for name, schema in sorted(_named(document).items())
        if schema.get("properties")
    ]


def _named(document: Json) -> Json:
    schemas: Json = document.get("components", {}).get("schemas", {})
    return schemas


def words(schema: Json) -> str:
    """A JSON schema in a few words.

    Examples
    --------
    >>> words({"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 9})
    'list of integer, at least 1; 9 entries or fewer'
    >>> words({"anyOf": [{"$ref": "#/components/schemas/Film"}, {"type": "null"}]})
    'Film or null'
    """
    said = _kind(schema)
    bounds = ", ".join(form.format(schema[key]) for key, form in _BOUNDS.items() if key in schema)
    mark = "; " if said.startswith("list of") else ", "
    return f"{said}{mark}{bounds}" if bounds else said


def _kind(schema: Json) -> str:
    several = next((schema[key] for key in ("anyOf", "oneOf", "allOf") if key in schema), None)
    if several is not None:
        return " or ".join(words(part) for part in several)
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values is not None:
        return " or ".join(json.dumps(value) for value in values)
    if "$ref" in schema:
        return _name(schema)
    return _of_type(schema.get("type", "anything"), schema)


def _of_type(kind: str, schema: Json) -> str:
    if kind == "array":
        return f"list of {words(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object, each value: {words(schema['additionalProperties'])}"
    if kind == "object" and "properties" in schema:
        fields = schema["properties"].items()
        return f"fields {'; '.join(f'{name}: {words(about)}' for name, about in fields)}"
    binary = schema.get("format") == "binary" or "contentMediaType" in schema
    return "file" if binary else kind


def _name(schema: Json) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _route(path: str, method: str, operation: Json, named: Json) -> Route:
    parameters = [
        (
            parameter["name"],
            parameter["in"],
            words(parameter.get("schema", {})),
            _default(parameter.get("schema", {}), required=parameter.get("required", False)),
            parameter.get("description", parameter.get("schema", {}).get("description", "")),
        )
        for parameter in operation.get("parameters", [])
    ]
    columns = ["Name", "In", "Type", "Unless given", "Meaning"]
    return Route(
        anchor=operation.get("operationId", f"{method}-{path}"),
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        parameters=table("Parameters", columns, parameters, text_columns=(1, 2, 3, 4))
        if parameters
        else None,
        bodies=tuple(_bodies("", operation.get("requestBody", {}), named)),
        answers=tuple(
            body
            for status, answer in operation.get("responses", {}).items()
            for body in _bodies(status, answer, named)
        ),
    )


def _bodies(status: str, content_of: Json, named: Json) -> Iterator[Body]:
    description = content_of.get("description", "")
    for media_type, content in content_of.get("content", {}).items():
        schema = content.get("schema", {})
        yield Body(
            status=status,
            media_type=media_type,
            what=words(schema) if schema else "",
            description=description,
            example=_example(content, named.get(_name(schema), {}) if "$ref" in schema else schema),
        )


def _example(content: Json, schema: Json) -> str:
    several = list(content.get("examples", {}).values())
    if "example" in content:
        value = content["example"]
    elif several:
        value = several[0].get("value")
    elif schema.get("examples"):
        value = schema["examples"][0]
    else:
        return ""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _fields(name: str, schema: Json) -> Table:
    required = schema.get("required", [])
    rows = [
        (
            field,
            words(about),
            "always" if field in required else "may be missing",
            about.get("description", ""),
        )
        for field, about in schema["properties"].items()
    ]
    columns = ["Field", "Type", "There", "Meaning"]
    return table(f"Fields of {name}", columns, rows, text_columns=(1, 2, 3))


def _default(schema: Json, *, required: bool) -> str:
    if required:
        return "must be given"
    return json.dumps(schema["default"]) if schema.get("default") is not None else ""
