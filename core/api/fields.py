"""The parts that requests and answers are made of, with the bounds that hold everywhere."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

LARGEST_ID = 2**63 - 1
LONGEST_TEXT = 500_000

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
IdInPath = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[7])]
IdInQuery = Annotated[int | None, Query(ge=1, le=LARGEST_ID)]
# Bounded generously: what a name, an address or a subject may be is for the services to say, in better words.
Line = Annotated[str, Field(max_length=2_000)]
Language = Annotated[str, Field(max_length=40)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Given(BaseModel):
    """A body that is sent: a misspelt or unknown part is refused, not passed over."""

    model_config = ConfigDict(extra="forbid")

    def named(self) -> dict[str, Any]:
        """Return the parts that were sent, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Shown(BaseModel):
    """A thing as it is shown."""

    model_config = ConfigDict(from_attributes=True)
