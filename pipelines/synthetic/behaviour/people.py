"""Champions, blockers and trouble: what befalls the people in an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.synthetic.arrays import any_of
from pipelines.synthetic.state import EMPTY, LOOKING, ON_LEAVE, PRESENT, SLOTS

if TYPE_CHECKING:
    from pipelines.synthetic.arrays import Flags
    from pipelines.synthetic.population import Life

LEAVES, LOOKS, STAYS, GETS_LEAVE = 0.0030, 0.0025, 0.03, 0.0009
"""Chances a week: to leave unannounced, to say one is looking, to stay after all, a long leave."""
LOOKING_LEAVES = 0.09
LEAVE_WEEKS = 52


def begin(life: Life, week: int, starts: Flags) -> None:
    """Note the champions that an account starts with."""
    for slot in range(SLOTS):
        there = starts & (life.state.champions[:, slot] == PRESENT)
        life.journal.note("champion", week, there, slot=slot)
    life.journal.note("blocker", week, starts & life.state.blocker)


def happen(life: Life, week: int) -> None:
    """Let champions come, look around, go on leave and go; blockers and trouble come and pass."""
    for slot in range(SLOTS):
        _champion(life, week, slot)
    _blocker(life, week)
    _trouble(life, week)


def _champion(life: Life, week: int, slot: int) -> None:
    """Move one place on: the loss is known late, a successor grows where others carry on."""
    state, journal = life.state, life.journal
    was, u, alive = state.champions[:, slot], life.chance(), life.state.running
    present, looking = (was == PRESENT) & alive, (was == LOOKING) & alive
    gone = (present & (u < LEAVES)) | (looking & (u < LOOKING_LEAVES))
    looks = present & (u > 1 - LOOKS)
    stays = looking & (u > 1 - STAYS)
    leave = present & (u > 0.5) & (u < 0.5 + GETS_LEAVE) & ~state.had_leave[:, slot]
    back = (was == ON_LEAVE) & (state.back_week[:, slot] == week)
    comes = (was == EMPTY) & alive & (u < _successor_chance(life, slot))
    now = np.where(gone, EMPTY, np.where(looks, LOOKING, np.where(leave, ON_LEAVE, was)))
    state.champions[:, slot] = np.where(stays | back | comes, PRESENT, now)
    state.back_week[:, slot] = np.where(leave, week + LEAVE_WEEKS, state.back_week[:, slot])
    state.had_leave[:, slot] = (state.had_leave[:, slot] | leave) & ~comes
    for kind, where in {"champion": comes, "gone": gone, "looks": looks, "leave": leave}.items():
        journal.note(kind, week, where, slot=slot)


def _successor_chance(life: Life, slot: int) -> Flags:
    """Roots in other departments bring a successor soon; alone, the topic may die."""
    others = any_of(life.state.champions != EMPTY)
    first = 0.035 if slot == 0 else 0.008
    return np.where(others, first, 0.012) * (slot < life.traits.slots)


def _blocker(life: Life, week: int) -> None:
    """Internal politics: somebody holds the topic back for some months."""
    state, u = life.state, life.chance()
    comes = state.running & ~state.blocker & (u < 0.0016)
    goes = state.running & state.blocker & (u > 0.97)
    state.blocker = (state.blocker | comes) & ~goes
    life.journal.note("blocker", week, comes)
    life.journal.note("unblocked", week, goes)


def _trouble(life: Life, week: int) -> None:
    """Spells of trouble with the product, in which tickets get escalated."""
    state, u = life.state, life.chance(2)
    onset = np.where(state.trouble, 0.90, 0.007)
    state.trouble = state.running & (u[:, 0] < onset)
    escalates = state.running & (u[:, 1] < np.where(state.trouble, 0.22, 0.002))
    state.escalations = (0.93 * state.escalations + escalates).astype(np.float32)
    life.journal.note("escalation", week, escalates)
