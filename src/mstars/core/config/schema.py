"""JSON schemas of sections, and what a key allows in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


def schema_of(tree: Mapping[str, Any] | type[BaseModel]) -> dict[str, Any]:
    """JSON schema of a model, or of models by name, without references."""
    if isinstance(tree, Mapping):
        parts = {name: schema_of(part) for name, part in tree.items()}
        return {"type": "object", "additionalProperties": False, "properties": parts}
    schema = tree.model_json_schema()
    return _without_references(schema, schema.pop("$defs", {}))


def _without_references(node: Any, known: dict) -> Any:
    if isinstance(node, list):
        return [_without_references(item, known) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        rest = {name: value for name, value in node.items() if name != "$ref"}
        return _without_references(known[node["$ref"].split("/")[-1]] | rest, known)
    return {name: _without_references(value, known) for name, value in node.items()}


def node_at(schema: dict[str, Any], place: tuple) -> dict[str, Any]:
    """The schema of a key or of an item of a list; {} where there is none."""
    for step in place:
        choices = [schema, *schema.get("anyOf", [])]
        if isinstance(step, int):
            items = [one["prefixItems"][step] for one in choices if step < len(one.get("prefixItems", []))]
            items += [one["items"] for one in choices if isinstance(one.get("items"), dict)]
            schema = items[0] if items else {}
        else:
            schema = next((one["properties"][step] for one in choices if step in one.get("properties", {})), {})
    return schema


def allowed(node: dict[str, Any]) -> str:
    """What a schema allows, in words: ``a number from 0 to 60 (arcsec)``."""
    unit = f" ({node['unit']})" if "unit" in node else ""
    if "anyOf" in node:
        texts = [allowed({"form": node["form"], **one} if "form" in node else one) for one in node["anyOf"]]
        return " or ".join(text for text in texts if text != "null") + (" or null" if "null" in texts else "") + unit
    if "const" in node:
        return _written(node["const"])
    if "enum" in node:
        return "one of " + ", ".join(map(_written, node["enum"]))
    kind = node.get("type")
    if kind == "array":
        return _list(node) + unit
    if kind == "object":
        keys = ", ".join(node.get("properties", {}))
        return f"a section with the keys {keys}" if keys else "a section"
    if kind in ("integer", "number"):
        return ("a whole number" if kind == "integer" else "a number") + _limits(node) + unit
    if kind == "string":
        if "form" in node or "pattern" in node:
            return f"text: {node.get('form') or node['pattern']}"
        return "text"
    return {"boolean": "true or false", "null": "null"}.get(kind, "anything") + unit


def _written(value: Any) -> str:
    # YAML reads a bare off as false
    return f'"{value}"' if value in ("off", "on", "yes", "no") else str(value)


def _limits(node: dict) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    words = [f" {word} {value:g}" for word, value in (("above", above), ("below", below)) if value is not None]
    words += [f" from {low:g} on"] if low is not None else []
    words += [f" up to {high:g}"] if high is not None else []
    return " and".join(words)


def _list(node: dict) -> str:
    items = node.get("items") if isinstance(node.get("items"), dict) else (node.get("prefixItems") or [{}])[0]
    least, most = node.get("minItems", 0), node.get("maxItems")
    if items.get("type") == "object":
        return "a list of sections with the keys " + ", ".join(items.get("properties", {}))
    each = f" (each {allowed(items)})" if items else ""
    if least == most:
        return f"a list of {least}{each}"
    return "a list" + (f" of at least {least}" if least else "") + each
