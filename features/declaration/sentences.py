"""The sentence that people read about a feature's value, declared beside its description.

A sentence has forms, chosen by the value as it is displayed: ``negative`` (the sign is left out),
``zero``, ``one``, ``many`` (every other value) and ``unknown`` (null). Only ``many`` must be there;
a flag has ``zero`` and ``one`` instead. Places are filled in: ``{value}`` with its unit,
``{number}`` without it, ``{days}`` the window, ``{day}`` the day since the start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.declaration.feature import Feature

FORMS = ("negative", "zero", "one", "many", "unknown")
PLACE = re.compile(r"{([^{}]*)}")


def sentence_forms(says: str | Mapping[str, str] | None) -> dict[str, str]:
    """Return the forms of a declared sentence; a plain text stands for every value."""
    return {"many": says} if isinstance(says, str) else dict(says or {})


def sentence_problems(feature: Feature) -> Iterator[tuple[bool, str]]:
    """Yield the rules for a feature's sentence, each with whether it is broken and what to do."""
    says = feature.says
    strange = [form for form in says if form not in FORMS]
    yield bool(strange), f"says {', '.join(strange)}; a sentence has the forms {', '.join(FORMS)}"
    required = ("zero", "one") if feature.unit == "flag" else ("many",)
    missing = [form for form in required if not says.get(form)]
    yield bool(says and missing), f"says no sentence for {', '.join(missing)}; add it to `says`"
    days = {"days"} if feature.windows else {"day"} if feature.by_days else set()
    for form, text in says.items():
        places = set(PLACE.findall(text))
        odd = sorted(places - {"value", "number"} - days)
        yield bool(odd), f"says {{{odd[0] if odd else ''}}}, for which there is no value"
        lost = "".join(days - places)
        yield bool(lost) and form != "unknown", f"says nothing of its {{{lost}}} in {text!r}"
        unbalanced = "{" in PLACE.sub("", text) or "}" in PLACE.sub("", text)
        yield unbalanced, f"says {text!r}, whose braces do not close"
