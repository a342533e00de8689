"""What happened to one message, from the moment it left."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from core.storage.engine import AnalyticsEngine

AT_MOST = 200
# A provider's clock may be behind ours.
_MARGIN = timedelta(hours=1)
_COLUMNS = "event_id, kind, occurred_at, actor, actor_reason, bounce_class, reason, provider, url, client, device"


def history_of(
    engine: AnalyticsEngine, workspace_id: int, message_id: int, campaign_id: int | None, queued_at: datetime
) -> list[dict[str, Any]]:
    """Return a message's events in order of time, at most `AT_MOST`.

    Args:
        engine: Where events are.
        workspace_id: Whose message.
        message_id: Which.
        campaign_id: The campaign it is of, None for a single one; files that can't hold it are left out.
        queued_at: When it came to be; nothing happened to it before.
    """
    sql = f"select {_COLUMNS} from events where message_id = $message order by occurred_at, event_id limit {AT_MOST}"
    with engine.session(workspace_id, since=queued_at - _MARGIN, campaign_id=campaign_id) as session:
        return session.rows(sql, {"message": message_id})
