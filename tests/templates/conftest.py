from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def context() -> dict[str, Any]:
    """What one mail is rendered with; enough links for every test."""
    return {
        "contact": {
            "email": "ann@example.com",
            "first_name": "Ann",
            "last_name": "Lee",
            "city": "Oslo",
            "points": 120,
            "items": ["a", "b"],
        },
        "workspace": {"name": "Acme", "postal_address": "1 Main Road, Town"},
        "campaign": {"name": "Spring", "subject": "Hello"},
        "brand": {"name": "Acme Tea", "primary_colour": "#123456"},
        "unsubscribe_url": "https://mail.example/u/1",
        "preferences_url": "https://mail.example/p/1",
        "view_url": "https://mail.example/v/1",
        "pw_links": [f"https://mail.example/c/{number}" for number in range(50)],
        "pw_pixel": "https://mail.example/o/1.gif",
    }
