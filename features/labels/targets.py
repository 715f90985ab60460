"""What a prediction is about: upsell, cross-sell, downsell and churn in the days after ``as_of``.

A label looks at ``[as_of, as_of + horizon)`` with everything known today; features look at what
lies before ``as_of``. What was signed, or known to end, before ``as_of`` is contracted and no
label. Null means 'not mature yet' or 'not in the population', never 'no'.

Add a label by one decorated function: columns, training, scores, reasons, the API, the pages, the
report and the CRM export follow from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.labels import practitioner_rules
from features.labels.declaration import ConsideredChange, Provenance, declared_in, target

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.labels.outcome_window import Decisions


def _only_repriced(considered: ConsideredChange) -> str | None:
    kinds = ("is_start", "is_stop", "is_up", "is_down")
    same = not any(considered.record[kind] for kind in kinds)
    return "the price or the paper alone changed" if same and considered.is_signed_within else None


def _not_new(considered: ConsideredChange) -> str | None:
    signed = considered.record["first_signed_on"]
    if signed < considered.as_of:
        return f"signed {signed}, before {considered.as_of}: contracted"
    return None


@target(
    title="Upsell",
    direction="+",
    needs_grace=False,
    rule=practitioner_rules.used_and_growing,
    provenance=Provenance(
        absence="no more of a product held was signed",
        considers=lambda change: not (change["is_stop"] or change["is_start"] or change["is_down"]),
        rejects=_only_repriced,
    ),
)
def upsell(decisions: Decisions) -> ir.Table:
    """More of a product the account holds, or a dearer plan or successor, signed in the horizon.

    A change of price alone is none, unless the company counts it.
    """
    return decisions.gained(decisions.increases, decisions.ramp_starts, decisions.upgrades)


@target(
    title="Cross-sell",
    titles={"de": "Cross-Sell"},
    direction="+",
    needs_grace=True,
    rule=practitioner_rules.room_and_breadth,
    provenance=Provenance(
        absence="no product not held was signed",
        considers=lambda change: bool(change["is_start"]),
        rejects=_not_new,
    ),
)
def cross_sell(decisions: Decisions) -> ir.Table:
    """A product the account does not hold, signed within the horizon and replacing no other.

    Never held, or bought back after the grace days; a free product that is paid for from now on,
    too.
    """
    return decisions.gained(decisions.new_products)


@target(
    title="Downsell",
    direction="-",
    needs_grace=True,
    excludes=("churn",),
    rule=practitioner_rules.unused_before_renewal,
    provenance=Provenance(
        absence="nothing was given up",
        considers=lambda change: (
            not change["is_start"] and bool(change["is_down"] or change["is_stop"])
        ),
    ),
)
def downsell(decisions: Decisions) -> ir.Table:
    """Less of a product, a cheaper plan or successor, or a product dropped; the account stays.

    A product that is free from now on is dropped; a free month within the grace days is not.
    """
    return decisions.lost(decisions.decreases, decisions.drops, decisions.downgrades)


@target(
    title="Churn",
    direction="-",
    needs_grace=True,
    ends_account=True,
    rule=practitioner_rules.silent_before_renewal,
    provenance=Provenance(absence="the last subscription did not end for good"),
)
def churn(decisions: Decisions) -> ir.Table:
    """The last subscription ends within the horizon and none follows in the grace days.

    Only what is paid for counts. An account whose pause was announced with the day of its return
    has left only if it does not come back within the grace days after that day. Its ARR is what
    was contracted for the horizon's end and what was gained on the way.
    """
    return decisions.departures


TARGETS = declared_in(globals())
"""Every label of ours by name, in the order in which they are shown."""
