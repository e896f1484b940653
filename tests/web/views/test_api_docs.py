from __future__ import annotations

import pytest

from lacunar.web.views.api_docs import subjects, types, words

DOCUMENT = {
    "paths": {
        "/films/{film}": {
            "post": {
                "operationId": "rate",
                "tags": ["films"],
                "summary": "Rate",
                "parameters": [
                    {
                        "name": "film",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string", "maxLength": 9},
                    },
                    {
                        "name": "top",
                        "in": "query",
                        "schema": {"type": "integer", "default": 5, "description": "How many."},
                    },
                ],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/Rating"},
                            "examples": {"one": {"value": {"stars": 4.5}}},
                        }
                    }
                },
                "responses": {
                    "200": {
                        "description": "Done.",
                        "content": {"application/json": {"example": {"ok": True}}},
                    },
                    "4XX": {
                        "description": "Refused.",
                        "content": {
                            "application/problem+json": {
                                "schema": {"$ref": "#/components/schemas/Problem"}
                            }
                        },
                    },
                    "204": {"description": "Nothing."},
                },
            }
        },
        "/other": {"get": {"responses": {}}},
    },
    "components": {
        "schemas": {
            "Rating": {
                "properties": {"stars": {"type": "number"}, "why": {"type": "string"}},
                "required": ["stars"],
            },
            "Name": {"enum": ["a", "b"]},
            "Problem": {"type": "object", "examples": [{"status": 404}]},
        }
    },
}


def test_routes_stand_under_their_subject() -> None:
    films, others = subjects(DOCUMENT)
    assert (films.name, others.name) == ("films", "others")
    [route] = films.routes
    assert (route.method, route.path, route.anchor) == ("POST", "/films/{film}", "rate")


def test_parameters_are_told_with_bounds_and_defaults() -> None:
    parameters = subjects(DOCUMENT)[0].routes[0].parameters
    assert parameters is not None
    assert parameters.rows == (
        ("film", "path", "string, 9 letters or fewer", "must be given", ""),
        ("top", "query", "integer", "5", "How many."),
    )
    assert subjects(DOCUMENT)[1].routes[0].parameters is None


def test_bodies_come_with_their_example() -> None:
    route = subjects(DOCUMENT)[0].routes[0]
    [body] = route.bodies
    assert (body.what, body.example) == ("Rating", '{\n  "stars": 4.5\n}')
    answer, refusal = route.answers
    assert (answer.status, answer.description) == ("200", "Done.")
    assert refusal.example == '{\n  "status": 404\n}'


def test_types_are_told_field_by_field() -> None:
    [rating] = types(DOCUMENT)
    assert rating.name == "Rating"
    assert rating.fields.rows == (
        ("stars", "number", "always", ""),
        ("why", "string", "may be missing", ""),
    )


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"enum": ["a", "b"]}, '"a" or "b"'),
        ({"const": 1}, "1"),
        ({"type": "number", "minimum": 0, "maximum": 1}, "number, at least 0, at most 1"),
        (
            {"type": "object", "additionalProperties": {"type": "number"}},
            "object, each value: number",
        ),
        ({"type": "array", "items": {"type": "string", "format": "binary"}}, "list of file"),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, "integer or string"),
        ({}, "anything"),
        (
            {"type": "object", "properties": {"images": {"type": "array", "items": {}}}},
            "fields images: list of anything",
        ),
    ],
)
def test_schemas_are_told_in_words(schema: dict[str, object], said: str) -> None:
    assert words(schema) == said
