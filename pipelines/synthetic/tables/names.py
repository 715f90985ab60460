"""Names nobody bears: companies made of a colour, an animal and a trade."""

from __future__ import annotations

from collections.abc import Sequence

COLOURS = (
    "Amber", "Azure", "Copper", "Crimson", "Golden", "Indigo", "Ivory", "Jade",
    "Olive", "Pearl", "Russet", "Scarlet", "Silver", "Teal", "Umber", "Violet",
)  # fmt: skip
ANIMALS = (
    "Badger", "Beaver", "Bison", "Crane", "Dolphin", "Falcon", "Gecko", "Heron", "Ibex", "Kestrel",
    "Lynx", "Marten", "Narwhal", "Otter", "Panther", "Quail", "Raven", "Stork", "Tapir", "Walrus",
)  # fmt: skip
TRADES = {
    "logistics": ("Logistics", "Freight", "Forwarding"),
    "software": ("Software", "Systems", "Apps"),
    "health": ("Health", "Clinics", "Care"),
    "manufacturing": ("Works", "Machines", "Components"),
    "finance": ("Finance", "Leasing", "Payments"),
    "education": ("Academy", "Learning", "College"),
}


def company(number: int, industry: str) -> str:
    """Return the name of the account ``number``; repeats get a number of their own."""
    trades = TRADES[industry]
    words: Sequence[Sequence[str]] = (COLOURS, ANIMALS, trades)
    rest, chosen = number * 7919, []
    for choices in words:
        rest, at = divmod(rest, len(choices))
        chosen.append(choices[at])
    again = f" {rest % 1000}" if rest % 1000 else ""
    return " ".join(chosen) + again
