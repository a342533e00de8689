"""Many rows at once."""

from __future__ import annotations

import gc

import pytest

from core.storage.bulk import gc_paused


def test_the_search_for_rings_goes_on_after_a_batch_even_one_that_failed() -> None:
    assert gc.isenabled()
    with pytest.raises(LookupError), gc_paused():
        assert not gc.isenabled()
        raise LookupError
    assert gc.isenabled()
    gc.disable()
    try:
        with gc_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
