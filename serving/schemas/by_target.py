"""A value for each target: what the API answers by outcome."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import GetJsonSchemaHandler, RootModel, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from features.labels.targets import TARGETS

Value = TypeVar("Value")


class ByTarget(RootModel[dict[str, Value]], Generic[Value]):
    """A value for each target by name; null where there is none.

    Every target of ours is there, and those of a company's own that the release knows. The API's
    document names ours alone, since it is the same for all companies.
    """

    examples: ClassVar[tuple[Any, ...]] = ()
    """Shown in the document for the first targets."""

    def __getitem__(self, name: str) -> Value:
        """Return a target's value; ``KeyError`` where neither we nor the release know it."""
        return self.root[name]

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: object) -> object:
        return {**dict.fromkeys(TARGETS), **values} if isinstance(values, dict) else values

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return an object with a property for each target of ours."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        value = schema.pop("additionalProperties")
        # A reference has its own title.
        titled = not any("$ref" in kind for kind in value.get("anyOf", ()))
        schema["properties"] = {
            name: {
                **value,
                **({"title": name.replace("_", " ").title()} if titled else {}),
                **({"examples": [example]} if example is not None else {}),
            }
            for name, example in zip(TARGETS, _padded(cls.examples), strict=True)
        }
        return reference


def titles(direction: str) -> str:
    """Return what people call our targets of a direction, as a sentence lists them."""
    *others, last = (
        target.title.lower() for target in TARGETS.values() if target.direction == direction
    )
    return f"{', '.join(others)} and {last}" if others else last


def _padded(examples: tuple[Any, ...]) -> Iterable[Any]:
    return (*examples, *[None] * len(TARGETS))[: len(TARGETS)]
